/* run.c - the loop: give up what is too old, send what is due, take what came.
 * Time is read once a round.
 *
 * At a rate, a round takes a tick at least: a generator that woke for every
 * datagram would take the processor from the agent that it measures. A latency
 * can read two ticks too high for it, never too low. */
#include "agentd/load/run.h"

#include <stdlib.h>
#include <time.h>

#include "agentd/base/arena.h"
#include "agentd/base/clock.h"
#include "agentd/load/exchange.h"
#include "agentd/load/link.h"
#include "agentd/load/timeouts.h"
#include "proto/codes.h"

#define SECOND_NS 1000000000ull
#define TICK_NS 100000u               /* at a rate: rounds are no closer than that */
#define WAIT_MAX_NS (20 * 1000000ull) /* so that a signal is noticed */
#define COPIES_MAX 8u                 /* of one request, after the first */

struct run {
	const struct load_settings *settings;
	const struct load_identity *identity;
	struct record_file *record;
	volatile sig_atomic_t *stop;
	struct load_result *result;
	struct load_node *nodes;
	struct load_plan plan;
	struct timeouts timeouts;
	struct timeouts copies[COPIES_MAX]; /* by copies sent: all in one ring wait equally long */
	struct link link;
	enum ha_error error; /* of the record: ends the run */
	uint64_t planned;    /* requests begun, not counting tries */
	uint64_t pending;
	uint64_t start_ns, now_ns;
	uint64_t ntp;     /* time of day, for identifications */
	uint64_t wall_ms; /* the same, for records */
	bool sending;
};

static void read_clocks(struct run *run)
{
	run->now_ns = clock_monotonic_ns();
	run->wall_ms = clock_wall_ms();
	run->ntp = clock_ntp_of_ms(run->wall_ms);
}

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * SECOND_NS + (uint64_t)used.tv_nsec;
}

static void note(struct run *run, const struct load_record *record)
{
	if (run->error == HA_OK)
		run->error = record_add(run->record, record);
}

/* ---- sending ---- */

static uint64_t due_ns(const struct run *run, uint64_t request)
{
	uint32_t rate = run->settings->rate;

	if (rate == 0)
		return run->now_ns;
	return run->start_ns + request / rate * SECOND_NS + request % rate * SECOND_NS / rate;
}

static bool may_send(struct run *run)
{
	return run->pending < run->settings->window && !timeouts_full(&run->timeouts) &&
	       (run->settings->count == 0 || run->planned < run->settings->count) &&
	       due_ns(run, run->planned) <= run->now_ns;
}

static void note_sent(struct run *run, const struct mip_request *request, uint8_t effect)
{
	note(run, &(struct load_record){ .what = RECORD_SENT,
	                                 .effect = effect,
	                                 .lifetime_s = request->lifetime_s,
	                                 .home = request->home,
	                                 .care_of = request->care_of,
	                                 .identification = request->identification,
	                                 .value = run->wall_ms });
}

static void put_encoded(struct run *run, uint32_t number, uint8_t *room,
                        struct mip_request *request)
{
	const struct load_node *node = &run->nodes[number];
	struct in_addr home = load_home(run->identity, number);

	load_request_of(run->identity, home, node, request);
	link_put_of(&run->link, load_request_encode(run->identity, node, request, room), number,
	            home);
	note_sent(run, request, node->effect);
}

/* The node's next request to the effect that it has chosen. Identifications of
 * a batch differ, and each node's grow. */
static void put_request(struct run *run, uint32_t number, uint8_t *room)
{
	struct load_node *node = &run->nodes[number];
	uint32_t low = (uint32_t)node->identification;
	struct mip_request request;

	node->identification = run->ntp > node->identification ? run->ntp
	                                                       : node->identification + 1;
	if ((uint32_t)node->identification == low)
		node->identification++; /* whole seconds later: answers are told apart by it */
	node->sent_ns = run->now_ns;
	if (node->tries < UINT8_MAX)
		node->tries++;
	put_encoded(run, number, room, &request);
	timeouts_add(&run->timeouts, number, (uint32_t)node->identification);
	if (run->settings->retransmit_ns != 0 && !timeouts_full(&run->copies[0]))
		timeouts_add(&run->copies[0], number, (uint32_t)node->identification);
	run->ntp++;
	run->result->sent++;
}

/* One batch at most. */
static void put_due(struct run *run)
{
	struct load_node *node;
	uint32_t number;
	uint8_t *room;

	while (run->error == HA_OK && may_send(run) && (room = link_room(&run->link)) != NULL) {
		if (!load_plan_node(&run->plan, run->nodes, &number))
			return;
		node = &run->nodes[number];
		load_plan_effect(&run->plan, node);
		node->lifetime_s = run->settings->lifetime_s;
		node->due_ns = due_ns(run, run->planned++);
		put_request(run, number, room);
		run->pending++;
	}
}

