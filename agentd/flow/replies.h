/* replies.h - a network thread's replies on their way out: queued one by one, sent
 * together, and only while this member may answer. They are counted when they
 * leave.
 *
 * One thread. May include: agentd/flow/proposals.h, outbox.h. */
#ifndef AGENTD_FLOW_REPLIES_H
#define AGENTD_FLOW_REPLIES_H

#include "agentd/flow/outbox.h"
#include "agentd/flow/proposals.h"

#define PROPOSAL_NONE UINT32_MAX

/* One that waits in the outbox. */
struct leaving {
	uint32_t proposal; /* to be given back, or PROPOSAL_NONE */
	uint16_t code;     /* enum mip_code */
	uint8_t type;
	uint8_t kind; /* enum request_kind of what it answers */
	bool deregistration;
	uint64_t arrived_ns; /* when that came */
};

struct replies {
	struct agent *agent;         /* borrowed */
	struct proposals *proposals; /* borrowed */
	int socket;
	struct outbox outbox;
	struct leaving leaving[OUTBOX_MAX]; /* what is in it */
};

/* May anything leave now? Where there is one voter no clock is read. */
bool replies_may_leave(const struct replies *replies);

/* `to` and `octets` must stay until replies_send. */
void replies_queue(struct replies *replies, struct sockaddr_in *to, uint8_t *octets, size_t size,
                   struct leaving leaving);

/* What may not leave is dropped: whoever leads by then will answer. */
void replies_send(struct replies *replies);

#endif
