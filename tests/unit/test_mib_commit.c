/* test_mib_commit.c - a plan is carried out once, awaited for a while and no longer, and
 * taken back by the index of what it did; by a cluster that is played here. */
#include <stdio.h>
#include <string.h>

#include "agentd/flow/batch.h"
#include "mib/commit.h"
#include "tests/unit/set_fixture.h"
#include "tests/unit/suite.h"

static struct set_world w;

/* ---- the cluster ---- */

static struct {
	enum ha_error at_once;        /* what batch_configure answers */
	struct batch_outcome outcome; /* told before it returns, unless `holds` */
	bool holds;
	size_t refused;
	unsigned calls, transfers, tests;
	unsigned prepared, undone, freed;
	uint64_t undone_index;
	char who[64];
	size_t count;
	struct change changes[CHANGES_MAX];
	batch_done *done;
	void *context;
} cluster;

enum ha_error __wrap_batch_configure(struct agent *agent, const char *who,
                                     const struct change *changes, size_t count, size_t *refused,
                                     batch_done *done, void *context);
enum ha_error __wrap_agent_transfer(struct agent *agent, uint8_t member);
void __wrap_events_test(void);
enum ha_error __wrap_batch_undo_prepare(struct agent *agent, const struct change *changes,
                                        size_t count, struct batch_undo **out, size_t *refused);
enum ha_error __wrap_batch_undo(struct agent *agent, const char *who, const struct batch_undo *undo,
                                uint64_t index, batch_done *done, void *context);
void __wrap_batch_undo_free(struct batch_undo *undo);

enum ha_error __wrap_batch_configure(struct agent *agent, const char *who,
                                     const struct change *changes, size_t count, size_t *refused,
                                     batch_done *done, void *context)
{
	(void)agent;
	CU_ASSERT_EQUAL(cluster.prepared, 1); /* before it is done */
	cluster.calls++;
	cluster.count = count;
	memcpy(cluster.changes, changes, count * sizeof(*changes));
	snprintf(cluster.who, sizeof(cluster.who), "%s", who);
	cluster.done = done;
	cluster.context = context;
	*refused = cluster.refused;
	if (cluster.at_once == HA_OK && !cluster.holds)
		done(context, &cluster.outcome);
	return cluster.at_once;
}

enum ha_error __wrap_agent_transfer(struct agent *agent, uint8_t member)
{
	(void)agent;
	cluster.transfers += member;
	return cluster.at_once;
}

void __wrap_events_test(void)
{
	cluster.tests++;
}

/* There is no way back from "one-way". */
enum ha_error __wrap_batch_undo_prepare(struct agent *agent, const struct change *changes,
                                        size_t count, struct batch_undo **out, size_t *refused)
{
	(void)agent;
	cluster.prepared++;
	*out = NULL;
	for (*refused = 0; *refused < count; ++*refused)
		if (strcmp(changes[*refused].name, "one-way") == 0)
			return HA_E_UNSUPPORTED;
	*out = (struct batch_undo *)&cluster;
	return HA_OK;
}

enum ha_error __wrap_batch_undo(struct agent *agent, const char *who, const struct batch_undo *undo,
                                uint64_t index, batch_done *done, void *context)
{
	(void)agent;
	CU_ASSERT_PTR_EQUAL(undo, &cluster);
	cluster.undone++;
	cluster.undone_index = index;
	snprintf(cluster.who, sizeof(cluster.who), "%s", who);
	if (cluster.at_once == HA_OK)
		done(context, &cluster.outcome);
	return cluster.at_once;
}

void __wrap_batch_undo_free(struct batch_undo *undo)
{
	cluster.freed += undo != NULL;
}

static void begin(void)
{
	memset(&cluster, 0, sizeof(cluster));
	cluster.outcome.index = 4711;
	cluster.refused = 2;
	cluster.outcome.refused = 2;
	set_world_open(&w, false);
}

