/* exchange.h - one request out, one reply in: octets and what is remembered of
 * a node in between. No I/O, no clock, no allocation.
 *
 * May include: proto, agentd/base, agentd/load/identity.h. */
#ifndef AGENTD_LOAD_EXCHANGE_H
#define AGENTD_LOAD_EXCHANGE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/load/identity.h"
#include "proto/message.h"

#define LOAD_REQUEST_MAX 96u /* octets of a request with its authenticator */
#define LOAD_SECRET_SIZE 32u /* the state of HMAC-MD5, or a key of LOAD_KEY_SIZE */

/* What a request asks for. Values are written to records. */
enum load_effect {
	LOAD_BIND = 0,       /* lifetime above 0, in place of all bindings */
	LOAD_UNBIND = 1,     /* lifetime 0, this care-of address */
	LOAD_UNBIND_ALL = 2, /* lifetime 0, care-of address = home address */
	LOAD_ADD = 3,        /* lifetime above 0, beside the other bindings (S bit) */
};

/* One mobile node: a cache line. */
struct load_node {
	uint8_t secret[LOAD_SECRET_SIZE]; /* its key state or its key */
	uint64_t identification;          /* of its newest request */
	uint64_t sent_ns;                 /* when that left, monotonic */
	uint64_t due_ns;                  /* when its first try was due */
	uint32_t offset;                  /* of its newest care-of address */
	uint16_t lifetime_s;              /* asked for */
	uint8_t effect;                   /* enum load_effect, asked for */
	uint8_t tries;                    /* under way; 0 = answered or given up */
};
static_assert(sizeof(struct load_node) == 64, "a million nodes are 64 MB");

static inline bool load_effect_binds(unsigned effect)
{
	return effect == LOAD_BIND || effect == LOAD_ADD;
}

/* HA_E_UNSUPPORTED when the algorithm is none of Mobile-Home Authentications. */
enum ha_error load_node_init(struct load_node *out, const struct load_identity *identity,
                             struct in_addr home);

/* The request that the node's newest fields describe. */
void load_request_of(const struct load_identity *identity, struct in_addr home,
                     const struct load_node *node, struct mip_request *out);

/* Encode and sign. Returns the size, 0 if it does not fit. */
size_t load_request_encode(const struct load_identity *identity, const struct load_node *node,
                           const struct mip_request *request, uint8_t out[LOAD_REQUEST_MAX]);

/* What a datagram that came back is worth. */
enum load_verdict {
	LOAD_BAD,    /* not a reply to this load, or its authenticator does not verify */
	LOAD_LATE,   /* authentic, but the node does not wait for it any more */
	LOAD_ANSWER, /* authentic and awaited */
};

struct load_answer {
	enum load_verdict verdict;
	uint32_t node;
	struct mip_reply reply;
};

/* Judge a datagram. `echo`: the peer returns requests as they are, which are
 * then taken as replies with code 0 and their own lifetime. */
struct load_answer load_answer_judge(const struct load_identity *identity,
                                     const struct load_node *nodes, uint32_t node_count,
                                     struct span datagram, bool echo);

#endif
