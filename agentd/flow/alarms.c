/* alarms.c - the walk over the rows, and when an alarm turns. The rows are in
 * alarms_cluster.c and alarms_node.c. */
#include "agentd/flow/alarms_rows.h"

bool alarm_leads(const struct look *look)
{
	return look->status->role == REPLICATION_LEADER;
}

static uint32_t patience_ms(const struct alarm_row *row, bool begins)
{
	if (begins)
		return row->stay_ms ? row->stay_ms : ALARM_STAY_MS;
	return row->clear_ms ? row->clear_ms : ALARM_CLEAR_MS;
}

static enum event_severity severity_of(const struct alarm_row *row, const struct look *look)
{
	if (row->grade)
		return row->grade(look);
	return row->severity ? row->severity : event_kind_severity(row->kind);
}

/* Did it turn, and stay so? */
static bool has_turned(struct alarm *alarm, const struct alarm_row *row, bool is_so,
                       uint64_t now_ms)
{
	if (is_so == alarm->raised) {
		alarm->turning = false;
		return false;
	}
	if (!alarm->turning)
		alarm->since_ms = now_ms;
	alarm->turning = true;
	if (now_ms - alarm->since_ms < patience_ms(row, is_so))
		return false;
	alarm->turning = false;
	alarm->raised = is_so;
	return true;
}

/* One round of looking. */
struct round {
	struct alarms *alarms;
	uint64_t now_ms;
	alarm_teller *tell;
	void *context;
	bool again; /* nothing turns; what is raised is told */
};

static bool is_of_group(const struct alarm_row *row, const struct look *look)
{
	return row->scope == ALARM_OF_GROUP ||
	       (row->scope == ALARM_OF_LOG && look->status->member_count == 0);
}

static void look_at(const struct round *round, const struct alarm_row *row, uint32_t place,
                    struct alarm *alarm, struct look *look)
{
	struct alarm_turn turn = {
		.of = {
			.kind = row->kind,
			.group = is_of_group(row, look) ? (int32_t)round->alarms->group
			                                : EVENTS_PROCESS,
			.member = look->peer ? look->peer->number : 0,
			.item = look->pool ? place : row->item,
		},
	};
	char text[EVENTS_TEXT_MAX];

	look->raised = alarm->raised;
	if (round->again ? !alarm->raised : !has_turned(alarm, row, row->test(look), round->now_ms))
		return;
	turn.raised = alarm->raised;
	turn.again = round->again;
	turn.severity = severity_of(row, look);
	turn.told = turn.raised ? row->begin_told : row->end_told;
	turn.text = text;
	row->text(look, turn.raised, text);
	round->tell(round->context, &turn);
}

static void look_at_members(const struct round *round, const struct alarm_row *row,
                            struct alarm *alarms, struct look *look)
{
	for (size_t i = 0; i < look->status->member_count; i++) {
		look->peer = &look->status->members[i];
		if (!look->peer->self)
			look_at(round, row, look->peer->number, &alarms[look->peer->number], look);
	}
	look->peer = NULL;
}

static void look_at_pools(const struct round *round, const struct alarm_row *row,
                          struct alarm *alarms, struct look *look)
{
	for (uint32_t i = 0; i < POOLS_MAX; i++) {
		look->pool = &look->facts->pools[i];
		look_at(round, row, i + 1, &alarms[i + 1], look);
	}
	look->pool = NULL;
}

static void look_at_row(const struct round *round, const struct alarm_row *row,
                        struct alarm *alarms, struct look *look)
{
	if (round->alarms->of_group_only && !is_of_group(row, look))
		return;
	switch (row->each) {
	case ALARM_ONE:
		look_at(round, row, 0, &alarms[0], look);
		break;
	case ALARM_EACH_MEMBER:
		look_at_members(round, row, alarms, look);
		break;
	case ALARM_EACH_POOL:
		look_at_pools(round, row, alarms, look);
		break;
	}
}

_Static_assert(ALARM_ROWS == ALARM_CLUSTER_ROWS + ALARM_NODE_ROWS, "each row has its alarms");
_Static_assert(ALARM_PLACES > REPLICATION_MEMBERS_MAX, "each member has a place");

static void look_at_rows(const struct round *round, const struct alarm_facts *facts)
{
	struct cluster_view view;
	struct look look = { .facts = facts, .status = facts->status, .view = &view };
	struct alarms *alarms = round->alarms;

	cluster_view_of(facts->status, &view);
	for (size_t i = 0; i < ALARM_CLUSTER_ROWS && view.members > 0; i++)
		look_at_row(round, &alarm_cluster_rows[i], alarms->of[i], &look);
	for (size_t i = 0; i < ALARM_NODE_ROWS; i++)
		look_at_row(round, &alarm_node_rows[i], alarms->of[ALARM_CLUSTER_ROWS + i], &look);
}

void alarms_look(struct alarms *alarms, const struct alarm_facts *facts, uint64_t now_ms,
                 alarm_teller *tell, void *context)
{
	const struct round round = {
		.alarms = alarms, .now_ms = now_ms, .tell = tell, .context = context
	};

	look_at_rows(&round, facts);
}

void alarms_repeat(struct alarms *alarms, const struct alarm_facts *facts, alarm_teller *tell,
                   void *context)
{
	const struct round round = {
		.alarms = alarms, .tell = tell, .context = context, .again = true
	};

	look_at_rows(&round, facts);
}
