/* test_walk_ber.c - the codec of the benchmark's walks, against packets of Net-SNMP's
 * tools and agent. */
#include "tests/bench/walk_ber.h"

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

#define PUBLIC ((struct span){ (const uint8_t *)"public", 6 })

static const char bulk_request[] =
	"303902010104067075626c6963a52c02043c70e763020100020103301e300d06092b060102010202010a0500"
	"300d06092b06010201020201020500";
static const char bulk_response[] =
	"30818a02010104067075626c6963a27d02043c70e763020100020100306f3011060a2b060102010202010a01"
	"410318fa793010060a2b06010201020201020104026c6f300f060a2b060102010202010a0241010030120"
	"60a2b060102010202010202040469666230300f060a2b060102010202010a034101003012060a2b060102"
	"010202010203040469666231";
static const char next_request[] =
	"303902010104067075626c6963a12c020445c681cf020100020100301e301c06182b060102012c0106030101"
	"01817f812800018140812800010500";
static const char end_request[] =
	"302b02010104067075626c6963a11e020418d1dd6d0201000201003010300e060a8180508fffffff7fff7f05"
	"00";
static const char end_response[] =
	"302b02010104067075626c6963a21e020418d1dd6d0201000201003010300e060a8180508fffffff7fff7f82"
	"00";

static struct walk_oid oid_of(const char *text)
{
	struct walk_oid oid;

	if (!walk_oid_of_text(text, &oid))
		abort();
	return oid;
}

/* Does a request for these columns have these octets? */
static void check_request(const char *golden, enum walk_kind kind, uint32_t id,
                          uint32_t repetitions, const char *first, const char *second)
{
	struct octets octets = octets_of_hex(golden);
	struct walk_oid columns[] = { oid_of(first), oid_of(second ? second : first) };
	const struct span oids[] = { walk_oid_span(&columns[0]), walk_oid_span(&columns[1]) };
	const struct walk_request request = { .kind = kind,
		                              .id = id,
		                              .repetitions = repetitions,
		                              .community = PUBLIC,
		                              .oids = oids,
		                              .count = second ? 2 : 1 };
	struct octets out = octets_copy(octets.at, octets.size);

	memset(out.at, 0, out.size);
	CU_ASSERT_EQUAL(walk_request_encode(&request, out.at, out.size), octets.size);
	CU_ASSERT_EQUAL(memcmp(out.at, octets.at, octets.size), 0);
	for (size_t room = 0; room < octets.size; room++) {
		struct octets small = octets_copy(octets.at, room);

		CU_ASSERT_EQUAL(walk_request_encode(&request, small.at, room), 0);
		free(small.at);
	}
	free(out.at);
	free(octets.at);
}

static void requests_are_those_of_the_tools(void)
{
	check_request(bulk_request, WALK_BULK, 0x3c70e763, 3, "1.3.6.1.2.1.2.2.1.10",
	              ".1.3.6.1.2.1.2.2.1.2");
	check_request(next_request, WALK_NEXT, 0x45c681cf, 0,
	              "1.3.6.1.2.1.44.1.6.3.1.1.1.255.168.0.1.192.168.0.1", NULL);
	check_request(end_request, WALK_NEXT, 0x18d1dd6d, 7, ".2.16384.4294967295.16383", NULL);
}

static void large_requests_have_long_heads(void)
{
	struct walk_oid column = oid_of("1.3");
	struct span oids[WALK_COLUMNS_MAX];
	struct walk_request request = {
		.kind = WALK_NEXT, .id = 1, .community = PUBLIC, .oids = oids
	};
	uint8_t out[WALK_DATAGRAM_MAX];
	size_t size;

	for (unsigned i = 2; i < 60; i++)
		CU_ASSERT_TRUE(walk_oid_append(&column, "1"));
	for (; request.count < WALK_COLUMNS_MAX; request.count++)
		oids[request.count] = walk_oid_span(&column);
	size = walk_request_encode(&request, out, sizeof(out));
	CU_ASSERT_TRUE_FATAL(size > 260);
	CU_ASSERT_EQUAL(out[1], 0x82);
	CU_ASSERT_EQUAL((size_t)out[2] << 8 | out[3], size - 4);
	request.id = UINT32_C(1) << 31;
	CU_ASSERT_EQUAL(walk_request_encode(&request, out, sizeof(out)), 0);
}