/* Two changes: one that adds, with the number as its last value, and one that removes. */
static void want_two(void)
{
	set_world_want(&w, 0, "new", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	set_world_want(&w, 0, "new", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "there", THING_STATUS, thing_integer(MIB_ROW_DESTROY));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
}

static void what_is_wanted_is_put_in_order_once(void)
{
	begin();
	want_two();
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(cluster.calls, 1);
	CU_ASSERT_EQUAL(cluster.count, 2);
	CU_ASSERT_STRING_EQUAL(cluster.who, "snmp noc");
	CU_ASSERT_STRING_EQUAL(cluster.changes[0].value, "5 none");
	CU_ASSERT_EQUAL(cluster.changes[1].kind, CHANGE_UNSET);
	CU_ASSERT_EQUAL(w.plan->index, 4711);
	set_world_close(&w);
}

static void nothing_wanted_is_nothing_done(void)
{
	begin();
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(cluster.calls, 0);
	set_world_close(&w);
}

static void what_was_refused_is_never_done(void)
{
	begin();
	want_two();
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(3));
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_VALUE);
	CU_ASSERT_EQUAL(cluster.calls, 0);
	set_world_close(&w);
}

static void who_is_refused_by_the_cluster_is_to_blame(void)
{
	static const struct {
		enum ha_error at_once, told;
		size_t refused;
		enum mib_refusal refusal;
	} rows[] = {
		{ HA_OK, HA_E_CONFLICT, 1, REFUSAL_COMMIT },
		{ HA_OK, HA_E_EXISTS, 0, REFUSAL_COMMIT },
		{ HA_OK, HA_E_UNCERTAIN, 2, REFUSAL_LATE },
		{ HA_E_NOTLEADER, HA_OK, 2, REFUSAL_COMMIT },
		{ HA_E_PERMISSION, HA_OK, 1, REFUSAL_COMMIT },
		{ HA_E_BUSY, HA_OK, 2, REFUSAL_COMMIT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *blamed = rows[i].refused == 1 ? "there" : "new";

		begin();
		want_two();
		cluster.at_once = rows[i].at_once;
		cluster.refused = cluster.outcome.refused = rows[i].refused;
		cluster.outcome.error = rows[i].told;
		CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), rows[i].refusal);
		CU_ASSERT_EQUAL(set_world_blamed(&w), THING_STATUS);
		CU_ASSERT_STRING_EQUAL(w.plan->steps[rows[i].refused == 1 ? 1 : 0].change.name,
		                       blamed);
		CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_NONE);
		CU_ASSERT_EQUAL(cluster.calls, 1);
		set_world_close(&w);
	}
}

static void a_group_that_starts_again_takes_nothing(void)
{
	begin();
	want_two();
	w.view.groups[0].paused = true;
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_COMMIT);
	CU_ASSERT_EQUAL(cluster.calls, 0);
	set_world_close(&w);
}

/* The cluster says it when nobody waits any more; then the note goes. */
static void what_comes_late_finds_nobody(void)
{
	begin();
	want_two();
	cluster.holds = true;
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_LATE);
	cluster.done(cluster.context, &cluster.outcome);
	CU_ASSERT_FALSE(w.plan->committed);
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(cluster.calls, 1);
	set_world_close(&w);
}

static void it_is_taken_back_once_by_its_index(void)
{
	begin();
	want_two();
	set_commit(w.plan, "snmp noc");
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp night"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp night"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(cluster.calls, 1);
	CU_ASSERT_EQUAL(cluster.undone, 1);
	CU_ASSERT_EQUAL(cluster.undone_index, 4711);
	CU_ASSERT_STRING_EQUAL(cluster.who, "snmp night");
	CU_ASSERT_EQUAL(cluster.freed, 0);
	set_world_close(&w);
	CU_ASSERT_EQUAL(cluster.freed, 1);
}

