/* test_revoking.c - the way of revocations and their acknowledgments through the
 * agent: what is put in order, what is answered when, which counters move. The
 * agent is real, its disk is in memory, and there is no socket. */
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/registration/revocation.h"
#include "tests/unit/look.h"
#include "tests/unit/memory_node.h"
#include "tests/unit/suite.h"

#define HOME "10.0.0.1"
#define AGENT "198.51.100.2"
#define SPI 256u
#define FOREIGN_SPI 300u
#define STAMP 5000u /* of the agent, in its registration */

static struct agent *agent;
static struct memory_disk *disk;
static struct registration_policy policy;
static uint64_t counts[FLOW_COUNTER_COUNT];
static uint64_t requests;

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_TRUE(address_parse(text, &out));
	return out;
}

static struct mip_key_state key(uint8_t octet)
{
	uint8_t octets[16];
	struct mip_key_state state;

	memset(octets, octet, sizeof(octets));
	CU_ASSERT_EQUAL(mip_key_state_init(&state, MIP_HMAC_MD5, octets, sizeof(octets)), HA_OK);
	return state;
}

static void change(enum change_kind kind, enum peer_kind peer, const char *where, uint8_t octet)
{
	struct change change = {
		.kind = kind,
		.peer = peer,
		.address = address(where),
		.spi = peer == PEER_MOBILE_NODE ? SPI : FOREIGN_SPI,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 2,
	};

	memset(change.key, octet, 16);
	CU_ASSERT_EQUAL(agent_configure(agent, "test", &change, 1, NULL, NULL), HA_OK);
	CU_ASSERT_TRUE(memory_step(agent->replication));
}

/* Since it was asked last. */
static uint64_t moved(enum flow_counter counter)
{
	uint64_t before = counts[counter];

	counts[counter] = counter_read(&flow_counters, counter);
	return counts[counter] - before;
}

static void open_agent(void)
{
	struct config config;
	struct agent_options options = { .config = &config };
	char report[512] = "";
	enum ha_error why;

	config_defaults(&config);
	config.home_agent_address = address("192.0.2.1");
	snprintf(config.data_directory, sizeof(config.data_directory), ".");
	config.capacity_nodes = config.capacity_associations = config.capacity_bindings = 10;
	memory_disk_in_use = disk;
	agent = agent_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	policy_read(agent, &policy);
}

static void set_up(void)
{
	disk = memory_disk_new();
	open_agent();
	change(CHANGE_ADD_ASSOCIATION, PEER_MOBILE_NODE, HOME, 1);
	change(CHANGE_ADD_ASSOCIATION, PEER_FOREIGN_AGENT, AGENT, 3);
	for (size_t i = 0; i < FLOW_COUNTER_COUNT; i++)
		counts[i] = counter_read(&flow_counters, i);
}

static void tear_down(void)
{
	agent_close(agent);
	memory_disk_free(disk);
}

/* The process dies; the next one finds the log, and no store was written. */
static void crash(void)
{
	struct memory_disk *after = memory_disk_copy(disk, disk->entry_count);

	tear_down();
	disk = after;
	open_agent();
}

/* ---- messages ---- */

static struct request_result handle(struct span payload, const char *source, bool no_resources)
{
	static struct request_result result;
	const struct request_clock clock = { clock_wall_ms(), agent_cluster_ms(agent) };
	const struct request_datagram datagram = {
		.payload = payload,
		.source = address(source),
		.source_port = 434,
	};

	memset(&result, 0xa5, sizeof(result));
	message_handle(agent, &policy, clock, &datagram, no_resources, &result);
	return result;
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

static void register_node(uint32_t stamp, const char *care_of)
{
	struct mip_key_state mobile = key(1), foreign = key(3);
	struct request_result result;
	uint8_t octets[256];
	struct writer w = writer_over(octets, sizeof(octets));

	mip_request_encode(&w,
	                   &(struct mip_request){
				   .lifetime_s = 300,
				   .home = address(HOME),
				   .home_agent = address("192.0.2.1"),
				   .care_of = address(care_of),
				   .identification = clock_ntp_of_ms(clock_wall_ms()) + ++requests,
			   });
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, SPI, &mobile);
	put_u8(&w, MIP_EXTENSION_REVOCATION);
	put_u8(&w, 6);
	put_u16(&w, 0x8000);
	put_u32(&w, stamp);
	mip_authentication_append(&w, MIP_EXTENSION_FOREIGN_HOME, FOREIGN_SPI, &foreign);
	result = handle(writer_span(&w), AGENT, false);
	CU_ASSERT_TRUE(result.claimed);
	CU_ASSERT_EQUAL(result.type, MIP_TYPE_REQUEST);
	commit(&result);
}

