/* test_request.c - the way of one datagram through request_handle: what becomes
 * of it, what is answered, and which counters move. The agent is real, its
 * disk is in memory, and there is no socket. */
#include "agentd/flow/inspect.h"
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/events.h"
#include "tests/unit/dice.h"
#include "tests/unit/look.h"
#include "tests/unit/memory_node.h"
#include "tests/unit/suite.h"

#define WALL_MS UINT64_C(1700000000000)
#define CLUSTER_MS UINT64_C(1700000001000)
#define SPI 256u
#define FOREIGN_SPI 300u

static struct agent *agent;
static struct memory_disk *disk;
static struct registration_policy policy;
static uint64_t counts[FLOW_COUNTER_COUNT];

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_TRUE(address_parse(text, &out));
	return out;
}

/* ---- an agent that knows one mobile node and one foreign agent ---- */

static struct mip_key_state key(uint8_t octet)
{
	uint8_t octets[16];
	struct mip_key_state state;

	memset(octets, octet, sizeof(octets));
	CU_ASSERT_EQUAL(mip_key_state_init(&state, MIP_HMAC_MD5, octets, sizeof(octets)), HA_OK);
	return state;
}

static void add(enum peer_kind kind, const char *where, uint32_t spi, uint8_t octet)
{
	struct change change = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = kind,
		.address = address(where),
		.spi = spi,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 2,
	};

	memset(change.key, octet, 16);
	CU_ASSERT_EQUAL(agent_configure(agent, "test", &change, 1, NULL, NULL), HA_OK);
	CU_ASSERT_TRUE(memory_step(agent->replication));
}

static void set_up(void)
{
	struct config config;
	struct agent_options options = { .config = &config };
	char report[512] = "";
	enum ha_error why;

	config_defaults(&config);
	config.home_agent_address = address("192.0.2.1");
	snprintf(config.data_directory, sizeof(config.data_directory), ".");
	config.capacity_nodes = config.capacity_associations = config.capacity_bindings = 10;
	disk = memory_disk_new();
	memory_disk_in_use = disk;
	agent = agent_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	add(PEER_MOBILE_NODE, "10.0.0.1", SPI, 1);
	policy_read(agent, &policy);
	for (size_t i = 0; i < FLOW_COUNTER_COUNT; i++)
		counts[i] = counter_read(&flow_counters, i);
}

static void tear_down(void)
{
	agent_close(agent);
	memory_disk_free(disk);
}

/* Since it was asked last. */
static uint64_t moved(enum flow_counter counter)
{
	uint64_t before = counts[counter];

	counts[counter] = counter_read(&flow_counters, counter);
	return counts[counter] - before;
}

static bool nothing_else_moved(void)
{
	bool still = true;

	for (size_t i = 0; i < FLOW_COUNTER_COUNT; i++)
		still = moved((enum flow_counter)i) == 0 && still;
	return still;
}

/* ---- requests ---- */

struct asked {
	const char *home;
	uint32_t spi;
	uint16_t lifetime_s;
	uint8_t key;         /* 0: unsigned */
	uint8_t foreign_key; /* 0: none */
	uint32_t later;      /* in the identification */
	bool no_resources;
};

static const struct asked usual = { "10.0.0.1", SPI, 300, 1, 0, 0, false };

static struct request_result ask_octets(struct span payload, bool no_resources)
{
	static struct request_result result;
	struct request_clock clock = { WALL_MS, CLUSTER_MS };
	const struct request_datagram datagram = {
		.payload = payload,
		.source = address("198.51.100.2"),
		.source_port = 434,
	};

	memset(&result, 0, sizeof(result));
	request_handle(agent, &policy, clock, &datagram, no_resources, &result);
	return result;
}

static struct request_result ask(struct asked asked)
{
	uint8_t octets[256];
	struct writer w = writer_over(octets, sizeof(octets));
	struct mip_key_state mobile = key(asked.key);
	struct mip_key_state foreign = key(asked.foreign_key);

