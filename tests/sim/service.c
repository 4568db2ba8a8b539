/* service.c - from a request to its reply, on whoever leads: agentd/flow's way of
 * a request, without its threads and sockets. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

#define SEED_TICKET (UINT64_C(1) << 63)
#define EXPIRE_TICKET (UINT64_C(1) << 62)
#define EXPIRE_BATCH 16u
#define EXPIRE_MS 50u
#define SEND_US 200u /* at most, from applying to the reply */

uint64_t service_cluster_ms(struct replica *replica)
{
	return cluster_clock_read(&replica->agent->clock, member_wall_ms(replica->member),
	                          member_monotonic_ns(replica->member));
}

/* ---- answers ---- */

static struct pending *pending_of(struct replica *replica, uint64_t ticket)
{
	for (size_t i = 0; i < WORLD_PENDING; i++)
		if (replica->pending[i].ticket == ticket)
			return &replica->pending[i];
	return NULL;
}

static void answer(struct replica *replica, unsigned mobile, const struct mip_request *request,
                   const struct request_result *result)
{
	if (!replica_may_answer(replica))
		return;
	judge_answers(replica, mobile);
	/* Where there is no binding, to have it ended is granted without a change. */
	if (mip_code_is_accepted(result->code) && request->lifetime_s > 0)
		judge_repeats(replica, mobile, request->identification);
	network_reply(replica, mobile, result->reply, result->reply_size);
}

/* ---- proposals ---- */

static void keep(struct pending *pending, struct replica *replica, unsigned mobile,
                 uint64_t identification, const struct request_result *result)
{
	pending->ticket = ++replica->tickets;
	pending->hold = result->hold;
	pending->mobile = mobile;
	pending->identification = identification;
	pending->index = 0;
	pending->code = result->code;
	pending->reply_size = result->reply_size;
	memcpy(pending->reply, result->reply, result->reply_size);
}

static enum ha_error propose(struct replica *replica, unsigned mobile,
                             const struct mip_request *request, const struct request_result *result)
{
	struct pending *pending = pending_of(replica, 0);
	struct replication_command command = {
		.group = replica->group,
		.command = result->command,
		.size = result->command_size,
	};
	enum ha_error error;

	if (!pending)
		return HA_E_BUSY;
	keep(pending, replica, mobile, request->identification, result);
	command.ticket = pending->ticket;
	judge_proposed(replica->world, command.command, command.size, mobile,
	               request->identification);
	error = consensus_submit(replica->consensus, member_monotonic_ns(replica->member), &command,
	                         1);
	world_trace(replica->world, "member %u proposes for node %u, ticket %llu: %s",
	            replica->member->number, mobile, (unsigned long long)pending->ticket,
	            ha_strerror(error));
	if (error != HA_OK)
		pending->ticket = 0;
	return error;
}

static void handle(struct replica *replica, unsigned mobile, const uint8_t *octets, size_t size,
                   bool no_resources)
{
	const struct request_datagram datagram = {
		.payload = { octets, size },
		.source = { htonl(0xc6336401u + mobile) },
		.source_port = MIP_PORT,
	};
	const struct request_clock clock = { member_wall_ms(replica->member),
		                             service_cluster_ms(replica) };
	struct reader in = reader_over(octets, size);
	struct request_result result = { .claimed = false };
	struct mip_request request;
	enum ha_error error;

	if (mip_request_decode(&in, &request) != HA_OK)
		abort();
	request_handle(replica->agent, &replica->world->policy, clock, &datagram, no_resources,
	               &result);
	if (result.fate == REQUEST_ANSWERED)
		answer(replica, mobile, &request, &result);
	if (result.fate != REQUEST_PROPOSED)
		return;
	error = propose(replica, mobile, &request, &result);
	if (error == HA_OK)
		return;
	request_release(replica->agent, &result);
	if (error == HA_E_CAPACITY)
		handle(replica, mobile, octets, size, true);
	else if (error != HA_E_BUSY && error != HA_E_NOTLEADER)
		replica->member->dying = true;
}

