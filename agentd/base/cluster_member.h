/* cluster_member.h - a member of the cluster as the configuration names it:
 *
 *     192.0.2.11:7434 data 5f0c... (64 hexadecimal digits of its public key)
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_CLUSTER_MEMBER_H
#define AGENTD_BASE_CLUSTER_MEMBER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLUSTER_MEMBERS_MAX 5u
#define CLUSTER_KEY_OCTETS 32u
/* Snapshots go over the port after it. */
#define CLUSTER_PORT_MAX 65534u

/* Without padding: two of them are equal when their octets are. */
struct cluster_member {
	struct in_addr address; /* 0: there is no such member */
	uint16_t port;
	uint16_t witness; /* 0 or 1 */
	uint8_t public_key[CLUSTER_KEY_OCTETS];
};

/* How it is to be written, as the end of a sentence. */
#define CLUSTER_MEMBER_ALLOWED                                                                     \
	"empty, or ADDRESS:PORT, data or witness, and the 64 hexadecimal digits of its public "    \
	"key, with single spaces between them and a port from 1 to 65534"

/* An empty text is no member. false leaves *out alone. */
bool cluster_member_parse(const char *text, struct cluster_member *out);
/* As it is parsed. Returns the length. */
size_t cluster_member_format(const struct cluster_member *member, char *out, size_t size);

static inline bool cluster_member_is_given(const struct cluster_member *member)
{
	return member->address.s_addr != 0;
}

#endif
