/* storm.c - the loop of a storm. A node waits in the ring of its try, and all in
 * one ring wait equally long, so the oldest of each is the next. */
#include "agentd/load/storm.h"

#include <stdlib.h>
#include <time.h>

#include "agentd/base/arena.h"
#include "agentd/base/clock.h"
#include "agentd/load/exchange.h"
#include "agentd/load/link.h"
#include "agentd/load/timeouts.h"
#include "proto/codes.h"

#define SECOND_NS 1000000000ull
#define TICK_NS 100000u
#define OVERDUE_NS SECOND_NS /* datagrams further behind than this are not made up for */

struct storm {
	const struct load_settings *settings;
	const struct load_identity *identity;
	volatile sig_atomic_t *stop;
	struct storm_result *result;
	struct load_node *nodes;
	struct load_plan plan;
	struct timeouts rings[STORM_TRIES_MAX]; /* by tries made, less one */
	struct link link;
	uint64_t waiting; /* nodes that hope for an answer */
	uint64_t start_ns, now_ns;
	uint64_t ntp;     /* time of day, for identifications */
	uint64_t allowed; /* datagrams that may have left by now */
	bool sending;
};

static void read_clocks(struct storm *storm)
{
	uint64_t ntp = clock_ntp_of_ms(clock_wall_ms());

	storm->now_ns = clock_monotonic_ns();
	if (ntp > storm->ntp)
		storm->ntp = ntp;
}

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * SECOND_NS + (uint64_t)used.tv_nsec;
}

/* ---- sending ---- */

static uint64_t patience_ns(const struct storm *storm, unsigned tries)
{
	return storm->settings->timeout_ns << (tries - 1);
}

static void put_request(struct storm *storm, uint32_t number)
{
	struct load_node *node = &storm->nodes[number];
	struct mip_request request;

	if ((uint32_t)storm->ntp == (uint32_t)node->identification)
		storm->ntp++; /* whole seconds later: answers are told apart by the low half */
	node->identification = storm->ntp++; /* grows for each node: the clock does */
	node->sent_ns = storm->now_ns;
	load_request_of(storm->identity, load_home(storm->identity, number), node, &request);
	link_put(&storm->link,
	         load_request_encode(storm->identity, node, &request, link_room(&storm->link)));
	timeouts_add(&storm->rings[node->tries++], number, (uint32_t)node->identification);
	storm->result->sent++;
}

/* The longest-waiting node of a ring, if its time is over. */
static struct load_node *overdue(struct storm *storm, unsigned ring, uint32_t *number)
{
	struct load_node *node;

	if (!timeouts_oldest(&storm->rings[ring], storm->nodes, number))
		return NULL;
	node = &storm->nodes[*number];
	return node->sent_ns + patience_ns(storm, ring + 1) <= storm->now_ns ? node : NULL;
}

static void note_overdue(struct storm *storm, uint64_t due_ns)
{
	if (storm->now_ns > due_ns + storm->result->overdue_ns)
		storm->result->overdue_ns = storm->now_ns - due_ns;
}

static void give_up(struct storm *storm, struct load_node *node)
{
	node->tries = 0;
	storm->waiting--;
	storm->result->nodes_given_up++;
}

/* One retransmission that is due, or a node that gives up. false: there is none. */
static bool put_again(struct storm *storm)
{
	struct load_node *node;
	uint32_t number;

	for (unsigned ring = 0; ring < storm->settings->tries; ring++) {
		node = overdue(storm, ring, &number);
		if (!node)
			continue;
		if (ring + 1 < storm->settings->tries && timeouts_full(&storm->rings[ring + 1]))
			continue;
		timeouts_drop(&storm->rings[ring]);
		if (ring + 1 == storm->settings->tries) {
			give_up(storm, node);
			return true;
		}
		note_overdue(storm, node->sent_ns + patience_ns(storm, ring + 1));
		put_request(storm, number);
		storm->result->again++;
		return true;
	}
	return false;
}

static bool put_first(struct storm *storm)
{
	struct load_node *node;
	uint32_t number;

	if (storm->result->nodes_begun == storm->settings->nodes ||
	    timeouts_full(&storm->rings[0]) || !load_plan_node(&storm->plan, storm->nodes, &number))
		return false;
	node = &storm->nodes[number];
	node->effect = LOAD_BIND;
	node->lifetime_s = storm->settings->lifetime_s;
	node->due_ns = storm->now_ns;
	put_request(storm, number);
	storm->result->nodes_begun++;
	storm->waiting++;
	return true;
}

/* What the rate allows by now. A generator that was kept from running makes up
 * for it, as the network would, but not for more than was ever due. */
static void allow(struct storm *storm)
{
	uint64_t passed_ns = storm->now_ns - storm->start_ns, rate = storm->settings->rate;
	uint64_t behind = rate * (OVERDUE_NS / 1000000u) / 1000u;

	storm->allowed = passed_ns / SECOND_NS * rate + passed_ns % SECOND_NS * rate / SECOND_NS +
	                 1;
	if (storm->allowed > storm->result->sent + behind)
		storm->allowed = storm->result->sent + behind;
}

