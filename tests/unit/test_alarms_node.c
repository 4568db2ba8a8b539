/* test_alarms_node.c - alarms of a node that works alone, kind by kind: they begin when it
 * has been so for their time, stay while it is nearly so, and end when it has been over for
 * long enough. */
#include "agentd/flow/alarms.h"

#include <stdio.h>
#include <string.h>

#include "agentd/flow/counters.h"
#include "agentd/flow/watch_facts.h"
#include "tests/unit/suite.h"

#define GROUP 2
#define MIB (UINT64_C(1) << 20)
#define STEP_MS 100u

static struct replication_status status;
static struct alarm_facts facts;
static struct alarms alarms;
static uint64_t now_ms;
static char last[EVENTS_TEXT_MAX];
static struct alarm_turn last_turn;

static void begin(void)
{
	status = (struct replication_status){
		.role = REPLICATION_LEADER,
		.log_octets = 10 * MIB,
		.log_octets_max = 100 * MIB,
	};
	facts = (struct alarm_facts){
		.status = &status,
		.flushes = 100,
		.store = { 10 * MIB, 1000 * MIB },
		.disk = { 10000 * MIB, 100000 * MIB },
		.directory = "/var/lib/hearth",
		.nodes = { 5, 1000 },
		.associations = { 5, 1000 },
		.bindings = { 5, 1000 },
		.pools = { { .name = "dial-in", .size = 200, .leased = 3, .nodes = 300 },
		           { .name = "exact", .size = 2, .leased = 2, .nodes = 2 },
		           { .name = "far", .size = 9, .nodes = 3 } },
		.path_why = "on 2 interfaces",
		.path_doubt = "",
	};
	alarms = (struct alarms){ .group = GROUP };
	now_ms = 5000;
}

static void tell(void *context, const struct alarm_turn *turn)
{
	unsigned *turns = context;

	last_turn = *turn;
	snprintf(last, sizeof(last), "%s", turn->text);
	last_turn.text = last;
	++*turns;
}

/* How many turns come in so much time. */
static unsigned pass(uint64_t ms)
{
	unsigned turns = 0;

	for (uint64_t end = now_ms + ms; now_ms < end; now_ms += STEP_MS)
		alarms_look(&alarms, &facts, now_ms, tell, &turns);
	return turns;
}

/* ---- what goes wrong; what is nearly so; what is over ---- */

static void slow_flushes(void)
{
	facts.slow_flushes = 50;
}

static void some_slow_flushes(void)
{
	facts.slow_flushes = 11;
}

static void a_flush_that_hangs(void)
{
	facts.flushes = 0;
	status.flushing_ms = 1000;
}

/* Each of them shorter than the time that it takes to raise the alarm. */
static void flushes_that_hung(void)
{
	facts.flushes = facts.slow_flushes = facts.stuck_flushes = 1;
}

static void store_fails(void)
{
	facts.store_failing = true;
}

static void log_fails(void)
{
	status.log_failing = true;
}

static void map_fills(void)
{
	facts.store.used = 801 * MIB;
}

static void map_fills_nearly(void)
{
	facts.store.used = 760 * MIB;
}

static void log_fills(void)
{
	status.log_octets = 81 * MIB;
}

static void log_fills_nearly(void)
{
	status.log_octets = 61 * MIB;
}

static void log_is_full(void)
{
	status.full = true;
}

static void disk_fills(void)
{
	facts.disk.used = facts.disk.room - 1000 * MIB;
}

static void disk_fills_nearly(void)
{
	facts.disk.used = facts.disk.room - 1200 * MIB;
}

static void pool_is_empty(void)
{
	facts.pools[0].leased = 200;
}

static void pool_is_nearly_empty(void)
{
	facts.pools[0].leased = 197;
}

static void bindings_are_at_the_limit(void)
{
	facts.bindings.used = 1000;
}

static void bindings_are_near_the_limit(void)
{
	facts.bindings.used = 981;
}

