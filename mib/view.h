/* view.h - what a request is answered from: the agents of the process, and a snapshot of
 * the store of each that is asked about. A request sees one state of each store; nothing
 * is held between requests.
 *
 * All on one thread, but for what says otherwise.
 *
 * May include: agentd/flow, replication/store.h, mib/object.h, mib/visits.h, mib/node.h. */
#ifndef MIB_VIEW_H
#define MIB_VIEW_H

#include <stdalign.h>

#include "agentd/base/config_groups.h"
#include "agentd/flow/agent.h"
#include "agentd/flow/events.h"
#include "agentd/flow/figures.h"
#include "mib/node.h"
#include "mib/object.h"
#include "mib/visits.h"

#define MIB_ALL_GROUPS UINT32_MAX

/* A row as a table found it. */
struct mib_row {
	struct mib_key key;
	alignas(max_align_t) unsigned char is[MIB_ROW_MAX];
};

/* One home agent, for the length of a request. */
struct mib_group {
	struct agent *agent;
	uint32_t number;
	bool paused;
	/* Of what is asked for once in a request, what was: */
	bool has_status, has_config, has_forwarding, has_home, has_figures, reading;
	struct agent_status status;
	struct config config;
	struct dataplane_status forwarding;
	struct home_status home;
	struct group_figures figures;
	struct store_reader reader;
};

/* What an operator set for a kind of notification: hearthNotifyTable. */
struct notify_limit {
	bool enabled;
	uint32_t per_minute; /* 0 = no limit */
};

struct mib_cached; /* the last row of each table */
struct notifier;   /* mib/notify.h */

struct mib_view {
	struct mib_group groups[CONFIG_GROUPS_MAX]; /* in the order of their numbers */
	size_t group_count;
	struct mib_node node;     /* a mobile node, if there is one */
	struct mib_visits visits; /* what is visited and advertised, if anything is */
	size_t table_count;
	struct mib_cached *cached;
	size_t place;                    /* of the tree: where an object was found last */
	const struct notifier *notifier; /* who sends notifications; NULL: nobody does */
	/* Of when group 0 began to start again: they hold until it has. */
	bool knows_limits;
	struct notify_limit limits[EVENT_KIND_MAX + 1];
	/* Of the request: */
	uint32_t context; /* the group it is about, or MIB_ALL_GROUPS */
	bool begun;
	bool counted;
	uint64_t unix_ms;
	uint64_t monotonic_ms;
	uint64_t uptime; /* sysUpTime, in hundredths of a second */
	/* When sysUpTime was 0, in milliseconds of clock_monotonic_ns(); may be below 0. It
	 * outlasts the request, so that a moment is the same TimeStamp in all of them. */
	bool knows_beginning;
	int64_t began_ms;
};

/* false: out of memory. */
bool mib_view_open(struct mib_view *view, size_t table_count);
void mib_view_close(struct mib_view *view);
/* One more agent, borrowed; before the first request. */
void mib_view_add(struct mib_view *view, struct agent *agent);

/* The foreign agent of the process and what it advertises, borrowed; NULL: neither. Before
 * the first request. */
void mib_view_visit(struct mib_view *view, struct visit *visit);

/* A request begins, unless it has, and goes on in this context. */
void mib_view_begin(struct mib_view *view, uint32_t context, uint64_t uptime);
/* The same at these readings of the clocks. */
void mib_view_begin_at(struct mib_view *view, uint32_t context, uint64_t uptime, uint64_t unix_ms,
                       uint64_t monotonic_ms);
/* It is over: snapshots are let go. */
void mib_view_end(struct mib_view *view);

/* The row that `find` gives, as it was given before where the same is asked twice: the
 * columns of one row are asked for one after the other. NULL: there is none. Valid
 * until the next call for this table. */
const struct mib_row *mib_view_row(struct mib_view *view, const struct mib_table *table,
                                   mib_find *find, const struct mib_key *from, bool after);

/* The groups that the request is about, by a number from 0 on; NULL at the end. */
struct mib_group *mib_view_group(struct mib_view *view, size_t i);
/* The same and those that start again, of which nothing may be asked but the number. */
struct mib_group *mib_view_any(struct mib_view *view, size_t i);
/* Of the first ones those that this node leads, or in a context of its own the one of it:
 * what MIP-MIB shows. */
struct mib_group *mib_view_led(struct mib_view *view, size_t i);
/* By the number of the group; NULL when it is not among them. */
struct mib_group *mib_view_group_of(struct mib_view *view, uint32_t number);

/* Of tables whose index is the number of a group: a row is a struct mib_group *. */
mib_find mib_find_group;
mib_find mib_find_any_group;

/* What the agent says of itself, asked for once in a request: */
const struct agent_status *mib_group_status(struct mib_group *group);
const struct config *mib_group_config(struct mib_group *group);
const struct dataplane_status *mib_group_forwarding(struct mib_group *group);
const struct home_status *mib_group_home(struct mib_group *group);
const struct group_figures *mib_group_figures(struct mib_group *group);
/* Counters that are kept elsewhere are brought up to date, once in a request. */
void mib_view_count(struct mib_view *view);
/* The snapshot of its store; NULL when there is none to be had. */
struct store_reader *mib_group_reader(struct mib_group *group);
/* Let go what it said, and the snapshot. */
void mib_group_forget(struct mib_group *group);

/* A moment as sysUpTime had it then: 0 for what was before. */
uint64_t mib_view_ticks_of_unix(const struct mib_view *view, uint64_t unix_ms);
uint64_t mib_view_ticks_of_monotonic(const struct mib_view *view, uint64_t monotonic_ms);

/* Octets of the store for who decodes them. */
static inline struct span mib_span(struct store_bytes bytes)
{
	return (struct span){ bytes.at, bytes.size };
}

#endif
