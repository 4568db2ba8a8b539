/* command_alarms.c - what is wrong now, of all groups of the process. */
#include <stdlib.h>

#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/flow/events.h"

static int by_severity(const void *a, const void *b)
{
	const struct event_alarm *one = a, *other = b;

	if (one->severity != other->severity)
		return one->severity < other->severity ? -1 : 1;
	return one->index < other->index ? -1 : one->index > other->index;
}

static void add_alarm(struct answer *answer, const struct event_alarm *alarm)
{
	answer_text(answer, "severity", "%s", event_severity_name(alarm->severity));
	answer_text(answer, "kind", "%s", event_kind_name(alarm->of.kind));
	answer_text(answer, "since", "%s", time_format(alarm->raised_ms).text);
	if (alarm->of.group == EVENTS_PROCESS)
		answer_null(answer, "group");
	else
		answer_number(answer, "group", (uint64_t)alarm->of.group);
	if (alarm->of.member == 0)
		answer_null(answer, "member");
	else
		answer_number(answer, "member", alarm->of.member);
	answer_number(answer, "alarm", alarm->index);
	answer_text(answer, "text", "%s", alarm->text);
	answer_record(answer);
}

enum call_progress call_alarms(struct call *call)
{
	struct event_alarm *alarms;
	size_t count = 0;

	if (call->options.word_count)
		return call_usage(call);
	alarms = calloc(EVENTS_ALARMS_MAX, sizeof(*alarms));
	if (!alarms)
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	while (count < EVENTS_ALARMS_MAX &&
	       events_alarm_after(count ? alarms[count - 1].index : 0, &alarms[count]))
		count++;
	qsort(alarms, count, sizeof(*alarms), by_severity);
	for (size_t i = 0; i < count; i++)
		add_alarm(&call->answer, &alarms[i]);
	free(alarms);
	return CALL_DONE;
}

void alarms_facts(struct answer *answer)
{
	struct event_summary summary;

	events_summary(&summary);
	answer_number(answer, "alarms", summary.count);
	if (summary.count)
		answer_text(answer, "worst_alarm", "%s", event_severity_name(summary.worst));
	else
		answer_null(answer, "worst_alarm");
}
