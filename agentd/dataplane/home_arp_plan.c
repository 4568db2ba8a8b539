/* home_arp_plan.c - a queue for each turn: within one, who came first is due first. */
#include "agentd/dataplane/home_arp_plan.h"

#include <stdlib.h>

#include "agentd/dataplane/home_arp_bucket.h"

#define MS UINT64_C(1000000)
#define NONE UINT32_MAX
#define BURST_MS 20u /* that the bucket holds */

/* Which turn follows; who left needs no answer. */
static const uint8_t following[][HOME_ARP_TURNS] = {
	[HOME_ARP_LEFT_HOME] = {
		[HOME_ARP_TURN_NOW] = HOME_ARP_TURN_AGAIN,
		[HOME_ARP_TURN_ANSWERED] = HOME_ARP_TURN_AGAIN,
		[HOME_ARP_TURN_AGAIN] = HOME_ARP_TURN_LAST,
		[HOME_ARP_TURN_LAST] = HOME_ARP_TURNS,
	},
	[HOME_ARP_CAME_HOME] = {
		[HOME_ARP_TURN_NOW] = HOME_ARP_TURN_ANSWERED,
		[HOME_ARP_TURN_ANSWERED] = HOME_ARP_TURN_AGAIN,
		[HOME_ARP_TURN_AGAIN] = HOME_ARP_TURN_LAST,
		[HOME_ARP_TURN_LAST] = HOME_ARP_TURNS,
	},
};

struct slot {
	struct home_arp_job job;
	uint32_t next;
};

struct queue {
	uint32_t first, last;
};

struct home_arp_plan {
	struct home_arp_bucket bucket;
	struct queue turns[HOME_ARP_TURNS];
	uint32_t unused; /* first of a list */
	uint32_t waiting;
	uint32_t again_ms;
	struct slot slots[];
};

struct home_arp_plan *home_arp_plan_new(uint32_t capacity, uint32_t per_s, uint32_t again_ms,
                                        uint64_t now_ns)
{
	struct home_arp_plan *plan = calloc(1, sizeof(*plan) + sizeof(plan->slots[0]) * capacity);

	if (!plan)
		return NULL;
	plan->again_ms = again_ms;
	plan->bucket = home_arp_bucket_of(per_s, BURST_MS, now_ns);
	for (unsigned turn = 0; turn < HOME_ARP_TURNS; turn++)
		plan->turns[turn] = (struct queue){ .first = NONE, .last = NONE };
	for (uint32_t i = 0; i < capacity; i++)
		plan->slots[i].next = i + 1 < capacity ? i + 1 : NONE;
	plan->unused = capacity ? 0 : NONE;
	return plan;
}

void home_arp_plan_free(struct home_arp_plan *plan)
{
	free(plan);
}

/* ---- queues ---- */

static void put(struct home_arp_plan *plan, const struct home_arp_job *job)
{
	struct queue *queue = &plan->turns[job->turn];
	uint32_t slot = plan->unused;

	plan->unused = plan->slots[slot].next;
	plan->slots[slot] = (struct slot){ .job = *job, .next = NONE };
	if (queue->last == NONE)
		queue->first = slot;
	else
		plan->slots[queue->last].next = slot;
	queue->last = slot;
	plan->waiting++;
}

static struct home_arp_job get(struct home_arp_plan *plan, unsigned turn)
{
	struct queue *queue = &plan->turns[turn];
	uint32_t slot = queue->first;

	queue->first = plan->slots[slot].next;
	if (queue->first == NONE)
		queue->last = NONE;
	plan->slots[slot].next = plan->unused;
	plan->unused = slot;
	plan->waiting--;
	return plan->slots[slot].job;
}

/* Who has been announced already can do without. */
static bool drop_a_repetition(struct home_arp_plan *plan)
{
	for (unsigned turn = HOME_ARP_TURN_LAST; turn > HOME_ARP_TURN_NOW; turn--)
		if (plan->turns[turn].first != NONE) {
			(void)get(plan, turn);
			return true;
		}
	return false;
}

/* ---- the face ---- */

enum home_arp_added home_arp_plan_add(struct home_arp_plan *plan, enum home_arp_event event,
                                      uint8_t net, struct in_addr home, uint64_t now_ns)
{
	enum home_arp_added added = HOME_ARP_ADDED;

	if (plan->unused == NONE) {
		if (!drop_a_repetition(plan))
			return HOME_ARP_REFUSED;
		added = HOME_ARP_ADDED_FOR_ANOTHER;
	}
	put(plan, &(struct home_arp_job){
			  .began_ns = now_ns,
			  .due_ns = now_ns,
			  .home = home,
			  .net = net,
			  .event = (uint8_t)event,
			  .turn = HOME_ARP_TURN_NOW,
		  });
	return added;
}

bool home_arp_plan_take(struct home_arp_plan *plan, uint64_t now_ns, struct home_arp_job *out)
{
	if (!home_arp_plan_can_pay(plan, now_ns))
		return false;
	for (unsigned turn = 0; turn < HOME_ARP_TURNS; turn++) {
		uint32_t first = plan->turns[turn].first;

		if (first != NONE && now_ns >= plan->slots[first].job.due_ns) {
			*out = get(plan, turn);
			return true;
		}
	}
	return false;
}

/* After the turn before it. */
static uint64_t wait_ns(const struct home_arp_plan *plan, unsigned turn)
{
	return (turn == HOME_ARP_TURN_ANSWERED ? HOME_ARP_ANSWERED_MS : plan->again_ms) * MS;
}

void home_arp_plan_again(struct home_arp_plan *plan, const struct home_arp_job *job,
                         uint64_t now_ns)
{
	struct home_arp_job next = *job;

	next.turn = following[job->event][job->turn];
	if (next.turn == HOME_ARP_TURNS || plan->unused == NONE)
		return;
	next.due_ns = now_ns + wait_ns(plan, next.turn);
	put(plan, &next);
}

bool home_arp_plan_can_pay(struct home_arp_plan *plan, uint64_t now_ns)
{
	return home_arp_bucket_look(&plan->bucket, now_ns) > 0;
}

void home_arp_plan_pay(struct home_arp_plan *plan, uint64_t now_ns)
{
	home_arp_bucket_spend(&plan->bucket, now_ns, 1);
}

uint64_t home_arp_plan_next(struct home_arp_plan *plan, uint64_t now_ns, bool more)
{
	uint64_t next_ns = more ? now_ns : HOME_ARP_NEVER, money_ns;

	for (unsigned turn = 0; turn < HOME_ARP_TURNS; turn++) {
		uint32_t first = plan->turns[turn].first;

		if (first != NONE && plan->slots[first].job.due_ns < next_ns)
			next_ns = plan->slots[first].job.due_ns;
	}
	money_ns = home_arp_bucket_when(&plan->bucket, now_ns);
	return next_ns < money_ns ? money_ns : next_ns;
}

uint32_t home_arp_plan_waiting(const struct home_arp_plan *plan)
{
	return plan->waiting;
}
