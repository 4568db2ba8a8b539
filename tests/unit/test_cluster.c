/* test_cluster.c - replication.h over several members, with all their threads,
 * on the loopback interface and a real disk: who leads, what all apply, what
 * happens when one is gone, comes back, comes back with another disk. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "replication/ballot.h"
#include "replication/replication.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/suite.h"

#define MEMBERS 3u
#define PATIENCE_NS UINT64_C(30000000000)
#define LOOK_AGAIN_NS UINT64_C(10000000)
#define TEXT_MAX 4096u
#define LARGE (256u << 10) /* octets of a command */
#define LARGE_COUNT 100u   /* that are more than memory and log hold */

struct node {
	struct world *world;
	uint8_t number;
	char directory[64];
	struct replication *replication; /* NULL: it is down */
	bool witness;
	_Atomic uint64_t applied, term;
	_Atomic unsigned count; /* of commands applied */
	_Atomic unsigned role, outruns, failures;
	_Atomic uint64_t lost;
	_Atomic uint64_t told_ns; /* until when it may answer */
	_Atomic size_t most;      /* octets in one call of apply */
	char text[TEXT_MAX];      /* commands in order; under the world's mutex */
};

struct world {
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	struct replication_cluster views[MEMBERS];
	struct node nodes[MEMBERS];
};

/* ---- the machine ---- */

static void moved(struct world *w)
{
	pthread_mutex_lock(&w->mutex);
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->mutex);
}

static void on_apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct node *n = context;
	size_t octets = 0;

	pthread_mutex_lock(&n->world->mutex);
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(n->text);

		octets += entries[i].size;
		CU_ASSERT_TRUE(entries[i].index > n->applied);
		n->count++;
		n->applied = entries[i].index;
		n->term = entries[i].term;
		if (used + entries[i].size < TEXT_MAX)
			memcpy(n->text + used, entries[i].command, entries[i].size);
	}
	if (octets > n->most)
		n->most = octets;
	pthread_mutex_unlock(&n->world->mutex);
	moved(n->world);
}

static void on_tick(void *context)
{
	moved(((struct node *)context)->world);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	struct node *n = context;

	fprintf(stderr, "member %u failed: %s: %s\n", n->number, what, ha_strerror(why));
	n->failures++;
}

static void on_lost(void *context, const uint64_t *tickets, size_t count)
{
	(void)tickets;
	((struct node *)context)->lost += count;
}

static void on_moment(void *context)
{
	struct node *n = context;

	n->told_ns = replication_may_answer_until(n->replication);
}

static void on_role(void *context, enum replication_role role, uint64_t term)
{
	struct node *n = context;

	(void)term;
	/* Others were told that they may not answer, or know it by the clock. */
	for (struct node *other = n->world->nodes;
	     role == REPLICATION_LEADER && other < &n->world->nodes[MEMBERS]; other++)
		CU_ASSERT_TRUE(other == n || other->told_ns <= clock_monotonic_ns());
	n->role = (unsigned)role;
	moved(n->world);
}

static void on_outrun(void *context, uint8_t from)
{
	struct node *n = context;

	CU_ASSERT_NOT_EQUAL(from, n->number);
	n->outruns++;
}

/* ---- life ---- */

/* Over a store that holds entries up to `applied`. */
static struct replication *node_open(struct node *n, uint64_t applied, enum ha_error *why)
{
	const struct replication_machine machine = {
		.context = n,
		.apply = on_apply,
		.tick = on_tick,
		.failed = on_failed,
		.lost = on_lost,
		.role = on_role,
		.moment = on_moment,
		.outrun = on_outrun,
	};
	const struct replication_options options = {
		.directory = n->directory,
		.store_id = 5,
		.applied = applied,
		.segment_octets = 4u << 20,
		.segments_max = 4,
		.tick_ms = 10,
		.cluster = &n->world->views[n->number - 1],
	};
	char report[512] = "";
	struct replication *replication = replication_open(&options, &machine, why, report,
	                                                   sizeof(report));

	if (!replication)
		fprintf(stderr, "member %u: %s\n", n->number, report);
	return replication;
}

static void node_start(struct node *n)
{
	enum ha_error why;

	n->applied = 0;
	n->text[0] = '\0';
	memset(n->text, 0, sizeof(n->text));
	n->role = REPLICATION_FOLLOWER;
	n->replication = node_open(n, 0, &why);
	CU_ASSERT_PTR_NOT_NULL(n->replication);
	if (!n->replication)
		exit(1);
	CU_ASSERT_EQUAL(replication_start(n->replication), HA_OK);
}

