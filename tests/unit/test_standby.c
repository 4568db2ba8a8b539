/* test_standby.c - an agent that leads, does not, and loses leadership with things
 * under way. The agent is real, with a network thread and a socket; its disk is in
 * memory, and this thread is the engine's. */
#include "agentd/flow/internal.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/drop.h"
#include "tests/unit/look.h"
#include "tests/unit/memory_node.h"
#include "tests/unit/suite.h"

#define HOME "10.0.0.1"
#define SPI 256u

static struct agent *agent;
static struct memory_disk *disk;
static struct replication_machine machine;
static uint64_t counts[FLOW_COUNTER_COUNT];
static int client;
static uint64_t requests;
static char directory[] = "/tmp/hearth-standby.XXXXXX";

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_TRUE(address_parse(text, &out));
	return out;
}

static struct mip_key_state key(void)
{
	static const uint8_t octets[16] = { 1 };
	struct mip_key_state state;

	CU_ASSERT_EQUAL(mip_key_state_init(&state, MIP_HMAC_MD5, octets, sizeof(octets)), HA_OK);
	return state;
}

/* Since it was asked last. */
static uint64_t moved(enum flow_counter counter)
{
	uint64_t before = counts[counter];

	counts[counter] = counter_read(&flow_counters, counter);
	return counts[counter] - before;
}

/* Another thread is about to do it. */
#define AWAIT(condition)                                                                           \
	while (!(condition))                                                                       \
	poll(NULL, 0, 1)

static void await_moved(enum flow_counter counter)
{
	AWAIT(counter_read(&flow_counters, counter) != counts[counter]);
	CU_ASSERT_EQUAL(moved(counter), 1);
}

static void add_node(void)
{
	struct change change = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.address = address(HOME),
		.spi = SPI,
		.algorithm = MIP_HMAC_MD5,
		.key = { 1 },
		.key_size = 16,
		.bindings = 2,
	};

	CU_ASSERT_EQUAL(agent_configure(agent, "test", &change, 1, NULL, NULL), HA_OK);
	CU_ASSERT_TRUE(memory_step(agent->replication));
}

static void open_client(void)
{
	struct sockaddr_in to;
	socklen_t size = sizeof(to);

	CU_ASSERT_EQUAL_FATAL(getsockname(agent->socket, (struct sockaddr *)&to, &size), 0);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(connect(client, (struct sockaddr *)&to, size), 0);
}

static void set_up(void)
{
	struct config config;
	struct agent_options options = { .config = &config };
	char report[512] = "";
	enum ha_error why;

	config_defaults(&config);
	config.home_agent_address = address("127.0.0.1");
	config.home_agent_port = 0;
	config.network_threads = 1;
	snprintf(config.data_directory, sizeof(config.data_directory), "%s", directory);
	config.capacity_nodes = config.capacity_associations = config.capacity_bindings = 10;
	disk = memory_disk_new();
	memory_disk_in_use = disk;
	memory_submit_error = HA_OK;
	memory_answer_until = UINT64_MAX;
	agent = agent_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	reign_init(&agent->reign, true);
	agent->prepared = true;
	applier_machine(agent, &machine);
	CU_ASSERT_EQUAL_FATAL(agent_listen(agent, report, sizeof(report)), HA_OK);
	agent->config.home_agent_port = 434; /* any free one will do, but a file has none */
	CU_ASSERT_EQUAL_FATAL(receiver_start(agent->receivers[0]), HA_OK);
	add_node();
	open_client();
	for (size_t i = 0; i < FLOW_COUNTER_COUNT; i++)
		counts[i] = counter_read(&flow_counters, i);
}

static void tear_down(void)
{
	agent->finished = true;
	receiver_join(agent->receivers[0]);
	agent_close(agent);
	memory_disk_free(disk);
	close(client);
}

