/* test_config_visit.c - foreign agents and advertisements in the configuration. */
#include <stdio.h>
#include <string.h>

#include "agentd/base/config.h"
#include "agentd/base/config_groups.h"
#include "agentd/base/config_values.h"
#include "tests/unit/suite.h"

#define HOME "home-agent: {address: 192.0.2.1}\n"
#define FOREIGN "foreign-agent: {care-of: '198.51.100.1,198.51.100.2'}\n"

static struct config loaded;
static struct config_error said;

static enum ha_error load(const char *text)
{
	said.text[0] = '\0';
	return config_load_text("f", text, strlen(text), &loaded, &said);
}

static bool is_said(const char *words)
{
	return strstr(said.text, words) != NULL;
}

static void a_line_is_a_link_and_comes_back(void)
{
	static const struct {
		const char *text, *again; /* NULL: the same */
		unsigned roles, least_s, most_s, lifetime_s;
	} rows[] = {
		{ "eth1 foreign", NULL, ADVERTISED_FOREIGN, 0, 0, 0 },
		{ "vlan7.1 home", NULL, ADVERTISED_HOME, 0, 0, 0 },
		{ "eth1 both every 3-4 lifetime 4 router registration-required prefix-lengths "
		  "solicited broadcast",
		  NULL, ADVERTISED_HOME | ADVERTISED_FOREIGN, 3, 4, 4 },
		{ "e broadcast-is-no-role", "", 0, 0, 0, 0 },
		{ "eth1 foreign every 100", "eth1 foreign every 75-100", ADVERTISED_FOREIGN, 75,
		  100, 0 },
		{ "eth1 foreign broadcast router", "eth1 foreign router broadcast",
		  ADVERTISED_FOREIGN, 0, 0, 0 },
		{ "eth1 foreign every 1800-1800 lifetime 9000", NULL, ADVERTISED_FOREIGN, 1800,
		  1800, 9000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *again = rows[i].again ? rows[i].again : rows[i].text;
		struct advertised_link link;
		char text[CONFIG_TEXT_MAX];

		memset(&link, 0, sizeof(link));
		CU_ASSERT_EQUAL(advertised_link_parse(rows[i].text, &link), *again != '\0');
		CU_ASSERT_EQUAL(link.roles, rows[i].roles);
		CU_ASSERT_EQUAL(link.least_s, rows[i].least_s);
		CU_ASSERT_EQUAL(link.most_s, rows[i].most_s);
		CU_ASSERT_EQUAL(link.lifetime_s, rows[i].lifetime_s);
		CU_ASSERT_EQUAL(advertised_link_format(&link, text, sizeof(text)), strlen(again));
		CU_ASSERT_STRING_EQUAL(text, again);
	}
}

static void nothing_else_is_a_link(void)
{
	static const char *const texts[] = {
		"eth1",
		"eth1 ",
		"eth1 foreign ",
		"eth1  foreign",
		" eth1 foreign",
		"eth1 router",
		"a/b foreign",
		"16letters_are_16 foreign",
		"eth1 foreign every",
		"eth1 foreign every 2-4",
		"eth1 foreign every 3-3",
		"eth1 foreign every 5-4",
		"eth1 foreign every 1801",
		"eth1 foreign every 4-",
		"eth1 foreign every -4",
		"eth1 foreign every 3-4x",
		"eth1 foreign every 99999999999",
		"eth1 foreign every 3-4 every 3-4",
		"eth1 foreign lifetime 599",
		"eth1 foreign lifetime 9001",
		"eth1 foreign every 3-4 lifetime 3",
		"eth1 foreign lifetime 700 lifetime 700",
		"eth1 foreign router router",
		"eth1 foreign home",
		"eth1 foreign shy",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct advertised_link link = { .least_s = 77 };

		if (advertised_link_parse(texts[i], &link))
			CU_FAIL(texts[i]);
		CU_ASSERT_EQUAL(link.least_s, 77);
	}
}

static void a_foreign_agent_needs_no_home_agent(void)
{
	CU_ASSERT_EQUAL(load(""), HA_E_NOTFOUND);
	CU_ASSERT_TRUE(is_said("home-agent.address is missing"));
	CU_ASSERT_EQUAL(load(FOREIGN), HA_OK);
	CU_ASSERT_TRUE(config_is_foreign_agent(&loaded));
	CU_ASSERT_FALSE(config_has_home_agent(&loaded));
	CU_ASSERT_EQUAL(loaded.care_of.count, 2);
	CU_ASSERT_EQUAL(load(HOME), HA_OK);
	CU_ASSERT_FALSE(config_is_foreign_agent(&loaded));
	CU_ASSERT_TRUE(config_has_home_agent(&loaded));
	CU_ASSERT_EQUAL(load(HOME FOREIGN), HA_OK);
	CU_ASSERT_TRUE(config_is_foreign_agent(&loaded));
	CU_ASSERT_TRUE(config_has_home_agent(&loaded));
}

static void what_does_not_fit_is_refused(void)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ HOME "foreign-agent: {care-of: any}\n",
		  "none, or up to 8 IPv4 addresses of single hosts" },
		{ HOME "foreign-agent: {care-of: 192.0.2.0/24}\n", "care-of: '192.0.2.0/24'" },
		{ HOME "foreign-agent: {care-of: 224.0.0.1}\n", "care-of: '224.0.0.1'" },
		{ HOME "foreign-agent: {care-of: 192.0.2.1}\n",
		  "foreign-agent.care-of: 192.0.2.1 is not allowed: it is home-agent.address" },
		{ HOME "advertisement: {link-2: eth1 both}\n",
		  "advertisement.link-2: both is not allowed: there is no foreign agent" },
		{ FOREIGN "advertisement: {link-3: eth1 home}\n",
		  "advertisement.link-3: home is not allowed: there is no home agent" },
		{ FOREIGN "advertisement: {link-1: eth1 foreign, link-4: eth1 foreign}\n",
		  "advertisement.link-4: eth1 is not allowed: link-1 is" },
		{ HOME "advertisement: {link-1: eth1 home registration-required}\n",
		  "advertisement.link-1: registration-required is not allowed" },
		{ FOREIGN "home-networks: {network-2: 10.0.0.0/8 virtual}\n",
		  "home-networks.network-2: not allowed: there is no home agent" },
		{ FOREIGN "groups: {group-3: /g}\n", "groups.group-3: not allowed" },
		{ "foreign-agent: {care-of: 198.51.100.1, max-visitors: 5, busy-above: 6}\n",
		  "foreign-agent.busy-above: 6 is not allowed: it must be at most" },
		{ "foreign-agent: {care-of: 198.51.100.1, max-pending: 2, pending-per-node: 3}\n",
		  "foreign-agent.pending-per-node: 3 is not allowed" },
		{ "foreign-agent: {care-of: 198.51.100.1, reverse-tunnel: no, "
		  "encapsulating-delivery: yes}\n",
		  "foreign-agent.encapsulating-delivery: yes is not allowed" },
		{ "foreign-agent: {care-of: 198.51.100.1, revocation: required}\n",
		  "foreign-agent.revocation: required is not allowed" },
		{ "foreign-agent: {care-of: 198.51.100.1, device: hearth}\n",
		  "foreign-agent.device: 'hearth' is not allowed" },
		{ "foreign-agent: {care-of: 198.51.100.1, table: 449}\n",
		  "foreign-agent.table: 449 is not allowed" },
		{ "foreign-agent: {care-of: 198.51.100.1, table: 254}\n",
		  "foreign-agent.table: 254 is not allowed" },
		{ "foreign-agent: {care-of: 198.51.100.1, associations: keys}\n",
		  "foreign-agent.associations: 'keys' is not allowed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(load(rows[i].text), HA_E_RANGE);
		if (!is_said(rows[i].said)) {
			printf("\n%s\n", said.text);
			CU_FAIL(rows[i].said);
		}
	}
}

