/* command_figures.c - what an operator's first graph shows: requests by kind, latency, most
 * bindings at once, and who leads since when. */
#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/flow/figures.h"

/* 0 stands for never. */
static void add_time(struct answer *answer, const char *name, uint64_t unix_ms)
{
	if (unix_ms)
		answer_text(answer, name, "%s", time_format(unix_ms).text);
	else
		answer_null(answer, name);
}

void figures_leader(struct answer *answer, const struct group_figures *figures)
{
	add_time(answer, "leader_since", figures->leader_since_ms);
	answer_number(answer, "leader_changes", figures->leader_changes);
	add_time(answer, "failover", figures->failover_ms);
	if (figures->failover_ms)
		answer_number(answer, "failover_ms", figures->failover_took_ms);
	else
		answer_null(answer, "failover_ms");
}

void figures_bindings(struct answer *answer, const struct group_figures *figures)
{
	answer_number(answer, "bindings_peak", figures->bindings_peak);
	add_time(answer, "bindings_peak_time", figures->bindings_peak_ms);
}

static void add_latency(struct answer *answer, const char *name, bool known, uint32_t us)
{
	if (known)
		answer_number(answer, name, us);
	else
		answer_null(answer, name);
}

void figures_replies(struct answer *answer)
{
	struct latency_figures latency;

	figures_latency(&latency);
	add_latency(answer, "reply_median_us", latency.replies > 0, latency.median_us);
	add_latency(answer, "reply_high_us", latency.replies > 0, latency.high_us);
	add_latency(answer, "reply_max_us", latency.replies > 0, latency.max_us);
}

static void add_requests(struct answer *answer, enum request_kind kind,
                         const struct request_figures *figures)
{
	answer_text(answer, "kind", "%s", request_kind_name(kind));
	answer_number(answer, "received", figures->counts[REQUEST_RECEIVED]);
	answer_number(answer, "accepted", figures->counts[REQUEST_ACCEPTED]);
	answer_number(answer, "denied", figures->counts[REQUEST_DENIED]);
	answer_number(answer, "unanswered", figures->counts[REQUEST_UNANSWERED]);
	answer_number(answer, "per_minute", figures->per_minute);
	answer_number(answer, "per_minute_peak", figures->per_minute_peak);
	add_time(answer, "peak_time", figures->peak_ms);
	answer_record(answer);
}

enum call_progress call_figures(struct call *call)
{
	struct request_figures figures[REQUEST_KIND_COUNT];

	if (call->options.word_count)
		return call_usage(call);
	figures_requests(figures);
	for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
		add_requests(&call->answer, i + 1, &figures[i]);
	return CALL_DONE;
}