	mip_request_encode(&w, &(struct mip_request){
				       .lifetime_s = asked.lifetime_s,
				       .home = address(asked.home),
				       .home_agent = address("192.0.2.1"),
				       .care_of = address("198.51.100.2"),
				       .identification = clock_ntp_of_ms(WALL_MS) + asked.later,
			       });
	if (asked.key)
		mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, asked.spi, &mobile);
	if (asked.foreign_key)
		mip_authentication_append(&w, MIP_EXTENSION_FOREIGN_HOME, FOREIGN_SPI, &foreign);
	CU_ASSERT_EQUAL(w.error, HA_OK);
	return ask_octets(writer_span(&w), asked.no_resources);
}

/* Puts a proposal in order and applies it. */
static void commit(const struct request_result *result)
{
	struct replication_command command = { .ticket = 1,
		                               .command = result->command,
		                               .size = result->command_size };

	CU_ASSERT_EQUAL(result->fate, REQUEST_PROPOSED);
	CU_ASSERT_EQUAL(replication_submit(agent->replication, &command, 1), HA_OK);
	CU_ASSERT_TRUE(memory_step(agent->replication));
}

static struct state_view node(void)
{
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(
		look_at(agent->state, PEER_MOBILE_NODE, 0, address("10.0.0.1"), SPI, &view));
	return view;
}

static struct mip_reply reply_of(const struct request_result *result)
{
	struct reader in = reader_over(result->reply, result->reply_size);
	struct mip_reply reply;

	CU_ASSERT_EQUAL(mip_reply_decode(&in, &reply), HA_OK);
	return reply;
}

/* What the table of violations has counted, in rows that are there or gave way. */
static uint64_t tabled(void)
{
	struct violations *violations = agent_violations(agent);
	uint64_t sum = violations_gone(violations).violations;
	struct violation row = { .count = 0 };
	struct in_addr after;

	for (bool more = violations_next(violations, NULL, &row); more;
	     more = violations_next(violations, &after, &row)) {
		sum += row.count;
		after = row.address;
	}
	return sum;
}

static struct state_service service(void)
{
	const struct agent_whom whom = { .address = address("10.0.0.1") };
	struct state_service out;

	CU_ASSERT_TRUE_FATAL(agent_service(agent, &whom, &out));
	return out;
}

/* ---- tests ---- */

static void granted_request_binds_when_applied(void)
{
	struct request_result result;
	struct state_view view;

	set_up();
	result = ask(usual);
	CU_ASSERT_EQUAL(result.fate, REQUEST_PROPOSED);
	CU_ASSERT_EQUAL(result.hold.node, node().id);
	CU_ASSERT_EQUAL(moved(FLOW_REQUESTS), 1);
	view = node();
	CU_ASSERT_EQUAL(view.binding_count, 0); /* not before */
	CU_ASSERT_TRUE(view.in_flight);
	commit(&result);
	view = node();
	CU_ASSERT_FALSE(view.in_flight);
	CU_ASSERT_EQUAL_FATAL(view.binding_count, 1);
	CU_ASSERT_TRUE(address_equal(view.bindings[0].care_of, address("198.51.100.2")));
	CU_ASSERT_EQUAL(view.bindings[0].expires_ms, CLUSTER_MS + 300000);
	CU_ASSERT_EQUAL(view.replay.identification, clock_ntp_of_ms(WALL_MS));
	CU_ASSERT_EQUAL(reply_of(&result).code, MIP_ACCEPTED);
	CU_ASSERT_EQUAL(reply_of(&result).lifetime_s, 300);
	CU_ASSERT_TRUE(nothing_else_moved());
	tear_down();
}

static void one_proposal_per_node_is_under_way(void)
{
	struct asked next = usual;
	struct request_result first, second;

	set_up();
	first = ask(usual);
	next.later = 1;
	second = ask(next);
	CU_ASSERT_EQUAL(second.fate, REQUEST_OUTRUN);
	CU_ASSERT_EQUAL(moved(FLOW_DROPPED_IN_FLIGHT), 1);
	state_release(agent->state, &first.hold); /* it could not be put in order */
	second = ask(next);
	commit(&second);
	CU_ASSERT_EQUAL(moved(FLOW_REQUESTS), 3);
	CU_ASSERT_TRUE(nothing_else_moved());
	tear_down();
}

