/* test_prefixes.c - networks as text, what lies in them, and the options whose
 * values they are; with those that may also be none. */
#include "agentd/base/address.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/config.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_TRUE(address_parse(text, &out));
	return out;
}

static void a_prefix_is_an_address_and_a_length(void)
{
	static const struct {
		const char *text, *network; /* NULL: refused */
		uint8_t length;
	} rows[] = {
		{ "10.0.0.0/8", "10.0.0.0", 8 },
		{ "0.0.0.0/0", "0.0.0.0", 0 },
		{ "128.0.0.0/1", "128.0.0.0", 1 },
		{ "192.0.2.1", "192.0.2.1", 32 },
		{ "192.0.2.1/32", "192.0.2.1", 32 },
		{ "192.0.2.0/31", "192.0.2.0", 31 },
		{ "255.255.255.255/32", "255.255.255.255", 32 },
		{ "10.0.0.0/08", "10.0.0.0", 8 },
		{ "192.0.2.1/31", NULL, 0 },
		{ "0.0.0.1/0", NULL, 0 },
		{ "10.0.0.0/33", NULL, 0 },
		{ "10.0.0.0/99", NULL, 0 },
		{ "10.0.0.0/008", NULL, 0 },
		{ "10.0.0.0/", NULL, 0 },
		{ "10.0.0.0/-1", NULL, 0 },
		{ "10.0.0.0/+8", NULL, 0 },
		{ "10.0.0.0/8 ", NULL, 0 },
		{ "10.0.0.0/ 8", NULL, 0 },
		{ "10.0.0.0/8/8", NULL, 0 },
		{ "10.0.0.0 /8", NULL, 0 },
		{ "/8", NULL, 0 },
		{ "", NULL, 0 },
		{ "10.0.0/8", NULL, 0 },
		{ "any", NULL, 0 },
		{ "1000000000.0.0.0000000/8", NULL, 0 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct address_prefix out = { { 0x12345678 }, 77 };
		bool parsed = address_prefix_parse(rows[i].text, &out);

		CU_ASSERT_EQUAL(parsed, rows[i].network != NULL);
		if (rows[i].network) {
			CU_ASSERT_TRUE(address_equal(out.network, address(rows[i].network)));
			CU_ASSERT_EQUAL(out.length, rows[i].length);
		} else {
			CU_ASSERT_EQUAL(out.network.s_addr, 0x12345678); /* left alone */
			CU_ASSERT_EQUAL(out.length, 77);
		}
	}
}

/* Every length, at both ends of the network and one address beyond them. */
static void an_address_is_inside_up_to_the_edges(void)
{
	for (unsigned length = 0; length <= 32; length++) {
		uint32_t mask = length ? UINT32_MAX << (32 - length) : 0;
		uint32_t network = 0xa5a5a5a5u & mask, last = network | ~mask;
		const struct address_prefix prefix = { { htonl(network) }, (uint8_t)length };

		CU_ASSERT_TRUE(address_in_prefix((struct in_addr){ htonl(network) }, &prefix));
		CU_ASSERT_TRUE(address_in_prefix((struct in_addr){ htonl(last) }, &prefix));
		CU_ASSERT_EQUAL(address_in_prefix((struct in_addr){ htonl(network - 1) }, &prefix),
		                length == 0);
		CU_ASSERT_EQUAL(address_in_prefix((struct in_addr){ htonl(last + 1) }, &prefix),
		                length == 0);
	}
}

static void several_stand_with_commas(void)
{
	static const struct {
		const char *text, *again; /* NULL: refused */
		uint8_t count;
	} rows[] = {
		{ "any", "any", 0 },
		{ "10.0.0.0/8", "10.0.0.0/8", 1 },
		{ "10.0.0.1", "10.0.0.1/32", 1 },
		{ "10.0.0.0/8,192.0.2.0/24", "10.0.0.0/8,192.0.2.0/24", 2 },
		{ "1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,5.0.0.0/8,6.0.0.0/8,7.0.0.0/8,8.0.0.0/8",
		  "1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,5.0.0.0/8,6.0.0.0/8,7.0.0.0/8,8.0.0.0/8",
		  8 },
		{ "1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,5.0.0.0/8,6.0.0.0/8,7.0.0.0/8,8.0.0.0/8,"
		  "9.0.0.0/8",
		  NULL, 0 },
		{ "", NULL, 0 },
		{ ",", NULL, 0 },
		{ "10.0.0.0/8,", NULL, 0 },
		{ ",10.0.0.0/8", NULL, 0 },
		{ "10.0.0.0/8,,11.0.0.0/8", NULL, 0 },
		{ "10.0.0.0/8, 11.0.0.0/8", NULL, 0 },
		{ "any,10.0.0.0/8", NULL, 0 },
		{ "10.0.0.0/8,any", NULL, 0 },
		{ "none", NULL, 0 },
		{ "Any", NULL, 0 },
		{ "255.255.255.255/32x", NULL, 0 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct address_prefixes out = { .count = 99 };
		char text[256];

		CU_ASSERT_EQUAL(address_prefixes_parse(rows[i].text, &out), rows[i].again != NULL);
		CU_ASSERT_EQUAL(out.count, rows[i].again ? rows[i].count : 99);
		if (!rows[i].again)
			continue;
		CU_ASSERT_EQUAL(address_prefixes_format(&out, text, sizeof(text)),
		                strlen(rows[i].again));
		CU_ASSERT_STRING_EQUAL(text, rows[i].again);
	}
}

static void a_text_that_is_too_long_is_cut(void)
{
	struct address_prefixes prefixes;
	char text[8];

	CU_ASSERT_TRUE(address_prefixes_parse("10.0.0.0/8,192.0.2.0/24", &prefixes));
	for (size_t size = 1; size <= sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		CU_ASSERT_TRUE(address_prefixes_format(&prefixes, text, size) >= size);
		CU_ASSERT_EQUAL(strlen(text), size - 1);
		CU_ASSERT_EQUAL(memcmp(text, "10.0.0.0", size - 1), 0);
	}
}

static void one_of_several_is_enough(void)
{
	static const struct {
		const char *prefixes, *address;
		bool inside;
	} rows[] = {
		{ "any", "0.0.0.0", true },
		{ "any", "255.255.255.255", true },
		{ "10.0.0.0/8,192.0.2.0/24", "10.255.255.255", true },
		{ "10.0.0.0/8,192.0.2.0/24", "192.0.2.255", true },
		{ "10.0.0.0/8,192.0.2.0/24", "192.0.3.0", false },
		{ "10.0.0.0/8,192.0.2.0/24", "9.255.255.255", false },
		{ "0.0.0.0/0", "8.8.8.8", true },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct address_prefixes prefixes;

		CU_ASSERT_TRUE(address_prefixes_parse(rows[i].prefixes, &prefixes));
		CU_ASSERT_EQUAL(address_in_prefixes(address(rows[i].address), &prefixes),
		                rows[i].inside);
	}
}

/* ---- options ---- */

static void check_option(const char *name, const char *value, const char *again)
{
	const struct config_option *option = config_option_find(name);
	struct config config, before;
	struct config_error error = { "" };
	char text[CONFIG_TEXT_MAX];

	CU_ASSERT_PTR_NOT_NULL_FATAL(option);
	config_defaults(&config);
	before = config;
	CU_ASSERT_EQUAL(config_set(&config, name, value, &error), again ? HA_OK : HA_E_RANGE);
	if (!again) {
		CU_ASSERT_EQUAL(memcmp(&config, &before, sizeof(config)), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, name));
		return;
	}
	config_format(&config, option, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, again);
	CU_ASSERT_EQUAL(config_set(&before, name, text, &error), HA_OK);
	CU_ASSERT_TRUE(config_option_equal(&config, &before, option));
}

static void options_take_networks_and_none(void)
{
	check_option("registration.allow-from", "any", "any");
	check_option("registration.allow-from", "192.0.2.0/24,10.0.0.1",
	             "192.0.2.0/24,10.0.0.1/32");
	check_option("registration.allow-from", "192.0.2.1/24", NULL);
	check_option("registration.allow-from", "", NULL);
	check_option("registration.redirect", "none", "none");
	check_option("registration.redirect", "192.0.2.7", "192.0.2.7");
	check_option("registration.redirect", "127.0.0.7", "127.0.0.7");
	check_option("registration.redirect", "224.0.0.1", NULL);
	check_option("registration.redirect", "0.0.0.0", NULL);
	check_option("registration.redirect", "None", NULL);
	check_option("registration.redirect", "", NULL);
	check_option("home-agent.address", "none", NULL);
}

/* Whatever lay in the memory before. */
static void options_are_alike_by_what_they_say(void)
{
	const struct config_option *option = config_option_find("registration.allow-from");
	struct config a, b;
	struct config_error error;

	CU_ASSERT_PTR_NOT_NULL_FATAL(option);
	memset(&a, 0x55, sizeof(a));
	memset(&b, 0xaa, sizeof(b));
	CU_ASSERT_EQUAL(config_set(&a, "registration.allow-from", "10.0.0.0/8", &error), HA_OK);
	CU_ASSERT_EQUAL(config_set(&b, "registration.allow-from", "10.0.0.0/8", &error), HA_OK);
	CU_ASSERT_TRUE(config_option_equal(&a, &b, option));
	CU_ASSERT_EQUAL(config_set(&b, "registration.allow-from", "10.0.0.0/9", &error), HA_OK);
	CU_ASSERT_FALSE(config_option_equal(&a, &b, option));
	CU_ASSERT_EQUAL(config_set(&b, "registration.allow-from", "any", &error), HA_OK);
	CU_ASSERT_FALSE(config_option_equal(&a, &b, option));
	a.allow_from.count = b.allow_from.count; /* and what is left behind the last */
	CU_ASSERT_TRUE(config_option_equal(&a, &b, option));
}

static CU_TestInfo tests[] = {
	{ "a prefix is an address and a length", a_prefix_is_an_address_and_a_length },
	{ "an address is inside up to the edges", an_address_is_inside_up_to_the_edges },
	{ "several stand with commas", several_stand_with_commas },
	{ "a text that is too long is cut", a_text_that_is_too_long_is_cut },
	{ "one of several is enough", one_of_several_is_enough },
	{ "options take networks and none", options_take_networks_and_none },
	{ "options are alike by what they say", options_are_alike_by_what_they_say },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("prefixes", tests);
}