static void nodes_are_at_the_limit(void)
{
	facts.nodes.used = 1000;
}

static void associations_are_at_the_limit(void)
{
	facts.associations.used = 1000;
}

static void many_fail(void)
{
	facts.failures = 100;
}

static void half_as_many_fail(void)
{
	facts.failures = 50;
}

static void path_falls_back(void)
{
	facts.path_slow = true;
}

static void path_is_in_doubt(void)
{
	facts.path_doubt = "rp_filter is on";
}

static const struct {
	void (*spoil)(void);
	void (*ease)(void); /* NULL: nothing is nearly so */
	enum event_kind kind;
	enum event_severity severity;
	bool of_group, begin_told, end_told;
	unsigned stay_ms, clear_ms;
	const char *begins, *ends;
} rows[] = {
	{ slow_flushes, some_slow_flushes, EVENT_DISK_SLOW, EVENT_MINOR, true, false, false, 4000,
	  30000, "of the last 100 flushes of the log 50 took", "flushed quickly again" },
	{ a_flush_that_hangs, NULL, EVENT_DISK_SLOW, EVENT_MINOR, true, false, false, 4000, 30000,
	  "under way for 1000 ms", "flushed quickly again" },
	{ flushes_that_hung, NULL, EVENT_DISK_SLOW, EVENT_MINOR, true, false, false, 4000, 30000,
	  "of the last 1 flushes of the log 1 took a second", "flushed quickly again" },
	{ store_fails, NULL, EVENT_DISK_FAILED, EVENT_CRITICAL, true, true, true, 1000, 5000,
	  "the store cannot be written", "can be written again" },
	{ log_fails, NULL, EVENT_DISK_FAILED, EVENT_MAJOR, true, true, false, 1000, 5000,
	  "another file of the log cannot be made", "can be made again" },
	{ map_fills, map_fills_nearly, EVENT_STORE_NEARLY_FULL, EVENT_WARNING, true, false, false,
	  1000, 5000, "the store is nearly full: 80 % of the 1000 MiB", "the store has room" },
	{ log_fills, log_fills_nearly, EVENT_STORE_NEARLY_FULL, EVENT_WARNING, true, false, false,
	  5000, 5000, "the log is nearly full", "the log has room again" },
	{ log_is_full, NULL, EVENT_STORE_NEARLY_FULL, EVENT_CRITICAL, true, false, false, 1000,
	  5000, "the log takes no more", "the log takes registrations again" },
	{ disk_fills, disk_fills_nearly, EVENT_STORE_NEARLY_FULL, EVENT_WARNING, true, false, false,
	  1000, 5000, "of /var/lib/hearth is nearly full: 1000 of 100000 MiB", "has room again" },
	{ pool_is_empty, pool_is_nearly_empty, EVENT_POOL_EXHAUSTED, EVENT_CRITICAL, true, false,
	  false, 1000, 5000, "pool dial-in is exhausted: its 200 addresses",
	  "pool dial-in has addresses again" },
	{ bindings_are_at_the_limit, bindings_are_near_the_limit, EVENT_BINDING_LIMIT_REACHED,
	  EVENT_MAJOR, true, false, false, 1000, 5000, "1000 of 1000 bindings are reserved",
	  "no capacity is reached" },
	{ nodes_are_at_the_limit, NULL, EVENT_BINDING_LIMIT_REACHED, EVENT_MAJOR, true, false,
	  false, 1000, 5000, "there are 1000 of 1000 nodes", "no capacity is reached" },
	{ associations_are_at_the_limit, NULL, EVENT_BINDING_LIMIT_REACHED, EVENT_MAJOR, true,
	  false, false, 1000, 5000, "1000 of 1000 associations", "no capacity is reached" },
	{ many_fail, half_as_many_fail, EVENT_AUTHENTICATION_SURGE, EVENT_MINOR, false, false,
	  false, 5000, 30000, "100 requests a second fail", "few requests fail" },
	{ path_falls_back, NULL, EVENT_DATA_PATH_FELL_BACK, EVENT_MINOR, true, true, true, 1000,
	  5000, "slower than BPF: on 2 interfaces", "BPF forwards packets again" },
	{ path_is_in_doubt, NULL, EVENT_DATA_PATH_TROUBLE, EVENT_MAJOR, true, true, false, 1000,
	  5000, "rp_filter is on", "nothing of this host stands in the way" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- cases ---- */

static void a_node_that_is_well_says_nothing(void)
{
	begin();
	CU_ASSERT_EQUAL(pass(60000), 0);
}

static void each_begins_after_its_time(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		begin();
		rows[i].spoil();
		CU_ASSERT_EQUAL(pass(rows[i].stay_ms), 0);
		CU_ASSERT_EQUAL(pass(60000), 1);
		CU_ASSERT_TRUE(last_turn.raised);
		CU_ASSERT_EQUAL(last_turn.of.kind, rows[i].kind);
		CU_ASSERT_EQUAL(last_turn.of.group, rows[i].of_group ? GROUP : EVENTS_PROCESS);
		CU_ASSERT_EQUAL(last_turn.of.member, 0);
		CU_ASSERT_EQUAL(last_turn.severity, rows[i].severity);
		CU_ASSERT_EQUAL(last_turn.told, rows[i].begin_told);
		CU_ASSERT_PTR_NOT_NULL(strstr(last, rows[i].begins));
	}
}

static void each_stays_while_it_is_nearly_so(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!rows[i].ease)
			continue;
		begin();
		rows[i].ease();
		CU_ASSERT_EQUAL(pass(60000), 0); /* which is not enough to begin */
		rows[i].spoil();
		CU_ASSERT_EQUAL(pass(60000), 1);
		rows[i].ease();
		CU_ASSERT_EQUAL(pass(60000), 0);
	}
}

