/* forward_reasons.c - what becomes of packets, as a table. */
#include "agentd/dataplane/forward_internal.h"

#include <stdarg.h>
#include <stdio.h>

#define COUNTER_ROWS(X_) FORWARD_REASONS(X_)
#define REASON_COUNTER(id, name_, fate_, help_, sentence_)                                         \
	{ .name = "forward-" name_, .help = help_, .mib_arc = 0 },

static const struct counter_info counter_infos[FORWARD_REASON_COUNT] = { COUNTER_ROWS(
	REASON_COUNTER) };
static _Atomic uint64_t counter_values[FORWARD_REASON_COUNT];

struct counter_set forward_counters = { .name = "forward",
	                                .infos = counter_infos,
	                                .values = counter_values,
	                                .count = FORWARD_REASON_COUNT };

const struct packet_reason_info *forward_reason_info(enum forward_reason reason)
{
	static const struct packet_reason_info infos[FORWARD_REASON_COUNT] = {
#define X(id, name_, fate_, help_, sentence_)                                                      \
	{ .name = name_, .sentence = sentence_, .fate = PACKET_##fate_ },
		FORWARD_REASONS(X)
#undef X
	};

	return &infos[reason];
}

const char *forward_category_name(unsigned category)
{
	static const char *const names[FORWARD_CATEGORY_COUNT] = {
#define X(id, name, help) name,
		FORWARD_CATEGORIES(X)
#undef X
	};

	return category < FORWARD_CATEGORY_COUNT ? names[category] : "unknown";
}

void forward_tell(struct forward_run *run, const char *format, ...)
{
	const struct forward_context *context = run->context;
	char sentence[240];
	va_list values;

	va_start(values, format);
	vsnprintf(sentence, sizeof(sentence), format, values);
	va_end(values);
	context->note(context->context, sentence);
}

void forward_happened(struct forward_run *run, enum forward_reason reason)
{
	run->verdict.happened |= FORWARD_BIT(reason);
	if (!run->context->trial)
		counter_add(&forward_counters, reason, 1);
	forward_note(run, "the packet %s", forward_reason_info(reason)->sentence);
}

void forward_ends(struct forward_run *run, enum forward_reason reason)
{
	forward_happened(run, reason);
	run->verdict.reason = reason;
}

void forward_emit(struct forward_run *run, const struct forward_output *output)
{
	run->verdict.outputs++;
	run->context->emit(run->context->context, output);
}
