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
#define ALARM_KINDS 7u
#define ALARM_LINE_MAX 256u

struct alarm {
	bool raised;
	bool turning;      /* it is no longer so, or not yet told */
	uint64_t since_ms; /* when it turned */
};

/* Zero at first, but for what its owner says. */
struct alarms {
	/* Somebody else tells what is the same in all groups of this process: who is within
	 * reach, and who is one of us. */
	bool of_group_only;
	struct alarm of[ALARM_KINDS][REPLICATION_MEMBERS_MAX + 1]; /* 0: of the cluster */
};

/* `of_group`: it is about this group, and not about all of the process. */
typedef void alarm_line(void *context, enum log_level level, bool of_group, const char *line);

/* `now_ms`: any clock that does not go back. */
void alarms_look(struct alarms *alarms, const struct replication_status *status, uint64_t now_ms,
                 alarm_line *say, void *context);

#endif
