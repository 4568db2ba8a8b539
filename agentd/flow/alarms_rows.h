/* alarms_rows.h - for alarms*.c only: what a row of a table of alarms is.
 *
 * May include: agentd/flow/alarms.h. */
#ifndef AGENTD_FLOW_ALARMS_ROWS_H
#define AGENTD_FLOW_ALARMS_ROWS_H

#include "agentd/flow/alarms.h"

/* What is looked at: a group and its node, one of the other members, or a pool. */
struct look {
	const struct alarm_facts *facts;
	const struct replication_status *status;
	const struct cluster_view *view;
	const struct replication_peer *peer; /* NULL unless the row is of each member */
	const struct alarm_pool *pool;       /* NULL unless it is of each pool */
	bool raised;                         /* the alarm is, so far */
};

/* Is it so? Of one that is raised, is it so still. */
typedef bool alarm_test(const struct look *look);
/* The sentence for its beginning or end. */
typedef void alarm_text(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX]);
/* How bad it is when it begins. */
typedef enum event_severity alarm_grade(const struct look *look);

enum alarm_scope {
	ALARM_OF_GROUP,
	ALARM_OF_PROCESS, /* the same in all groups */
	ALARM_OF_LOG,     /* that too in a cluster, where they share one; alone each has its own */
};

enum alarm_each {
	ALARM_ONE,
	ALARM_EACH_MEMBER, /* but this one */
	ALARM_EACH_POOL,
};

struct alarm_row {
	enum event_kind kind;
	enum alarm_scope scope;
	enum alarm_each each;
	alarm_test *test;
	alarm_text *text;
	uint32_t item;                /* where a kind has several rows */
	enum event_severity severity; /* 0: the kind's */
	alarm_grade *grade;           /* or this says it */
	uint32_t stay_ms, clear_ms;   /* 0: ALARM_STAY_MS, ALARM_CLEAR_MS */
	/* Whoever found it writes to the log by itself when it begins, when it ends. */
	bool begin_told, end_told;
};

bool alarm_leads(const struct look *look);

#define ALARM_CLUSTER_ROWS 10u
extern const struct alarm_row alarm_cluster_rows[ALARM_CLUSTER_ROWS];

#define ALARM_NODE_ROWS 12u
extern const struct alarm_row alarm_node_rows[ALARM_NODE_ROWS];

#endif
