/* alarms.h - what goes wrong, kind by kind: when it is so, when it is over, and what is
 * said of both. What comes and goes is told when it has stayed for a while, and it is over
 * well below the bound at which it began, so there is never a flood of alarms. Pure: who
 * asks gives facts and the time, and does the telling.
 *
 * May include: agentd/flow/cluster_view.h, agentd/flow/events.h, agentd/state/pools.h. */
#ifndef AGENTD_FLOW_ALARMS_H
#define AGENTD_FLOW_ALARMS_H

#include "agentd/flow/cluster_view.h"
#include "agentd/flow/events.h"
#include "agentd/state/pools.h"

#define ALARM_STAY_MS 1000u /* until something is told; a row may take longer */
/* Until its end is told. Longer, so that what fails every few seconds is one alarm. */
#define ALARM_CLEAR_MS 5000u
#define ALARM_ROWS 22u
#define ALARM_PLACES (POOLS_MAX + 1)

/* A flush that takes that long holds up every registration of its moment so long that some
 * nodes ask again, after a second (RFC 5944 section 3.6.3). Bucket of the histogram from
 * which on they do. */
#define ALARM_FLUSH_BUCKET 67u /* 93 ms */
/* And one that takes so long that nearly all of them have asked again. */
#define ALARM_STUCK_BUCKET 81u /* 1.05 s */

struct alarm_use {
	uint64_t used, room; /* room is 0: not known, or of no interest */
};

struct alarm_pool {
	char name[LABEL_MAX]; /* of one that is gone, what it was; "" = never there */
	uint32_t size;        /* 0: it is gone */
	uint32_t leased;
	uint32_t nodes; /* that get their address there */
};

/* What one look at a group of this process has found. Borrowed for the call. */
struct alarm_facts {
	const struct replication_status *status;
	/* The group is that of visitors, which mobile nodes register through and not with; what is
	 * not known of it is 0. */
	bool of_visitors;
	/* Flushes of the log that ended in the last few seconds, those of them from
	 * ALARM_FLUSH_BUCKET on, and those from ALARM_STUCK_BUCKET on. */
	uint32_t flushes, slow_flushes, stuck_flushes;
	bool store_failing;     /* the last write to the store failed */
	struct alarm_use store; /* octets of the map: those that are not to spare */
	struct alarm_use disk;  /* octets of the file system */
	const char *directory;  /* that is on it; never NULL */
	struct alarm_use nodes; /* and foreign agents */
	struct alarm_use associations;
	struct alarm_use bindings; /* that are reserved by the nodes' limits */
	struct alarm_pool pools[POOLS_MAX];
	uint32_t failures;      /* of authentication, in the last second, of the process */
	bool path_slow;         /* user space does what BPF was to do */
	const char *path_why;   /* never NULL */
	const char *path_doubt; /* what of the host stands in the way; "" = nothing */
};

struct alarm {
	bool raised;
	bool turning;      /* it is no longer so, or not yet told */
	uint64_t since_ms; /* when it turned */
};

/* Zero at first, but for what its owner says. */
struct alarms {
	uint32_t group;
	/* Somebody else tells what is the same in all groups of this process: who is within
	 * reach, and who is one of us. */
	bool of_group_only;
	/* By number of the row, and member or number of the pool and 1; 0: of none. */
	struct alarm of[ALARM_ROWS][ALARM_PLACES];
};

/* An alarm has begun or is over, or goes on. */
struct alarm_turn {
	struct event_subject of;
	enum event_severity severity;
	bool raised;
	bool again;       /* it goes on: that it began was told */
	bool told;        /* whoever found it has written to the log already */
	const char *text; /* borrowed */
};

typedef void alarm_teller(void *context, const struct alarm_turn *turn);

/* `now_ms`: any clock that does not go back. */
void alarms_look(struct alarms *alarms, const struct alarm_facts *facts, uint64_t now_ms,
                 alarm_teller *tell, void *context);

/* All that are raised since alarms_look told so, once more, with what is to be said of them
 * now. */
void alarms_repeat(struct alarms *alarms, const struct alarm_facts *facts, alarm_teller *tell,
                   void *context);

#endif