void service_request(struct replica *replica, unsigned mobile, const uint8_t *octets, size_t size)
{
	if (replica->agent && replica->role == REPLICATION_LEADER)
		handle(replica, mobile, octets, size, false);
}

/* ---- what became of them ---- */

static void send_reply(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];
	struct pending *pending = pending_of(replica, event->number);

	if (!pending)
		return;
	if (replica_may_answer(replica)) {
		judge_answers(replica, pending->mobile);
		judge_acknowledges(replica, pending->mobile, pending->identification,
		                   pending->index);
		network_reply(replica, pending->mobile, pending->reply, pending->reply_size);
	}
	pending->ticket = 0;
}

void service_applied(struct replica *replica, const struct replication_entry *entry,
                     const struct state_outcome *outcome)
{
	struct pending *pending = entry->ticket ? pending_of(replica, entry->ticket) : NULL;

	if (!pending)
		return;
	world_trace(replica->world, "member %u: entry %llu, ticket %llu: %s",
	            replica->member->number, (unsigned long long)entry->index,
	            (unsigned long long)entry->ticket, ha_strerror(outcome->error));
	if (outcome->error != HA_OK) {
		pending->ticket = 0;
		return;
	}
	pending->index = entry->index;
	member_event(replica->member, dice_below(&replica->world->dice, SEND_US) * US, send_reply,
	             replica->group, pending->ticket);
}

void service_lost(struct replica *replica, const uint64_t *tickets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pending *pending = pending_of(replica, tickets[i]);

		world_trace(replica->world, "member %u lost ticket %llu", replica->member->number,
		            (unsigned long long)tickets[i]);
		if (!pending || pending->index)
			continue;
		state_release(replica->agent->state, &pending->hold);
		pending->ticket = 0;
	}
}

/* ---- what a leader does of its own accord ---- */

static void submit(struct replica *replica, uint64_t ticket, const void *octets, size_t size)
{
	const struct replication_command command = { replica->group, ticket, octets, size };
	enum ha_error error = consensus_submit(replica->consensus,
	                                       member_monotonic_ns(replica->member), &command, 1);

	if (error != HA_OK && error != HA_E_NOTLEADER && error != HA_E_BUSY &&
	    error != HA_E_CAPACITY)
		replica->member->dying = true;
}

static bool is_configured(struct replica *replica)
{
	struct state_totals totals;

	state_totals(replica->agent->state, &totals);
	return totals.mobile_nodes > 0;
}

/* A witness does not lead for long. */
static void hand_over(struct replica *replica)
{
	enum ha_error error = consensus_transfer(replica->consensus,
	                                         member_monotonic_ns(replica->member), 0);

	if (error != HA_OK && error != HA_E_NOTLEADER && error != HA_E_BUSY &&
	    error != HA_E_NOTFOUND)
		replica->member->dying = true;
}

void service_leads(struct replica *replica)
{
	struct world *world = replica->world;
	struct state_totals totals;

	if (!replica->agent) {
		hand_over(replica);
		return;
	}
	state_totals(replica->agent->state, &totals);
	if (totals.time_ms > service_cluster_ms(replica))
		cluster_clock_start(&replica->agent->clock, totals.time_ms,
		                    member_wall_ms(replica->member),
		                    member_monotonic_ns(replica->member));
	if (!is_configured(replica))
		submit(replica, SEED_TICKET, world->seeding[replica->group],
		       world->seeding_size[replica->group]);
}

void service_expire(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];
	uint8_t octets[64 + 10 * EXPIRE_BATCH];
	uint64_t places[EXPIRE_BATCH], time_ms;
	size_t count;

	member_event(replica->member, EXPIRE_MS * MS, service_expire, replica->group, 0);
	if (replica->role != REPLICATION_LEADER)
		return;
	if (!replica->agent || !is_configured(replica)) {
		service_leads(replica);
		return;
	}
	time_ms = service_cluster_ms(replica);
	count = state_expired(replica->agent->state, time_ms, places, EXPIRE_BATCH);
	if (count > 0)
		submit(replica, EXPIRE_TICKET, octets,
		       command_expire(time_ms, places, count, octets, sizeof(octets)));
}