static struct mip_revocation sound(uint32_t identifier)
{
	return (struct mip_revocation){
		.inform = true,
		.home = address(HOME),
		.home_domain = address("192.0.2.1"),
		.foreign_domain = address(AGENT),
		.identifier = identifier,
	};
}

static struct request_result send_revocation(struct mip_revocation revocation, uint8_t signer)
{
	struct mip_key_state foreign = key(signer);
	uint8_t octets[REVOCATION_MESSAGE_MAX];
	size_t size = revocation_write(&revocation, FOREIGN_SPI, &foreign, octets);

	return handle((struct span){ octets, size }, AGENT, false);
}

static struct state_view node(void)
{
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(look_at(agent->state, PEER_MOBILE_NODE, 0, address(HOME), SPI, &view));
	return view;
}

/* ---- received ---- */

static void revocation_takes_effect_before_its_answer(void)
{
	struct request_result result;
	struct revocation_ack_message ack;
	struct mip_key_state foreign = key(3);

	set_up();
	register_node(STAMP, AGENT);
	CU_ASSERT_EQUAL(node().binding_count, 1);
	result = send_revocation(sound(STAMP + 1), 3);
	CU_ASSERT_EQUAL(node().binding_count, 1); /* not before */
	CU_ASSERT_EQUAL(result.fate, REQUEST_PROPOSED);
	CU_ASSERT_FALSE(result.claimed);
	CU_ASSERT_TRUE(result.genuine);
	CU_ASSERT_EQUAL(result.type, MIP_TYPE_REVOCATION);
	commit(&result);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	CU_ASSERT_EQUAL(
		revocation_ack_decode((struct span){ result.reply, result.reply_size }, &ack),
		HA_OK);
	CU_ASSERT_TRUE(ack.fixed.inform);
	CU_ASSERT_EQUAL(ack.fixed.identifier, STAMP + 1);
	CU_ASSERT_TRUE(address_equal(ack.fixed.home, address(HOME)));
	CU_ASSERT_EQUAL(registration_authenticate(&ack.extensions.foreign_home,
	                                          ack.extensions.foreign_home_count, &foreign),
	                AUTHENTICATION_VALID);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATIONS), 1);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATIONS_ACKNOWLEDGED), 0);
	message_count_reply(result.type, result.code, result.deregistration);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATIONS_ACKNOWLEDGED), 1);
	CU_ASSERT_EQUAL(moved(FLOW_REPLIES), 0);
	CU_ASSERT_EQUAL(revoker_count(agent->revoker), 0); /* it need not be told */
	tear_down();
}

/* After the entry is durable and before its answer is sent. */
static void crash_between_revocation_and_answer(void)
{
	struct request_result result;

	set_up();
	register_node(STAMP, AGENT);
	result = send_revocation(sound(STAMP + 1), 3);
	commit(&result);
	crash();
	CU_ASSERT_EQUAL(node().binding_count, 0);
	CU_ASSERT_EQUAL(send_revocation(sound(STAMP + 1), 3).fate, REQUEST_DROPPED);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATIONS_REPLAYED), 1);
	result = send_revocation(sound(STAMP + 2), 3);
	commit(&result);
	CU_ASSERT_TRUE(result.reply_size > 0);
	tear_down();
}

/* Before it was durable: nothing has happened, and the agent asks again. */
static void crash_before_the_revocation_is_in_order(void)
{
	struct request_result result;

	set_up();
	register_node(STAMP, AGENT);
	CU_ASSERT_EQUAL(send_revocation(sound(STAMP + 1), 3).fate, REQUEST_PROPOSED);
	crash();
	CU_ASSERT_EQUAL(node().binding_count, 1);
	result = send_revocation(sound(STAMP + 2), 3);
	commit(&result);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	tear_down();
}

