/* replies.c - the outbox, with what is to be done when it was sent. */
#include "agentd/flow/replies.h"

#include "agentd/flow/counters.h"

static bool is_yet(uint64_t until_ns)
{
	return until_ns == UINT64_MAX || clock_monotonic_ns() < until_ns;
}

bool replies_may_leave(const struct replies *replies)
{
	return is_yet(replication_may_answer_until(replies->agent->replication));
}

/* false: what is in the outbox may not leave any more. */
static bool leave(struct replies *replies)
{
	struct replication *replication = replies->agent->replication;
	bool leaves = is_yet(replication_answer_begin(replication));

	if (leaves)
		counter_add(&flow_counters, FLOW_SEND_FAILED,
		            outbox_send(&replies->outbox, replies->socket));
	replication_answer_end(replication);
	return leaves;
}

static void count_sent(const struct leaving *reply, uint64_t now_ns)
{
	message_count_reply(reply->type, (enum mip_code)reply->code, reply->deregistration);
	figures_replied(reply->kind, mip_code_is_accepted((enum mip_code)reply->code),
	                reply->arrived_ns, now_ns);
}

void replies_send(struct replies *replies)
{
	struct outbox *outbox = &replies->outbox;
	bool leaves = outbox->count > 0 && leave(replies);
	uint64_t now_ns = leaves ? clock_monotonic_ns() : 0;

	if (leaves)
		figures_look(now_ns);
	else
		counter_add(&flow_counters, FLOW_WITHHELD, outbox->count);
	for (size_t i = 0; i < outbox->count; i++) {
		const struct leaving *reply = &replies->leaving[i];

		if (leaves)
			count_sent(reply, now_ns);
		else
			figures_count(reply->kind, REQUEST_UNANSWERED);
		if (reply->proposal != PROPOSAL_NONE)
			proposals_give(replies->proposals, reply->proposal);
	}
	outbox->count = 0;
}

void replies_queue(struct replies *replies, struct sockaddr_in *to, uint8_t *octets, size_t size,
                   struct leaving leaving)
{
	if (replies->outbox.count == OUTBOX_MAX)
		replies_send(replies);
	replies->leaving[replies->outbox.count] = leaving;
	outbox_add(&replies->outbox, to, octets, size);
}
