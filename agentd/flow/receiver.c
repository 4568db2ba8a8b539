/* receiver.c - a network thread: datagrams in, proposals out, replies out when
 * their proposals have taken effect. Never touches the disk.
 *
 * What is under way is bounded by the table of pending proposals; when it is
 * full the thread stops reading and the kernel's buffer, then the network,
 * drops: mobile nodes retransmit. */
#include "agentd/flow/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/flow_trace.h"
#include "agentd/flow/inbox.h"
#include "agentd/flow/overload.h"
#include "agentd/flow/replies.h"
#include "agentd/flow/sockets.h"
#include "agentd/state/ahead.h"

struct receiver {
	struct agent *agent;
	unsigned number;
	int socket;
	int broadcasts[BROADCAST_SOCKETS]; /* of the first thread; answered from `socket` */
	bool broadcast;                    /* the batch came on one of them */
	uint64_t read_ns, read_wall_ns;    /* the batch was read; both clocks */
	bool started;
	pthread_t thread;
	struct completions completions;

	struct proposals proposals;

	struct inbox inbox;
	struct overload overload;
	struct request_result results[INBOX_BATCH];
	struct replication_command commands[INBOX_BATCH];
	uint32_t proposed[INBOX_BATCH]; /* index of the datagram of each command */
	size_t command_count;

	struct replies replies;
};

/* ---- sending ---- */

static void leave_unanswered(struct receiver *r, struct completion done)
{
	flow_count(done.error == HA_E_NOTLEADER ? FLOW_UNCERTAIN : FLOW_APPLY_REFUSED);
	figures_count(r->proposals.at[done.pending].kind, REQUEST_UNANSWERED);
	proposals_give(&r->proposals, done.pending);
}

static void complete(struct receiver *r, struct completion done)
{
	struct proposal *proposal = &r->proposals.at[done.pending];
	const struct leaving leaving = {
		.proposal = done.pending,
		.code = proposal->code,
		.type = proposal->type,
		.kind = proposal->kind,
		.deregistration = proposal->deregistration,
		.arrived_ns = proposal->arrived_ns,
	};

	if (proposal->traced)
		flow_trace_reply(r->agent, proposal->traced, &proposal->to,
		                 (struct span){ proposal->reply, proposal->reply_size },
		                 done.error == HA_OK ? proposal->reason : ha_strerror(done.error),
		                 done.error == HA_OK);
	if (done.error == HA_OK)
		replies_queue(&r->replies, &proposal->to, proposal->reply, proposal->reply_size,
		              leaving);
	else
		leave_unanswered(r, done);
}

static void send_completed(struct receiver *r)
{
	struct completion done;

	completions_clear(&r->completions);
	while (completions_take(&r->completions, &done))
		complete(r, done);
	replies_send(&r->replies);
}

/* ---- receiving ---- */

static struct in_addr home_of(const struct inbox *inbox, uint32_t i)
{
	struct in_addr home;

	memcpy(&home, inbox->octets[i] + 4, sizeof(home));
	return home;
}

/* Brings the tables' lines towards the cache before they are needed, each step
 * for all datagrams. */
static void prefetch(struct receiver *r)
{
	struct state *state = r->agent->state;
	uint32_t realm = r->agent->realm, places[INBOX_BATCH];

	for (uint32_t i = 0; i < r->inbox.count; i++)
		state_prefetch(state, PEER_MOBILE_NODE, realm, home_of(&r->inbox, i));
	for (uint32_t i = 0; i < r->inbox.count; i++)
		places[i] = state_prefetch_peer(state, PEER_MOBILE_NODE, realm,
		                                home_of(&r->inbox, i));
	for (uint32_t i = 0; i < r->inbox.count; i++)
		state_prefetch_rows(state, places[i]);
}

static void keep_proposal(struct receiver *r, uint32_t i)
{
	const struct request_result *result = &r->results[i];
	uint32_t place = proposals_keep(&r->proposals, result, &r->inbox.from[i]);

	r->proposed[r->command_count] = i;
	r->commands[r->command_count++] = (struct replication_command){
		.group = r->agent->group,
		.ticket = (uint64_t)(r->number + 1) << 32 | place,
		.command = result->command,
		.size = result->command_size,
	};
}

