/* test_flood.c - what is thrown at an agent is what its kind promises: above all,
 * nothing but `valid` and `replayed` would pass authentication. */
#include <stdlib.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/load/exchange.h"
#include "agentd/load/flood.h"
#include "proto/extension.h"
#include "tests/unit/suite.h"

#define NODES 50u
#define DATAGRAMS 20000u

static struct load_identity identity;
static struct load_settings settings;
static uint8_t octets[FLOOD_DATAGRAM_MAX];

static struct flood *flood_of(const char *name, const struct load_record *records, size_t count)
{
	const struct flood_kind *kind = flood_kind_find(name);
	struct flood *flood = NULL;

	memset(&identity, 0, sizeof(identity));
	identity.spi = 256;
	identity.algorithm = MIP_HMAC_MD5;
	identity.first_home.s_addr = htonl(0x0a000000);
	identity.first_care_of.s_addr = htonl(0xac100000);
	identity.home_agent.s_addr = htonl(0x7f000001);
	CU_ASSERT_EQUAL_FATAL(load_seed_init(&identity.seed, "a seed"), HA_OK);
	settings = (struct load_settings){ .nodes = NODES, .lifetime_s = 600, .seed = 3 };
	CU_ASSERT_PTR_NOT_NULL_FATAL(kind);
	CU_ASSERT_EQUAL_FATAL(flood_new(&flood, &settings, &identity, kind, records, count), HA_OK);
	return flood;
}

/* The next datagram as an agent would see it. */
struct seen {
	size_t size;
	bool is_request;
	uint32_t node;
	bool verifies; /* by the key of its home address, as a mobile node's */
	struct mip_request request;
};

static struct seen look(size_t size)
{
	struct span message = { octets, size };
	struct reader in = reader_over(octets, size);
	struct seen seen = { .size = size };
	struct mip_extensions extensions;
	struct mip_key_state key;

	seen.is_request = mip_request_decode(&in, &seen.request) == HA_OK;
	seen.node = load_node_of(&identity, seen.request.home);
	if (!seen.is_request || mip_extensions_decode(message, &in, &extensions) != HA_OK ||
	    extensions.mobile_home_count != 1)
		return seen;
	load_key_state(&identity, seen.request.home, &key);
	seen.verifies = mip_authenticator_verify(&key, extensions.mobile_home.covered,
	                                         extensions.mobile_home.authenticator);
	return seen;
}

static struct seen next(struct flood *flood)
{
	return look(flood_build(flood, octets));
}

static void kinds_are_found_by_name(void)
{
	for (const struct flood_kind *kind = flood_kinds; kind->name; kind++)
		CU_ASSERT_PTR_EQUAL(flood_kind_find(kind->name), kind);
	CU_ASSERT_PTR_NULL(flood_kind_find("friendly"));
}

static void forged_requests_are_of_all_nodes_and_do_not_verify(void)
{
	struct flood *flood = flood_of("forged", NULL, 0);
	unsigned of_node[NODES] = { 0 };

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct seen seen = next(flood);

		CU_ASSERT_TRUE_FATAL(seen.is_request && seen.node < NODES);
		CU_ASSERT_FALSE(seen.verifies);
		of_node[seen.node]++;
	}
	for (unsigned i = 0; i < NODES; i++)
		CU_ASSERT_TRUE(of_node[i] > 0);
	flood_free(flood);
}

static void unknown_homes_are_no_nodes(void)
{
	struct flood *flood = flood_of("forged-unknown", NULL, 0);

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct seen seen = next(flood);

		CU_ASSERT_TRUE_FATAL(seen.is_request);
		CU_ASSERT_TRUE(seen.node >= NODES);
		CU_ASSERT_FALSE(seen.verifies);
	}
	flood_free(flood);
}

static void malformed_datagrams_are_of_all_sizes_and_never_verify(void)
{
	struct flood *flood = flood_of("malformed", NULL, 0);
	unsigned requests = 0, empty = 0;

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		struct seen seen = next(flood);

		CU_ASSERT_TRUE_FATAL(seen.size <= LOAD_REQUEST_MAX + 1);
		CU_ASSERT_FALSE(seen.verifies);
		requests += seen.is_request;
		empty += seen.size == 0;
	}
	CU_ASSERT_TRUE(requests > DATAGRAMS / 4 && requests < DATAGRAMS);
	CU_ASSERT_TRUE(empty > 0);
	flood_free(flood);
}

static void oversize_datagrams_are_longer_than_any_request(void)
{
	struct flood *flood = flood_of("oversize", NULL, 0);
	struct seen seen = next(flood);

	CU_ASSERT_TRUE(seen.is_request);
	CU_ASSERT_EQUAL(seen.size, 3000);
	CU_ASSERT_FALSE(seen.verifies);
	flood_free(flood);
}

static void valid_requests_verify_and_are_new(void)
{
	struct flood *flood = flood_of("valid", NULL, 0);
	uint64_t newest[NODES] = { 0 };
	uint64_t now_ms = clock_wall_ms();

	for (unsigned i = 0; i < 3 * NODES; i++) {
		struct seen seen;

		flood_set_time(flood, now_ms);
		seen = next(flood);
		CU_ASSERT_TRUE_FATAL(seen.verifies && seen.node == i % NODES);
		CU_ASSERT_TRUE(seen.request.identification > newest[seen.node]);
		CU_ASSERT_EQUAL(seen.request.lifetime_s, 600);
		newest[seen.node] = seen.request.identification;
	}
	flood_free(flood);
}

static void what_is_replayed_is_in_the_record(void)
{
	struct load_record records[] = {
		{ .what = RECORD_SENT, .lifetime_s = 300, .identification = 77 },
		{ .what = RECORD_ANSWERED, .lifetime_s = 200, .identification = 77 },
	};
	struct flood *flood;

	records[0].home.s_addr = records[1].home.s_addr = htonl(0x0a000003);
	records[0].care_of.s_addr = htonl(0xc0000201);
	flood = flood_of("replayed", records, 2);
	for (unsigned i = 0; i < 10; i++) {
		struct seen seen = next(flood);

		CU_ASSERT_TRUE(seen.verifies);
		CU_ASSERT_EQUAL(seen.node, 3);
		CU_ASSERT_EQUAL(seen.request.identification, 77);
		CU_ASSERT_EQUAL(seen.request.lifetime_s, 300);
		CU_ASSERT_EQUAL(ntohl(seen.request.care_of.s_addr), 0xc0000201);
	}
	flood_free(flood);
	CU_ASSERT_EQUAL(flood_new(&flood, &settings, &identity, flood_kind_find("replayed"),
	                          &records[1], 1),
	                HA_E_NOTFOUND);
	CU_ASSERT_PTR_NULL(flood);
}

static CU_TestInfo tests[] = {
	{ "kinds are found by name", kinds_are_found_by_name },
	{ "forged requests are of all nodes and do not verify",
	  forged_requests_are_of_all_nodes_and_do_not_verify },
	{ "unknown homes are no nodes'", unknown_homes_are_no_nodes },
	{ "malformed datagrams are of all sizes and never verify",
	  malformed_datagrams_are_of_all_sizes_and_never_verify },
	{ "oversize datagrams are longer than any request",
	  oversize_datagrams_are_longer_than_any_request },
	{ "valid requests verify and are new", valid_requests_verify_and_are_new },
	{ "what is replayed is in the record", what_is_replayed_is_in_the_record },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("flood", tests);
}
