/* test_again.c - an agent that lags too far gets the store of another member and
 * starts again over it, in the same process with the same sockets: who waited is
 * told, what was old is gone, and everything works as before. Agent and stores are
 * real; the engine is one queue, and the other member a directory. */
#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/keyring.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/meta.h"
#include "agentd/flow/succession.h"
#include "replication/snapshot.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

#define TERM 3u
#define MAP_MIB 16u
#define ENTRIES_MAX 64u

/* ---- an engine: what is submitted is applied, by a thread of its own ---- */

struct replication {
	struct replication_machine machine;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct replication_command waiting[ENTRIES_MAX];
	size_t count;
	bool stopping, started;
	pthread_t thread;
	_Atomic uint64_t index;
};

static struct replication *engine; /* the newest */
static struct replication_options opened;
static unsigned opens;
static const struct replication_reign reign = { .leader = 2, .term = TERM, .changes = 7 };
static _Atomic bool held; /* nothing is applied */

static void apply(struct replication *r, const struct replication_command *command)
{
	const struct replication_entry entry = {
		.index = ++r->index,
		.term = TERM,
		.ticket = command->ticket,
		.command = command->command,
		.size = command->size,
	};

	r->machine.apply(r->machine.context, &entry, 1);
}

static void *engine_main(void *argument)
{
	struct replication *r = argument;

	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		struct replication_command command;

		if (r->count == 0 || held) {
			pthread_cond_wait(&r->wake, &r->lock);
			continue;
		}
		command = r->waiting[0];
		memmove(r->waiting, r->waiting + 1, --r->count * sizeof(command));
		pthread_mutex_unlock(&r->lock);
		apply(r, &command);
		free((void *)(uintptr_t)command.command);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

struct replication *replication_open(const struct replication_options *options,
                                     const struct replication_machine *machine, enum ha_error *why,
                                     char *report, size_t size)
{
	struct replication *r = calloc(1, sizeof(*r));

	(void)report;
	(void)size;
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	r->machine = *machine;
	r->index = options->applied;
	opened = *options;
	opens++;
	engine = r;
	*why = HA_OK;
	return r;
}

enum ha_error replication_start(struct replication *r)
{
	r->started = pthread_create(&r->thread, NULL, engine_main, r) == 0;
	return HA_OK;
}

enum ha_error replication_submit(struct replication *r, const struct replication_command *commands,
                                 size_t count)
{
	pthread_mutex_lock(&r->lock);
	CU_ASSERT_TRUE_FATAL(r->count + count <= ENTRIES_MAX);
	for (size_t i = 0; i < count; i++) {
		void *copy = malloc(commands[i].size);

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, commands[i].command, commands[i].size);
		r->waiting[r->count] = commands[i];
		r->waiting[r->count++].command = copy;
	}
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	return HA_OK;
}

uint64_t replication_answer_begin(struct replication *r)
{
	return replication_may_answer_until(r);
}

void replication_answer_end(struct replication *r)
{
	(void)r;
}

uint64_t replication_may_answer_until(const struct replication *r)
{
	(void)r;
	return UINT64_MAX;
}

enum ha_error replication_drain(struct replication *r, bool drain)
{
	(void)r;
	(void)drain;
	return HA_E_UNSUPPORTED;
}

enum ha_error replication_transfer(struct replication *r, uint8_t to)
{
	(void)r;
	(void)to;
	return HA_E_UNSUPPORTED;
}

enum ha_error replication_admit(struct replication *r, uint8_t number)
{
	(void)r;
	(void)number;
	return HA_E_UNSUPPORTED;
}

void replication_hold(struct replication *r, uint64_t index)
{
	(void)r;
	(void)index;
}

void replication_trim(struct replication *r, uint64_t index)
{
	CU_ASSERT_TRUE(index <= r->index);
}

void replication_status(struct replication *r, struct replication_status *out)
{
	*out = (struct replication_status){ .stored_index = r->index, .reign = reign };
}

void replication_flush_histogram(struct replication *r, uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	(void)r;
	memset(counts, 0, REPLICATION_FLUSH_BUCKETS * sizeof(counts[0]));
}

void replication_stop(struct replication *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	if (r->started)
		pthread_join(r->thread, NULL);
	r->started = false;
}

void replication_close(struct replication *r)
{
	if (!r)
		return;
	replication_stop(r);
	for (size_t i = 0; i < r->count; i++)
		free((void *)(uintptr_t)r->waiting[i].command);
	free(r);
}

/* ---- another member, whose store is in a directory ---- */

static const char *member_store; /* NULL: it does not answer */
static _Atomic unsigned fetches;

