/* proposals.c - places and a list of those that are free. */
#include "agentd/flow/proposals.h"

#include <string.h>

void proposals_init(struct proposals *proposals)
{
	for (uint32_t i = 0; i < COMPLETIONS_MAX; i++) {
		proposals->at[i].next_free = i + 1;
		proposals->at[i].kind = REQUEST_NONE;
	}
	proposals->first_free = 0;
	proposals->count = 0;
}

uint32_t proposals_keep(struct proposals *proposals, const struct request_result *result,
                        const struct sockaddr_in *to)
{
	uint32_t place = proposals->first_free;
	struct proposal *proposal = &proposals->at[place];

	proposals->first_free = proposal->next_free;
	proposals->count++;
	proposal->to = *to;
	proposal->type = result->type;
	proposal->kind = result->kind;
	proposal->arrived_ns = result->arrived_ns;
	proposal->code = (uint16_t)result->code;
	proposal->deregistration = result->deregistration;
	proposal->claimed = result->claimed;
	proposal->hold = result->hold;
	proposal->traced = result->traced;
	proposal->reason = result->reason;
	proposal->reply_size = (uint16_t)result->reply_size;
	memcpy(proposal->reply, result->reply, result->reply_size);
	return place;
}

void proposals_give(struct proposals *proposals, uint32_t place)
{
	proposals->at[place].next_free = proposals->first_free;
	proposals->at[place].kind = REQUEST_NONE;
	proposals->first_free = place;
	proposals->count--;
}

void proposals_abandon(struct proposals *proposals)
{
	for (uint32_t i = 0; i < COMPLETIONS_MAX; i++)
		figures_count(proposals->at[i].kind, REQUEST_UNANSWERED);
	proposals_init(proposals);
}
