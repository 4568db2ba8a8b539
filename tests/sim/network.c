/* network.c - messages on their way: lost, doubled, late, out of order, or cut
 * off in one direction; and what a member sees of its connections. */
#include <stdlib.h>
#include <string.h>

#include "replication/consensus_codec.h"
#include "tests/sim/world.h"

#define RESET_US 200u     /* until the death of a process is seen */
#define HEARTBEAT_MS 250u /* until silence is taken for a death */
#define RECONNECT_MS 150u /* at most, until a connection is there again */

static bool in_thousand(struct world *world, uint32_t permille)
{
	return dice_below(&world->dice, 1000) < permille;
}

static uint64_t some_delay_ns(struct world *world)
{
	const struct plan *plan = &world->plan;
	uint64_t us = plan->delay_us + dice_below(&world->dice, plan->jitter_us + 1);

	if (!world->calm && in_thousand(world, plan->spike_permille))
		us += dice_below(&world->dice, plan->spike_us + 1);
	return us * US;
}

/* How many copies arrive? */
static unsigned copies(struct world *world)
{
	if (world->calm)
		return 1;
	if (in_thousand(world, world->plan.loss_permille))
		return 0;
	return in_thousand(world, world->plan.double_permille) ? 2 : 1;
}

static uint8_t *copy_of(const void *octets, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, octets, size);
	return copy;
}

/* ---- between members ---- */

bool network_reaches(const struct world *world, uint8_t from, uint8_t to)
{
	return !world->links[from][to].cut;
}

static void arrives(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->member];
	struct replica *replica = &member->replicas[event->group];
	enum ha_error error;

	if (!network_reaches(world, event->from, event->member) || !replica->consensus)
		return;
	error = consensus_receive(replica->consensus, member_monotonic_ns(member), event->from,
	                          event->octets, event->size);
	if (error == HA_E_MALFORMED)
		judge_violation(world, VIOLATION_FAILED, "member %u cannot read a message of %u",
		                member->number, event->from);
	else if (error != HA_OK)
		member->dying = true;
}

static void describe(struct world *world, uint8_t group, uint8_t from, uint8_t to,
                     const struct consensus_message *m)
{
	static const char *const types[] = { "?",     "append",   "appended", "vote",
		                             "voted", "snapshot", "stand now" };

	world_trace(world,
	            "%u to %u, group %u: %s, term %llu, index %llu of term %llu, %u entries, "
	            "commit %llu, rejected %llu, stamp %llu%s%s%s",
	            from, to, group, types[m->type], (unsigned long long)m->term,
	            (unsigned long long)m->index, (unsigned long long)m->index_term, m->entry_count,
	            (unsigned long long)m->commit, (unsigned long long)m->rejected,
	            (unsigned long long)m->stamp, m->pre_vote ? ", pre-vote" : "",
	            m->handed_over ? ", handed over" : "", m->granted ? ", granted" : "");
}

static void look_into(struct world *world, uint8_t group, uint8_t from, uint8_t to,
                      const void *octets, size_t size)
{
	struct consensus_message message;

	if (consensus_decode(octets, size, &message) != HA_OK)
		judge_violation(world, VIOLATION_FAILED, "member %u sends what is no message",
		                from);
	else if (message.type == CONSENSUS_APPEND)
		judge_append_sent(world, group, from, message.term);
	if (world->tracing > 1)
		describe(world, group, from, to, &message);
}

void network_send(struct member *from, uint8_t to, uint8_t group,
                  const struct consensus_octets *pieces, size_t count)
{
	struct world *world = from->world;
	size_t size = 0, at = 0;
	uint8_t *octets;

	for (size_t i = 0; i < count; i++)
		size += pieces[i].size;
	octets = malloc(size + 1);
	if (!octets)
		abort();
	for (size_t i = 0; i < count; at += pieces[i++].size)
		if (pieces[i].size)
			memcpy(octets + at, pieces[i].at, pieces[i].size);
	look_into(world, group, from->number, to, octets, size);
	for (unsigned n = copies(world); n > 0 && network_reaches(world, from->number, to); n--)
		schedule_put(&world->schedule,
		             &(struct event){ .at_ns = world->now_ns + some_delay_ns(world),
		                              .happen = arrives,
		                              .member = to,
		                              .from = from->number,
		                              .group = group,
		                              .octets = copy_of(octets, size),
		                              .size = size });
	free(octets);
}