/* A denial that would only serve a flood. */
static bool is_unheard(struct receiver *r, struct in_addr source,
                       const struct request_result *result)
{
	return !result->genuine && !mip_code_is_accepted(result->code) &&
	       overload_is_mute(&r->overload, source);
}

/* Dropped without a look at its node. */
static void leave_unread(struct receiver *r, uint32_t i, enum flow_counter counter)
{
	flow_count(counter);
	if (traces_are_on(&r->agent->traces))
		flow_trace_unread(r->agent, &r->inbox, i, r->broadcast, counter);
}

static struct leaving at_once(const struct request_result *result)
{
	return (struct leaving){
		.proposal = PROPOSAL_NONE,
		.code = (uint16_t)result->code,
		.type = result->type,
		.kind = result->kind,
		.deregistration = result->deregistration,
		.arrived_ns = result->arrived_ns,
	};
}

static void handle(struct receiver *r, const struct registration_policy *policy,
                   struct request_clock clock, uint32_t i, bool no_resources)
{
	const struct request_datagram datagram = flow_datagram(&r->inbox, i, r->broadcast);
	struct request_result *result = &r->results[i];
	struct sockaddr_in *from = &r->inbox.from[i];

	result->arrived_ns = r->read_ns - inbox_waited_ns(&r->inbox, i, r->read_wall_ns);
	message_handle(r->agent, policy, clock, &datagram, no_resources, result);
	if (result->fate == REQUEST_ANSWERED && is_unheard(r, from->sin_addr, result)) {
		flow_count(FLOW_DROPPED_SOURCE_LIMIT);
		flow_count(FLOW_DENIALS_MUTED);
		figures_count(result->kind, REQUEST_UNANSWERED);
		flow_trace_unsent(r->agent, result, from, FLOW_DROPPED_SOURCE_LIMIT);
	} else if (result->fate == REQUEST_ANSWERED) {
		flow_trace_answer(r->agent, result, from);
		replies_queue(&r->replies, from, result->reply, result->reply_size,
		              at_once(result));
	} else if (result->fate == REQUEST_PROPOSED) {
		keep_proposal(r, i);
	}
}

static void take_back(struct receiver *r)
{
	for (size_t i = 0; i < r->command_count; i++) {
		request_release(r->agent, &r->results[r->proposed[i]]);
		proposals_give(&r->proposals, (uint32_t)r->commands[i].ticket);
	}
}

static void warn_full(void)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_warning("registrations are denied with code 130: the log is at its cap because "
		            "the store does not keep up; see storage.log-segments and the disk");
}

static void drop_proposed(struct receiver *r, size_t count, enum flow_counter why)
{
	counter_add(&flow_counters, why, count);
	for (size_t i = 0; i < count; i++) {
		const struct request_result *result = &r->results[r->proposed[i]];

		figures_count(result->kind, REQUEST_UNANSWERED);
		flow_trace_unsent(r->agent, result, &r->inbox.from[r->proposed[i]], why);
	}
}

static void propose(struct receiver *r, const struct registration_policy *policy,
                    struct request_clock clock)
{
	size_t count = r->command_count;
	enum ha_error error = HA_OK;

	if (count > 0)
		error = replication_submit(r->agent->replication, r->commands, count);
	if (error != HA_OK)
		take_back(r);
	r->command_count = 0;
	if (error == HA_E_CAPACITY) {
		warn_full();
		for (size_t i = 0; i < count; i++)
			handle(r, policy, clock, r->proposed[i], true);
	} else if (error != HA_OK) {
		drop_proposed(r, count,
		              error == HA_E_NOTLEADER ? FLOW_DROPPED_STANDBY : FLOW_DROPPED_BUSY);
	}
}

/* ---- choosing ---- */

/* A datagram that waited so long has been sent again: an answer now would be to
 * a request that the node has given up. */
static bool is_stale(const struct receiver *r, uint32_t i)
{
	uint64_t limit_ns = r->agent->request_age_ms * UINT64_C(1000000);

	return limit_ns && inbox_waited_ns(&r->inbox, i, r->read_wall_ns) > limit_ns;
}

