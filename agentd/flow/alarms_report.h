/* alarms_report.h - for agentd/flow only: what a look finds goes to the log, and to the list and
 * the stream of events.h.
 *
 * May include: agentd/flow/alarms.h. */
#ifndef AGENTD_FLOW_ALARMS_REPORT_H
#define AGENTD_FLOW_ALARMS_REPORT_H

#include "agentd/flow/alarms.h"

/* Zero at first, but for what is to be said in `alarms`. Of one thread. */
struct alarms_report {
	struct alarms alarms;
	uint64_t repeat_ms; /* what found no place in the list is not told again before */
};

/* As alarms_look, of clock_monotonic_ms(). Lines about the group begin with the thread's subject
 * (log.h), those about the process do not. */
void alarms_report(struct alarms_report *report, const struct alarm_facts *facts, uint64_t now_ms);

#endif
