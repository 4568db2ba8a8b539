/* revocation.h - Registration Revocation and its Acknowledgment (RFC 3543
 * sections 3.3 and 3.4): octets to struct and back. Extensions follow the fixed
 * part, the last of them an authentication (mip_extensions_decode,
 * mip_authentication_append).
 *
 * Addresses are in network order, numbers in host order. Reserved bits are sent
 * as zero and ignored.
 *
 * May include: proto, agentd/base. */
#ifndef PROTO_REVOCATION_H
#define PROTO_REVOCATION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/cursor.h"

#define MIP_REVOCATION_SIZE 20u     /* fixed part */
#define MIP_REVOCATION_ACK_SIZE 12u /* fixed part */

struct mip_revocation {
	bool agent;  /* A: who revokes serves this binding as a home agent */
	bool inform; /* I: the mobile node is to be informed */
	struct in_addr home;
	struct in_addr home_domain;    /* the home agent */
	struct in_addr foreign_domain; /* the foreign agent, or a co-located care-of address */
	uint32_t identifier;           /* time by the clock of the revocation support extensions */
};

struct mip_revocation_ack {
	bool inform; /* I: the mobile node is to be, or was, informed */
	struct in_addr home;
	uint32_t identifier; /* of the revocation */
};

/* Decode the fixed part and leave `in` at the first extension.
 *
 * HA_E_TRUNCATED  fewer octets than the fixed part
 * HA_E_MALFORMED  another type of message
 * On failure *out is zeroed. */
enum ha_error mip_revocation_decode(struct reader *in, struct mip_revocation *out);
enum ha_error mip_revocation_ack_decode(struct reader *in, struct mip_revocation_ack *out);

/* Append the fixed part. Never fail themselves: see writer.error. */
void mip_revocation_encode(struct writer *out, const struct mip_revocation *revocation);
void mip_revocation_ack_encode(struct writer *out, const struct mip_revocation_ack *ack);

#endif