/* Recorded before it leaves. */
static bool flush(struct run *run)
{
	if (run->link.out.count == 0)
		return false;
	if (run->error == HA_OK)
		run->error = record_flush(run->record);
	if (run->error == HA_OK)
		link_send(&run->link);
	return true;
}

static bool may_try_again(const struct run *run, const struct load_node *node)
{
	const struct load_settings *settings = run->settings;

	return (run->sending || settings->duration_ns == 0) && !*run->stop &&
	       !timeouts_full(&run->timeouts) &&
	       (settings->tries == 0 || node->tries < settings->tries);
}

static uint8_t *make_room(struct run *run)
{
	if (!link_room(&run->link))
		flush(run);
	return link_room(&run->link);
}

static void try_again(struct run *run, uint32_t number)
{
	put_request(run, number, make_room(run));
	run->result->again++;
}

/* When a request is sent again as it is: each time after twice as long. */
static uint64_t copy_due_ns(const struct run *run, const struct load_node *node, unsigned copies)
{
	return node->sent_ns + run->settings->retransmit_ns * ((2ull << copies) - 1);
}

static void put_copy(struct run *run, uint32_t number, unsigned copies)
{
	struct load_node *node = &run->nodes[number];
	struct mip_request request;

	put_encoded(run, number, make_room(run), &request);
	if (copies + 1 < COPIES_MAX && !timeouts_full(&run->copies[copies + 1]))
		timeouts_add(&run->copies[copies + 1], number, (uint32_t)node->identification);
	run->result->copies++;
}

static void put_copies(struct run *run, unsigned copies)
{
	struct timeouts *ring = &run->copies[copies];
	uint32_t number;

	while (run->error == HA_OK && timeouts_oldest(ring, run->nodes, &number) &&
	       copy_due_ns(run, &run->nodes[number], copies) <= run->now_ns) {
		timeouts_drop(ring);
		put_copy(run, number, copies);
	}
}

/* The oldest request, if its time is over. */
static bool give_up_oldest(struct run *run)
{
	struct load_node *node;
	uint32_t number;

	if (run->error != HA_OK || !timeouts_oldest(&run->timeouts, run->nodes, &number))
		return false;
	node = &run->nodes[number];
	if (node->sent_ns + run->settings->timeout_ns > run->now_ns)
		return false;
	timeouts_drop(&run->timeouts);
	run->result->lost++;
	if (may_try_again(run, node)) {
		try_again(run, number);
	} else {
		node->tries = 0;
		run->pending--;
	}
	return true;
}

/* ---- receiving ---- */

static void note_answered(struct run *run, const struct load_answer *answer)
{
	note(run, &(struct load_record){ .what = RECORD_ANSWERED,
	                                 .code = answer->reply.code,
	                                 .lifetime_s = answer->reply.lifetime_s,
	                                 .home = answer->reply.home,
	                                 .identification = answer->reply.identification,
	                                 .value = run->wall_ms });
}

static void take_awaited(struct run *run, struct load_answer *answer)
{
	struct load_node *node = &run->nodes[answer->node];
	bool accepted = mip_code_is_accepted(answer->reply.code);

	node->tries = 0;
	run->pending--;
	run->result->answered++;
	run->result->in_window += run->sending;
	run->result->codes[answer->reply.code]++;
	if (accepted && run->result->first_accepted_ns == 0)
		run->result->first_accepted_ns = run->now_ns;
	histogram_add(&run->result->latency,
	              run->now_ns > node->due_ns ? run->now_ns - node->due_ns : 0);
	answer->reply.identification = node->identification; /* a denial's has the agent's clock */
	note_answered(run, answer);
}

static void take(struct run *run, struct span datagram)
{
	struct load_answer answer = load_answer_judge(
		run->identity, run->nodes, run->settings->nodes, datagram, run->settings->echo);

	switch (answer.verdict) {
	case LOAD_ANSWER:
		take_awaited(run, &answer);
		break;
	case LOAD_LATE:
		run->result->late++;
		if (mip_code_is_accepted(answer.reply.code))
			note_answered(run, &answer); /* it was promised, if late */
		break;
	case LOAD_BAD:
		run->result->bad++;
		break;
	}
}

static bool receive_socket(struct run *run, unsigned i)
{
	if (link_receive(&run->link, i) == 0)
		return false;
	run->now_ns = clock_monotonic_ns();
	for (unsigned d = 0; d < run->link.in.count; d++)
		take(run, link_datagram(&run->link, d));
	return true;
}