static void what_has_moved_since_or_has_no_way_back_stays(void)
{
	static const struct {
		enum ha_error at_once, told;
	} rows[] = { { HA_OK, HA_E_CONFLICT },
		     { HA_OK, HA_E_UNCERTAIN },
		     { HA_E_NOTLEADER, HA_OK } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		want_two();
		set_commit(w.plan, "snmp noc");
		cluster.at_once = rows[i].at_once;
		cluster.outcome.error = rows[i].told;
		CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_UNDO);
		CU_ASSERT_EQUAL(cluster.undone, 1);
		set_world_close(&w);
	}
	begin();
	set_world_want(&w, 0, "one-way", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	set_world_judge(&w);
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_NONE); /* and yet done */
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_UNDO);
	CU_ASSERT_EQUAL(cluster.undone, 0);
	set_world_close(&w);
	begin();
	want_two();
	set_commit(w.plan, "snmp noc");
	w.view.groups[0].paused = true;
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_UNDO);
	CU_ASSERT_EQUAL(cluster.undone, 0);
	set_world_close(&w);
}

static void orders_are_given_and_stay(void)
{
	begin();
	set_world_want(&w, 0, "there", THING_ORDER, thing_integer(1));
	set_world_judge(&w);
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(cluster.tests, 1);
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_UNDO);
	set_world_close(&w);
	begin();
	set_world_want(&w, 0, "there", THING_ORDER, thing_integer(2));
	set_world_judge(&w);
	cluster.at_once = HA_E_NOTFOUND;
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_COMMIT);
	CU_ASSERT_EQUAL(set_world_blamed(&w), THING_ORDER);
	CU_ASSERT_EQUAL(cluster.transfers, 3);
	set_world_close(&w);
}

/* "a" is made to 3, "b" to 4. */
static void want_made(void)
{
	begin();
	things_made = (struct things_made){ .outcome = HA_OK };
	set_world_want(&w, 0, "a", THING_ORDER, thing_integer(3));
	set_world_want(&w, 0, "b", THING_ORDER, thing_integer(4));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
}

static void what_is_of_no_group_is_made_at_once_and_taken_back(void)
{
	want_made();
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_EQUAL(things_made.calls, 1);
	CU_ASSERT_EQUAL(things_made.count, 2);
	CU_ASSERT_TRUE(things_made.last[0] == 3 && things_made.last[1] == 4);
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_NONE);
	CU_ASSERT_TRUE(things_made.last[0] == -3 && things_made.last[1] == -4);
	CU_ASSERT_EQUAL(things_made.calls + cluster.calls, 2);
	set_world_close(&w);
	want_made();
	set_commit(w.plan, "snmp noc");
	things_made.outcome = HA_E_BUSY;
	CU_ASSERT_EQUAL(set_undo(w.plan, "snmp noc"), REFUSAL_UNDO);
	set_world_close(&w);
}

static void who_fails_to_make_it_says_which_it_was(void)
{
	want_made();
	things_made.outcome = HA_E_BUSY;
	things_made.refused = 1;
	CU_ASSERT_EQUAL(set_commit(w.plan, "snmp noc"), REFUSAL_COMMIT);
	CU_ASSERT_EQUAL(w.plan->rows[1].key.at[4], 'b');
	CU_ASSERT_EQUAL(set_world_blamed(&w), THING_ORDER);
	set_world_close(&w);
}

static CU_TestInfo tests[] = {
	{ "what is wanted is put in order once", what_is_wanted_is_put_in_order_once },
	{ "nothing wanted is nothing done", nothing_wanted_is_nothing_done },
	{ "what was refused is never done", what_was_refused_is_never_done },
	{ "who is refused by the cluster is to blame", who_is_refused_by_the_cluster_is_to_blame },
	{ "a group that starts again takes nothing", a_group_that_starts_again_takes_nothing },
	{ "what comes late finds nobody", what_comes_late_finds_nobody },
	{ "it is taken back once, by its index", it_is_taken_back_once_by_its_index },
	{ "what has moved since or has no way back stays",
	  what_has_moved_since_or_has_no_way_back_stays },
	{ "orders are given and stay", orders_are_given_and_stay },
	{ "what is of no group is made at once and taken back",
	  what_is_of_no_group_is_made_at_once_and_taken_back },
	{ "who fails to make it says which it was", who_fails_to_make_it_says_which_it_was },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mib_commit", tests);
}