static void responses_are_read(void)
{
	static const char *const oids[] = {
		"1.3.6.1.2.1.2.2.1.10.1", "1.3.6.1.2.1.2.2.1.2.1",  "1.3.6.1.2.1.2.2.1.10.2",
		"1.3.6.1.2.1.2.2.1.2.2",  "1.3.6.1.2.1.2.2.1.10.3", "1.3.6.1.2.1.2.2.1.2.3",
	};
	struct octets octets = octets_of_hex(bulk_response);
	struct walk_response response;
	struct walk_varbind varbind = { 0 };
	unsigned count = 0;

	CU_ASSERT_TRUE_FATAL(
		walk_response_decode((struct span){ octets.at, octets.size }, PUBLIC, &response));
	CU_ASSERT_EQUAL(response.id, 0x3c70e763);
	CU_ASSERT_EQUAL(response.error, 0);
	for (; count < 6 && walk_response_next(&response, &varbind); count++) {
		struct walk_oid oid = oid_of(oids[count]);

		CU_ASSERT_EQUAL(walk_oid_compare(varbind.oid, walk_oid_span(&oid)), 0);
		CU_ASSERT_EQUAL(varbind.type, count % 2 ? 0x04 : 0x41);
	}
	CU_ASSERT_EQUAL(count, 6);
	CU_ASSERT_EQUAL(varbind.value.size, 4);
	CU_ASSERT_EQUAL(memcmp(varbind.value.at, "ifb1", 4), 0);
	CU_ASSERT_FALSE(walk_response_next(&response, &varbind));
	CU_ASSERT_EQUAL(response.varbinds.error, HA_OK);
	free(octets.at);
}

static void the_end_of_the_view_is_seen(void)
{
	struct octets octets = octets_of_hex(end_response);
	struct walk_response response;
	struct walk_varbind varbind;

	CU_ASSERT_TRUE_FATAL(
		walk_response_decode((struct span){ octets.at, octets.size }, PUBLIC, &response));
	CU_ASSERT_TRUE(walk_response_next(&response, &varbind));
	CU_ASSERT_EQUAL(varbind.type, WALK_END_OF_VIEW);
	CU_ASSERT_EQUAL(varbind.value.size, 0);
	free(octets.at);
}

/* All objects of a datagram in memory of its size; whether it was one. */
static bool reads_through(const uint8_t *at, size_t size, struct span community)
{
	struct octets copy = octets_copy(at, size);
	struct walk_response response;
	struct walk_varbind varbind;
	bool whole = walk_response_decode((struct span){ copy.at, copy.size }, community,
	                                  &response);
	unsigned sum = 0;

	while (whole && walk_response_next(&response, &varbind)) {
		for (size_t i = 0; i < varbind.value.size; i++)
			sum += varbind.value.at[i];
		sum += walk_oid_compare(varbind.oid, varbind.oid) != 0;
	}
	free(copy.at);
	return whole && response.varbinds.error == HA_OK && sum < UINT32_MAX;
}