static enum overload_turn turn_of(struct receiver *r, uint32_t i)
{
	struct in_addr source = r->inbox.from[i].sin_addr;
	enum overload_turn turn;

	if (is_stale(r, i)) {
		leave_unread(r, i, FLOW_DROPPED_STALE);
		return OVERLOAD_LEFT;
	}
	if (inbox_is_cut(&r->inbox, i)) {
		leave_unread(r, i, FLOW_DROPPED_OVERSIZE);
		overload_note(&r->overload, source, OVERLOAD_LEFT, false);
		return OVERLOAD_LEFT;
	}
	turn = overload_turn(&r->overload, r->agent->state, r->agent->realm, home_of(&r->inbox, i),
	                     source);
	if (turn == OVERLOAD_LEFT)
		leave_unread(r, i, FLOW_DROPPED_SOURCE_LIMIT);
	return turn;
}

static void look_at(struct receiver *r, const struct registration_policy *policy,
                    struct request_clock clock, uint32_t i, enum overload_turn turn)
{
	handle(r, policy, clock, i, false);
	overload_note(&r->overload, r->inbox.from[i].sin_addr, turn, r->results[i].genuine);
}

static void look_at_batch(struct receiver *r, const struct registration_policy *policy,
                          struct request_clock clock)
{
	enum overload_turn turns[INBOX_BATCH] = { OVERLOAD_FIRST };

	for (uint32_t i = 0; i < r->inbox.count; i++)
		turns[i] = turn_of(r, i);
	for (uint32_t i = 0; i < r->inbox.count; i++)
		if (turns[i] == OVERLOAD_FIRST)
			look_at(r, policy, clock, i, turns[i]);
	for (uint32_t i = 0; i < r->inbox.count; i++) {
		if (turns[i] != OVERLOAD_THEN)
			continue;
		if (overload_gives_way(&r->overload))
			leave_unread(r, i, FLOW_DROPPED_GIVEN_WAY);
		else
			look_at(r, policy, clock, i, turns[i]);
	}
}

static void begin_batch(struct receiver *r, struct request_clock clock)
{
	figures_look(r->read_ns);
	overload_begin(&r->overload, inbox_backlog_ns(&r->inbox, r->read_wall_ns),
	               r->agent->source_failures, r->read_ns / 1000000u, clock.cluster_ms);
}

static void take_batch(struct receiver *r)
{
	struct registration_policy policy;
	struct request_clock clock;

	policy_read(r->agent, &policy);
	r->read_wall_ns = clock_wall_ns();
	r->read_ns = clock_monotonic_ns();
	clock.wall_ms = r->agent->reign.shared ? agent_wall_ms(r->agent)
	                                       : r->read_wall_ns / 1000000u;
	clock.cluster_ms = agent_cluster_ms(r->agent);
	prefetch(r);
	begin_batch(r, clock);
	look_at_batch(r, &policy, clock);
	propose(r, &policy, clock);
}

/* Somebody else leads, or may by now. */
static void leave_batch(struct receiver *r)
{
	for (uint32_t i = 0; i < r->inbox.count; i++)
		leave_unread(r, i, FLOW_DROPPED_STANDBY);
}

static void receive_batch(struct receiver *r, int socket, bool broadcast)
{
	struct reign *reign = &r->agent->reign;

	if (inbox_receive(&r->inbox, socket) == 0)
		return;
	r->broadcast = broadcast;
	if (r->agent->prepared && replies_may_leave(&r->replies) && reign_enter(reign, r->number)) {
		take_batch(r);
		reign_leave(reign, r->number);
	} else {
		leave_batch(r);
	}
	counter_add(&flow_counters, FLOW_DATAGRAMS, r->inbox.count);
	replies_send(&r->replies);
}

/* What is waited for: replies that can be sent, and requests on each socket. */
#define WAITS (2u + BROADCAST_SOCKETS)

static void set_waits(const struct receiver *r, struct pollfd wait[WAITS])
{
	bool room = r->proposals.count + (WAITS - 1) * INBOX_BATCH <= COMPLETIONS_MAX;
	bool taking = room && !r->agent->stopping;

	wait[0] = (struct pollfd){ .fd = r->completions.event, .events = POLLIN };
	wait[1] = (struct pollfd){ .fd = taking ? r->socket : -1, .events = POLLIN };
	for (size_t i = 0; i < BROADCAST_SOCKETS; i++)
		wait[2 + i] = (struct pollfd){ .fd = taking ? r->broadcasts[i] : -1,
			                       .events = POLLIN };
}

