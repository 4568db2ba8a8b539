/* alarms_cluster.c - what goes wrong among the members of a cluster. Of wrong clocks and
 * of members that are refused the engine writes to the log itself. */
#include <stdio.h>

#include "agentd/flow/alarms_rows.h"

/* ---- of the cluster ---- */

static bool lacks_leader(const struct look *look)
{
	return cluster_leader(look->status) == 0 && !look->status->member_of_none;
}

static bool lacks_majority(const struct look *look)
{
	return lacks_leader(look) && look->view->reachable < look->view->majority;
}

static bool lacks_leader_only(const struct look *look)
{
	return lacks_leader(look) && look->view->reachable >= look->view->majority;
}

static void say_leader_again(const struct look *look, char out[EVENTS_TEXT_MAX])
{
	snprintf(out, EVENTS_TEXT_MAX, "the cluster has a leader again: member %u",
	         cluster_leader(look->status));
}

static void say_majority(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	const struct cluster_view *view = look->view;

	if (begins)
		snprintf(out, EVENTS_TEXT_MAX,
		         "lost the majority: %u of %u members are within reach of this one, and %u "
		         "are needed; it answers no mobile node",
		         view->reachable, view->members, view->majority);
	else if (cluster_leader(look->status))
		say_leader_again(look, out);
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "a majority is within reach again: %u of %u members; none of them leads "
		         "yet",
		         view->reachable, view->members);
}

static void say_leader(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	const struct cluster_view *view = look->view;

	if (begins)
		snprintf(
			out, EVENTS_TEXT_MAX,
			"this node hears no leader, though %u of %u members are within reach of it",
			view->reachable, view->members);
	else if (cluster_leader(look->status))
		say_leader_again(look, out);
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "there can be no leader within reach of this node: it reaches %u of %u "
		         "members, and %u are needed",
		         view->reachable, view->members, view->majority);
}

static bool holds_alone(const struct look *look)
{
	return alarm_leads(look) && look->view->holding == 1;
}

static void say_redundancy(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	if (begins)
		snprintf(out, EVENTS_TEXT_MAX,
		         "redundancy is lost: no other data member holds what was acknowledged");
	else if (alarm_leads(look))
		snprintf(out, EVENTS_TEXT_MAX,
		         "redundancy is back: %u data members hold what was acknowledged",
		         look->view->holding);
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "redundancy is for another leader to tell: member %u",
		         cluster_leader(look->status));
}

static bool is_of_none(const struct look *look)
{
	return look->status->member_of_none;
}

static void say_of_none(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	(void)look;
	snprintf(out, EVENTS_TEXT_MAX, "%s",
	         begins ? "this node is of no cluster yet: it waits to hear from one; the data "
	                  "member with the lowest number founds it"
	                : "this node is a member of the cluster now");
}

static bool is_off(const struct look *look)
{
	return look->status->clock_off;
}

static void say_off(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	(void)look;
	snprintf(out, EVENTS_TEXT_MAX, "%s",
	         begins ? "the clock of this host is too far off the other members': it does not "
	                  "lead until a time service has put it right"
	                : "the clock of this host agrees with the other members' again");
}

/* ---- of another member ---- */

static void say_of_member(const struct look *look, const char *what, char out[EVENTS_TEXT_MAX])
{
	snprintf(out, EVENTS_TEXT_MAX, "member %u (%s:%u) %s", look->peer->number,
	         look->peer->address, look->peer->port, what);
}

static bool is_out_of_reach(const struct look *look)
{
	return !look->peer->connected && !look->peer->refused && !look->peer->of_none;
}

static void say_reach(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	if (begins)
		say_of_member(look, "is out of reach", out);
	else if (look->peer->refused)
		say_of_member(look, "is there again, and is refused", out);
	else if (look->peer->of_none)
		say_of_member(look, "is there, and of no cluster yet", out);
	else
		say_of_member(look, "is within reach again", out);
}

/* Is there another one to spare, or does the next loss end service? */
static enum event_severity grade_reach(const struct look *look)
{
	return look->view->reachable > look->view->majority ? EVENT_MINOR : EVENT_MAJOR;
}

static bool is_refusing(const struct look *look)
{
	return look->peer->refuses;
}

static void say_refusing(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	say_of_member(look,
	              begins ? "refuses this node: its log says why, and 'agentctl cluster admit' "
	                       "there lets in whose data directory is new"
	                     : "does not refuse this node any more",
	              out);
}

static bool is_refused(const struct look *look)
{
	return look->peer->refused;
}

static void say_refused(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	say_of_member(
		look,
		begins ? "is refused: it has another disk than before, is of another cluster, "
			 "or is configured with other members; the log of this node says which"
		       : "is not refused any more",
		out);
}

static bool is_installing(const struct look *look)
{
	return alarm_leads(look) && look->peer->installing;
}

static void say_installing(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	say_of_member(look,
	              begins ? "lacks more than the log keeps: it fetches the store"
	                     : "needs no store any more",
	              out);
}

static bool has_other_groups(const struct look *look)
{
	return look->peer->other_groups;
}

static void say_other_groups(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	say_of_member(look,
	              begins ? "is configured with other groups than this node, or other addresses "
	                       "of them: they must be the same on every member"
	                     : "has the same groups as this node now",
	              out);
}

/* ---- the table ---- */

#define ITEM_REFUSED 1u /* that one is refused, and does not refuse */

const struct alarm_row alarm_cluster_rows[ALARM_CLUSTER_ROWS] = {
	{ .kind = EVENT_NO_MAJORITY, .test = lacks_majority, .text = say_majority },
	{ .kind = EVENT_NO_LEADER, .test = lacks_leader_only, .text = say_leader },
	{ .kind = EVENT_REDUNDANCY_LOST, .test = holds_alone, .text = say_redundancy },
	{ .kind = EVENT_OF_NO_CLUSTER,
	  .scope = ALARM_OF_PROCESS,
	  .test = is_of_none,
	  .text = say_of_none },
	{ .kind = EVENT_CLOCK_OFF,
	  .scope = ALARM_OF_PROCESS,
	  .test = is_off,
	  .text = say_off,
	  .begin_told = true,
	  .end_told = true },
	{ .kind = EVENT_MEMBER_UNREACHABLE,
	  .scope = ALARM_OF_PROCESS,
	  .each = ALARM_EACH_MEMBER,
	  .test = is_out_of_reach,
	  .text = say_reach,
	  .grade = grade_reach },
	{ .kind = EVENT_MEMBER_REFUSES,
	  .scope = ALARM_OF_PROCESS,
	  .each = ALARM_EACH_MEMBER,
	  .test = is_refusing,
	  .text = say_refusing },
	{ .kind = EVENT_MEMBER_REFUSES,
	  .item = ITEM_REFUSED,
	  .scope = ALARM_OF_PROCESS,
	  .each = ALARM_EACH_MEMBER,
	  .test = is_refused,
	  .text = say_refused,
	  .begin_told = true,
	  .end_told = true },
	{ .kind = EVENT_MEMBER_LAGS,
	  .each = ALARM_EACH_MEMBER,
	  .test = is_installing,
	  .text = say_installing },
	{ .kind = EVENT_MEMBER_OF_OTHER_GROUPS,
	  .scope = ALARM_OF_PROCESS,
	  .each = ALARM_EACH_MEMBER,
	  .test = has_other_groups,
	  .text = say_other_groups },
};
