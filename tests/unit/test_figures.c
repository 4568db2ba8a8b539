/* test_figures.c - requests by kind and outcome, minutes, latency and the most bindings
 * at once. The agent is real, with a network thread and a socket; its disk is in memory,
 * and this thread is the engine's. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/minutes.h"
#include "tests/unit/dice.h"
#include "tests/unit/memory_node.h"
#include "tests/unit/suite.h"

#define NODES 6u
#define SPI 256u
#define SENT_MAX 512u

static struct agent *agent;
static struct memory_disk *disk;
static int client;
static uint64_t sent, replies, requests;
static uint64_t first_datagrams;
static char directory[] = "/tmp/hearth-figures.XXXXXX";

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_TRUE(address_parse(text, &out));
	return out;
}

static struct in_addr numbered(const char *first, unsigned i)
{
	return (struct in_addr){ htonl(ntohl(address(first).s_addr) + i) };
}

static void add_nodes(void)
{
	struct change changes[NODES];

	memset(changes, 0, sizeof(changes));
	for (unsigned i = 0; i < NODES; i++) {
		changes[i].kind = CHANGE_ADD_ASSOCIATION;
		changes[i].peer = PEER_MOBILE_NODE;
		changes[i].address = numbered("10.0.0.1", i);
		changes[i].spi = SPI;
		changes[i].algorithm = MIP_HMAC_MD5;
		changes[i].key[0] = 1;
		changes[i].key_size = 16;
		changes[i].bindings = 2;
	}
	CU_ASSERT_EQUAL(agent_configure(agent, "test", changes, NODES, NULL, NULL), HA_OK);
	while (memory_step(agent->replication))
		;
}

static void open_client(void)
{
	struct sockaddr_in to;
	socklen_t size = sizeof(to);

	CU_ASSERT_EQUAL_FATAL(getsockname(agent->socket, (struct sockaddr *)&to, &size), 0);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(connect(client, (struct sockaddr *)&to, size), 0);
}

static void open_agent(void)
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
	config.reply_to_failed_authentication = true;
	config.capacity_nodes = config.capacity_associations = config.capacity_bindings = 20;
	memory_disk_in_use = disk;
	agent = agent_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	reign_init(&agent->reign, true);
	agent->prepared = true;
	CU_ASSERT_EQUAL_FATAL(agent_listen(agent, report, sizeof(report)), HA_OK);
	agent->config.home_agent_port = 434; /* any free one will do, but a file has none */
	CU_ASSERT_EQUAL_FATAL(receiver_start(agent->receivers[0]), HA_OK);
	open_client();
	first_datagrams = counter_read(&flow_counters, FLOW_DATAGRAMS);
	sent = replies = 0;
}

static void set_up(void)
{
	disk = memory_disk_new();
	memory_submit_error = HA_OK;
	memory_answer_until = UINT64_MAX;
	open_agent();
	add_nodes();
	memory_role(agent->replication, REPLICATION_LEADER);
}

static void close_agent(void)
{
	agent->finished = true;
	receiver_join(agent->receivers[0]);
	agent_close(agent);
}

static void tear_down(void)
{
	close_agent();
	memory_disk_free(disk);
	close(client);
}

/* ---- what is sent ---- */

struct wish {
	unsigned node; /* from NODES on: nobody knows it */
	uint16_t lifetime_s;
	unsigned care_of;
	bool forged;
	bool old; /* the identification was used */
};

static size_t encode(const struct wish *wish, uint8_t *octets, size_t size)
{
	const uint8_t secret[16] = { wish->forged ? 2 : 1 };
	struct mip_key_state key;
	struct writer w = writer_over(octets, size);

	CU_ASSERT_EQUAL(mip_key_state_init(&key, MIP_HMAC_MD5, secret, sizeof(secret)), HA_OK);
	mip_request_encode(&w, &(struct mip_request){
				       .lifetime_s = wish->lifetime_s,
				       .home = numbered("10.0.0.1", wish->node),
				       .home_agent = address("127.0.0.1"),
				       .care_of = numbered("198.51.100.1", wish->care_of),
				       .identification = clock_ntp_of_ms(clock_wall_ms()) +
	                                                 (wish->old ? 0 : ++requests),
			       });
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, SPI, &key);
	return writer_span(&w).size;
}