static void *run(void *argument)
{
	struct receiver *r = argument;
	struct pollfd wait[WAITS];

	agent_thread(r->agent, "network");
	while (!r->agent->finished) {
		set_waits(r, wait);
		if (poll(wait, WAITS, -1) < 0 && errno != EINTR)
			break;
		if (wait[0].revents)
			send_completed(r);
		for (size_t i = 1; i < WAITS; i++)
			if (wait[i].revents)
				receive_batch(r, wait[i].fd, i > 1);
	}
	send_completed(r);
	proposals_abandon(&r->proposals);
	return NULL;
}

/* ---- life ---- */

static void open_broadcasts(struct receiver *r)
{
	broadcast_sockets_open(&r->agent->config, r->broadcasts);
	for (size_t i = 0; i < BROADCAST_SOCKETS; i++)
		if (r->broadcasts[i] >= 0)
			inbox_stamp(r->broadcasts[i]);
}

static enum ha_error open_sockets(struct receiver *r, char *report, size_t size)
{
	enum ha_error error = socket_open(&r->agent->config, r->number, &r->socket, report, size);

	if (error != HA_OK)
		return error;
	r->replies.socket = r->socket;
	inbox_stamp(r->socket); /* without it nothing is known to be stale */
	if (r->number > 0)
		return HA_OK;
	r->agent->socket = r->socket;
	open_broadcasts(r);
	return HA_OK;
}

enum ha_error receiver_open(struct agent *agent, unsigned number, struct receiver **out,
                            char *report, size_t size)
{
	struct receiver *r = aligned_alloc(_Alignof(struct receiver), sizeof(*r));
	enum ha_error error;

	if (!r) {
		snprintf(report, size, "%s", ha_strerror(HA_E_NOMEM));
		return HA_E_NOMEM;
	}
	memset(r, 0, sizeof(*r));
	*out = r;
	r->agent = agent;
	r->number = number;
	r->socket = -1;
	for (size_t i = 0; i < BROADCAST_SOCKETS; i++)
		r->broadcasts[i] = -1;
	inbox_init(&r->inbox);
	overload_init(&r->overload);
	r->replies.agent = agent;
	r->replies.proposals = &r->proposals;
	error = completions_open(&r->completions);
	if (error != HA_OK)
		snprintf(report, size, "cannot make an eventfd: %s", ha_strerror(error));
	return error == HA_OK ? open_sockets(r, report, size) : error;
}

/* What was under way in the run before is of no agent any more. */
static void begin_run(struct receiver *r)
{
	struct completion old;

	while (completions_take(&r->completions, &old))
		;
	proposals_init(&r->proposals);
	r->command_count = r->replies.outbox.count = 0;
}

enum ha_error receiver_start(struct receiver *receiver)
{
	int number;

	begin_run(receiver);
	number = pthread_create(&receiver->thread, NULL, run, receiver);
	receiver->started = number == 0;
	return ha_error_of_errno(number);
}

void receiver_join(struct receiver *receiver)
{
	if (!receiver->started)
		return;
	completions_wake(&receiver->completions);
	pthread_join(receiver->thread, NULL);
	receiver->started = false;
}

void receiver_close(struct receiver *receiver)
{
	if (!receiver)
		return;
	if (receiver->socket >= 0)
		close(receiver->socket);
	for (size_t i = 0; i < BROADCAST_SOCKETS; i++)
		if (receiver->broadcasts[i] >= 0)
			close(receiver->broadcasts[i]);
	completions_close(&receiver->completions);
	free(receiver);
}

void receiver_lose(struct receiver *receiver, uint32_t place)
{
	const struct proposal *proposal = &receiver->proposals.at[place];

	if (proposal->claimed)
		state_release(receiver->agent->state, &proposal->hold);
	completions_post(&receiver->completions, (struct completion){ place, HA_E_NOTLEADER });
}

struct completions *receiver_completions(struct receiver *receiver)
{
	return &receiver->completions;
}