static void repeated_request_is_answered_again(void)
{
	struct request_result first, again;

	set_up();
	first = ask(usual);
	commit(&first);
	again = ask(usual);
	CU_ASSERT_EQUAL(again.fate, REQUEST_ANSWERED);
	CU_ASSERT_EQUAL(again.reply_size, first.reply_size);
	CU_ASSERT_EQUAL(memcmp(again.reply, first.reply, first.reply_size), 0);
	CU_ASSERT_EQUAL(moved(FLOW_REPEATED), 1);
	CU_ASSERT_EQUAL(moved(FLOW_REQUESTS), 2);
	CU_ASSERT_TRUE(nothing_else_moved());
	tear_down();
}

static void deregistration_unbinds(void)
{
	struct asked off = usual;
	struct request_result result;

	set_up();
	result = ask(usual);
	commit(&result);
	off.lifetime_s = 0;
	off.later = 1;
	result = ask(off);
	CU_ASSERT_TRUE(result.deregistration);
	commit(&result);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	CU_ASSERT_EQUAL(reply_of(&result).lifetime_s, 0);
	CU_ASSERT_EQUAL(moved(FLOW_REQUESTS), 1);
	CU_ASSERT_EQUAL(moved(FLOW_DEREGISTRATIONS), 1);
	CU_ASSERT_TRUE(nothing_else_moved());
	tear_down();
}

static void refusals_are_counted(void)
{
	static const struct {
		struct asked asked;
		enum request_fate fate;
		enum mip_code code;
		bool violation;
	} rows[] = {
		{ { "10.0.0.2", SPI, 300, 1, 0, 0, false }, REQUEST_DROPPED, MIP_SILENCE, true },
		{ { "10.0.0.1", 999, 300, 1, 0, 0, false }, REQUEST_DROPPED, MIP_SILENCE, true },
		{ { "10.0.0.1", SPI, 300, 2, 0, 0, false }, REQUEST_DROPPED, MIP_SILENCE, true },
		{ { "10.0.0.1", SPI, 300, 0, 0, 0, false }, REQUEST_DROPPED, MIP_SILENCE, true },
		{ { "10.0.0.1", SPI, 300, 1, 3, 0, false }, REQUEST_DROPPED, MIP_SILENCE, true },
		{ { "10.0.0.1", SPI, 300, 1, 0, 0, true },
		  REQUEST_ANSWERED,
		  MIP_NO_RESOURCES,
		  false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request_result result;
		bool answered = rows[i].fate == REQUEST_ANSWERED;

		set_up();
		result = ask(rows[i].asked);
		CU_ASSERT_EQUAL(result.fate, rows[i].fate);
		CU_ASSERT_EQUAL(result.code, rows[i].code);
		CU_ASSERT_EQUAL(result.reply_size > 0, answered);
		CU_ASSERT_EQUAL(moved(FLOW_DROPPED_SILENT), !answered);
		CU_ASSERT_EQUAL(moved(FLOW_SECURITY_VIOLATIONS), rows[i].violation);
		CU_ASSERT_EQUAL(tabled(), rows[i].violation);
		CU_ASSERT_EQUAL(service().denied_code, answered ? rows[i].code : 0);
		CU_ASSERT_EQUAL(service().denied, answered);
		CU_ASSERT_EQUAL(moved(FLOW_REQUESTS), !rows[i].asked.no_resources);
		CU_ASSERT_TRUE(nothing_else_moved());
		CU_ASSERT_FALSE(node().in_flight);
		tear_down();
	}
}

static void old_identification_is_told_the_time(void)
{
	struct request_result result;
	struct asked changed = usual;

	set_up();
	result = ask(usual);
	commit(&result);
	changed.lifetime_s = 301; /* the same identification, other contents */
	result = ask(changed);
	CU_ASSERT_EQUAL(result.fate, REQUEST_ANSWERED);
	CU_ASSERT_EQUAL(reply_of(&result).code, MIP_ID_MISMATCH);
	CU_ASSERT_EQUAL(moved(FLOW_SECURITY_VIOLATIONS), 1);
	CU_ASSERT_EQUAL(node().bindings[0].granted_s, 300);
	tear_down();
}

/* Whatever a stranger sends, under whatever address: the counter, which is
 * mipSecTotalViolations, is the sum of the table. */
static void every_violation_is_in_the_table(void)
{
	struct dice dice = { 1 };
	struct asked asked = usual;
	char home[32];

	set_up();
	asked.home = home;
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(home, sizeof(home), "10.%u.%u.%u", dice_below(&dice, 5),
		         dice_below(&dice, 256), 1 + dice_below(&dice, 255));
		asked.key = (uint8_t)dice_below(&dice, 3);
		asked.foreign_key = (uint8_t)(dice_below(&dice, 2) * 3);
		asked.spi = SPI + dice_below(&dice, 2);
		ask(asked);
	}
	CU_ASSERT_EQUAL(tabled(), 5000);
	CU_ASSERT_EQUAL(moved(FLOW_SECURITY_VIOLATIONS), 5000);
	CU_ASSERT_EQUAL(moved(FLOW_VIOLATORS_FORGOTTEN),
	                violations_gone(agent_violations(agent)).rows);
	tear_down();
}