static void each_ends_after_its_time(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct alarms before;

		begin();
		rows[i].spoil();
		CU_ASSERT_EQUAL(pass(60000), 1);
		before = alarms;
		begin();
		alarms = before;
		now_ms = 100000;
		CU_ASSERT_EQUAL(pass(rows[i].clear_ms), 0);
		CU_ASSERT_EQUAL(pass(60000), 1);
		CU_ASSERT_FALSE(last_turn.raised);
		CU_ASSERT_EQUAL(last_turn.of.kind, rows[i].kind);
		CU_ASSERT_EQUAL(last_turn.told, rows[i].end_told);
		CU_ASSERT_PTR_NOT_NULL(strstr(last, rows[i].ends));
	}
}

static void each_that_comes_and_goes_is_told_once(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct alarms kept;

		begin();
		rows[i].spoil();
		CU_ASSERT_EQUAL(pass(60000), 1);
		for (unsigned times = 0; times < 20; times++) {
			uint64_t at_ms = now_ms;

			kept = alarms;
			begin();
			alarms = kept;
			now_ms = at_ms;
			CU_ASSERT_EQUAL(pass(rows[i].clear_ms), 0);
			rows[i].spoil();
			CU_ASSERT_EQUAL(pass(STEP_MS), 0);
		}
	}
}

/* A hiccup of few flushes is none, nor is a disk that nobody writes to. */
static void few_slow_flushes_are_no_alarm(void)
{
	begin();
	facts.flushes = facts.slow_flushes = 2;
	CU_ASSERT_EQUAL(pass(60000), 0);
	facts.flushes = facts.slow_flushes = 0;
	CU_ASSERT_EQUAL(pass(60000), 0);
	facts.flushes = facts.slow_flushes = 3;
	CU_ASSERT_EQUAL(pass(60000), 1);
}