/* ---- connections ---- */

static uint32_t connections(const struct world *world, uint8_t number)
{
	uint32_t mask = 0;

	for (unsigned i = 1; i <= world->plan.members; i++)
		if (i != number && world->links[number][i].up)
			mask |= 1u << i;
	return mask;
}

static bool is_there(const struct world *world, uint8_t me, uint8_t other)
{
	const struct member *member = &world->members[other];

	return member->alive && member->frozen_until_ns <= world->now_ns &&
	       network_reaches(world, me, other) && network_reaches(world, other, me);
}

/* The member looks at its connection to another one. */
static void look(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->member];
	bool *up = &world->links[event->member][event->from].up, was = *up;

	*up = is_there(world, event->member, event->from);
	if (*up == was)
		return;
	for (unsigned g = 0; g < world->plan.groups; g++) {
		struct consensus *consensus = member->replicas[g].consensus;

		if (!consensus)
			continue;
		consensus_set_connected(consensus, connections(world, member->number));
		if (was)
			consensus_disconnected(consensus, member_monotonic_ns(member), event->from);
	}
}

static void look_later(struct world *world, uint8_t who, uint8_t at, uint64_t delay_ns)
{
	schedule_put(&world->schedule, &(struct event){ .at_ns = world->now_ns + delay_ns,
	                                                .happen = look,
	                                                .member = who,
	                                                .from = at });
}

void network_cut(struct world *world, uint8_t from, uint8_t to, bool cut)
{
	uint64_t delay_ns = cut ? HEARTBEAT_MS * MS : dice_below(&world->dice, RECONNECT_MS) * MS;

	if (world->links[from][to].cut == cut)
		return;
	world->links[from][to].cut = cut;
	look_later(world, from, to, delay_ns);
	look_later(world, to, from, delay_ns);
}

static void all_look(struct world *world, uint8_t number, uint64_t delay_ns, bool mutual)
{
	for (uint8_t i = 1; i <= world->plan.members; i++) {
		if (i == number)
			continue;
		look_later(world, i, number, delay_ns);
		if (mutual)
			look_later(world, number, i, delay_ns);
	}
}

void network_member_gone(struct world *world, uint8_t number, bool silently)
{
	all_look(world, number, silently ? HEARTBEAT_MS * MS : RESET_US * US, false);
	for (unsigned i = 1; i <= world->plan.members; i++)
		world->links[number][i].up = false;
}

void network_member_back(struct world *world, uint8_t number)
{
	all_look(world, number, (1 + dice_below(&world->dice, RECONNECT_MS)) * MS, true);
}

void network_member_frozen(struct world *world, uint8_t number)
{
	const struct member *member = &world->members[number];

	all_look(world, number, HEARTBEAT_MS * MS, false);
	all_look(world, number, member->frozen_until_ns - world->now_ns + 10 * MS, true);
}

/* ---- mobile nodes ---- */

static void request_arrives(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];

	if (replica->consensus)
		service_request(replica, (unsigned)event->number, event->octets, event->size);
}

void network_request(struct world *world, unsigned mobile, uint8_t to, const uint8_t *octets,
                     size_t size)
{
	for (unsigned n = copies(world); n > 0; n--)
		schedule_put(&world->schedule,
		             &(struct event){ .at_ns = world->now_ns + some_delay_ns(world),
		                              .happen = request_arrives,
		                              .member = to,
		                              .group = world->mobiles[mobile].group,
		                              .number = mobile,
		                              .octets = copy_of(octets, size),
		                              .size = size });
}

static void reply_arrives(struct world *world, struct event *event)
{
	mobile_reply(world, (unsigned)event->number, event->octets, event->size);
}

void network_reply(struct replica *from, unsigned mobile, const uint8_t *octets, size_t size)
{
	struct world *world = from->world;

	for (unsigned n = copies(world); n > 0; n--)
		schedule_put(&world->schedule,
		             &(struct event){ .at_ns = world->now_ns + some_delay_ns(world),
		                              .happen = reply_arrives,
		                              .number = mobile,
		                              .octets = copy_of(octets, size),
		                              .size = size });
}