static void node_stop(struct node *n)
{
	replication_close(n->replication);
	n->replication = NULL;
	n->role = REPLICATION_FOLLOWER;
	n->told_ns = 0; /* it answers nobody any more */
}

static void erase(const char *directory)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s && mkdir %s", directory, directory);
	CU_ASSERT_EQUAL(system(command), 0);
}

static struct world *world_with(unsigned witness, uint64_t memory_max)
{
	struct world *w = calloc(1, sizeof(*w));

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->moved, NULL);
	cluster_make(w->views, MEMBERS);
	for (uint8_t i = 1; i <= MEMBERS; i++) {
		struct node *n = &w->nodes[i - 1];

		if (witness)
			w->views[i - 1].members[witness - 1].witness = true;
		w->views[i - 1].memory_max = memory_max;
		w->views[i - 1].clock_tolerance_ms = 1000;
		*n = (struct node){ .world = w, .number = i, .witness = i == witness };
		snprintf(n->directory, sizeof(n->directory), "/tmp/hearth-test-%d-%u", getpid(), i);
		erase(n->directory);
		node_start(n);
	}
	return w;
}

static struct world *world_new(unsigned witness)
{
	return world_with(witness, 32u << 20);
}

static void world_free(struct world *w)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		char command[128];

		if (w->nodes[i].replication)
			node_stop(&w->nodes[i]);
		CU_ASSERT_EQUAL(w->nodes[i].failures, 0);
		snprintf(command, sizeof(command), "rm -rf %s", w->nodes[i].directory);
		CU_ASSERT_EQUAL(system(command), 0);
	}
	free(w);
}

/* ---- waiting ---- */

/* Looks again without being told, too: a lease lapses and is renewed in silence. */
static bool await(struct world *w, bool (*is)(struct world *, const void *), const void *argument)
{
	const uint64_t until_ns = clock_wall_ns() + PATIENCE_NS;
	bool so;

	pthread_mutex_lock(&w->mutex);
	while (!(so = is(w, argument)) && clock_wall_ns() < until_ns) {
		const uint64_t look_ns = clock_wall_ns() + LOOK_AGAIN_NS;
		const struct timespec look = { (time_t)(look_ns / 1000000000u),
			                       (long)(look_ns % 1000000000u) };

		pthread_cond_timedwait(&w->moved, &w->mutex, &look);
	}
	pthread_mutex_unlock(&w->mutex);
	CU_ASSERT_TRUE(so);
	return so;
}

static struct node *leader_of(struct world *w)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		if (w->nodes[i].replication && w->nodes[i].role == REPLICATION_LEADER &&
		    replication_may_answer_until(w->nodes[i].replication) > clock_monotonic_ns())
			return &w->nodes[i];
	return NULL;
}

static bool somebody_leads(struct world *w, const void *but)
{
	struct node *leader = leader_of(w);

	return leader && leader != but;
}

static struct node *await_leader(struct world *w, const struct node *but)
{
	struct node *leader = NULL;

	while (!leader && await(w, somebody_leads, but))
		leader = leader_of(w);
	CU_ASSERT_PTR_NOT_NULL_FATAL(leader);
	return leader;
}

static bool all_have(struct world *w, const void *text)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		if (w->nodes[i].replication && !w->nodes[i].witness &&
		    strcmp(w->nodes[i].text, text) != 0)
			return false;
	return true;
}

/* By whoever leads, however often it changes. */
static void submit(struct world *w, const char *text)
{
	const struct replication_command command = { .ticket = 1,
		                                     .command = text,
		                                     .size = strlen(text) };

	while (replication_submit(await_leader(w, NULL)->replication, &command, 1) != HA_OK)
		;
}

/* ---- tests ---- */

static void all_apply_the_same_and_one_answers(void)
{
	struct world *w = world_new(0);
	struct replication_status status;

	submit(w, "a");
	submit(w, "b");
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	replication_status(await_leader(w, NULL)->replication, &status);
	CU_ASSERT_EQUAL(status.member_count, 3);
	CU_ASSERT_EQUAL(status.role, REPLICATION_LEADER);
	CU_ASSERT_EQUAL(status.leader, status.self);
	world_free(w);
}

static void a_leader_that_ends_hands_over(void)
{
	struct world *w = world_new(0);
	struct node *first, *second;

	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	first = await_leader(w, NULL);
	node_stop(first);
	second = await_leader(w, first);
	submit(w, "b");
	node_start(first);
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	CU_ASSERT_PTR_EQUAL(await_leader(w, NULL), second);
	world_free(w);
}