/* As RFC 2006 wants mipSecRecentViolationSPI and its neighbours. */
static void a_violation_says_spi_and_reason(void)
{
	static const struct {
		struct asked asked;
		enum registration_violation reason;
		uint32_t spi;
	} rows[] = {
		{ { "10.0.0.2", SPI, 300, 1, 0, 0, false }, VIOLATION_NO_ASSOCIATION, 0 },
		{ { "10.0.0.1", 999, 300, 1, 0, 0, false }, VIOLATION_BAD_SPI, 0 },
		{ { "10.0.0.1", SPI, 300, 2, 0, 0, false }, VIOLATION_BAD_AUTHENTICATOR, SPI },
		{ { "10.0.0.1", SPI, 300, 0, 0, 0, false }, VIOLATION_MISSING_EXTENSION, 0 },
		{ { "10.0.0.1", SPI, 300, 1, 4, 1, false },
		  VIOLATION_BAD_AUTHENTICATOR,
		  FOREIGN_SPI },
		{ { "10.0.0.1", SPI, 301, 1, 0, 0, false }, VIOLATION_BAD_IDENTIFIER, SPI },
	};
	struct asked good = usual;
	struct request_result result;

	set_up();
	add(PEER_FOREIGN_AGENT, "198.51.100.2", FOREIGN_SPI, 3);
	good.foreign_key = 3;
	result = ask(good);
	commit(&result);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = rows[i].asked;
		struct violation row;

		if (asked.foreign_key == 0)
			asked.foreign_key = 3; /* as the agent's association demands */
		ask(asked);
		CU_ASSERT_TRUE_FATAL(
			violations_find(agent_violations(agent), address(asked.home), &row));
		CU_ASSERT_EQUAL(row.reason, rows[i].reason);
		CU_ASSERT_EQUAL(row.spi, rows[i].spi);
		CU_ASSERT_EQUAL(row.identification, clock_ntp_of_ms(WALL_MS) + asked.later);
	}
	tear_down();
}

static void failed_authentication_is_answered_if_wanted(void)
{
	struct request_result result;
	struct asked asked = usual;

	set_up();
	policy.reply_to_failed_authentication = true;
	asked.key = 2;
	result = ask(asked);
	CU_ASSERT_EQUAL(result.fate, REQUEST_ANSWERED);
	CU_ASSERT_EQUAL(reply_of(&result).code, MIP_MN_AUTH_FAILED);
	CU_ASSERT_EQUAL(moved(FLOW_SECURITY_VIOLATIONS), 1);
	tear_down();
}

static void foreign_agent_signs_and_is_signed_for(void)
{
	struct request_result result;
	struct asked asked = usual;

	set_up();
	add(PEER_FOREIGN_AGENT, "198.51.100.2", FOREIGN_SPI, 3);
	result = ask(asked);
	CU_ASSERT_EQUAL(result.fate, REQUEST_ANSWERED);
	CU_ASSERT_EQUAL(reply_of(&result).code, MIP_FA_AUTH_FAILED);
	CU_ASSERT_EQUAL(result.reply_size, 64); /* both sign it */
	asked.foreign_key = 4;
	CU_ASSERT_EQUAL(ask(asked).code, MIP_FA_AUTH_FAILED);
	asked.foreign_key = 3;
	result = ask(asked);
	CU_ASSERT_EQUAL(result.reply_size, 64);
	commit(&result);
	CU_ASSERT_EQUAL(node().binding_count, 1);
	tear_down();
}