/* One batch at most. */
static void send_due(struct storm *storm)
{
	while (storm->result->sent < storm->allowed && storm->link.out.count < LINK_BATCH)
		if (!put_again(storm) && !put_first(storm))
			break;
	if (storm->link.out.count > 0)
		link_send(&storm->link);
}

/* ---- receiving ---- */

static void take_answer(struct storm *storm, const struct load_answer *answer)
{
	struct storm_result *result = storm->result;
	struct load_node *node = &storm->nodes[answer->node];

	result->codes[answer->reply.code]++;
	storm->waiting--;
	if (!mip_code_is_accepted(answer->reply.code)) {
		result->denied++;
	} else {
		result->completed++;
		result->completed_in_window += storm->sending;
		result->completed_by_try[node->tries - 1]++;
		histogram_add(&result->completion, storm->now_ns - node->due_ns);
		histogram_add(&result->answer, storm->now_ns - node->sent_ns);
	}
	node->tries = 0;
}

static void take(struct storm *storm, struct span datagram)
{
	struct load_answer answer = load_answer_judge(storm->identity, storm->nodes,
	                                              storm->settings->nodes, datagram, false);

	if (answer.verdict == LOAD_ANSWER)
		take_answer(storm, &answer);
	else if (answer.verdict == LOAD_LATE)
		storm->result->late++;
	else
		storm->result->bad++;
}

static void receive(struct storm *storm)
{
	const struct link_batch *in = &storm->link.in;

	for (unsigned i = 0; i < storm->link.count; i++) {
		if (link_receive(&storm->link, i) == 0)
			continue;
		storm->now_ns = clock_monotonic_ns();
		for (unsigned d = 0; d < in->count; d++)
			take(storm,
			     (struct span){ .at = in->octets[d], .size = in->headers[d].msg_len });
	}
}

/* ---- the loop ---- */

static bool still_sending(const struct storm *storm)
{
	uint64_t duration_ns = storm->settings->duration_ns;

	if (*storm->stop || (duration_ns && storm->now_ns - storm->start_ns >= duration_ns))
		return false;
	return storm->waiting > 0 || storm->result->nodes_begun < storm->settings->nodes;
}

/* A generator that woke for every datagram would take the processor from the
 * agent, and send each alone: rounds keep a tick apart unless they are behind. */
static void one_round(struct storm *storm)
{
	read_clocks(storm);
	allow(storm);
	if (storm->sending)
		send_due(storm);
	receive(storm);
	if (!storm->sending || storm->result->sent + LINK_BATCH > storm->allowed)
		link_pause(TICK_NS);
}

/* Nobody retransmits any more: answers to what is under way come or do not. */
static void await_the_rest(struct storm *storm)
{
	uint64_t until_ns = storm->now_ns + storm->settings->timeout_ns;

	while (storm->waiting > 0 && storm->now_ns < until_ns && !*storm->stop)
		one_round(storm);
}

static void run_loop(struct storm *storm)
{
	uint64_t cpu_start_ns = cpu_ns();

	read_clocks(storm);
	storm->start_ns = storm->now_ns;
	for (storm->sending = true; storm->sending; storm->sending = still_sending(storm))
		one_round(storm);
	storm->result->window_ns = storm->now_ns - storm->start_ns;
	storm->result->cpu_ns = cpu_ns() - cpu_start_ns;
	await_the_rest(storm);
}

static enum ha_error prepare(struct storm *storm)
{
	const struct load_settings *settings = storm->settings;
	enum ha_error error = HA_OK;

	for (unsigned i = 0; error == HA_OK && i < settings->tries; i++)
		error = timeouts_init(&storm->rings[i]);
	storm->nodes = arena_map(settings->nodes * sizeof(*storm->nodes));
	if (error == HA_OK && !storm->nodes)
		error = HA_E_NOMEM;
	for (uint32_t i = 0; error == HA_OK && i < settings->nodes; i++)
		error = load_node_init(&storm->nodes[i], storm->identity,
		                       load_home(storm->identity, i));
	load_plan_init(&storm->plan, load_mode_find("register"), settings->nodes, settings->seed);
	if (error == HA_OK)
		error = link_open(&storm->link, &settings->target, settings->source,
		                  settings->sockets);
	return error;
}

static void release(struct storm *storm)
{
	link_close(&storm->link);
	for (unsigned i = 0; i < STORM_TRIES_MAX; i++)
		timeouts_free(&storm->rings[i]);
	arena_unmap(storm->nodes, storm->settings->nodes * sizeof(*storm->nodes));
	free(storm);
}

enum ha_error storm_run(const struct load_settings *settings, const struct load_identity *identity,
                        volatile sig_atomic_t *stop, struct storm_result *result)
{
	struct storm *storm;
	enum ha_error error;

	if (settings->rate == 0 || settings->tries == 0 || settings->tries > STORM_TRIES_MAX)
		return HA_E_RANGE;
	storm = calloc(1, sizeof(*storm));
	if (!storm)
		return HA_E_NOMEM;
	storm->settings = settings;
	storm->identity = identity;
	storm->stop = stop;
	storm->result = result;
	*result = (struct storm_result){ 0 };
	error = prepare(storm);
	if (error == HA_OK)
		run_loop(storm);
	release(storm);
	return error;
}