static bool receive(struct run *run)
{
	bool any = false;

	for (unsigned i = 0; i < run->link.count; i++)
		any = receive_socket(run, i) || any;
	if (any && run->error == HA_OK)
		run->error = record_flush(run->record);
	return any;
}

/* ---- the loop ---- */

static bool still_sending(const struct run *run)
{
	const struct load_settings *settings = run->settings;

	if (*run->stop || run->error != HA_OK)
		return false;
	if (settings->count != 0 && run->planned >= settings->count)
		return false;
	if (settings->until_accepted && run->result->first_accepted_ns != 0)
		return false;
	return settings->duration_ns == 0 || run->now_ns - run->start_ns < settings->duration_ns;
}

static uint64_t wait_ns(struct run *run)
{
	uint64_t until = run->now_ns + WAIT_MAX_NS;
	uint32_t oldest;

	if (run->settings->rate != 0 && run->sending && due_ns(run, run->planned) < until)
		until = due_ns(run, run->planned);
	if (timeouts_oldest(&run->timeouts, run->nodes, &oldest) &&
	    run->nodes[oldest].sent_ns + run->settings->timeout_ns < until)
		until = run->nodes[oldest].sent_ns + run->settings->timeout_ns;
	for (unsigned i = 0; run->settings->retransmit_ns != 0 && i < COPIES_MAX; i++)
		if (timeouts_oldest(&run->copies[i], run->nodes, &oldest) &&
		    copy_due_ns(run, &run->nodes[oldest], i) < until)
			until = copy_due_ns(run, &run->nodes[oldest], i);
	return until > run->now_ns ? until - run->now_ns : 0;
}

static void one_round(struct run *run)
{
	bool busy;

	read_clocks(run);
	while (give_up_oldest(run))
		;
	for (unsigned i = 0; run->settings->retransmit_ns != 0 && i < COPIES_MAX; i++)
		put_copies(run, i);
	if (run->sending)
		put_due(run);
	busy = flush(run);
	busy = receive(run) || busy;
	if (!busy)
		link_wait(&run->link, wait_ns(run));
	if (run->settings->rate != 0 && !(run->sending && may_send(run)))
		link_pause(TICK_NS);
}

static void run_loop(struct run *run)
{
	uint64_t cpu_start_ns = cpu_ns();

	read_clocks(run);
	run->start_ns = run->now_ns;
	for (run->sending = true; run->sending; run->sending = still_sending(run))
		one_round(run);
	run->result->window_ns = run->now_ns - run->start_ns;
	run->result->cpu_ns = cpu_ns() - cpu_start_ns;
	while (run->pending > 0 && !*run->stop && run->error == HA_OK &&
	       !(run->settings->until_accepted && run->result->first_accepted_ns != 0))
		one_round(run);
	while (receive(run)) /* what came before a signal did was promised too */
		;
}

static enum ha_error prepare(struct run *run, const struct load_mode *mode)
{
	const struct load_settings *settings = run->settings;
	enum ha_error error = timeouts_init(&run->timeouts);

	for (unsigned i = 0; settings->retransmit_ns != 0 && error == HA_OK && i < COPIES_MAX; i++)
		error = timeouts_init(&run->copies[i]);
	run->nodes = arena_map(settings->nodes * sizeof(*run->nodes));
	if (error != HA_OK || !run->nodes)
		return HA_E_NOMEM;
	for (uint32_t i = 0; error == HA_OK && i < settings->nodes; i++)
		error = load_node_init(&run->nodes[i], run->identity, load_home(run->identity, i));
	load_plan_init(&run->plan, mode, settings->nodes, settings->seed);
	if (error == HA_OK)
		error = settings->interface ? link_open_visited(&run->link, settings->interface,
		                                                settings->target.sin_addr)
		                            : link_open(&run->link, &settings->target,
		                                        settings->source, settings->sockets);
	return error;
}

static void release(struct run *run)
{
	link_close(&run->link);
	timeouts_free(&run->timeouts);
	for (unsigned i = 0; i < COPIES_MAX; i++)
		timeouts_free(&run->copies[i]);
	arena_unmap(run->nodes, run->settings->nodes * sizeof(*run->nodes));
	free(run);
}

enum ha_error load_run(const struct load_settings *settings, const struct load_identity *identity,
                       const struct load_mode *mode, struct record_file *record,
                       volatile sig_atomic_t *stop, struct load_result *result)
{
	struct run *run = calloc(1, sizeof(*run));
	enum ha_error error;

	if (!run)
		return HA_E_NOMEM;
	*run = (struct run){ .settings = settings,
		             .identity = identity,
		             .record = record,
		             .stop = stop,
		             .result = result };
	*result = (struct load_result){ 0 };
	error = prepare(run, mode);
	if (error == HA_OK) {
		run_loop(run);
		error = run->error;
	}
	release(run);
	return error;
}
