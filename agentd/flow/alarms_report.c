/* alarms_report.c - see the header. */
#include "agentd/flow/alarms_report.h"

#include "agentd/base/log.h"

#define REPEAT_MS 1000u

static enum log_level level_of(const struct alarm_turn *turn)
{
	if (!turn->raised)
		return LOG_LEVEL_NOTICE;
	return turn->severity == EVENT_CRITICAL ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
}

static void write_line(const struct alarm_turn *turn)
{
	const char *subject = log_set_subject(NULL);

	if (turn->of.group != EVENTS_PROCESS)
		log_set_subject(subject);
	log_line(level_of(turn), "%s", turn->text);
	log_set_subject(subject);
}

static void tell(void *context, const struct alarm_turn *turn)
{
	(void)context;
	if (!turn->told && !turn->again)
		write_line(turn);
	if (turn->again)
		events_raise_again(&turn->of, turn->severity, turn->text);
	else if (turn->raised)
		events_raise(&turn->of, turn->severity, turn->text);
	else
		events_clear(&turn->of, turn->text);
}

/* What found no place in the list of alarms, or lost it, gets one when others are over. */
static void repeat(struct alarms_report *report, const struct alarm_facts *facts, uint64_t now_ms)
{
	struct event_summary summary;

	if (now_ms < report->repeat_ms)
		return;
	report->repeat_ms = now_ms + REPEAT_MS;
	events_summary(&summary);
	if (summary.unlisted > 0)
		alarms_repeat(&report->alarms, facts, tell, NULL);
}

void alarms_report(struct alarms_report *report, const struct alarm_facts *facts, uint64_t now_ms)
{
	alarms_look(&report->alarms, facts, now_ms, tell, NULL);
	repeat(report, facts, now_ms);
}
