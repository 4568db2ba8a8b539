/* alarms.h - lines in the program's log for what goes wrong in a cluster and for
 * its end. What comes and goes is told when it has stayed for a while, so there is
 * never a flood of them. Pure: who asks says the time and writes the lines.
 *
 * May include: agentd/flow/cluster_view.h, agentd/base/log.h. */
#ifndef AGENTD_FLOW_ALARMS_H
#define AGENTD_FLOW_ALARMS_H

#include "agentd/base/log.h"
#include "agentd/flow/cluster_view.h"

#define ALARM_STAY_MS 1000u /* until something is told */
#define ALARM_KINDS 6u
#define ALARM_LINE_MAX 256u

struct alarm {
	bool raised;
	bool turning;      /* it is no longer so, or not yet told */
	uint64_t since_ms; /* when it turned */
};

/* Zero at first. */
struct alarms {
	struct alarm of[ALARM_KINDS][REPLICATION_MEMBERS_MAX + 1]; /* 0: of the cluster */
};

typedef void alarm_line(void *context, enum log_level level, const char *line);

/* `now_ms`: any clock that does not go back. */
void alarms_look(struct alarms *alarms, const struct replication_status *status, uint64_t now_ms,
                 alarm_line *say, void *context);

#endif