static void each_pool_has_an_alarm_of_its_own(void)
{
	begin();
	pool_is_empty();
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.item, 1);
	facts.pools[2].leased = 9;
	facts.pools[2].nodes = 10;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.item, 3);
	facts.pools[2].size = 0;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_STRING_EQUAL(last, "pool far is gone");
	facts.pools[0].nodes = 200; /* each has one */
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_FALSE(last_turn.raised);
}

/* Of a cluster the leader tells what all members know alike. */
static void who_does_not_lead_leaves_pools_and_capacities_to_who_does(void)
{
	begin();
	pool_is_empty();
	nodes_are_at_the_limit();
	CU_ASSERT_EQUAL(pass(60000), 2);
	status.role = REPLICATION_FOLLOWER;
	CU_ASSERT_EQUAL(pass(60000), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "for another leader to tell"));
	CU_ASSERT_EQUAL(pass(60000), 0);
}

/* The log is one for all groups of a cluster's member, and each group's own elsewhere. */
static void the_log_is_the_groups_own_or_of_the_process(void)
{
	begin();
	alarms.of_group_only = true;
	slow_flushes();
	many_fail();
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.group, GROUP);
	begin();
	status.member_count = 1;
	status.self = status.leader = status.members[0].number = 1;
	status.members[0].self = true;
	status.members[0].witness = true; /* redundancy is another matter */
	slow_flushes();
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.kind, EVENT_DISK_SLOW);
	CU_ASSERT_EQUAL(last_turn.of.group, EVENTS_PROCESS);
	alarms = (struct alarms){ .group = GROUP, .of_group_only = true };
	CU_ASSERT_EQUAL(pass(60000), 0);
}

/* A mobile node registers through a foreign agent, and is denied with another code. */
static void the_store_and_the_log_of_visitors_are_named(void)
{
	begin();
	facts.of_visitors = true;
	status.full = true;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.kind, EVENT_STORE_NEARLY_FULL);
	CU_ASSERT_STRING_EQUAL(
		last, "the log takes no more, for the store of visitors does not keep up: as "
		      "the leader this node denies visitors with code 66");
	status.full = false;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_FALSE(last_turn.raised);
	facts.store_failing = true;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.kind, EVENT_DISK_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "the store of visitors cannot be written"));
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "code 66"));
	CU_ASSERT_PTR_NULL(strstr(last, "130"));
	facts.store_failing = false;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_STRING_EQUAL(last, "the store of visitors can be written again");
	facts.store.used = 900 * MIB;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "of foreign-agent.max-visitors"));
}

/* What is not known, such as the room on a disk that was not looked at yet, is no alarm. */
static void what_is_not_known_is_no_alarm(void)
{
	begin();
	facts.store = facts.disk = facts.nodes = facts.associations = facts.bindings =
		(struct alarm_use){ 0 };
	CU_ASSERT_EQUAL(pass(60000), 0);
}

/* Whoever keeps a list of them may have lost one. */
static void those_that_go_on_can_be_told_again(void)
{
	unsigned told = 0;

	begin();
	alarms_repeat(&alarms, &facts, tell, &told);
	CU_ASSERT_EQUAL(told, 0);
	pool_is_empty();
	many_fail();
	alarms_repeat(&alarms, &facts, tell, &told);
	CU_ASSERT_EQUAL(told, 0); /* not begun yet */
	CU_ASSERT_EQUAL(pass(60000), 2);
	CU_ASSERT_FALSE(last_turn.again);
	alarms_repeat(&alarms, &facts, tell, &told);
	CU_ASSERT_EQUAL(told, 2);
	CU_ASSERT_TRUE(last_turn.raised && last_turn.again);
	CU_ASSERT_EQUAL(last_turn.of.kind, EVENT_AUTHENTICATION_SURGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "100 requests a second fail"));
	CU_ASSERT_EQUAL(pass(60000), 0); /* and they are as raised as before */
}

/* ---- what is counted ---- */

