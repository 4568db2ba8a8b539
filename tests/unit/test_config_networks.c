/* test_config_networks.c - home networks in the configuration, and what of the data
 * plane is checked beside them. */
#include <stdio.h>
#include <string.h>

#include "agentd/base/config.h"
#include "agentd/base/config_values.h"
#include "tests/unit/suite.h"

#define ADDRESS "home-agent: {address: 192.0.2.1}\n"

static struct config loaded;
static struct config_error said;

static enum ha_error load(const char *text)
{
	said.text[0] = '\0';
	return config_load_text("f", text, strlen(text), &loaded, &said);
}

static void a_line_is_a_network_and_comes_back(void)
{
	static const struct {
		const char *text, *interface;
		enum home_network_kind kind;
		uint8_t length;
	} rows[] = {
		{ "192.0.2.0/24 link eth0", "eth0", HOME_NETWORK_LINK, 24 },
		{ "198.51.100.128/25 router vlan12.7", "vlan12.7", HOME_NETWORK_ROUTER, 25 },
		{ "10.0.0.0/8 virtual", "", HOME_NETWORK_VIRTUAL, 8 },
		{ "192.0.2.9/32 link abcdefghijklmno", "abcdefghijklmno", HOME_NETWORK_LINK, 32 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct home_network network;
		char again[CONFIG_TEXT_MAX];

		CU_ASSERT_TRUE_FATAL(home_network_parse(rows[i].text, &network));
		CU_ASSERT_EQUAL(network.kind, rows[i].kind);
		CU_ASSERT_EQUAL(network.length, rows[i].length);
		CU_ASSERT_STRING_EQUAL(network.interface, rows[i].interface);
		CU_ASSERT_EQUAL(home_network_format(&network, again, sizeof(again)),
		                strlen(rows[i].text));
		CU_ASSERT_STRING_EQUAL(again, rows[i].text);
	}
}

static void no_text_is_no_network(void)
{
	struct home_network network;
	char text[8];

	CU_ASSERT_TRUE(home_network_parse("10.0.0.0/8 virtual", &network));
	CU_ASSERT_TRUE(home_network_is_given(&network));
	CU_ASSERT_TRUE(home_network_parse("", &network));
	CU_ASSERT_FALSE(home_network_is_given(&network));
	CU_ASSERT_EQUAL(home_network_format(&network, text, sizeof(text)), 0);
}

static void nothing_else_is_a_network(void)
{
	static const char *const texts[] = {
		"10.0.0.0/8",
		"10.0.0.0 virtual",
		"10.0.0.1/8 virtual",
		"10.0.0.0/7 virtual",
		"10.0.0.0/33 virtual",
		"10.0.0.0/8 virtual eth0",
		"10.0.0.0/8 virtual ",
		"10.0.0.0/8  virtual",
		" 10.0.0.0/8 virtual",
		"10.0.0.0/8 link",
		"10.0.0.0/8 link ",
		"10.0.0.0/8 link a/b",
		"10.0.0.0/8 link ..",
		"10.0.0.0/8 router e e",
		"10.0.0.0/8 none eth0",
		"224.0.0.0/8 virtual",
		"10.0.0.0/8 router a:0",
		"127.0.0.0/8 virtual",
		"10.0.0.0/8 bridge e",
		"10.0.0.0/8 link 16letters_are_16",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct home_network network = { .length = 77 };

		if (home_network_parse(texts[i], &network))
			CU_FAIL(texts[i]);
		CU_ASSERT_EQUAL(network.length, 77);
	}
}

static void networks_have_no_address_in_common(void)
{
	CU_ASSERT_EQUAL(load(ADDRESS "home-networks: {network-1: 10.0.0.0/9 virtual, "
	                             "network-8: 10.128.0.0/9 virtual}\n"),
	                HA_OK);
	CU_ASSERT_EQUAL(load(ADDRESS "home-networks: {network-2: 10.0.0.0/8 virtual, "
	                             "network-7: 10.64.0.0/16 link eth0}\n"),
	                HA_E_RANGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "network-7: 10.64.0.0/16 is not allowed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "network-2, 10.0.0.0/8 virtual"));
}

static void packets_are_forwarded_where_there_is_a_home_network(void)
{
	CU_ASSERT_EQUAL(load(ADDRESS), HA_OK);
	CU_ASSERT_FALSE(config_forwards(&loaded));
	CU_ASSERT_EQUAL(load(ADDRESS "home-networks: {network-3: 10.0.0.0/8 virtual}\n"), HA_OK);
	CU_ASSERT_TRUE(config_forwards(&loaded));
	CU_ASSERT_EQUAL(load(ADDRESS "home-networks: {network-3: 10.0.0.0/8 virtual}\n"
	                             "dataplane: {path: off}\n"),
	                HA_OK);
	CU_ASSERT_FALSE(config_forwards(&loaded));
}

static void tables_and_devices_of_others_are_refused(void)
{
	CU_ASSERT_EQUAL(load(ADDRESS "dataplane: {table: 254}\n"), HA_E_RANGE);
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "dataplane.table: 254"));
	CU_ASSERT_EQUAL(load(ADDRESS "dataplane: {table: 256}\n"), HA_OK);
	CU_ASSERT_EQUAL(load(ADDRESS "dataplane: {device: a/b}\n"), HA_E_RANGE);
	CU_ASSERT_EQUAL(load(ADDRESS "dataplane: {device: 'tun%d'}\n"), HA_E_RANGE);
}

static void gateways_are_trusted_only_by_name(void)
{
	const struct config_option *option = config_option_find("dataplane.trusted-gateways");
	char text[CONFIG_TEXT_MAX];

	CU_ASSERT_EQUAL(load(ADDRESS), HA_OK);
	CU_ASSERT_EQUAL(loaded.trusted_gateways.count, 0);
	config_format(&loaded, option, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "none");
	CU_ASSERT_EQUAL(load(ADDRESS "dataplane: {trusted-gateways: any}\n"), HA_E_RANGE);
	CU_ASSERT_EQUAL(load(ADDRESS "dataplane: {trusted-gateways: '192.0.2.1,10.0.0.0/8'}\n"),
	                HA_OK);
	CU_ASSERT_EQUAL(loaded.trusted_gateways.count, 2);
}

static CU_TestInfo tests[] = {
	{ "a line is a network and comes back", a_line_is_a_network_and_comes_back },
	{ "no text is no network", no_text_is_no_network },
	{ "nothing else is a network", nothing_else_is_a_network },
	{ "networks have no address in common", networks_have_no_address_in_common },
	{ "packets are forwarded where there is a home network",
	  packets_are_forwarded_where_there_is_a_home_network },
	{ "tables and devices of others are refused", tables_and_devices_of_others_are_refused },
	{ "gateways are trusted only by name", gateways_are_trusted_only_by_name },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("config_networks", tests);
}