/* Decided on the old registration, applied behind the new one. */
static void registration_in_between_wins(void)
{
	struct request_result result;

	set_up();
	register_node(STAMP, AGENT);
	result = send_revocation(sound(STAMP + 1), 3);
	register_node(STAMP + 5, AGENT);
	commit(&result); /* the answer is not sent: its outcome is HA_E_STALE */
	CU_ASSERT_EQUAL(node().binding_count, 1);
	CU_ASSERT_EQUAL(node().replay.revoked.agent.s_addr, 0);
	tear_down();
}

static void reflected(struct mip_revocation *revocation)
{
	revocation->agent = true;
}

static void replayed(struct mip_revocation *revocation)
{
	revocation->identifier = STAMP;
}

static void of_nobody(struct mip_revocation *revocation)
{
	revocation->home = address("10.0.0.9");
}

static void for_nobody(struct mip_revocation *revocation)
{
	revocation->home_domain = address("192.0.2.9");
}

static void of_another_agent(struct mip_revocation *revocation)
{
	revocation->foreign_domain = address("198.51.100.9");
}

static void unharmed(struct mip_revocation *revocation)
{
	(void)revocation;
}

static void silence_is_counted_by_reason(void)
{
	static const struct {
		void (*spoil)(struct mip_revocation *revocation);
		uint8_t signer;
		enum flow_counter counter;
	} rows[] = {
		{ reflected, 3, FLOW_REVOCATIONS_REFLECTED },
		{ replayed, 3, FLOW_REVOCATIONS_REPLAYED },
		{ of_nobody, 3, FLOW_REVOCATIONS_UNKNOWN },
		{ for_nobody, 3, FLOW_REVOCATIONS_UNKNOWN },
		{ of_another_agent, 3, FLOW_REVOCATIONS_UNKNOWN },
		{ unharmed, 4, FLOW_REVOCATIONS_UNAUTHENTICATED },
		{ reflected, 4, FLOW_REVOCATIONS_UNAUTHENTICATED },
		{ of_nobody, 4, FLOW_REVOCATIONS_UNAUTHENTICATED },
	};

	set_up();
	register_node(STAMP, AGENT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mip_revocation revocation = sound(STAMP + 1);
		struct request_result result;

		rows[i].spoil(&revocation);
		result = send_revocation(revocation, rows[i].signer);
		CU_ASSERT_EQUAL(result.fate, REQUEST_DROPPED);
		CU_ASSERT_FALSE(result.genuine);
		CU_ASSERT_EQUAL(moved(rows[i].counter), 1);
		CU_ASSERT_EQUAL(node().binding_count, 1);
	}
	tear_down();
}

static void what_is_no_message_is_dropped(void)
{
	struct mip_key_state foreign = key(3);
	const struct mip_revocation revocation = sound(STAMP + 1);
	uint8_t octets[REVOCATION_MESSAGE_MAX];
	size_t size = revocation_write(&revocation, FOREIGN_SPI, &foreign, octets);
	unsigned short_ones = 0;

	set_up();
	register_node(STAMP, AGENT);
	for (size_t cut = 0; cut < size; cut++) {
		CU_ASSERT_EQUAL(handle((struct span){ octets, cut }, AGENT, false).fate,
		                REQUEST_DROPPED);
		short_ones += cut < MIP_REVOCATION_SIZE;
	}
	CU_ASSERT_EQUAL(moved(FLOW_DROPPED_MALFORMED), short_ones);
	for (unsigned type = 0; type < 256; type++) {
		uint8_t nothing[1] = { (uint8_t)type };

		CU_ASSERT_EQUAL(handle((struct span){ nothing, 1 }, AGENT, false).fate,
		                REQUEST_DROPPED);
	}
	CU_ASSERT_EQUAL(moved(FLOW_DROPPED_MALFORMED), 256);
	CU_ASSERT_EQUAL(handle((struct span){ octets, size }, "198.51.100.9", false).fate,
	                REQUEST_DROPPED);
	CU_ASSERT_EQUAL(handle((struct span){ octets, size }, AGENT, true).fate, REQUEST_DROPPED);
	CU_ASSERT_EQUAL(moved(FLOW_DROPPED_BUSY), 1);
	CU_ASSERT_EQUAL(handle((struct span){ octets, size }, AGENT, false).fate, REQUEST_PROPOSED);
	tear_down();
}