static void a_counter_tells_what_came_since_the_last_look(void)
{
	struct counted counted = { 0 };

	CU_ASSERT_EQUAL(counted_since(&counted, 1000), 0); /* since when is not known */
	CU_ASSERT_EQUAL(counted_since(&counted, 1007), 7);
	CU_ASSERT_EQUAL(counted_since(&counted, 1007), 0);
	CU_ASSERT_EQUAL(counted_since(&counted, 3), 0); /* another one, from 0 */
	CU_ASSERT_EQUAL(counted_since(&counted, 5), 2);
}

/* Each of them once: a denial that is not sent is counted in two more places. */
static void a_failure_counts_once(void)
{
	uint64_t before = watch_facts_failures();

	flow_count(FLOW_SECURITY_VIOLATIONS);
	CU_ASSERT_EQUAL(watch_facts_failures(), before + 1);
	flow_count(FLOW_DROPPED_SOURCE_LIMIT);
	flow_count(FLOW_DENIALS_MUTED);
	CU_ASSERT_EQUAL(watch_facts_failures(), before + 1);
	flow_count(FLOW_DROPPED_SOURCE_LIMIT);
	flow_count(FLOW_REVOCATIONS_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(watch_facts_failures(), before + 3);
}

/* ---- who leads ---- */

static struct watch_facts watched;
static struct event_leader leader;

static bool see_leader(uint8_t number, uint8_t before, uint32_t changes)
{
	watched.status.reign = (struct replication_reign){
		.leader = number,
		.before = before,
		.changes = changes,
		.term = 7,
		.vacant_us = 249700,
	};
	return watch_facts_leader(&watched, &leader);
}

static void the_new_leader_tells_whom_it_follows_and_how_long_there_was_none(void)
{
	watched = (struct watch_facts){ .status.self = 2 };
	CU_ASSERT_FALSE(see_leader(1, 0, 0));
	CU_ASSERT_TRUE(see_leader(2, 1, 1));
	CU_ASSERT_EQUAL(leader.leader, 2);
	CU_ASSERT_EQUAL(leader.before, 1);
	CU_ASSERT_EQUAL(leader.term, 7);
	CU_ASSERT_EQUAL(leader.without_ms, 250);
	CU_ASSERT_FALSE(see_leader(2, 1, 1));
	CU_ASSERT_FALSE(see_leader(2, 2, 2)); /* the same one, elected again */
	CU_ASSERT_FALSE(see_leader(3, 2, 3)); /* which that one tells */
	CU_ASSERT_TRUE(see_leader(2, 3, 4));
}

static CU_TestInfo tests[] = {
	{ "a node that is well says nothing", a_node_that_is_well_says_nothing },
	{ "each begins after its time", each_begins_after_its_time },
	{ "each stays while it is nearly so", each_stays_while_it_is_nearly_so },
	{ "each ends after its time", each_ends_after_its_time },
	{ "each that comes and goes is told once", each_that_comes_and_goes_is_told_once },
	{ "few slow flushes are no alarm", few_slow_flushes_are_no_alarm },
	{ "each pool has an alarm of its own", each_pool_has_an_alarm_of_its_own },
	{ "who does not lead leaves pools and capacities to who does",
	  who_does_not_lead_leaves_pools_and_capacities_to_who_does },
	{ "the log is the group's own or of the process",
	  the_log_is_the_groups_own_or_of_the_process },
	{ "the store and the log of visitors are named",
	  the_store_and_the_log_of_visitors_are_named },
	{ "what is not known is no alarm", what_is_not_known_is_no_alarm },
	{ "those that go on can be told again", those_that_go_on_can_be_told_again },
	{ "a counter tells what came since the last look",
	  a_counter_tells_what_came_since_the_last_look },
	{ "a failure counts once", a_failure_counts_once },
	{ "the new leader tells whom it follows and how long there was none",
	  the_new_leader_tells_whom_it_follows_and_how_long_there_was_none },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("alarms_node", tests);
}