static void what_is_no_request_is_dropped(void)
{
	static const uint8_t octets[MIP_REQUEST_SIZE] = { MIP_TYPE_REPLY };

	set_up();
	for (size_t size = 0; size <= sizeof(octets); size++)
		CU_ASSERT_EQUAL(ask_octets((struct span){ octets, size }, false).fate,
		                REQUEST_DROPPED);
	CU_ASSERT_EQUAL(moved(FLOW_DROPPED_MALFORMED), sizeof(octets) + 1);
	CU_ASSERT_TRUE(nothing_else_moved());
	tear_down();
}

static void only_what_is_authentic_and_new_is_genuine(void)
{
	struct asked forged = usual, unsigned_one = usual, late = usual;
	struct request_result first;

	forged.key = 2;
	unsigned_one.key = 0;
	late.later = 1;
	set_up();
	CU_ASSERT_FALSE(ask(forged).genuine);
	CU_ASSERT_FALSE(ask(unsigned_one).genuine);
	first = ask(late);
	CU_ASSERT_TRUE(first.genuine);
	commit(&first);
	CU_ASSERT_FALSE(ask(late).genuine);  /* the same once more */
	CU_ASSERT_FALSE(ask(usual).genuine); /* an older one */
	CU_ASSERT_FALSE(ask_octets((struct span){ (const uint8_t *)"\1", 1 }, false).genuine);
	tear_down();
}

static void replies_are_counted_by_code_and_kind(void)
{
	set_up();
	request_count_reply(MIP_ACCEPTED, false);
	request_count_reply(MIP_ID_MISMATCH, true);
	CU_ASSERT_EQUAL(moved(FLOW_REPLIES), 1);
	CU_ASSERT_EQUAL(moved(FLOW_DEREGISTRATION_REPLIES), 1);
	tear_down();
}

static void check_failure(uint32_t spi, unsigned reason)
{
	struct event event;

	CU_ASSERT_TRUE_FATAL(events_take(&event));
	CU_ASSERT_EQUAL(event.what, EVENT_FAILURE);
	CU_ASSERT_TRUE(address_equal(event.failure.home, address("10.0.0.1")));
	CU_ASSERT_EQUAL(event.failure.spi, spi);
	CU_ASSERT_EQUAL(event.failure.identification, clock_ntp_of_ms(WALL_MS));
	CU_ASSERT_EQUAL(event.failure.reason, reason);
	CU_ASSERT_FALSE(events_take(&event));
}

static void who_takes_events_is_told_of_each_violation(void)
{
	struct asked asked = usual;
	struct request_result result;
	int descriptor;

	set_up();
	asked.key = 2;
	CU_ASSERT_EQUAL_FATAL(events_attach(&descriptor), HA_OK);
	ask(asked);
	check_failure(SPI, VIOLATION_BAD_AUTHENTICATOR);
	asked.spi = SPI + 1;
	ask(asked);
	check_failure(0, VIOLATION_BAD_SPI);
	result = ask(usual);
	commit(&result);
	asked = usual;
	asked.lifetime_s = 301;
	ask(asked);
	check_failure(SPI, VIOLATION_BAD_IDENTIFIER);
	events_detach();
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "who takes events is told of each violation",
	  who_takes_events_is_told_of_each_violation },
	{ "a granted request binds when it is applied", granted_request_binds_when_applied },
	{ "one proposal per node is under way", one_proposal_per_node_is_under_way },
	{ "a repeated request is answered again", repeated_request_is_answered_again },
	{ "a deregistration unbinds", deregistration_unbinds },
	{ "refusals are counted", refusals_are_counted },
	{ "an old identification is told the time", old_identification_is_told_the_time },
	{ "every violation is in the table", every_violation_is_in_the_table },
	{ "a violation says SPI and reason", a_violation_says_spi_and_reason },
	{ "failed authentication is answered if wanted",
	  failed_authentication_is_answered_if_wanted },
	{ "a foreign agent signs and is signed for", foreign_agent_signs_and_is_signed_for },
	{ "what is no request is dropped", what_is_no_request_is_dropped },
	{ "only what is authentic and new is genuine", only_what_is_authentic_and_new_is_genuine },
	{ "replies are counted by code and kind", replies_are_counted_by_code_and_kind },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	char directory[] = "/tmp/hearth-request.XXXXXX";

	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run_in(directory, "request", tests);
}
