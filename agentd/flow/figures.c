/* figures.c - counters and a histogram that network threads fill, and what was in them
 * when the last minutes ended. Who notices that a minute is over sees to it, unless
 * somebody else is at it. */
#include "agentd/flow/figures.h"

#include <pthread.h>

#include "agentd/base/clock.h"
#include "agentd/base/histogram.h"
#include "agentd/flow/cluster_view.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/minutes.h"

#define COUNTER_COUNT (REQUEST_KIND_COUNT * REQUEST_OUTCOME_COUNT)

/* Kind by kind. */
#define ROW(id, name_, help_) { .name = name_, .help = help_ },
static const struct counter_info infos[COUNTER_COUNT] = {
#define X(id, name, of) REQUEST_OUTCOMES(ROW, name, of)
	REQUEST_KINDS(X)
#undef X
};

static _Atomic uint64_t values[COUNTER_COUNT];

struct counter_set request_counters = {
	.name = "requests",
	.infos = infos,
	.values = values,
	.count = COUNTER_COUNT,
};

_Static_assert(MINUTES_COUNTERS == REQUEST_KIND_COUNT, "a minute's counter for each kind");

static struct {
	pthread_mutex_t lock; /* of all but what is atomic; network threads only try */
	struct minutes minutes;
	struct histogram_live replies; /* nanoseconds */
	struct histogram last;         /* those of the last full minute */
} figures = { .lock = PTHREAD_MUTEX_INITIALIZER };

const char *request_kind_name(enum request_kind kind)
{
	static const char *const names[] = {
#define X(id, name, of) [REQUEST_##id] = name,
		REQUEST_KINDS(X)
#undef X
	};

	return kind > REQUEST_NONE && kind < REQUEST_KIND_END ? names[kind] : NULL;
}

static size_t counter_of(enum request_kind kind, enum request_outcome outcome)
{
	return (kind - 1u) * REQUEST_OUTCOME_COUNT + outcome;
}

/* ---- minutes ---- */

void figures_begin(void)
{
	if (!figures.minutes.over_ns)
		minutes_begin(&figures.minutes, clock_monotonic_ns(), clock_wall_ms());
}

/* With the lock. */
static void turn(uint64_t now_ns)
{
	uint64_t received[REQUEST_KIND_COUNT];

	if (!minutes_is_over(&figures.minutes, now_ns))
		return;
	for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
		received[i] = counter_read(&request_counters, counter_of(i + 1, REQUEST_RECEIVED));
	histogram_live_take(&figures.replies, &figures.last);
	if (!minutes_turn(&figures.minutes, now_ns, clock_wall_ms(), received))
		figures.last = (struct histogram){ 0 };
}

void figures_look(uint64_t now_ns)
{
	if (!minutes_is_over(&figures.minutes, now_ns) || pthread_mutex_trylock(&figures.lock))
		return;
	turn(now_ns);
	pthread_mutex_unlock(&figures.lock);
}

/* ---- counting ---- */

void figures_count(enum request_kind kind, enum request_outcome outcome)
{
	if (kind)
		counter_add(&request_counters, counter_of(kind, outcome), 1);
}

void figures_replied(enum request_kind kind, bool accepted, uint64_t arrived_ns, uint64_t now_ns)
{
	figures_count(kind, accepted ? REQUEST_ACCEPTED : REQUEST_DENIED);
	if (kind && accepted)
		histogram_live_add(&figures.replies, now_ns > arrived_ns ? now_ns - arrived_ns : 0);
}

void figures_note_bindings(struct agent *agent)
{
	struct state_totals totals;

	state_totals(agent->state, &totals);
	if (totals.bindings > agent->peak.reached)
		agent->peak.reached = totals.bindings;
}

void figures_show_bindings(struct agent *agent)
{
	struct peak *peak = &agent->peak;

	if (peak->reached <= peak->bindings)
		return;
	pthread_mutex_lock(&peak->lock);
	peak->bindings = peak->reached;
	peak->at_ms = clock_wall_ms();
	pthread_mutex_unlock(&peak->lock);
}

/* ---- asking ---- */

/* What became of them is read before how many there were. */
static void read_counts(enum request_kind kind, uint64_t counts[REQUEST_OUTCOME_COUNT])
{
	for (unsigned i = REQUEST_OUTCOME_COUNT; i-- > 0;)
		counts[i] = counter_read(&request_counters, counter_of(kind, i));
}

void figures_requests(struct request_figures out[REQUEST_KIND_COUNT])
{
	pthread_mutex_lock(&figures.lock);
	turn(clock_monotonic_ns());
	for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++) {
		const struct minutes_of *of = &figures.minutes.of[i];

		read_counts(i + 1, out[i].counts);
		out[i].per_minute = of->last;
		out[i].per_minute_peak = of->peak;
		out[i].peak_ms = of->peak_ms;
	}
	pthread_mutex_unlock(&figures.lock);
}

static uint32_t percentile_us(const struct histogram *histogram, uint32_t parts)
{
	uint64_t us = (histogram_percentile(histogram, parts) + 999u) / 1000u;

	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

void figures_latency(struct latency_figures *out)
{
	pthread_mutex_lock(&figures.lock);
	turn(clock_monotonic_ns());
	*out = (struct latency_figures){
		.replies = figures.last.total,
		.median_us = percentile_us(&figures.last, 500000),
		.high_us = percentile_us(&figures.last, 990000),
		.max_us = percentile_us(&figures.last, 1000000),
	};
	pthread_mutex_unlock(&figures.lock);
}

static void fill_leader(const struct agent *agent, const struct replication_status *status,
                        struct group_figures *out)
{
	const struct replication_reign *reign = &status->reign;

	if (status->member_count == 0)
		out->leader_since_ms = agent->started_ms;
	else if (reign->leader && reign->leader == cluster_leader(status))
		out->leader_since_ms = reign->since_ms;
	out->leader_changes = reign->changes;
	if (reign->changes == 0)
		return;
	out->failover_ms = reign->since_ms;
	out->failover_took_ms = cluster_vacant_ms(reign);
	out->leader_before = reign->before;
}

void figures_group(struct agent *agent, struct group_figures *out)
{
	struct replication_status status;

	pthread_mutex_lock(&agent->peak.lock);
	*out = (struct group_figures){
		.bindings_peak = agent->peak.bindings,
		.bindings_peak_ms = agent->peak.at_ms ? agent->peak.at_ms : agent->started_ms,
	};
	pthread_mutex_unlock(&agent->peak.lock);
	replication_status(agent->replication, &status);
	fill_leader(agent, &status, out);
}
