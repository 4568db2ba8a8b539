/* test_alarms.c - what is said of a cluster: warnings in its status, and lines in the
 * log when trouble has stayed for a while, and when its end has. */
#include "agentd/flow/alarms.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct replication_status status;
static struct alarms alarms;
static uint64_t now_ms;
static char last[ALARM_LINE_MAX];
static enum log_level last_level;
static unsigned lines;
static bool last_of_group;

/* A leader with data members 1 and 2 and witness 3, all well. */
static void begin(void)
{
	status = (struct replication_status){
		.role = REPLICATION_LEADER,
		.self = 1,
		.leader = 1,
		.member_count = 3,
	};
	for (uint8_t i = 0; i < 3; i++) {
		status.members[i] = (struct replication_peer){
			.number = (uint8_t)(i + 1),
			.self = i == 0,
			.witness = i == 2,
			.connected = i > 0,
			.match_index = 7,
			.port = 4434,
		};
		snprintf(status.members[i].address, sizeof(status.members[i].address), "192.0.2.%u",
		         i + 1u);
	}
	alarms = (struct alarms){ 0 };
	now_ms = 5000;
	lines = 0;
}

static void say(void *context, enum log_level level, bool of_group, const char *line)
{
	CU_ASSERT_PTR_EQUAL(context, &status);
	last_of_group = of_group;
	snprintf(last, sizeof(last), "%s", line);
	last_level = level;
	lines++;
}

/* Lines that come in so much time. */
static unsigned pass(uint64_t ms)
{
	lines = 0;
	for (uint64_t end = now_ms + ms; now_ms < end; now_ms += 100)
		alarms_look(&alarms, &status, now_ms, say, &status);
	return lines;
}

static bool said(const char *part)
{
	return strstr(last, part) != NULL;
}

/* ---- figures ---- */

static void members_are_counted(void)
{
	struct cluster_view view;

	begin();
	cluster_view_of(&status, &view);
	CU_ASSERT_EQUAL(view.members, 3);
	CU_ASSERT_EQUAL(view.majority, 2);
	CU_ASSERT_EQUAL(view.reachable, 3);
	CU_ASSERT_EQUAL(view.data, 2);
	CU_ASSERT_EQUAL(view.holding, 2);
	status.members[1].match_index = 0; /* nobody knows yet */
	CU_ASSERT_FALSE(cluster_peer_holds(&status.members[1]));
	status.members[1].match_index = 7;
	CU_ASSERT_TRUE(cluster_peer_holds(&status.members[1]));
	status.members[1].lag_ms = CLUSTER_LAG_MS;
	status.members[2].connected = false;
	cluster_view_of(&status, &view);
	CU_ASSERT_EQUAL(view.reachable, 2);
	CU_ASSERT_EQUAL(view.holding, 1);
	CU_ASSERT_EQUAL(cluster_peer(&status, 3), &status.members[2]);
	CU_ASSERT_PTR_NULL(cluster_peer(&status, 4));
}

static void lag_2(void)
{
	status.members[1].lag_ms = 60000;
}

static void cut_2(void)
{
	status.members[1].connected = false;
}

static void cut_witness(void)
{
	status.members[2].connected = false;
}

static void cut_both(void)
{
	cut_2();
	cut_witness();
	status.role = REPLICATION_FOLLOWER;
	status.leader = 0;
}

static void lose_leader(void)
{
	status.role = REPLICATION_FOLLOWER;
	status.leader = 0;
}

static void follow(void)
{
	status.role = REPLICATION_FOLLOWER;
	status.leader = 2;
}

static void refuse_2(void)
{
	status.members[1].refused = true;
}

static void refused_by_2(void)
{
	status.members[1].refuses = true;
}

static void of_none(void)
{
	cut_both();
	status.member_of_none = true;
	status.members[1].of_none = true;
}

static void lead_by_witness(void)
{
	status.role = REPLICATION_FOLLOWER;
	status.leader = 3;
}

static void drain(void)
{
	status.drained = true;
}

static void wrong_clock(void)
{
	follow();
	status.clock_off = true;
}

static void other_groups_at_2(void)
{
	status.members[1].other_groups = true;
}

static void nothing(void) {}

