/* visit_reasons.c - what becomes of packets of visitors, as a table. */
#include "agentd/dataplane/visit_internal.h"

#include <stdarg.h>
#include <stdio.h>

#define COUNTER_ROWS(X_) VISITOR_REASONS(X_)
#define REASON_COUNTER(id, name_, fate_, help_, sentence_)                                         \
	{ .name = "visit-" name_, .help = help_, .mib_arc = 0 },

static const struct counter_info counter_infos[VISITOR_REASON_COUNT] = { COUNTER_ROWS(
	REASON_COUNTER) };
static _Atomic uint64_t counter_values[VISITOR_REASON_COUNT];

struct counter_set visitor_counters = { .name = "visit",
	                                .infos = counter_infos,
	                                .values = counter_values,
	                                .count = VISITOR_REASON_COUNT };

const struct packet_reason_info *visitor_reason_info(enum visitor_reason reason)
{
	static const struct packet_reason_info infos[VISITOR_REASON_COUNT] = {
#define X(id, name_, fate_, help_, sentence_)                                                      \
	{ .name = name_, .sentence = sentence_, .fate = PACKET_##fate_ },
		VISITOR_REASONS(X)
#undef X
	};

	return &infos[reason];
}

void visit_forward_tell(struct visit_forward_run *run, const char *format, ...)
{
	const struct visit_forward_context *context = run->context;
	char sentence[240];
	va_list values;

	va_start(values, format);
	vsnprintf(sentence, sizeof(sentence), format, values);
	va_end(values);
	context->note(context->context, sentence);
}

void visit_forward_happened(struct visit_forward_run *run, enum visitor_reason reason)
{
	run->verdict.happened |= VISITOR_BIT(reason);
	if (!run->context->trial)
		counter_add(&visitor_counters, reason, 1);
	visit_forward_note(run, "the packet %s", visitor_reason_info(reason)->sentence);
}

void visit_forward_ends(struct visit_forward_run *run, enum visitor_reason reason)
{
	visit_forward_happened(run, reason);
	run->verdict.reason = reason;
}

void visit_forward_emit(struct visit_forward_run *run, const struct visit_forward_output *output)
{
	run->verdict.outputs++;
	run->context->emit(run->context->context, output);
}