static void copy_rows(struct store *from, struct store *to)
{
	struct store_write w = store_begin(to);
	struct store_reader reader;
	struct store_row row;

	CU_ASSERT_EQUAL_FATAL(store_read_open(from, &reader), HA_OK);
	for (enum store_table table = 0; table < STORE_TABLE_COUNT; table++) {
		enum ha_error error = store_seek(&reader, table, text(""), false, &row);

		for (; error == HA_OK; error = store_next(&reader, table, &row))
			if (table != STORE_META || memcmp(row.key.at, "store/", 6) != 0)
				store_put(&w, table, row.key, row.value);
	}
	store_read_close(&reader);
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
}

enum ha_error snapshot_fetch(const struct snapshot_fetch_options *options, char *report,
                             size_t size)
{
	struct store *from, *to;
	enum ha_error why;

	CU_ASSERT_EQUAL(options->from, 2);
	CU_ASSERT_EQUAL(options->group, 0);
	if (fetches++ == 0)
		return ha_refuse(report, size, HA_E_TIMEOUT, "member 2 does not answer");
	from = store_open(member_store, options->map_octets, &why, report, size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	to = store_build_open(options->directory, options->map_octets, &why, report, size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	copy_rows(from, to);
	CU_ASSERT_EQUAL(store_build_finish(to), HA_OK);
	store_close(from);
	store_close(to);
	return HA_OK;
}

/* ---- agents ---- */

static char key_file[128];
static struct membership membership = { .started = true };

struct node {
	struct place data;
	struct agent *agent;
	_Atomic bool renewed;
	char report[512];
};

static void on_renewed(void *context)
{
	struct node *node = context;

	node->renewed = true;
}

/* Over what is in its directory, if it has one. */
static void start_node(struct node *node)
{
	struct config config;
	struct agent_options options = {
		.config = &config,
		.member = &membership,
		.renewed = on_renewed,
		.context = node,
	};
	enum ha_error why;

	node->renewed = false;
	if (!node->data.directory[0])
		place_begin(&node->data);
	config_defaults(&config);
	config.home_agent_address.s_addr = htonl(INADDR_LOOPBACK);
	config.home_agent_port = 0;
	config.network_threads = 2;
	config.store_map_mib = MAP_MIB;
	config.capacity_nodes = config.capacity_associations = config.capacity_bindings = 10;
	snprintf(config.data_directory, sizeof(config.data_directory), "%s", node->data.directory);
	snprintf(config.cluster_key_file, sizeof(config.cluster_key_file), "%s", key_file);
	node->agent = agent_open(&options, &why, node->report, sizeof(node->report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(node->agent);
	CU_ASSERT_EQUAL_FATAL(agent_listen(node->agent, node->report, sizeof(node->report)), HA_OK);
	CU_ASSERT_EQUAL_FATAL(agent_start(node->agent), HA_OK);
}

static void stop_node(struct node *node)
{
	agent_stop(node->agent);
	agent_close(node->agent);
}

static void remove_node(struct node *node)
{
	CU_ASSERT_EQUAL(store_remove(path_in(&node->data, STORE_DIRECTORY)), HA_OK);
	place_end(&node->data); /* nothing else is left */
}

struct answer {
	_Atomic bool come;
	_Atomic size_t count;
};

static void on_changed(void *context, const enum ha_error *results, size_t count)
{
	struct answer *answer = context;

	(void)results;
	answer->count = count;
	answer->come = true;
}

static void ask_for(struct node *node, uint32_t home, struct answer *answer)
{
	struct change change = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.address.s_addr = htonl(home),
		.spi = 256,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 1,
	};

	CU_ASSERT_EQUAL_FATAL(agent_configure(node->agent, "test", &change, 1, on_changed, answer),
	                      HA_OK);
}

static void add_node(struct node *node, uint32_t home)
{
	struct answer answer = { false };

	ask_for(node, home, &answer);
	while (!answer.come)
		sched_yield();
	CU_ASSERT_EQUAL(answer.count, 1);
}

static uint32_t associations(struct node *node)
{
	struct agent_status status;

	agent_status(node->agent, &status);
	return status.associations;
}

static uint16_t port_of(struct node *node)
{
	struct sockaddr_in at;
	socklen_t size = sizeof(at);

	CU_ASSERT_EQUAL(getsockname(node->agent->socket, (struct sockaddr *)&at, &size), 0);
	return at.sin_port;
}

/* ---- the story ---- */

static char member_directory[128];
static struct node member, laggard;

/* The other member has got on further than ours. */
static void begin(void)
{
	struct keyring_error wrong;

	fetches = 0;
	held = false;
	memset(&member, 0, sizeof(member));
	memset(&laggard, 0, sizeof(laggard));
	snprintf(key_file, sizeof(key_file), P_tmpdir "/hearth-again-%d.key", (int)getpid());
	CU_ASSERT_EQUAL_FATAL(keyring_create(key_file, &wrong), HA_OK);
	start_node(&member);
	for (uint32_t i = 1; i <= 5; i++)
		add_node(&member, 0x0a000000 + i);
	stop_node(&member);
	snprintf(member_directory, sizeof(member_directory), "%s",
	         path_in(&member.data, STORE_DIRECTORY));
	member_store = member_directory;
	start_node(&laggard);
	add_node(&laggard, 0x0b000001);
	CU_ASSERT_EQUAL(associations(&laggard), 1);
}

static void end(void)
{
	stop_node(&laggard);
	remove_node(&laggard);
	remove_node(&member);
	unlink(key_file);
}

/* The engine says so again while it is so. */
static void lag_until_renewed(void)
{
	while (!laggard.renewed) {
		engine->machine.outrun(engine->machine.context, 2);
		sched_yield();
	}
}

static void a_member_that_lags_starts_again_over_the_store_of_another(void)
{
	uint64_t refills = counter_read(&flow_counters, FLOW_REFILLS);
	struct answer waits = { false }, stored = { false };
	uint16_t port;
	unsigned before;

	begin();
	port = port_of(&laggard);
	before = opens;
	lag_until_renewed();
	CU_ASSERT_EQUAL(counter_read(&flow_counters, FLOW_REFILLS) - refills, 2); /* one failed */

	held = true;
	ask_for(&laggard, 0x0b000002, &waits);
	CU_ASSERT_EQUAL(agent_again(laggard.agent, laggard.report, sizeof(laggard.report)), HA_OK);
	held = false;
	CU_ASSERT_TRUE(waits.come);
	CU_ASSERT_EQUAL(waits.count, 0); /* it is not known what became of it */

	CU_ASSERT_EQUAL(opens, before + 1);
	CU_ASSERT_TRUE(opened.reset);
	CU_ASSERT_EQUAL(opened.applied_term, TERM);
	CU_ASSERT_EQUAL(opened.reign.changes, reign.changes); /* what it saw is not forgotten */
	CU_ASSERT_TRUE(opened.applied > 5);
	CU_ASSERT_EQUAL(associations(&laggard), 5);
	CU_ASSERT_EQUAL(port_of(&laggard), port);
	CU_ASSERT_NOT_EQUAL(access(path_in(&laggard.data, SUCCESSION_OLD), F_OK), 0);

	add_node(&laggard, 0x0b000003); /* everything works */
	CU_ASSERT_EQUAL(associations(&laggard), 6);
	CU_ASSERT_EQUAL(agent_checkpoint(laggard.agent, on_changed, &stored), HA_OK);
	while (!stored.come)
		sched_yield();
	CU_ASSERT_EQUAL(stored.count, 1);
	end();
}

/* The process ends with the other store beside its own. */
static void the_next_start_of_the_process_takes_it_over(void)
{
	begin();
	lag_until_renewed();
	stop_node(&laggard);
	CU_ASSERT_EQUAL(access(path_in(&laggard.data, SUCCESSION_INCOMING), F_OK), 0);
	start_node(&laggard);
	CU_ASSERT_TRUE(opened.reset);
	CU_ASSERT_EQUAL(opened.reign.changes, 0);
	CU_ASSERT_EQUAL(associations(&laggard), 5);
	stop_node(&laggard);
	start_node(&laggard);
	CU_ASSERT_FALSE(opened.reset); /* once is enough */
	CU_ASSERT_EQUAL(associations(&laggard), 5);
	end();
}

static void await_stored(struct node *node)
{
	while (node->agent->checkpoint.stored_index < node->agent->applied_index)
		sched_yield();
}

/* While a moment of the store is lent, for who waits; and all of it afterwards. */
static void a_store_that_is_lent_is_written_all_the_same(void)
{
	struct answer stored = { false };

	begin();
	await_stored(&laggard);
	laggard.agent->checkpoint.lent = 1;
	add_node(&laggard, 0x0b000002);
	CU_ASSERT_EQUAL(agent_checkpoint(laggard.agent, on_changed, &stored), HA_OK);
	await_stored(&laggard);
	while (!stored.come)
		sched_yield();
	CU_ASSERT_EQUAL(stored.count, 1);
	add_node(&laggard, 0x0b000003);
	laggard.agent->checkpoint.lent = 0;
	checkpoint_wake(laggard.agent);
	await_stored(&laggard);
	end();
}

static CU_TestInfo tests[] = {
	{ "a store that is lent is written all the same",
	  a_store_that_is_lent_is_written_all_the_same },
	{ "a member that lags starts again over the store of another",
	  a_member_that_lags_starts_again_over_the_store_of_another },
	{ "the next start of the process takes it over",
	  the_next_start_of_the_process_takes_it_over },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("again", tests);
}