static void ask(uint16_t lifetime_s)
{
	struct mip_key_state mobile = key();
	uint8_t octets[128];
	struct writer w = writer_over(octets, sizeof(octets));

	mip_request_encode(&w,
	                   &(struct mip_request){
				   .lifetime_s = lifetime_s,
				   .home = address(HOME),
				   .home_agent = address("127.0.0.1"),
				   .care_of = address("198.51.100.2"),
				   .identification = clock_ntp_of_ms(clock_wall_ms()) + ++requests,
			   });
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, SPI, &mobile);
	CU_ASSERT_EQUAL(send(client, octets, writer_span(&w).size, 0),
	                (ssize_t)writer_span(&w).size);
}

static bool has_reply(void)
{
	uint8_t octets[512];

	return recv(client, octets, sizeof(octets), MSG_DONTWAIT) > 0;
}

/* Ask, and await that it is put in order. */
static void propose(void)
{
	size_t before = memory_count();

	ask(300);
	AWAIT(memory_count() > before);
}

static struct state_view node(void)
{
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(look_at(agent->state, PEER_MOBILE_NODE, 0, address(HOME), SPI, &view));
	return view;
}

/* ---- registrations ---- */

static void a_standby_drops_and_the_leader_answers(void)
{
	size_t before;

	set_up();
	before = memory_count();
	ask(300);
	await_moved(FLOW_DROPPED_STANDBY);
	CU_ASSERT_EQUAL(memory_count(), before);
	memory_role(agent->replication, REPLICATION_LEADER);
	propose();
	CU_ASSERT_TRUE(memory_step(agent->replication));
	await_moved(FLOW_REPLIES);
	AWAIT(has_reply());
	CU_ASSERT_EQUAL(node().binding_count, 1);
	memory_role(agent->replication, REPLICATION_FOLLOWER);
	ask(300);
	await_moved(FLOW_DROPPED_STANDBY);
	CU_ASSERT_EQUAL(moved(FLOW_REQUESTS), 1);
	tear_down();
}

/* It leads, as far as it knows, but no majority said so lately. */
static void a_leader_whose_time_is_over_drops(void)
{
	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	memory_answer_until = clock_monotonic_ns();
	ask(300);
	await_moved(FLOW_DROPPED_STANDBY);
	CU_ASSERT_EQUAL(moved(FLOW_REQUESTS), 0);
	tear_down();
}

static void a_reply_whose_time_is_over_stays(void)
{
	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	propose();
	memory_answer_until = 0;
	CU_ASSERT_TRUE(memory_step(agent->replication));
	await_moved(FLOW_WITHHELD);
	CU_ASSERT_EQUAL(moved(FLOW_REPLIES), 0);
	CU_ASSERT_EQUAL(node().binding_count, 1);
	CU_ASSERT_FALSE(has_reply());
	tear_down();
}

static void what_cannot_be_put_in_order_any_more_is_let_go(void)
{
	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	memory_submit_error = HA_E_NOTLEADER;
	ask(300);
	await_moved(FLOW_DROPPED_STANDBY);
	AWAIT(!node().in_flight);
	memory_submit_error = HA_OK;
	tear_down();
}

static void lost_and_applied_later_it_binds_without_a_reply(void)
{
	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	propose();
	CU_ASSERT_TRUE(node().in_flight);
	memory_lose(agent->replication);
	CU_ASSERT_FALSE(node().in_flight);
	await_moved(FLOW_UNCERTAIN);
	memory_role(agent->replication, REPLICATION_FOLLOWER);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	CU_ASSERT_TRUE(memory_step(agent->replication));
	CU_ASSERT_EQUAL(node().binding_count, 1);
	memory_role(agent->replication, REPLICATION_LEADER);
	propose();
	CU_ASSERT_TRUE(memory_step(agent->replication));
	await_moved(FLOW_REPLIES);
	AWAIT(has_reply());
	CU_ASSERT_FALSE(has_reply());
	tear_down();
}

static void lost_for_ever_it_is_asked_again(void)
{
	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	propose();
	memory_lose(agent->replication);
	memory_cut(agent->replication);
	memory_role(agent->replication, REPLICATION_LEADER);
	await_moved(FLOW_UNCERTAIN);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	propose();
	CU_ASSERT_TRUE(memory_step(agent->replication));
	await_moved(FLOW_REPLIES);
	CU_ASSERT_EQUAL(node().binding_count, 1);
	tear_down();
}

/* ---- operators ---- */

