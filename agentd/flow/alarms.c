/* alarms.c - one row per kind of trouble: when it is so, and what is said of it. Of
 * wrong clocks and of members that are refused the engine speaks itself. */
#include "agentd/flow/alarms.h"

#include <inttypes.h>
#include <stdio.h>

/* What is looked at: the cluster (peer is NULL), or one of its other members. */
struct look {
	const struct replication_status *status;
	const struct cluster_view *view;
	const struct replication_peer *peer;
};

typedef bool alarm_test(const struct look *look);
typedef void alarm_text(const struct look *look, bool raised, char out[ALARM_LINE_MAX]);

static bool leads(const struct look *look)
{
	return look->status->role == REPLICATION_LEADER;
}

/* ---- of the cluster ---- */

static bool has_no_leader(const struct look *look)
{
	return cluster_leader(look->status) == 0 && !look->status->member_of_none;
}

static void say_no_leader(const struct look *look, bool raised, char out[ALARM_LINE_MAX])
{
	const struct cluster_view *view = look->view;

	if (!raised)
		snprintf(out, ALARM_LINE_MAX, "the cluster has a leader again: member %u",
		         cluster_leader(look->status));
	else if (view->reachable < view->majority)
		snprintf(out, ALARM_LINE_MAX,
		         "lost the majority: %u of %u members are within reach of this one, and %u "
		         "are needed; it answers no mobile node",
		         view->reachable, view->members, view->majority);
	else
		snprintf(
			out, ALARM_LINE_MAX,
			"this node hears no leader, though %u of %u members are within reach of it",
			view->reachable, view->members);
}

static bool holds_alone(const struct look *look)
{
	return leads(look) && look->view->holding == 1;
}

static void say_redundancy(const struct look *look, bool raised, char out[ALARM_LINE_MAX])
{
	if (raised)
		snprintf(out, ALARM_LINE_MAX,
		         "redundancy is lost: no other data member holds what was acknowledged");
	else if (leads(look))
		snprintf(out, ALARM_LINE_MAX,
		         "redundancy is back: %u data members hold what was acknowledged",
		         look->view->holding);
	else
		snprintf(out, ALARM_LINE_MAX, "redundancy is for another leader to tell: member %u",
		         cluster_leader(look->status));
}

static bool is_of_none(const struct look *look)
{
	return look->status->member_of_none;
}

static void say_of_none(const struct look *look, bool raised, char out[ALARM_LINE_MAX])
{
	(void)look;
	snprintf(out, ALARM_LINE_MAX, "%s",
	         raised ? "this node is of no cluster yet: it waits to hear from one; the data "
	                  "member with the lowest number founds it"
	                : "this node is a member of the cluster now");
}

/* ---- of another member ---- */

static bool is_out_of_reach(const struct look *look)
{
	return !look->peer->connected && !look->peer->refused && !look->peer->of_none;
}

static const char *return_of(const struct replication_peer *peer)
{
	if (peer->refused)
		return "is there again, and is refused";
	return peer->of_none ? "is there, and of no cluster yet" : "is within reach again";
}

static void say_reach(const struct look *look, bool raised, char out[ALARM_LINE_MAX])
{
	snprintf(out, ALARM_LINE_MAX, "member %u (%s:%u) %s", look->peer->number,
	         look->peer->address, look->peer->port,
	         raised ? "is out of reach" : return_of(look->peer));
}

static bool is_refusing(const struct look *look)
{
	return look->peer->refuses;
}

static void say_refusing(const struct look *look, bool raised, char out[ALARM_LINE_MAX])
{
	snprintf(out, ALARM_LINE_MAX, "member %u (%s:%u) %s", look->peer->number,
	         look->peer->address, look->peer->port,
	         raised ? "refuses this node: its log says why, and 'agentctl cluster admit' there "
	                  "lets in whose data directory is new"
	                : "does not refuse this node any more");
}

static bool is_installing(const struct look *look)
{
	return leads(look) && look->peer->installing;
}

static void say_installing(const struct look *look, bool raised, char out[ALARM_LINE_MAX])
{
	snprintf(out, ALARM_LINE_MAX, "member %u (%s:%u) %s", look->peer->number,
	         look->peer->address, look->peer->port,
	         raised ? "lacks more than the log keeps: it fetches the store"
	                : "needs no store any more");
}

static bool has_other_groups(const struct look *look)
{
	return look->peer->other_groups;
}

static void say_other_groups(const struct look *look, bool raised, char out[ALARM_LINE_MAX])
{
	snprintf(out, ALARM_LINE_MAX, "member %u (%s:%u) %s", look->peer->number,
	         look->peer->address, look->peer->port,
	         raised ? "is configured with other groups than this node, or other addresses of "
	                  "them: they must be the same on every member"
	                : "has the same groups as this node now");
}

/* ---- the table ---- */

static const struct {
	alarm_test *test;
	alarm_text *text;
	bool of_member;
	bool of_group;
	enum log_level raised;
} rows[ALARM_KINDS] = {
	{ has_no_leader, say_no_leader, false, true, LOG_LEVEL_ERROR },
	{ holds_alone, say_redundancy, false, true, LOG_LEVEL_WARNING },
	{ is_of_none, say_of_none, false, false, LOG_LEVEL_WARNING },
	{ is_out_of_reach, say_reach, true, false, LOG_LEVEL_WARNING },
	{ is_refusing, say_refusing, true, false, LOG_LEVEL_WARNING },
	{ is_installing, say_installing, true, true, LOG_LEVEL_WARNING },
	{ has_other_groups, say_other_groups, true, false, LOG_LEVEL_WARNING },
};

/* Did it turn, and stay so? */
static bool has_turned(struct alarm *alarm, bool is_so, uint64_t now_ms)
{
	if (is_so == alarm->raised) {
		alarm->turning = false;
		return false;
	}
	if (!alarm->turning)
		alarm->since_ms = now_ms;
	alarm->turning = true;
	if (now_ms - alarm->since_ms < ALARM_STAY_MS)
		return false;
	alarm->turning = false;
	alarm->raised = is_so;
	return true;
}

static void look_at(struct alarms *alarms, size_t kind, const struct look *look, uint64_t now_ms,
                    alarm_line *say, void *context)
{
	struct alarm *alarm = &alarms->of[kind][look->peer ? look->peer->number : 0];
	char line[ALARM_LINE_MAX];

	if (!has_turned(alarm, rows[kind].test(look), now_ms))
		return;
	rows[kind].text(look, alarm->raised, line);
	say(context, alarm->raised ? rows[kind].raised : LOG_LEVEL_NOTICE, rows[kind].of_group,
	    line);
}

void alarms_look(struct alarms *alarms, const struct replication_status *status, uint64_t now_ms,
                 alarm_line *say, void *context)
{
	struct cluster_view view;

	cluster_view_of(status, &view);
	for (size_t kind = 0; kind < ALARM_KINDS; kind++) {
		struct look look = { .status = status, .view = &view };

		if (alarms->of_group_only && !rows[kind].of_group)
			continue;
		if (!rows[kind].of_member) {
			look_at(alarms, kind, &look, now_ms, say, context);
			continue;
		}
		for (size_t i = 0; i < status->member_count; i++) {
			look.peer = &status->members[i];
			if (!look.peer->self)
				look_at(alarms, kind, &look, now_ms, say, context);
		}
	}
}