static void put(const uint8_t *octets, size_t size)
{
	CU_ASSERT_EQUAL(send(client, octets, size, 0), (ssize_t)size);
	sent++;
}

static void ask(const struct wish *wish)
{
	uint8_t octets[128];

	put(octets, encode(wish, octets, sizeof(octets)));
}

/* Another thread is about to do it. */
#define AWAIT(condition)                                                                           \
	while (!(condition))                                                                       \
	poll(NULL, 0, 1)

/* All that was sent was dealt with, or is under way. */
static void settle(void)
{
	AWAIT(counter_read(&flow_counters, FLOW_DATAGRAMS) - first_datagrams == sent);
}

static void take_replies(void)
{
	uint8_t octets[512];

	while (recv(client, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		replies++;
}

static void register_at(unsigned node, uint16_t lifetime_s, unsigned care_of)
{
	ask(&(struct wish){ .node = node, .lifetime_s = lifetime_s, .care_of = care_of });
	settle();
	CU_ASSERT_TRUE(memory_step(agent->replication));
	AWAIT((take_replies(), replies) == sent);
}

/* ---- kinds ---- */

static struct request_figures before[REQUEST_KIND_COUNT];

/* Since it was asked last, of one kind; nothing moved of the others. */
static void check_moved(enum request_kind kind, uint64_t received, uint64_t accepted,
                        uint64_t denied, uint64_t unanswered)
{
	const uint64_t expected[REQUEST_OUTCOME_COUNT] = { received, accepted, denied, unanswered };
	struct request_figures now[REQUEST_KIND_COUNT];

	figures_requests(now);
	for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
		for (unsigned j = 0; j < REQUEST_OUTCOME_COUNT; j++)
			CU_ASSERT_EQUAL(now[i].counts[j] - before[i].counts[j],
			                i + 1 == kind ? expected[j] : 0);
	memcpy(before, now, sizeof(before));
}

static void a_request_counts_by_what_it_asks_for(void)
{
	set_up();
	figures_requests(before);
	register_at(0, 300, 1);
	check_moved(REQUEST_INITIAL, 1, 1, 0, 0);
	register_at(0, 300, 1);
	check_moved(REQUEST_REFRESH, 1, 1, 0, 0);
	register_at(0, 300, 2);
	check_moved(REQUEST_MOVE, 1, 1, 0, 0);
	register_at(0, 0, 2);
	check_moved(REQUEST_DEREGISTER, 1, 1, 0, 0);
	register_at(0, 300, 2);
	check_moved(REQUEST_INITIAL, 1, 1, 0, 0);
	tear_down();
}

static void what_is_not_authentic_counts_by_what_it_says(void)
{
	set_up();
	register_at(0, 300, 1);
	figures_requests(before);
	ask(&(struct wish){ .node = 0, .lifetime_s = 300, .care_of = 1, .forged = true });
	AWAIT((take_replies(), replies) == sent);
	check_moved(REQUEST_REFRESH, 1, 0, 1, 0);
	ask(&(struct wish){ .node = 0, .lifetime_s = 300, .care_of = 3, .forged = true });
	AWAIT((take_replies(), replies) == sent);
	check_moved(REQUEST_MOVE, 1, 0, 1, 0);
	ask(&(struct wish){ .node = 0, .lifetime_s = 0, .care_of = 1, .forged = true });
	AWAIT((take_replies(), replies) == sent);
	check_moved(REQUEST_DEREGISTER, 1, 0, 1, 0);
	ask(&(struct wish){ .node = NODES, .lifetime_s = 300, .care_of = 1 });
	settle();
	check_moved(REQUEST_INITIAL, 1, 0, 0, 1);
	tear_down();
}

/* Neither what is no request, nor what was not looked at. */
static void other_datagrams_do_not_count(void)
{
	static const uint8_t revocation[40] = { MIP_TYPE_REVOCATION };

	set_up();
	figures_requests(before);
	put((const uint8_t *)"nothing", 7);
	put(revocation, sizeof(revocation));
	settle();
	memory_role(agent->replication, REPLICATION_FOLLOWER);
	ask(&(struct wish){ .lifetime_s = 300 });
	settle();
	check_moved(REQUEST_INITIAL, 0, 0, 0, 0);
	tear_down();
}

static void a_request_that_the_end_overtakes_is_unanswered(void)
{
	set_up();
	figures_requests(before);
	ask(&(struct wish){ .lifetime_s = 300 });
	settle();
	check_moved(REQUEST_INITIAL, 1, 0, 0, 0);
	tear_down();
	check_moved(REQUEST_INITIAL, 0, 0, 0, 1);
}

/* ---- a storm ---- */

static struct dice dice;

static void set_pace(uint32_t interval_ms)
{
	pthread_mutex_lock(&agent->policy_lock);
	agent->policy.interval_ms = interval_ms;
	agent->policy.burst = 1;
	pthread_mutex_unlock(&agent->policy_lock);
}

static void ask_something(void)
{
	const struct wish wish = {
		.node = dice_below(&dice, NODES + 1),
		.lifetime_s = dice_chance(&dice, 4) ? 0 : 300,
		.care_of = dice_below(&dice, 3),
		.forged = dice_chance(&dice, 8),
		.old = dice_chance(&dice, 8),
	};
	uint8_t octets[128];
	size_t size = encode(&wish, octets, sizeof(octets));

	if (dice_chance(&dice, 10))
		size = dice_below(&dice, (uint32_t)size);
	put(octets, size);
	if (dice_chance(&dice, 4))
		put(octets, size);
}

static void let_something_happen(void)
{
	static const enum ha_error errors[] = { HA_E_BUSY, HA_E_CAPACITY, HA_E_NOTLEADER,
		                                HA_E_CLOSED };

	switch (dice_below(&dice, 16)) {
	case 0:
		memory_lose(agent->replication);
		memory_role(agent->replication, REPLICATION_FOLLOWER);
		break;
	case 1:
		memory_submit_error = errors[dice_below(&dice, 4)];
		break;
	case 2:
		memory_answer_until = clock_monotonic_ns();
		break;
	case 3:
		set_pace(3600000);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		memory_role(agent->replication, REPLICATION_LEADER);
		memory_submit_error = HA_OK;
		memory_answer_until = UINT64_MAX;
		set_pace(0);
		break;
	default:
		for (uint32_t i = dice_below(&dice, 8); i > 0; i--)
			memory_step(agent->replication);
	}
}

static void check_bounds(void)
{
	struct request_figures now[REQUEST_KIND_COUNT];

	figures_requests(now);
	for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++)
		CU_ASSERT_TRUE(now[i].counts[REQUEST_RECEIVED] >=
		               now[i].counts[REQUEST_ACCEPTED] + now[i].counts[REQUEST_DENIED] +
		                       now[i].counts[REQUEST_UNANSWERED]);
}

static void rage(void)
{
	while (sent < SENT_MAX / 2 && memory_count() < SENT_MAX / 2) {
		for (uint32_t i = dice_below(&dice, 6); i > 0; i--)
			ask_something();
		if (dice_chance(&dice, 2))
			settle();
		let_something_happen();
		take_replies();
		check_bounds();
	}
	settle();
}

/* What there was of each outcome since `before`, all kinds together. */
static void sum_up(uint64_t sums[REQUEST_OUTCOME_COUNT])
{
	struct request_figures now[REQUEST_KIND_COUNT];

	figures_requests(now);
	for (unsigned i = 0; i < REQUEST_KIND_COUNT; i++) {
		const uint64_t *counts = now[i].counts;

		CU_ASSERT_EQUAL(counts[REQUEST_RECEIVED], counts[REQUEST_ACCEPTED] +
		                                                  counts[REQUEST_DENIED] +
		                                                  counts[REQUEST_UNANSWERED]);
		for (unsigned j = 0; j < REQUEST_OUTCOME_COUNT; j++)
			sums[j] += counts[j] - before[i].counts[j];
	}
}

static void whatever_happens_each_request_has_one_outcome(void)
{
	uint64_t sums[REQUEST_OUTCOME_COUNT] = { 0 }, looked_at, answered = 0;

	figures_requests(before);
	looked_at = counter_read(&flow_counters, FLOW_REQUESTS) +
	            counter_read(&flow_counters, FLOW_DEREGISTRATIONS);
	for (dice.state = 1; dice.state < 21; dice.state++) {
		uint64_t seed = dice.state;

		set_up();
		rage();
		close_agent();
		take_replies();
		answered += replies;
		memory_disk_free(disk);
		close(client);
		dice.state = seed;
	}
	sum_up(sums);
	CU_ASSERT_EQUAL(sums[REQUEST_RECEIVED],
	                counter_read(&flow_counters, FLOW_REQUESTS) +
	                        counter_read(&flow_counters, FLOW_DEREGISTRATIONS) - looked_at);
	CU_ASSERT_EQUAL(sums[REQUEST_ACCEPTED] + sums[REQUEST_DENIED], answered);
	for (unsigned j = 0; j < REQUEST_OUTCOME_COUNT; j++)
		CU_ASSERT_TRUE(sums[j] > 100);
}

/* ---- latency ---- */

/* As if the present minute were over. */
static void end_minute(void)
{
	static unsigned minutes;

	figures_look(clock_monotonic_ns() + ++minutes * MINUTE_NS);
}

static void latency_is_that_of_the_accepted_of_a_minute(void)
{
	struct request_figures now[REQUEST_KIND_COUNT];
	struct latency_figures latency;
	uint64_t begun_ns;

	set_up();
	end_minute();
	end_minute();
	figures_latency(&latency);
	CU_ASSERT_EQUAL(latency.replies, 0);
	CU_ASSERT_EQUAL(latency.max_us, 0);
	begun_ns = clock_monotonic_ns();
	register_at(0, 300, 1);
	register_at(0, 300, 1);
	register_at(0, 300, 1);
	ask(&(struct wish){ .node = 0, .lifetime_s = 300, .forged = true });
	AWAIT((take_replies(), replies) == sent);
	figures_latency(&latency);
	CU_ASSERT_EQUAL(latency.replies, 0); /* not of a full minute yet */
	close_agent();
	end_minute();
	figures_latency(&latency);
	CU_ASSERT_EQUAL(latency.replies, 3);
	CU_ASSERT_TRUE(latency.median_us > 0 && latency.median_us <= latency.high_us);
	CU_ASSERT_TRUE(latency.high_us <= latency.max_us);
	CU_ASSERT_TRUE(latency.max_us <= (clock_monotonic_ns() - begun_ns) / 1000u + 1);
	figures_requests(now);
	CU_ASSERT_EQUAL(now[REQUEST_INITIAL - 1].per_minute, 1);
	CU_ASSERT_EQUAL(now[REQUEST_REFRESH - 1].per_minute, 2);
	CU_ASSERT_TRUE(now[REQUEST_REFRESH - 1].per_minute_peak >= 2);
	CU_ASSERT_NOT_EQUAL(now[REQUEST_REFRESH - 1].peak_ms, 0);
	end_minute();
	figures_latency(&latency);
	CU_ASSERT_EQUAL(latency.replies, 0);
	figures_requests(now);
	CU_ASSERT_EQUAL(now[REQUEST_REFRESH - 1].per_minute, 0);
	CU_ASSERT_TRUE(now[REQUEST_REFRESH - 1].per_minute_peak >= 2);
	memory_disk_free(disk);
	close(client);
}

/* ---- bindings ---- */

static void check_peak(uint32_t bindings, uint64_t from_ms)
{
	struct group_figures figures;

	figures_group(agent, &figures);
	CU_ASSERT_EQUAL(figures.bindings_peak, bindings);
	CU_ASSERT_TRUE(figures.bindings_peak_ms >= from_ms);
	CU_ASSERT_TRUE(figures.bindings_peak_ms <= clock_wall_ms());
}

static void the_most_bindings_at_once_are_known(void)
{
	struct group_figures most, later;
	uint64_t from_ms = clock_wall_ms();

	set_up();
	check_peak(0, from_ms);
	register_at(0, 300, 1);
	check_peak(1, from_ms);
	from_ms = clock_wall_ms();
	register_at(1, 300, 1);
	check_peak(2, from_ms);
	figures_group(agent, &most);
	register_at(0, 0, 1);
	register_at(0, 300, 1);
	register_at(0, 0, 1);
	figures_group(agent, &later);
	CU_ASSERT_EQUAL(later.bindings_peak, 2);
	CU_ASSERT_EQUAL(later.bindings_peak_ms, most.bindings_peak_ms);
	close_agent();
	close(client);
	disk->entry_count--; /* as it was before node 0 went */
	from_ms = clock_wall_ms();
	open_agent();
	check_peak(2, from_ms);
	disk->entry_count++;
	tear_down();
}

/* ---- who leads ---- */

static void who_is_alone_leads_since_its_start(void)
{
	struct group_figures figures;
	struct agent_status status;

	set_up();
	agent_status(agent, &status);
	figures_group(agent, &figures);
	CU_ASSERT_EQUAL(figures.leader_since_ms, status.started_ms);
	CU_ASSERT_EQUAL(figures.leader_changes, 0);
	CU_ASSERT_EQUAL(figures.failover_ms, 0);
	CU_ASSERT_EQUAL(figures.failover_took_ms, 0);
	tear_down();
}

/* ---- names ---- */

static void each_kind_and_outcome_has_a_counter(void)
{
	CU_ASSERT_EQUAL_FATAL(request_counters.count, REQUEST_KIND_COUNT * REQUEST_OUTCOME_COUNT);
	CU_ASSERT_STRING_EQUAL(request_counters.infos[0].name, "initial-received");
	CU_ASSERT_STRING_EQUAL(request_counters.infos[9].name, "move-accepted");
	CU_ASSERT_STRING_EQUAL(request_counters.infos[15].name, "deregister-unanswered");
	CU_ASSERT_STRING_EQUAL(request_kind_name(REQUEST_MOVE), "move");
	CU_ASSERT_PTR_NULL(request_kind_name(REQUEST_NONE));
	CU_ASSERT_PTR_NULL(request_kind_name(REQUEST_KIND_END));
}

static CU_TestInfo tests[] = {
	{ "a request counts by what it asks for", a_request_counts_by_what_it_asks_for },
	{ "what is not authentic counts by what it says",
	  what_is_not_authentic_counts_by_what_it_says },
	{ "other datagrams do not count", other_datagrams_do_not_count },
	{ "a request that the end overtakes is unanswered",
	  a_request_that_the_end_overtakes_is_unanswered },
	{ "whatever happens, each request has one outcome",
	  whatever_happens_each_request_has_one_outcome },
	{ "latency is that of the accepted of a minute",
	  latency_is_that_of_the_accepted_of_a_minute },
	{ "the most bindings at once are known", the_most_bindings_at_once_are_known },
	{ "who is alone leads since its start", who_is_alone_leads_since_its_start },
	{ "each kind and outcome has a counter", each_kind_and_outcome_has_a_counter },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run_in(directory, "figures", tests);
}
