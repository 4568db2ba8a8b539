/* proposals.h - what a network thread put in order and has not heard of yet: the
 * reply, and what is claimed for it. A table of fixed size; the ticket of a
 * proposal names its place.
 *
 * Belongs to one network thread. Between the submit and the completion of a
 * proposal nobody changes its place, so the engine's thread may read it then.
 *
 * May include: agentd/flow/internal.h. */
#ifndef AGENTD_FLOW_PROPOSALS_H
#define AGENTD_FLOW_PROPOSALS_H

#include <netinet/in.h>

#include "agentd/flow/internal.h"

struct proposal {
	struct sockaddr_in to;
	uint32_t next_free;
	uint16_t reply_size;
	uint16_t code; /* enum mip_code */
	uint8_t type;  /* enum mip_type of the datagram */
	uint8_t kind;  /* enum request_kind; REQUEST_NONE where the place is free */
	bool deregistration;
	bool claimed;
	uint64_t arrived_ns;
	struct state_hold hold; /* when it is */
	uint64_t traced;
	const char *reason; /* static */
	uint8_t reply[REGISTRATION_REPLY_MAX];
};

struct proposals {
	struct proposal at[COMPLETIONS_MAX];
	uint32_t first_free;
	uint32_t count; /* under way */
};

void proposals_init(struct proposals *proposals);

/* One more, where there is room (count < COMPLETIONS_MAX). Returns its place. */
uint32_t proposals_keep(struct proposals *proposals, const struct request_result *result,
                        const struct sockaddr_in *to);
void proposals_give(struct proposals *proposals, uint32_t place);

/* What is still under way gets no reply any more. */
void proposals_abandon(struct proposals *proposals);

#endif