/* A setting of any group is judged with all of its configuration, once that is in its place. */
static void every_group_leaves_the_tables_to_the_others(void)
{
	for (uint32_t number = 0; number < CONFIG_GROUPS_MAX; number++) {
		CU_ASSERT_EQUAL_FATAL(load(HOME FOREIGN), HA_OK);
		if (number > 0)
			config_groups_place(&loaded, number);
		CU_ASSERT_EQUAL(config_validate(&loaded, &said), HA_OK);
		loaded.visit_table = loaded.dataplane_table;
		CU_ASSERT_EQUAL(config_validate(&loaded, &said), HA_E_RANGE);
		CU_ASSERT_TRUE(is_said("nor one of the home agents, 434 to 449"));
	}
}

static void a_list_of_addresses_comes_back(void)
{
	const struct config_option *option = config_option_find("foreign-agent.care-of");
	struct config none;
	char text[CONFIG_TEXT_MAX];

	CU_ASSERT_EQUAL(load(FOREIGN), HA_OK);
	config_format(&loaded, option, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "198.51.100.1,198.51.100.2");
	config_defaults(&none);
	config_format(&none, option, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "none");
	CU_ASSERT_FALSE(config_option_equal(&loaded, &none, option));
}

#define KEY_1 "0a112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CLUSTER                                                                                    \
	HOME "cluster: {node: 1, member-1: '192.0.2.11:4340 data " KEY_1 "'}\n"                    \
	     "advertisement: {link-3: eth1 foreign}\n"