static unsigned told;
static size_t told_results;
static enum ha_error told_error;

static void on_changed(void *context, const enum ha_error *results, size_t count)
{
	(void)context;
	told++;
	told_results = results ? count : 0;
}

static void on_dropped(void *context, enum ha_error error, const struct binding *gone, size_t count)
{
	(void)context;
	(void)gone;
	(void)count;
	told++;
	told_error = error;
}

static void a_change_that_is_lost_is_told_at_once(void)
{
	struct change change = { .kind = CHANGE_SET };

	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	snprintf(change.name, sizeof(change.name), "registration.bindings-per-node");
	snprintf(change.value, sizeof(change.value), "2");
	told = 0;
	told_results = 1;
	CU_ASSERT_EQUAL(agent_configure(agent, "test", &change, 1, on_changed, NULL), HA_OK);
	memory_lose(agent->replication);
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_EQUAL(told_results, 0);
	CU_ASSERT_EQUAL(state_setting_version(agent->state, change.name), 0);
	CU_ASSERT_TRUE(memory_step(agent->replication));
	CU_ASSERT_NOT_EQUAL(state_setting_version(agent->state, change.name), 0);
	CU_ASSERT_PTR_NOT_NULL(agent->checkpoint.jobs.first); /* to be written for nobody */
	CU_ASSERT_EQUAL(told, 1);
	memory_submit_error = HA_E_NOTLEADER;
	CU_ASSERT_EQUAL(agent_configure(agent, "test", &change, 1, on_changed, NULL),
	                HA_E_NOTLEADER);
	CU_ASSERT_EQUAL(told, 1);
	tear_down();
}

static void a_drop_that_is_lost_is_told_at_once(void)
{
	const struct agent_drop drop = { .home = address(HOME) };

	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	propose();
	CU_ASSERT_TRUE(memory_step(agent->replication));
	told = 0;
	CU_ASSERT_EQUAL(agent_drop(agent, &drop, on_dropped, NULL), HA_OK);
	memory_lose(agent->replication);
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_EQUAL(told_error, HA_E_UNCERTAIN);
	CU_ASSERT_EQUAL(node().binding_count, 1);
	CU_ASSERT_TRUE(memory_step(agent->replication));
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	tear_down();
}

/* ---- lifetimes ---- */

static void only_the_leader_ends_lifetimes(void)
{
	size_t before;

	set_up();
	memory_role(agent->replication, REPLICATION_LEADER);
	ask(1);
	AWAIT(memory_count() == 2);
	CU_ASSERT_TRUE(memory_step(agent->replication));
	before = memory_count();
	memory_role(agent->replication, REPLICATION_FOLLOWER);
	pthread_mutex_lock(&agent->clock_lock);
	agent->clock.time_ms += 10000;
	agent->wall.ahead_us += 10000000;
	pthread_mutex_unlock(&agent->clock_lock);
	machine.tick(machine.context);
	CU_ASSERT_EQUAL(memory_count(), before);
	memory_role(agent->replication, REPLICATION_LEADER);
	machine.tick(machine.context);
	CU_ASSERT_EQUAL(memory_count(), before + 1);
	CU_ASSERT_TRUE(memory_step(agent->replication));
	CU_ASSERT_EQUAL(node().binding_count, 0);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "a standby drops, and the leader answers", a_standby_drops_and_the_leader_answers },
	{ "a leader whose time is over drops", a_leader_whose_time_is_over_drops },
	{ "a reply whose time is over stays", a_reply_whose_time_is_over_stays },
	{ "what cannot be put in order any more is let go",
	  what_cannot_be_put_in_order_any_more_is_let_go },
	{ "lost and applied later, it binds without a reply",
	  lost_and_applied_later_it_binds_without_a_reply },
	{ "lost for ever, it is asked again", lost_for_ever_it_is_asked_again },
	{ "a change that is lost is told at once", a_change_that_is_lost_is_told_at_once },
	{ "a drop that is lost is told at once", a_drop_that_is_lost_is_told_at_once },
	{ "only the leader ends lifetimes", only_the_leader_ends_lifetimes },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run_in(directory, "standby", tests);
}