static void warnings_say_what_to_see_to(void)
{
	static const struct {
		void (*spoil)(void);
		size_t count;
		const char *first;
	} rows[] = {
		{ nothing, 0, "" },
		{ follow, 0, "" },
		{ lag_2, 1, "no redundancy: the loss of this node loses service" },
		{ cut_2, 1, "no redundancy" },
		{ cut_witness, 1, "no member to spare" },
		{ cut_both, 1, "no majority" },
		{ lose_leader, 1, "no leader" },
		{ refuse_2, 2, "no redundancy" },
		{ refused_by_2, 1, "a member refuses this node" },
		{ of_none, 1, "this node is of no cluster yet" },
		{ lead_by_witness, 1, "no data member would lead" },
		{ drain, 1, "this node is drained" },
		{ wrong_clock, 1, "the clock of this node is off" },
		{ other_groups_at_2, 1, "a member is configured with other groups" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *warnings[CLUSTER_WARNINGS_MAX] = { "" };
		size_t count;

		begin();
		rows[i].spoil();
		count = cluster_warnings(&status, warnings);
		CU_ASSERT_EQUAL(count, rows[i].count);
		CU_ASSERT_EQUAL(strncmp(warnings[0], rows[i].first, strlen(rows[i].first)), 0);
	}
	status = (struct replication_status){ .role = REPLICATION_LEADER };
	CU_ASSERT_EQUAL(cluster_warnings(&status, (const char *[CLUSTER_WARNINGS_MAX]){ 0 }), 0);
}

/* ---- lines ---- */

static void a_cluster_that_is_well_says_nothing(void)
{
	begin();
	CU_ASSERT_EQUAL(pass(60000), 0);
}

static void trouble_and_its_end_are_one_line_each(void)
{
	static const struct {
		void (*spoil)(void);
		const char *raised, *cleared;
		enum log_level level;
	} rows[] = {
		{ lag_2, "redundancy is lost", "redundancy is back: 2", LOG_LEVEL_WARNING },
		{ lose_leader, "hears no leader", "leader again: member 1", LOG_LEVEL_ERROR },
		{ refused_by_2, "member 2 (192.0.2.2:4434) refuses this node", "any more",
		  LOG_LEVEL_WARNING },
		{ cut_witness, "member 3 (192.0.2.3:4434) is out of reach", "within reach again",
		  LOG_LEVEL_WARNING },
		{ other_groups_at_2, "member 2 (192.0.2.2:4434) is configured with other groups",
		  "has the same groups as this node now", LOG_LEVEL_WARNING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct replication_status well;

		begin();
		well = status;
		CU_ASSERT_EQUAL(pass(1000), 0);
		rows[i].spoil();
		CU_ASSERT_EQUAL(pass(60000), 1);
		CU_ASSERT_TRUE(said(rows[i].raised));
		CU_ASSERT_EQUAL(last_level, rows[i].level);
		status = well;
		CU_ASSERT_EQUAL(pass(60000), 1);
		CU_ASSERT_TRUE(said(rows[i].cleared));
		CU_ASSERT_EQUAL(last_level, LOG_LEVEL_NOTICE);
	}
}

static void what_does_not_stay_is_not_told(void)
{
	begin();
	for (unsigned i = 0; i < 100; i++) {
		struct replication_status well = status;

		lose_leader();
		cut_2();
		CU_ASSERT_EQUAL(pass(ALARM_STAY_MS), 0);
		status = well;
		CU_ASSERT_EQUAL(pass(100), 0);
	}
}

static void a_lost_majority_says_what_is_within_reach(void)
{
	begin();
	cut_both();
	CU_ASSERT_EQUAL(pass(60000), 3); /* each member, and the majority */
	begin();
	cut_both();
	alarms.of[3][2].raised = alarms.of[3][3].raised = true;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(said("lost the majority: 1 of 3 members"));
	CU_ASSERT_TRUE(said("2 are needed"));
}

/* A member that speaks and is of none is not out of reach. */
static void who_waits_for_a_founder_says_that_and_not_that_all_is_lost(void)
{
	begin();
	of_none();
	CU_ASSERT_EQUAL(pass(60000), 2); /* and that the witness is out of reach */
	status.members[2].connected = true;
	CU_ASSERT_EQUAL(pass(60000), 1);
	status.member_of_none = false;
	status.leader = 2;
	status.members[1].connected = true;
	status.members[1].of_none = false;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(said("this node is a member of the cluster now"));
}

static void who_comes_back_and_is_refused_is_not_called_within_reach(void)
{
	begin();
	cut_2();
	CU_ASSERT_EQUAL(pass(60000), 2);
	status.members[1].refused = true;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(said("is there again, and is refused"));
}

/* What is the same in all groups of a process is told once. */
static void one_group_tells_what_is_of_all(void)
{
	begin();
	cut_witness();
	alarms.of_group_only = true;
	CU_ASSERT_EQUAL(pass(60000), 0);
	lag_2();
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(last_of_group);
	alarms.of_group_only = false;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_FALSE(last_of_group);
}

static void a_member_that_fetches_the_store_is_told(void)
{
	begin();
	status.members[1].installing = true;
	alarms.of[1][0].raised = true; /* that redundancy is lost was said */
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(said("member 2 (192.0.2.2:4434) lacks more than the log keeps"));
}

static CU_TestInfo tests[] = {
	{ "members are counted", members_are_counted },
	{ "warnings say what to see to", warnings_say_what_to_see_to },
	{ "a cluster that is well says nothing", a_cluster_that_is_well_says_nothing },
	{ "trouble and its end are one line each", trouble_and_its_end_are_one_line_each },
	{ "what does not stay is not told", what_does_not_stay_is_not_told },
	{ "a lost majority says what is within reach", a_lost_majority_says_what_is_within_reach },
	{ "who waits for a founder says that, and not that all is lost",
	  who_waits_for_a_founder_says_that_and_not_that_all_is_lost },
	{ "who comes back and is refused is not called within reach",
	  who_comes_back_and_is_refused_is_not_called_within_reach },
	{ "one group tells what is of all", one_group_tells_what_is_of_all },
	{ "a member that fetches the store is told", a_member_that_fetches_the_store_is_told },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("alarms", tests);
}
