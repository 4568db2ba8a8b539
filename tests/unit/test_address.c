/* test_address.c - addresses as text, strictly, and which of them are one host's. */
#include "agentd/base/address.h"

#include <string.h>

#include "tests/unit/suite.h"

static void good_texts_come_back(void)
{
	static const char *const texts[] = { "0.0.0.0", "10.0.0.1", "192.0.2.255",
		                             "255.255.255.255", "1.2.3.4" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct in_addr address;

		CU_ASSERT_TRUE(address_parse(texts[i], &address));
		CU_ASSERT_STRING_EQUAL(address_format(address).text, texts[i]);
	}
}

static void bad_texts_leave_the_result_alone(void)
{
	static const char *const texts[] = { "",          " ",          "10.0.0",      "10.0.0.1.",
		                             "10.0.0.1 ", " 10.0.0.1",  "10.0.0.256",  "10.0.0.-1",
		                             "10.0.0.01", "10..0.1",    "0x0a.0.0.1",  "10.0.0.1/8",
		                             "::1",       "10.0.0.1\n", "1.2.3.4.5",   "167772161",
		                             "a.b.c.d",   ".10.0.0.1",  "10.0.0.1000", "+1.2.3.4" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct in_addr address = { 0x12345678 };

		CU_ASSERT_FALSE(address_parse(texts[i], &address));
		CU_ASSERT_EQUAL(address.s_addr, 0x12345678);
	}
}

static void numbers_are_in_host_order(void)
{
	struct in_addr address = { 0 };

	CU_ASSERT_TRUE(address_parse("192.0.2.1", &address));
	CU_ASSERT_EQUAL(address_host(address), 0xc0000201);
	CU_ASSERT_EQUAL(memcmp(&address, (uint8_t[]){ 192, 0, 2, 1 }, 4), 0);
}

static void equal_means_same_octets(void)
{
	struct in_addr a = { htonl(0x0a000001) }, b = { htonl(0x0a000001) };

	CU_ASSERT_TRUE(address_equal(a, b));
	b.s_addr = htonl(0x0100000a);
	CU_ASSERT_FALSE(address_equal(a, b));
}

static void unicast_is_judged_at_the_borders(void)
{
	static const struct {
		const char *text;
		bool unicast;
	} rows[] = {
		{ "0.0.0.0", false },        { "0.255.255.255", false },
		{ "1.0.0.0", true },         { "10.0.0.1", true },
		{ "126.255.255.255", true }, { "127.0.0.0", false },
		{ "127.0.0.1", false },      { "127.255.255.255", false },
		{ "128.0.0.0", true },       { "223.255.255.255", true },
		{ "224.0.0.0", false },      { "239.255.255.255", false },
		{ "240.0.0.0", false },      { "255.255.255.255", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct in_addr address = { 0 };

		CU_ASSERT_TRUE(address_parse(rows[i].text, &address));
		CU_ASSERT_EQUAL(address_is_unicast(address), rows[i].unicast);
	}
}

static CU_TestInfo tests[] = {
	{ "good texts come back", good_texts_come_back },
	{ "bad texts leave the result alone", bad_texts_leave_the_result_alone },
	{ "numbers are in host order", numbers_are_in_host_order },
	{ "equal means the same octets", equal_means_same_octets },
	{ "unicast is judged at the borders", unicast_is_judged_at_the_borders },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("address", tests);
}