/* ---- sent ---- */

static enum revoker_step take_it(void *context, const struct revoker_letter *letter)
{
	struct revoker_letter *out = context;

	*out = *letter;
	return REVOKER_SENT;
}

static struct request_result acknowledge(struct revoker_letter letter, uint8_t signer,
                                         const char *source)
{
	const struct mip_revocation_ack ack = { .home = address(HOME),
		                                .identifier = letter.identifier };
	struct mip_key_state foreign = key(signer);
	uint8_t octets[REVOCATION_MESSAGE_MAX];
	size_t size = revocation_ack_write(&ack, FOREIGN_SPI, &foreign, octets);

	return handle((struct span){ octets, size }, source, false);
}

static void what_ends_is_owed_and_acknowledged(void)
{
	struct revoker_letter letter = { 0 };

	set_up();
	register_node(STAMP, AGENT);
	change(CHANGE_REMOVE_PEER, PEER_MOBILE_NODE, HOME, 0);
	CU_ASSERT_EQUAL_FATAL(revoker_count(agent->revoker), 1);
	CU_ASSERT_EQUAL(acknowledge(letter, 3, AGENT).fate, REQUEST_DROPPED);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATION_ACKS_UNEXPECTED), 1);
	revoker_run(agent->revoker, agent_cluster_ms(agent) + 2000, 1, take_it, &letter);
	CU_ASSERT_NOT_EQUAL(letter.identifier, 0);
	CU_ASSERT_TRUE(letter.inform);
	CU_ASSERT_EQUAL(acknowledge(letter, 4, AGENT).fate, REQUEST_DROPPED);
	CU_ASSERT_EQUAL(acknowledge(letter, 3, "198.51.100.9").fate, REQUEST_DROPPED);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATIONS_UNAUTHENTICATED), 2);
	CU_ASSERT_EQUAL(revoker_count(agent->revoker), 1);
	CU_ASSERT_EQUAL(acknowledge(letter, 3, AGENT).fate, REQUEST_DROPPED);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATIONS_CONFIRMED), 1);
	CU_ASSERT_EQUAL(revoker_count(agent->revoker), 0);
	tear_down();
}

static void what_the_log_has_is_owed_after_a_crash(void)
{
	set_up();
	register_node(STAMP, AGENT);
	register_node(STAMP + 1, "198.51.100.3"); /* another address of that agent: it knows */
	CU_ASSERT_EQUAL(revoker_count(agent->revoker), 0);
	change(CHANGE_REMOVE_PEER, PEER_MOBILE_NODE, HOME, 0);
	CU_ASSERT_EQUAL(revoker_count(agent->revoker), 1);
	crash();
	CU_ASSERT_EQUAL(revoker_count(agent->revoker), 1);
	tear_down();
}

/* An agent that does not lead, as this one on its disk in memory, keeps quiet. */
static void who_does_not_lead_sends_nothing(void)
{
	set_up();
	register_node(STAMP, AGENT);
	change(CHANGE_REMOVE_PEER, PEER_MOBILE_NODE, HOME, 0);
	revocation_tick(agent);
	CU_ASSERT_EQUAL(moved(FLOW_REVOCATIONS_SENT), 0);
	CU_ASSERT_EQUAL(moved(FLOW_SEND_FAILED), 0);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "a revocation takes effect before its answer",
	  revocation_takes_effect_before_its_answer },
	{ "a crash between revocation and answer", crash_between_revocation_and_answer },
	{ "a crash before the revocation is in order", crash_before_the_revocation_is_in_order },
	{ "a registration in between wins", registration_in_between_wins },
	{ "silence is counted by reason", silence_is_counted_by_reason },
	{ "what is no message is dropped", what_is_no_message_is_dropped },
	{ "what ends is owed and acknowledged", what_ends_is_owed_and_acknowledged },
	{ "what the log has is owed after a crash", what_the_log_has_is_owed_after_a_crash },
	{ "who does not lead sends nothing", who_does_not_lead_sends_nothing },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	char directory[] = "/tmp/hearth-revoking.XXXXXX";

	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run_in(directory, "revoking", tests);
}