static void leadership_moves_when_asked(void)
{
	struct world *w = world_new(0);
	struct node *first, *second;

	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	first = await_leader(w, NULL);
	second = &w->nodes[first->number % MEMBERS];
	CU_ASSERT_EQUAL(replication_transfer(second->replication, 0), HA_E_NOTLEADER);
	CU_ASSERT_EQUAL(replication_transfer(first->replication, first->number), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(replication_transfer(first->replication, second->number), HA_OK);
	CU_ASSERT_PTR_EQUAL(await_leader(w, first), second);
	CU_ASSERT_EQUAL(replication_drain(second->replication, true), HA_OK);
	CU_ASSERT_PTR_NOT_EQUAL(await_leader(w, second), second);
	submit(w, "b");
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	world_free(w);
}

static bool some_other_is_drained(struct world *w, const void *node)
{
	struct replication_status status;

	(void)w;
	replication_status(((const struct node *)node)->replication, &status);
	for (unsigned i = 0; i < MEMBERS; i++)
		if (status.members[i].drained)
			return true;
	return false;
}

static void who_is_drained_is_not_handed_the_leadership(void)
{
	struct world *w = world_new(3); /* two with data */
	struct node *first, *second;
	struct replication_status status;

	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	first = await_leader(w, NULL);
	second = &w->nodes[2 - first->number];
	CU_ASSERT_EQUAL(replication_drain(second->replication, true), HA_OK);
	replication_status(second->replication, &status);
	CU_ASSERT_TRUE(status.drained); /* at once */
	CU_ASSERT_TRUE(await(w, some_other_is_drained, first));
	CU_ASSERT_EQUAL(replication_transfer(first->replication, second->number), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(replication_transfer(first->replication, 0), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(replication_drain(first->replication, true), HA_E_NOTFOUND);
	CU_ASSERT_PTR_EQUAL(await_leader(w, NULL), first);
	CU_ASSERT_EQUAL(replication_drain(second->replication, false), HA_OK);
	while (replication_drain(first->replication, true) != HA_OK) /* until it hears so */
		CU_ASSERT_TRUE_FATAL(await(w, somebody_leads, NULL));
	CU_ASSERT_PTR_EQUAL(await_leader(w, first), second);
	world_free(w);
}

static void a_witness_is_a_majority_with_one(void)
{
	struct world *w = world_new(3);
	struct node *leader, *other;

	submit(w, "a");
	leader = await_leader(w, NULL);
	CU_ASSERT_NOT_EQUAL(leader->number, 3);
	other = &w->nodes[2 - leader->number];
	node_stop(other);
	submit(w, "b");
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	node_stop(leader);
	node_start(other); /* what it lacks the witness has */
	CU_ASSERT_PTR_EQUAL(await_leader(w, NULL), other);
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	world_free(w);
}

static bool has_applied(struct world *w, const void *count)
{
	struct node *leader = leader_of(w);

	return leader && leader->count >= *(const unsigned *)count;
}

/* More than memory and log hold, while the store follows: with one member away,
 * nothing goes on without the witness. */
static void memory_and_log_are_enough_for_ever(void)
{
	struct world *w = world_with(3, 4u << 20);
	struct node *leader = await_leader(w, NULL);
	char *text = calloc(1, LARGE + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, 'x', LARGE);
	node_stop(&w->nodes[2 - leader->number]);
	for (unsigned count = 1; count <= LARGE_COUNT; count++) {
		submit(w, text);
		CU_ASSERT_TRUE_FATAL(await(w, has_applied, &count));
		replication_trim(leader->replication, leader->applied);
	}
	free(text);
	world_free(w);
}

static bool is_refused(struct world *w, const void *number)
{
	struct node *leader = leader_of(w);
	struct replication_status status;

	if (!leader)
		return false;
	replication_status(leader->replication, &status);
	return status.members[*(const uint8_t *)number - 1].refused;
}

static void another_disk_is_let_in_when_somebody_says_so(void)
{
	struct world *w = world_new(0);
	struct node *victim;

	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	victim = await_leader(w, NULL) == &w->nodes[1] ? &w->nodes[2] : &w->nodes[1];
	node_stop(victim);
	erase(victim->directory);
	CU_ASSERT_EQUAL(replication_admit(await_leader(w, NULL)->replication, victim->number),
	                HA_E_NOTFOUND);
	node_start(victim);
	CU_ASSERT_TRUE(await(w, is_refused, &victim->number));
	submit(w, "b");
	CU_ASSERT_EQUAL(victim->applied, 0);
	CU_ASSERT_EQUAL(replication_admit(await_leader(w, NULL)->replication, victim->number),
	                HA_OK);
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	world_free(w);
}

#define SHARE (32u << 10)
#define SHARES 16u

static bool has_index(struct world *w, const void *index)
{
	for (unsigned i = 0; i < MEMBERS; i++)
		if (w->nodes[i].applied < *(const uint64_t *)index)
			return false;
	return true;
}

/* Between them messages are heard, and the leader. */
static void large_commands_come_in_small_shares(void)
{
	static uint8_t octets[SHARE];
	struct world *w = world_new(0);
	struct replication_command commands[SHARES];
	uint64_t index;

	for (unsigned i = 0; i < SHARES; i++)
		commands[i] = (struct replication_command){ .ticket = i + 1,
			                                    .command = octets,
			                                    .size = sizeof(octets) };
	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	index = await_leader(w, NULL)->applied + SHARES;
	CU_ASSERT_EQUAL(replication_submit(await_leader(w, NULL)->replication, commands, SHARES),
	                HA_OK);
	CU_ASSERT_TRUE(await(w, has_index, &index));
	for (unsigned i = 0; i < MEMBERS; i++)
		CU_ASSERT_TRUE(w->nodes[i].most <= (64u << 10) + SHARE);
	world_free(w);
}

static void let_go(const char *directory, uint64_t index)
{
	struct ballot_state state;
	enum ha_error error;
	struct ballot *ballot = ballot_open(&journal_io_system, directory, &state, &error, NULL, 0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(ballot);
	CU_ASSERT_EQUAL(state.group_count, 1);
	state.groups[0].base_index = index;
	state.groups[0].base_term = state.groups[0].term;
	CU_ASSERT_EQUAL(ballot_save(ballot, &state), HA_OK);
	ballot_close(ballot);
}

/* They would count different majorities. */
static void who_counts_other_members_is_refused(void)
{
	struct world *w = world_new(0);
	struct node *leader = await_leader(w, NULL),
		    *other = &w->nodes[leader->number == 3 ? 1 : 2];
	bool *differs = &w->views[other->number - 1].members[0].witness;

	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	node_stop(other);
	*differs = true;
	node_start(other);
	CU_ASSERT_TRUE(await(w, is_refused, &other->number));
	submit(w, "b");
	CU_ASSERT_EQUAL(other->applied, 0);
	node_stop(other);
	*differs = false;
	node_start(other);
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	world_free(w);
}

static void who_becomes_another_kind_of_member_begins_anew(void)
{
	struct world *w = world_new(3);
	struct node *witness = &w->nodes[2];
	struct replication_member *as = &w->views[2].members[2];
	enum ha_error why = HA_OK;

	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	node_stop(witness);
	CU_ASSERT_PTR_NULL(node_open(witness, 5, &why)); /* the store of a member with data */
	CU_ASSERT_EQUAL(why, HA_E_FOREIGN);
	let_go(witness->directory, 9);
	as->witness = false;
	CU_ASSERT_PTR_NULL(node_open(witness, 8, &why));
	CU_ASSERT_EQUAL(why, HA_E_FOREIGN);
	world_free(w);
}

/* The configuration names nobody else from its next start on. */
static void who_is_left_goes_on_alone(void)
{
	struct world *w = world_new(0);
	struct replication_status status;

	submit(w, "a");
	CU_ASSERT_TRUE(await(w, all_have, "a"));
	for (unsigned i = 0; i < MEMBERS; i++)
		node_stop(&w->nodes[i]);
	w->views[0].member_count = 1;
	node_start(&w->nodes[0]);
	submit(w, "b");
	CU_ASSERT_TRUE(await(w, all_have, "ab"));
	replication_status(w->nodes[0].replication, &status);
	CU_ASSERT_EQUAL(status.member_count, 1);
	CU_ASSERT_EQUAL(status.role, REPLICATION_LEADER);
	CU_ASSERT_EQUAL(status.leader, 1);
	CU_ASSERT_TRUE(status.election_ms > 0);
	world_free(w);
}

static CU_TestInfo tests[] = {
	{ "all apply the same, and one answers", all_apply_the_same_and_one_answers },
	{ "a leader that ends hands over", a_leader_that_ends_hands_over },
	{ "leadership moves when asked", leadership_moves_when_asked },
	{ "who is drained is not handed the leadership",
	  who_is_drained_is_not_handed_the_leadership },
	{ "a witness is a majority with one", a_witness_is_a_majority_with_one },
	{ "memory and log are enough for ever", memory_and_log_are_enough_for_ever },
	{ "another disk is let in when somebody says so",
	  another_disk_is_let_in_when_somebody_says_so },
	{ "large commands come in small shares", large_commands_come_in_small_shares },
	{ "who counts other members is refused", who_counts_other_members_is_refused },
	{ "who becomes another kind of member begins anew",
	  who_becomes_another_kind_of_member_begins_anew },
	{ "who is left goes on alone", who_is_left_goes_on_alone },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("cluster", tests);
}