static void nothing_else_is_a_response(void)
{
	struct octets octets = octets_of_hex(bulk_response), request = octets_of_hex(bulk_request);

	CU_ASSERT_TRUE(reads_through(octets.at, octets.size, PUBLIC));
	CU_ASSERT_FALSE(reads_through(request.at, request.size, PUBLIC));
	CU_ASSERT_FALSE(reads_through(octets.at, octets.size,
	                              (struct span){ (const uint8_t *)"publik", 6 }));
	for (size_t size = 0; size < octets.size; size++)
		CU_ASSERT_FALSE(reads_through(octets.at, size, PUBLIC));
	for (size_t bit = 0; bit < 8 * 17; bit++) {
		if (bit / 8 == 15) /* the length of what may then end elsewhere */
			continue;
		octets_flip(octets, bit);
		CU_ASSERT_FALSE(reads_through(octets.at, octets.size, PUBLIC));
		octets_flip(octets, bit);
	}
	for (size_t bit = 8 * 17; bit < 8 * octets.size; bit++) {
		octets_flip(octets, bit);
		reads_through(octets.at, octets.size, PUBLIC);
		octets_flip(octets, bit);
	}
	free(request.at);
	free(octets.at);
}

static void object_identifiers_are_in_order(void)
{
	static const char *const rising[] = {
		"0.39",           "1.0",         "1.3",           "1.3.0",         "1.3.1",
		"1.3.1.0",        "1.3.127",     "1.3.127.1",     "1.3.128",       "1.3.129",
		"1.3.255.9",      "1.3.16383",   "1.3.16383.1.1", "1.3.16384",     "1.3.16384.0",
		"1.3.16385",      "1.3.2097151", "1.3.2097152",   "1.3.268435455", "1.3.268435456",
		"1.3.4294967295", "1.4",         "2.0",           "2.47",          "2.48",
		"2.4294967295",
	};
	const unsigned count = sizeof(rising) / sizeof(rising[0]);

	for (unsigned i = 0; i < count; i++) {
		struct walk_oid a = oid_of(rising[i]);

		for (unsigned j = 0; j < count; j++) {
			struct walk_oid b = oid_of(rising[j]);
			int order = walk_oid_compare(walk_oid_span(&a), walk_oid_span(&b));

			CU_ASSERT_EQUAL((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void subtrees_are_known(void)
{
	struct walk_oid root = oid_of("1.3.6.1"), below = oid_of("1.3.6.1.129"),
			beside = oid_of("1.3.6.12");
	struct walk_oid above = oid_of("1.3.6");

	CU_ASSERT_TRUE(walk_oid_is_below(walk_oid_span(&root), walk_oid_span(&root)));
	CU_ASSERT_TRUE(walk_oid_is_below(walk_oid_span(&below), walk_oid_span(&root)));
	CU_ASSERT_FALSE(walk_oid_is_below(walk_oid_span(&beside), walk_oid_span(&root)));
	CU_ASSERT_FALSE(walk_oid_is_below(walk_oid_span(&above), walk_oid_span(&root)));
}

static void what_is_no_object_identifier_is_refused(void)
{
	static const char *const bad[] = {
		"",     ".",   "1",      "1.",   "1.3.", "1..3",           "3.1",
		"1.40", "1.x", "1.3.-1", "1. 3", "x.3",  "1.3.4294967296", "1,3"
	};
	struct walk_oid oid = oid_of("1.3");

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(walk_oid_of_text(bad[i], &oid));
	oid = oid_of("1.3");
	while (oid.size + 5 <= sizeof(oid.octets))
		CU_ASSERT_TRUE_FATAL(walk_oid_append(&oid, "4294967295"));
	CU_ASSERT_FALSE(walk_oid_append(&oid, "4294967295"));
}

static CU_TestInfo tests[] = {
	{ "requests are those of the tools", requests_are_those_of_the_tools },
	{ "large requests have long heads", large_requests_have_long_heads },
	{ "responses are read", responses_are_read },
	{ "the end of the view is seen", the_end_of_the_view_is_seen },
	{ "nothing else is a response", nothing_else_is_a_response },
	{ "object identifiers are in order", object_identifiers_are_in_order },
	{ "subtrees are known", subtrees_are_known },
	{ "what is no object identifier is refused", what_is_no_object_identifier_is_refused },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("walk_ber", tests);
}
