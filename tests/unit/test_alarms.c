/* test_alarms.c - what is said of a cluster: warnings in its status, and lines in the
 * log when trouble has stayed for a while, and when its end has. */
#include "agentd/flow/alarms.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct replication_status status;
static struct alarms alarms;
static uint64_t now_ms;
static char last[EVENTS_TEXT_MAX];
static struct alarm_turn last_turn;
static unsigned lines;

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

static void tell(void *context, const struct alarm_turn *turn)
{
	CU_ASSERT_PTR_EQUAL(context, &status);
	last_turn = *turn;
	snprintf(last, sizeof(last), "%s", turn->text);
	lines++;
}

/* Lines that come in so much time. */
static unsigned pass(uint64_t ms)
{
	const struct alarm_facts facts = { .status = &status, .path_why = "", .path_doubt = "" };

	lines = 0;
	for (uint64_t end = now_ms + ms; now_ms < end; now_ms += 100)
		alarms_look(&alarms, &facts, now_ms, tell, &status);
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

static void wrong_clock_here(void)
{
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

/* What is so of member 2, as this node sees it. */
static void members_have_a_role_and_a_condition(void)
{
	static const struct {
		void (*spoil)(void);
		enum cluster_role role;
		enum cluster_condition condition;
	} rows[] = {
		{ nothing, CLUSTER_STANDBY, CLUSTER_IS_WELL },
		{ follow, CLUSTER_LEADER, CLUSTER_IS_WELL },
		{ lag_2, CLUSTER_STANDBY, CLUSTER_IS_LAGGING },
		{ cut_2, CLUSTER_STANDBY, CLUSTER_IS_UNREACHABLE },
		{ refuse_2, CLUSTER_STANDBY, CLUSTER_IS_REFUSED },
		{ refused_by_2, CLUSTER_STANDBY, CLUSTER_IS_REFUSING },
		{ of_none, CLUSTER_STANDBY, CLUSTER_IS_OF_NO_CLUSTER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		rows[i].spoil();
		CU_ASSERT_EQUAL(cluster_peer_role(&status, &status.members[1]), rows[i].role);
		CU_ASSERT_EQUAL(cluster_peer_condition(&status, &status.members[1]),
		                rows[i].condition);
	}
	begin();
	status.members[1].drained = true;
	CU_ASSERT_EQUAL(cluster_peer_condition(&status, &status.members[1]), CLUSTER_IS_DRAINED);
	status.members[1].drained = false;
	status.members[1].installing = true;
	CU_ASSERT_EQUAL(cluster_peer_condition(&status, &status.members[1]), CLUSTER_IS_INSTALLING);
	wrong_clock_here();
	CU_ASSERT_EQUAL(cluster_peer_condition(&status, &status.members[0]), CLUSTER_IS_CLOCK_OFF);
	CU_ASSERT_EQUAL(cluster_own_role(&status), CLUSTER_LEADER);
	status.role = REPLICATION_CANDIDATE;
	CU_ASSERT_EQUAL(cluster_own_role(&status), CLUSTER_CANDIDATE);
	CU_ASSERT_EQUAL(cluster_peer_role(&status, &status.members[2]), CLUSTER_WITNESS);
	status.member_count = 0;
	CU_ASSERT_EQUAL(cluster_own_role(&status), CLUSTER_ALONE);
	CU_ASSERT_EQUAL(strcmp(cluster_role_name(CLUSTER_STANDBY), "standby"), 0);
	CU_ASSERT_EQUAL(strcmp(cluster_condition_name(CLUSTER_IS_UNREACHABLE), "out of reach"), 0);
}

static void only_the_leader_knows_a_lag(void)
{
	struct cluster_lag lag;

	begin();
	status.last_index = 10;
	lag_2();
	lag = cluster_peer_lag(&status, &status.members[1]);
	CU_ASSERT_TRUE(lag.known && lag.age_known);
	CU_ASSERT_EQUAL(lag.entries, 3);
	CU_ASSERT_EQUAL(lag.age_ms, 60000);
	status.members[1].lag_ms = UINT32_MAX; /* of before this process began */
	lag = cluster_peer_lag(&status, &status.members[1]);
	CU_ASSERT_TRUE(lag.known && !lag.age_known);
	CU_ASSERT_FALSE(cluster_peer_lag(&status, &status.members[0]).known);
	follow();
	CU_ASSERT_FALSE(cluster_peer_lag(&status, &status.members[1]).known);
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
		const char *begins, *ends;
		enum event_kind kind;
		uint32_t member;
		enum event_severity severity;
	} rows[] = {
		{ lag_2, "redundancy is lost", "redundancy is back: 2", EVENT_REDUNDANCY_LOST, 0,
		  EVENT_MAJOR },
		{ lose_leader, "hears no leader", "leader again: member 1", EVENT_NO_LEADER, 0,
		  EVENT_CRITICAL },
		{ refused_by_2, "member 2 (192.0.2.2:4434) refuses this node", "any more",
		  EVENT_MEMBER_REFUSES, 2, EVENT_MINOR },
		{ cut_witness, "member 3 (192.0.2.3:4434) is out of reach", "within reach again",
		  EVENT_MEMBER_UNREACHABLE, 3, EVENT_MAJOR },
		{ other_groups_at_2, "member 2 (192.0.2.2:4434) is configured with other groups",
		  "has the same groups as this node now", EVENT_MEMBER_OF_OTHER_GROUPS, 2,
		  EVENT_MINOR },
		{ wrong_clock_here, "the clock of this host is too far off", "agrees with",
		  EVENT_CLOCK_OFF, 0, EVENT_MAJOR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct replication_status well;

		begin();
		well = status;
		CU_ASSERT_EQUAL(pass(1000), 0);
		rows[i].spoil();
		CU_ASSERT_EQUAL(pass(60000), 1);
		CU_ASSERT_TRUE(said(rows[i].begins));
		CU_ASSERT_TRUE(last_turn.raised);
		CU_ASSERT_EQUAL(last_turn.of.kind, rows[i].kind);
		CU_ASSERT_EQUAL(last_turn.of.member, rows[i].member);
		CU_ASSERT_EQUAL(last_turn.severity, rows[i].severity);
		status = well;
		CU_ASSERT_EQUAL(pass(60000), 1);
		CU_ASSERT_TRUE(said(rows[i].ends));
		CU_ASSERT_FALSE(last_turn.raised);
		CU_ASSERT_EQUAL(last_turn.of.kind, rows[i].kind);
	}
}

/* Two of five that are within reach can be lost, one cannot be told apart from none. */
static void who_is_missed_is_worse_when_nobody_is_to_spare(void)
{
	begin();
	status.member_count = 5;
	status.members[3] = status.members[4] = status.members[1];
	status.members[3].number = 4;
	status.members[4].number = 5;
	cut_witness();
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.severity, EVENT_MINOR);
	status.members[3].connected = false;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.member, 4);
	CU_ASSERT_EQUAL(last_turn.severity, EVENT_MAJOR);
}

/* The engine has written that to the log. */
static void what_the_engine_says_is_not_said_again(void)
{
	begin();
	wrong_clock_here();
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(last_turn.told);
	begin();
	status.members[1].refused = true;
	alarms.of[2][0].raised = true; /* that redundancy is lost was said */
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(last_turn.told);
	CU_ASSERT_EQUAL(last_turn.of.kind, EVENT_MEMBER_REFUSES);
	CU_ASSERT_TRUE(said("member 2 (192.0.2.2:4434) is refused"));
}

/* Its end is told when it has stayed away for longer. */
static void what_comes_again_and_again_is_one_alarm(void)
{
	begin();
	cut_witness();
	CU_ASSERT_EQUAL(pass(60000), 1);
	for (unsigned i = 0; i < 100; i++) {
		status.members[2].connected = true;
		CU_ASSERT_EQUAL(pass(ALARM_CLEAR_MS), 0);
		cut_witness();
		CU_ASSERT_EQUAL(pass(2000), 0);
	}
	status.members[2].connected = true;
	CU_ASSERT_EQUAL(pass(60000), 1);
}

/* A majority without a leader is another trouble than none. */
static void a_majority_that_is_back_without_a_leader_is_told(void)
{
	begin();
	cut_both();
	CU_ASSERT_EQUAL(pass(60000), 3);
	status.members[1].connected = status.members[2].connected = true;
	CU_ASSERT_EQUAL(pass(2000), 1);
	CU_ASSERT_EQUAL(last_turn.of.kind, EVENT_NO_LEADER);
	CU_ASSERT_EQUAL(pass(60000), 3);
	status.leader = 2;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(said("leader again: member 2"));
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
	alarms.of[5][2].raised = alarms.of[5][3].raised = true;
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
	CU_ASSERT_EQUAL(pass(ALARM_CLEAR_MS), 1); /* that it is refused */
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(said("is there again, and is refused"));
}

/* What is the same in all groups of a process is told once. */
static void one_group_tells_what_is_of_all(void)
{
	begin();
	cut_witness();
	alarms.of_group_only = true;
	alarms.group = 3;
	CU_ASSERT_EQUAL(pass(60000), 0);
	lag_2();
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.group, 3);
	alarms.of_group_only = false;
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_EQUAL(last_turn.of.group, EVENTS_PROCESS);
}

