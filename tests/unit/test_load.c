/* test_load.c - the parts of the load generator on which measurements and
 * verdicts rest: identities, requests and answers, the order of nodes, time-outs,
 * records, and what a history allows. Whole histories with known
 * faults are in tests/chaos/test_checker.py. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/load/exchange.h"
#include "agentd/load/history.h"
#include "agentd/load/options.h"
#include "agentd/load/plan.h"
#include "agentd/load/record.h"
#include "agentd/load/timeouts.h"
#include "proto/codes.h"
#include "proto/extension.h"
#include "tests/unit/suite.h"

static struct load_identity identity_with(unsigned algorithm)
{
	struct load_identity identity = { .spi = 256, .algorithm = (uint8_t)algorithm };

	CU_ASSERT_EQUAL_FATAL(load_seed_init(&identity.seed, "a seed"), HA_OK);
	identity.first_home.s_addr = htonl(0x0a000000);
	identity.first_care_of.s_addr = htonl(0xac100000);
	identity.home_agent.s_addr = htonl(0x7f000001);
	return identity;
}

/* ---- identities ---- */

static void a_seed_has_limits(void)
{
	char text[MIP_KEY_SIZE_MAX + 2];
	struct mip_key_state state;

	memset(text, 's', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CU_ASSERT_EQUAL(load_seed_init(&state, ""), HA_E_RANGE);
	CU_ASSERT_EQUAL(load_seed_init(&state, text), HA_E_RANGE);
	text[MIP_KEY_SIZE_MAX] = '\0';
	CU_ASSERT_EQUAL(load_seed_init(&state, text), HA_OK);
}

static void a_home_address_leads_back_to_its_node(void)
{
	struct load_identity identity = identity_with(MIP_HMAC_MD5);

	for (uint32_t node = 0; node < 1000000; node += 9973)
		CU_ASSERT_EQUAL(load_node_of(&identity, load_home(&identity, node)), node);
	identity.first_home.s_addr--;
	CU_ASSERT_NOT_EQUAL(load_node_of(&identity, load_home(&identity, 5)), 6);
}

/* HMAC-MD5 of "a seed" over 10.0.0.1, as openssl dgst -md5 -hmac says. */
static void keys_are_what_is_documented(void)
{
	static const uint8_t expected[LOAD_KEY_SIZE] = { 0x7c, 0xb2, 0x86, 0x98, 0x2e, 0x78,
		                                         0xaa, 0xf7, 0xbd, 0x82, 0xa9, 0xac,
		                                         0x33, 0x9d, 0x30, 0x7a };
	struct load_identity identity = identity_with(MIP_HMAC_MD5);
	uint8_t key[LOAD_KEY_SIZE], other[LOAD_KEY_SIZE];

	load_key(&identity, load_home(&identity, 1), key);
	load_key(&identity, load_home(&identity, 2), other);
	CU_ASSERT_EQUAL(memcmp(key, expected, sizeof(key)), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(key, other, sizeof(key)), 0);
}

/* ---- requests and answers ---- */

struct exchange_case {
	struct load_identity identity;
	struct load_node nodes[2];
	uint8_t request[LOAD_REQUEST_MAX];
	size_t request_size;
};

static void begin(struct exchange_case *c, unsigned algorithm, enum load_effect effect)
{
	struct mip_request request;

	c->identity = identity_with(algorithm);
	for (uint32_t i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(
			load_node_init(&c->nodes[i], &c->identity, load_home(&c->identity, i)),
			HA_OK);
	c->nodes[1].identification = 0x1122334455667788;
	c->nodes[1].lifetime_s = 1800;
	c->nodes[1].effect = (uint8_t)effect;
	c->nodes[1].tries = 1;
	load_request_of(&c->identity, load_home(&c->identity, 1), &c->nodes[1], &request);
	c->request_size = load_request_encode(&c->identity, &c->nodes[1], &request, c->request);
	CU_ASSERT_NOT_EQUAL_FATAL(c->request_size, 0);
}

/* What an agent would answer. */
static size_t answer(const struct exchange_case *c, uint8_t code, uint64_t identification,
                     uint8_t *out)
{
	struct writer w = writer_over(out, LOAD_REQUEST_MAX);
	struct mip_key_state state;

	load_key_state(&c->identity, load_home(&c->identity, 1), &state);
	mip_reply_encode(&w, &(struct mip_reply){ .code = code,
	                                          .lifetime_s = 1800,
	                                          .home = load_home(&c->identity, 1),
	                                          .home_agent = c->identity.home_agent,
	                                          .identification = identification });
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, c->identity.spi, &state);
	CU_ASSERT_EQUAL_FATAL(w.error, HA_OK);
	return writer_used(&w);
}

static enum load_verdict verdict(const struct exchange_case *c, const uint8_t *octets, size_t size,
                                 bool echo)
{
	struct load_answer answer = load_answer_judge(&c->identity, c->nodes, 2,
	                                              (struct span){ octets, size }, echo);

	CU_ASSERT_TRUE(answer.verdict == LOAD_BAD || answer.node == 1);
	return answer.verdict;
}

static void a_request_carries_what_its_node_asks_for(void)
{
	static const struct {
		enum load_effect effect;
		uint16_t lifetime_s;
		bool care_of_is_home;
		bool simultaneous;
	} rows[] = { { LOAD_BIND, 1800, false, false },
		     { LOAD_UNBIND, 0, false, false },
		     { LOAD_UNBIND_ALL, 0, true, false },
		     { LOAD_ADD, 1800, false, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct exchange_case c;
		struct mip_request request;

		begin(&c, MIP_HMAC_MD5, rows[i].effect);
		struct reader in = reader_over(c.request, c.request_size);
		CU_ASSERT_EQUAL(mip_request_decode(&in, &request), HA_OK);
		CU_ASSERT_EQUAL(request.lifetime_s, rows[i].lifetime_s);
		CU_ASSERT_EQUAL(request.identification, 0x1122334455667788);
		CU_ASSERT_EQUAL((request.flags & MIP_REQUEST_SIMULTANEOUS) != 0,
		                rows[i].simultaneous);
		CU_ASSERT_EQUAL(request.care_of.s_addr == request.home.s_addr,
		                rows[i].care_of_is_home);
		CU_ASSERT_EQUAL(request.home_agent.s_addr, c.identity.home_agent.s_addr);
	}
}

static void requests_verify_with_every_algorithm(void)
{
#define X(symbol, value, name, help) symbol,
	static const unsigned algorithms[] = { MIP_ALGORITHMS(X) };
#undef X

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct exchange_case c;

		if (algorithms[i] == MIP_CHAP)
			continue;
		begin(&c, algorithms[i], LOAD_BIND);
		CU_ASSERT_EQUAL(verdict(&c, c.request, c.request_size, true), LOAD_ANSWER);
	}
}

static void chap_is_no_algorithm_of_a_load(void)
{
	struct load_identity identity = identity_with(MIP_CHAP);
	struct load_node node;

	CU_ASSERT_EQUAL(load_node_init(&node, &identity, load_home(&identity, 1)),
	                HA_E_UNSUPPORTED);
}

static void an_answer_is_told_from_everything_else(void)
{
	struct exchange_case c;
	uint8_t reply[LOAD_REQUEST_MAX];
	size_t size;

	begin(&c, MIP_HMAC_MD5, LOAD_BIND);
	size = answer(&c, MIP_ACCEPTED, 0x1122334455667788, reply);
	CU_ASSERT_EQUAL(verdict(&c, reply, size, false), LOAD_ANSWER);
	size = answer(&c, MIP_ACCEPTED, 0x9922334455667788, reply);
	CU_ASSERT_EQUAL(verdict(&c, reply, size, false), LOAD_BAD); /* accepted: all 64 bits */
	size = answer(&c, MIP_ID_MISMATCH, 0x9922334455667788, reply);
	CU_ASSERT_EQUAL(verdict(&c, reply, size, false), LOAD_ANSWER); /* the agent's clock */
	size = answer(&c, MIP_ACCEPTED, 0x1122334455667789, reply);
	CU_ASSERT_EQUAL(verdict(&c, reply, size, false), LOAD_LATE);
	CU_ASSERT_EQUAL(verdict(&c, c.request, c.request_size, false), LOAD_BAD);
	size = answer(&c, MIP_ACCEPTED, 0x1122334455667788, reply);
	c.nodes[1].tries = 0;
	CU_ASSERT_EQUAL(verdict(&c, reply, size, false), LOAD_LATE);
}

static void no_damaged_answer_passes(void)
{
	struct exchange_case c;
	uint8_t reply[LOAD_REQUEST_MAX];
	size_t size;

	begin(&c, MIP_HMAC_MD5, LOAD_BIND);
	size = answer(&c, MIP_ACCEPTED, 0x1122334455667788, reply);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		reply[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(verdict(&c, reply, size, false), LOAD_BAD);
		reply[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t prefix = 0; prefix < size; prefix++)
		CU_ASSERT_EQUAL(verdict(&c, reply, prefix, false), LOAD_BAD);
}

/* ---- the order of nodes ---- */

static void every_node_comes_once_per_round(void)
{
	static const uint32_t counts[] = { 1, 2, 3, 10, 1000, 65536, 99991 };
	static struct load_node nodes[99991];
	const struct load_mode *mode = load_mode_find("refresh");

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct load_plan plan;
		uint32_t node, seen = 0;

		memset(nodes, 0, sizeof(nodes));
		load_plan_init(&plan, mode, counts[i], 1);
		for (uint32_t n = 0; n < counts[i] && load_plan_node(&plan, nodes, &node); n++)
			seen += nodes[node].offset++ == 0;
		CU_ASSERT_EQUAL(seen, counts[i]);
	}
}

static void a_node_that_waits_is_left_alone(void)
{
	struct load_node nodes[2] = { { .tries = 1 }, { .tries = 0 } };
	struct load_plan plan;
	uint32_t node;

	load_plan_init(&plan, load_mode_find("mix"), 2, 1);
	for (unsigned i = 0; i < 100; i++)
		CU_ASSERT_TRUE(!load_plan_node(&plan, nodes, &node) || node == 1);
	nodes[1].tries = 1;
	CU_ASSERT_FALSE(load_plan_node(&plan, nodes, &node));
}

static void modes_have_the_effects_they_name(void)
{
	static const struct {
		const char *mode;
		bool effects[LOAD_ADD + 1], moves;
	} rows[] = {
		{ "register", { [LOAD_BIND] = true }, false },
		{ "refresh", { [LOAD_BIND] = true }, false },
		{ "move", { [LOAD_BIND] = true }, true },
		{ "deregister", { [LOAD_UNBIND] = true, [LOAD_UNBIND_ALL] = true }, false },
		{ "mix", { true, true, true, true }, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned effects[LOAD_ADD + 1] = { 0 }, moves = 0;
		struct load_plan plan;

		load_plan_init(&plan, load_mode_find(rows[i].mode), 10, 7);
		for (unsigned n = 0; n < 1000; n++) {
			struct load_node node = { .offset = 5 };

			load_plan_effect(&plan, &node);
			effects[node.effect]++;
			moves += load_effect_binds(node.effect) && node.offset != 5;
			CU_ASSERT_TRUE(node.effect != LOAD_ADD || node.offset == 6);
		}
		for (unsigned effect = LOAD_BIND; effect <= LOAD_ADD; effect++)
			CU_ASSERT_EQUAL(effects[effect] > 0, rows[i].effects[effect]);
		CU_ASSERT_EQUAL(moves > 0, rows[i].moves);
	}
	CU_ASSERT_PTR_NULL(load_mode_find("nonsense"));
}

/* ---- time-outs ---- */

static void the_oldest_unanswered_request_is_found(void)
{
	struct load_node nodes[3] = { { .tries = 1, .identification = 10 },
		                      { .tries = 1, .identification = 11 },
		                      { .tries = 1, .identification = 12 } };
	struct timeouts timeouts;
	uint32_t node;

	CU_ASSERT_EQUAL_FATAL(timeouts_init(&timeouts), HA_OK);
	CU_ASSERT_FALSE(timeouts_oldest(&timeouts, nodes, &node));
	for (uint32_t i = 0; i < 3; i++)
		timeouts_add(&timeouts, i, (uint32_t)nodes[i].identification);
	nodes[0].tries = 0;           /* answered */
	nodes[1].identification = 99; /* answered and asked again, later in the ring */
	CU_ASSERT_TRUE(timeouts_oldest(&timeouts, nodes, &node));
	CU_ASSERT_EQUAL(node, 2);
	timeouts_drop(&timeouts);
	CU_ASSERT_FALSE(timeouts_oldest(&timeouts, nodes, &node));
	for (uint32_t i = 0; i < TIMEOUTS_SIZE; i++)
		timeouts_add(&timeouts, 2, 12);
	CU_ASSERT_TRUE(timeouts_full(&timeouts));
	timeouts_free(&timeouts);
}

/* ---- records ---- */

static struct load_record some_record(uint64_t identification)
{
	return (struct load_record){ .what = RECORD_SENT,
		                     .code = 0,
		                     .effect = LOAD_UNBIND,
		                     .lifetime_s = 1234,
		                     .home.s_addr = htonl(0x0a000001),
		                     .care_of.s_addr = htonl(0xac100002),
		                     .identification = identification,
		                     .value = 0x0102030405060708 };
}

static void write_records(const char *path, size_t count)
{
	static struct record_file file;

	CU_ASSERT_EQUAL_FATAL(record_open(&file, path), HA_OK);
	for (uint64_t i = 0; i < count; i++) {
		struct load_record record = some_record(i);
		CU_ASSERT_EQUAL(record_add(&file, &record), HA_OK);
	}
	CU_ASSERT_EQUAL(record_close(&file), HA_OK);
}

static void records_come_back_as_they_went(void)
{
	char path[] = "/tmp/hearth-record-XXXXXX";
	int fd = mkstemp(path);
	struct load_record *records = NULL;
	size_t count = 0;

	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	write_records(path, 2 * RECORD_BATCH + 3);
	CU_ASSERT_EQUAL(write(fd, "torn", 4), 4); /* at the start: damage, not an end */
	CU_ASSERT_EQUAL(record_load(path, &records, &count), HA_E_DAMAGED);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	write_records(path, 2 * RECORD_BATCH + 3);
	CU_ASSERT_EQUAL(ftruncate(fd, (2 * RECORD_BATCH + 3) * RECORD_SIZE + 5), 0);
	write_records(path, 1); /* cuts the torn end off first */
	CU_ASSERT_EQUAL_FATAL(record_load(path, &records, &count), HA_OK);
	CU_ASSERT_EQUAL(count, 2 * RECORD_BATCH + 4);
	for (uint64_t i = 0; i + 1 < count; i++) {
		struct load_record expected = some_record(i);
		CU_ASSERT_EQUAL(records[i].what, expected.what);
		CU_ASSERT_EQUAL(records[i].effect, expected.effect);
		CU_ASSERT_EQUAL(records[i].lifetime_s, expected.lifetime_s);
		CU_ASSERT_EQUAL(records[i].home.s_addr, expected.home.s_addr);
		CU_ASSERT_EQUAL(records[i].care_of.s_addr, expected.care_of.s_addr);
		CU_ASSERT_EQUAL(records[i].identification, expected.identification);
		CU_ASSERT_EQUAL(records[i].value, expected.value);
	}
	free(records);
	close(fd);
	unlink(path);
}

/* ---- histories ---- */

static void a_history_allows_what_may_have_happened(void)
{
	struct in_addr first = { htonl(0xac100001) }, second = { htonl(0xac100002) };
	struct load_record records[] = {
		{ .what = RECORD_ANSWERED,
		  .identification = 1,
		  .code = MIP_ACCEPTED,
		  .lifetime_s = 9 },
		{ .what = RECORD_SENT, .identification = 3, .care_of = second, .lifetime_s = 9 },
		{ .what = RECORD_SENT, .identification = 1, .care_of = first, .lifetime_s = 9 },
		{ .what = RECORD_SENT,
		  .identification = 4,
		  .effect = LOAD_UNBIND,
		  .care_of = second },
	};
	struct outcomes outcomes = { 0 };
	struct history history;
	size_t at = 0;

	history_sort(records, 4);
	history = history_next(records, 4, &at);
	CU_ASSERT_EQUAL(history.count, 4);
	CU_ASSERT_EQUAL(at, 4);
	CU_ASSERT_EQUAL(history_newest_accepted(&history)->identification, 1);
	CU_ASSERT_EQUAL_FATAL(history_outcomes(&history, &outcomes), HA_OK);
	/* The first; or the second; or the second and then none. */
	CU_ASSERT_EQUAL(outcomes.count, 3);
	outcomes_free(&outcomes);
}

/* ---- the command line ---- */

static enum ha_error parse(const char *line, struct load_options *options)
{
	static char copy[256];
	char *arguments[16];
	struct load_options_error error = { "" };
	int count = 0;
	enum ha_error result;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word && count < 16; word = strtok(NULL, " "))
		arguments[count++] = word;
	result = load_options_parse(count, arguments, options, &error);
	CU_ASSERT_EQUAL(result == HA_OK, error.text[0] == '\0');
	return result;
}

static void options_are_taken(void)
{
	struct load_options options;

	CU_ASSERT_EQUAL(
		parse("--nodes 5 --target=127.0.0.9:1434 --duration 0.25 --echo move", &options),
		HA_OK);
	CU_ASSERT_EQUAL(options.nodes, 5);
	CU_ASSERT_EQUAL(ntohs(options.target.sin_port), 1434);
	CU_ASSERT_EQUAL(ntohl(options.target.sin_addr.s_addr), 0x7f000009);
	CU_ASSERT_EQUAL(options.duration_ms, 250);
	CU_ASSERT_EQUAL(options.lifetime_s, 1800);
	CU_ASSERT_TRUE(options.echo);
	CU_ASSERT_STRING_EQUAL(options.mode, "move");
}

static void options_that_are_wrong_are_refused(void)
{
	static const char *const lines[] = {
		"",
		"--nodes",
		"--nodes 0 move",
		"--nodes 1x move",
		"--nodes -1 move",
		"--nodes 99999999999999999999 move",
		"--target 127.0.0.1 move",
		"--target 127.0.0.1:0 move",
		"--target nowhere:434 move",
		"--duration nan move",
		"--duration -1 move",
		"--first-home 10.0.0 move",
		"--echo=yes move",
		"--unknown 1 move",
		"move register",
	};
	struct load_options options;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CU_ASSERT_NOT_EQUAL(parse(lines[i], &options), HA_OK);
}

static CU_TestInfo tests[] = {
	{ "a seed has limits", a_seed_has_limits },
	{ "a home address leads back to its node", a_home_address_leads_back_to_its_node },
	{ "keys are what is documented", keys_are_what_is_documented },
	{ "a request carries what its node asks for", a_request_carries_what_its_node_asks_for },
	{ "requests verify with every algorithm", requests_verify_with_every_algorithm },
	{ "CHAP is no algorithm of a load", chap_is_no_algorithm_of_a_load },
	{ "an answer is told from everything else", an_answer_is_told_from_everything_else },
	{ "no damaged answer passes", no_damaged_answer_passes },
	{ "every node comes once per round", every_node_comes_once_per_round },
	{ "a node that waits is left alone", a_node_that_waits_is_left_alone },
	{ "modes have the effects they name", modes_have_the_effects_they_name },
	{ "the oldest unanswered request is found", the_oldest_unanswered_request_is_found },
	{ "records come back as they went", records_come_back_as_they_went },
	{ "a history allows what may have happened", a_history_allows_what_may_have_happened },
	{ "options are taken", options_are_taken },
	{ "options that are wrong are refused", options_that_are_wrong_are_refused },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("load", tests);
}