#define SHARED(value) CLUSTER "foreign-agent: {care-of: 192.0.2.9, shared: '" value "'}\n"

static void members_share_every_address_that_the_agent_is_known_by(void)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ SHARED("192.0.2.9"), "foreign-agent.shared: '192.0.2.9' is not allowed" },
		{ SHARED("192.0.2.9@"), "must be empty, or up to 8 different addresses" },
		{ SHARED("192.0.2.9@eth0,"), "must be empty, or" },
		{ SHARED("192.0.2.9@a b"), "must be empty, or" },
		{ SHARED("192.0.2.9@16letters_are_16"), "must be empty, or" },
		{ SHARED("192.0.2.9@eth0, 192.0.2.9@eth1"), "must be empty, or" },
		{ SHARED("224.0.0.9@eth0"), "must be empty, or" },
		{ SHARED("1.0.0.1@a,1.0.0.2@a,1.0.0.3@a,1.0.0.4@a,1.0.0.5@a,1.0.0.6@a,1.0.0.7@a,"
		         "1.0.0.8@a,1.0.0.9@a"),
		  "must be empty, or" },
		{ SHARED("198.51.100.1@eth1"), "the care-of address 192.0.2.9 must be in it" },
		{ SHARED("192.0.2.9@eth0"), "an address on eth1 must be in it" },
		{ SHARED("192.0.2.9@eth1, 192.0.2.1@eth0"), "192.0.2.1 is not allowed" },
		{ SHARED("192.0.2.9@eth1, 192.0.2.11@eth0"), "member-1 is reached under it" },
		{ HOME "foreign-agent: {care-of: 192.0.2.9, shared: '192.0.2.9@eth0'}\n",
		  "only members of a cluster share addresses" },
		{ CLUSTER "foreign-agent: {shared: '192.0.2.9@eth1'}\n",
		  "foreign-agent.care-of must be given" },
	};

	CU_ASSERT_EQUAL(load(SHARED("192.0.2.9@eth0, 198.51.100.1@eth1")), HA_OK);
	CU_ASSERT_TRUE(config_shares_visitors(&loaded));
	CU_ASSERT_EQUAL(load(SHARED("192.0.2.9@eth1")), HA_OK);
	CU_ASSERT_EQUAL(load(SHARED("")), HA_OK);
	CU_ASSERT_FALSE(config_shares_visitors(&loaded));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(load(rows[i].text), HA_E_RANGE);
		if (!is_said(rows[i].said)) {
			printf("\n%s\n", said.text);
			CU_FAIL(rows[i].said);
		}
	}
}

/* Who shares visitors shows it to the other members, and with which addresses. */
static void members_compare_what_they_share(void)
{
	static struct config_groups groups;
	uint32_t both, other, none;

	groups.count = 1;
	CU_ASSERT_EQUAL(load(SHARED("192.0.2.9@eth0, 198.51.100.1@eth1")), HA_OK);
	groups.of[0] = loaded;
	both = config_groups_digest(&groups);
	CU_ASSERT_EQUAL(load(SHARED("192.0.2.9@eth0, 198.51.100.2@eth1")), HA_OK);
	groups.of[0] = loaded;
	other = config_groups_digest(&groups);
	CU_ASSERT_EQUAL(load(SHARED("")), HA_OK);
	groups.of[0] = loaded;
	none = config_groups_digest(&groups);
	CU_ASSERT_EQUAL(both & 0xffff, 1);
	CU_ASSERT_EQUAL(other & 0xffff, 1);
	CU_ASSERT_NOT_EQUAL(both >> 16, other >> 16);
	CU_ASSERT_EQUAL(none, 0);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{ "a line is a link and comes back", a_line_is_a_link_and_comes_back },
		{ "nothing else is a link", nothing_else_is_a_link },
		{ "a foreign agent needs no home agent", a_foreign_agent_needs_no_home_agent },
		{ "what does not fit is refused", what_does_not_fit_is_refused },
		{ "every group leaves the tables to the others",
		  every_group_leaves_the_tables_to_the_others },
		{ "a list of addresses comes back", a_list_of_addresses_comes_back },
		{ "members share every address that the agent is known by",
		  members_share_every_address_that_the_agent_is_known_by },
		{ "members compare what they share", members_compare_what_they_share },
		CU_TEST_INFO_NULL,
	};

	return suite_run("config_visit", tests);
}