static void a_member_that_fetches_the_store_is_told(void)
{
	begin();
	status.members[1].installing = true;
	alarms.of[2][0].raised = true; /* that redundancy is lost was said */
	CU_ASSERT_EQUAL(pass(60000), 1);
	CU_ASSERT_TRUE(said("member 2 (192.0.2.2:4434) lacks more than the log keeps"));
}

static CU_TestInfo tests[] = {
	{ "members are counted", members_are_counted },
	{ "members have a role and a condition", members_have_a_role_and_a_condition },
	{ "only the leader knows a lag", only_the_leader_knows_a_lag },
	{ "warnings say what to see to", warnings_say_what_to_see_to },
	{ "a cluster that is well says nothing", a_cluster_that_is_well_says_nothing },
	{ "trouble and its end are one line each", trouble_and_its_end_are_one_line_each },
	{ "what does not stay is not told", what_does_not_stay_is_not_told },
	{ "what comes again and again is one alarm", what_comes_again_and_again_is_one_alarm },
	{ "who is missed is worse when nobody is to spare",
	  who_is_missed_is_worse_when_nobody_is_to_spare },
	{ "what the engine says is not said again", what_the_engine_says_is_not_said_again },
	{ "a majority that is back without a leader is told",
	  a_majority_that_is_back_without_a_leader_is_told },
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
