/* nodes.h - what is remembered of mobile nodes by the link address that they speak from: the
 * challenge that they were given alone, the last one that they answered (RFC 4721 section
 * 3.2), and when they were denied last (RFC 5944 section 3.7.2). A table of a fixed size,
 * where one that nobody foresees gives way to another: what is forgotten costs a node one
 * more request.
 *
 * Strangers have as many link addresses as they like. So a visitor does not depend on what is
 * here: its last challenges are in the visitor list. And who copies a request and says it from
 * a link address of its own is known by the proof in it (foreign_request_proof).
 *
 * One thread at a time.
 *
 * May include: agentd/registration/foreign_challenge.h. */
#ifndef AGENTD_VISIT_NODES_H
#define AGENTD_VISIT_NODES_H

#include "agentd/registration/foreign_challenge.h"

#define NODES_PLACES 8192u
#define NODES_DENIAL_GAP_MS 1000u

struct node {
	unsigned interface; /* 0 = nobody */
	uint8_t link[FOREIGN_LINK_SIZE];
	bool denied;
	uint64_t denied_ms;
	struct foreign_challenge_value used;
	struct foreign_challenge_value offered;
};

struct nodes {
	uint64_t seed;
	struct node at[NODES_PLACES];
	uint64_t proofs[NODES_PLACES]; /* of requests with challenges that were relayed */
};

/* HA_E_NOMEM. Freed by free(). */
enum ha_error nodes_create(uint64_t seed, struct nodes **out);

/* NULL: nothing is remembered of it. */
const struct node *nodes_find(const struct nodes *nodes, unsigned interface,
                              const uint8_t link[FOREIGN_LINK_SIZE]);

/* Its place, of which somebody else may just have been moved out. */
struct node *nodes_place(struct nodes *nodes, unsigned interface,
                         const uint8_t link[FOREIGN_LINK_SIZE]);

/* Whether it was denied within the last second. `node` may be NULL. */
bool node_was_denied(const struct node *node, uint64_t now_ms);

/* It has answered that challenge, which is not given to it once more (RFC 4721 section 3.3). */
void node_answered(struct node *node, struct span challenge);

/* A request with that proof is relayed; whether one was, of late. */
void nodes_prove(struct nodes *nodes, uint64_t proof);
bool nodes_proved(const struct nodes *nodes, uint64_t proof);

/* Longer than ours are: none of ours, and nothing is kept. */
void node_note(struct foreign_challenge_value *out, struct span challenge);

#endif
