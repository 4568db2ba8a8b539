/* test_config_cluster.c - members of a cluster in the configuration: their
 * lines, and what they must be to one another. */
#include <stdio.h>
#include <string.h>

#include "agentd/base/config.h"
#include "agentd/base/config_values.h"
#include "agentd/base/hex.h"
#include "tests/unit/suite.h"

#define A "0a112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define B "0b112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define C "0c112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

#define ADDRESS "home-agent: {address: 192.0.2.1}\n"
#define FIRST "  member-1: 198.51.100.1:7434 data " A "\n"
#define SECOND "  member-2: 198.51.100.2:7434 data " B "\n"
#define WITNESS "  member-3: 198.51.100.3:7434 witness " C "\n"

static struct config loaded;
static struct config_error said;

static enum ha_error load(const char *text)
{
	said.text[0] = '\0';
	return config_load_text("f", text, strlen(text), &loaded, &said);
}

/* ---- a line ---- */

static void a_line_is_a_member_and_comes_back(void)
{
	static const char text[] = "198.51.100.7:65534 witness " A;
	struct cluster_member member;
	char again[CONFIG_TEXT_MAX];

	CU_ASSERT_TRUE_FATAL(cluster_member_parse(text, &member));
	CU_ASSERT_STRING_EQUAL(address_format(member.address).text, "198.51.100.7");
	CU_ASSERT_EQUAL(member.port, 65534);
	CU_ASSERT_EQUAL(member.witness, 1);
	CU_ASSERT_EQUAL(member.public_key[0], 0x0a);
	CU_ASSERT_EQUAL(member.public_key[CLUSTER_KEY_OCTETS - 1], 0xff);
	CU_ASSERT_EQUAL(cluster_member_format(&member, again, sizeof(again)), strlen(text));
	CU_ASSERT_STRING_EQUAL(again, text);
}

static void no_text_is_no_member(void)
{
	struct cluster_member member;
	char text[8];

	CU_ASSERT_TRUE(cluster_member_parse("127.0.0.1:1 data " A, &member));
	CU_ASSERT_TRUE(cluster_member_is_given(&member));
	CU_ASSERT_TRUE(cluster_member_parse("", &member));
	CU_ASSERT_FALSE(cluster_member_is_given(&member));
	CU_ASSERT_EQUAL(cluster_member_format(&member, text, sizeof(text)), 0);
	CU_ASSERT_STRING_EQUAL(text, "");
}

static void other_lines_are_refused_and_change_nothing(void)
{
	static const char *const lines[] = {
		" ",
		"none",
		"198.51.100.7",
		"198.51.100.7:7434",
		"198.51.100.7:7434 data",
		"198.51.100.7:7434 data ",
		"198.51.100.7:7434 " A,
		"198.51.100.7 data " A,
		":7434 data " A,
		"198.51.100.7: data " A,
		"198.51.100.7:0 data " A,
		"198.51.100.7:07434 data " A,
		"198.51.100.7:65535 data " A,
		"198.51.100.7:74340000000000000000000 data " A,
		"198.51.100.7:7434x data " A,
		"198.51.100.7:+7434 data " A,
		"0.0.0.0:7434 data " A,
		"224.0.0.1:7434 data " A,
		"198.51.100.256:7434 data " A,
		"host.example:7434 data " A,
		"[2001:db8::1]:7434 data " A,
		"198.51.100.7:7434 leader " A,
		"198.51.100.7:7434 Data " A,
		"198.51.100.7:7434  data " A,
		"198.51.100.7:7434 data  " A,
		" 198.51.100.7:7434 data " A,
		"198.51.100.7:7434 data " A " ",
		"198.51.100.7:7434 data " A "0",
		"198.51.100.7:7434 data " ZEROS,
		"198.51.100.7:7434 data 0g112233445566778899aabbccddeeff0011223344556677"
		"8899aabbccddeeff",
	};
	struct cluster_member member, before;

	memset(&member, 0x5a, sizeof(member));
	before = member;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CU_ASSERT_FALSE(cluster_member_parse(lines[i], &member));
		CU_ASSERT_EQUAL(memcmp(&member, &before, sizeof(member)), 0);
	}
}

/* No beginning of a good line is one, but the empty one. */
static void a_cut_line_is_refused(void)
{
	char text[] = "198.51.100.7:7434 data " A;
	struct cluster_member member;

	for (size_t length = strlen(text) - 1; length > 0; length--) {
		text[length] = '\0';
		CU_ASSERT_FALSE(cluster_member_parse(text, &member));
	}
}

static void digits_are_octets_and_back(void)
{
	uint8_t octets[4];
	char text[9];

	CU_ASSERT_TRUE(hex_parse("0aF9007f", 8, octets, sizeof(octets)));
	hex_format(octets, sizeof(octets), text);
	CU_ASSERT_STRING_EQUAL(text, "0af9007f");
	CU_ASSERT_FALSE(hex_parse("0aF9007", 7, octets, sizeof(octets)));
	CU_ASSERT_FALSE(hex_parse("0aF9007f0", 9, octets, sizeof(octets)));
	CU_ASSERT_FALSE(hex_parse("0aF9 07f", 8, octets, sizeof(octets)));
	for (int c = 0; c < 256; c++)
		CU_ASSERT_EQUAL(hex_digit((char)c) >= 0,
		                c && strchr("0123456789abcdefABCDEF", c) != NULL);
}

/* ---- members together ---- */

static void a_cluster_is_taken_as_it_is_given(void)
{
	CU_ASSERT_EQUAL(load(ADDRESS "cluster:\n  node: 2\n" FIRST SECOND WITNESS), HA_OK);
	CU_ASSERT_EQUAL(loaded.cluster_node, 2);
	CU_ASSERT_EQUAL(loaded.cluster_members[0].public_key[0], 0x0a);
	CU_ASSERT_TRUE(loaded.cluster_members[2].witness);
	CU_ASSERT_FALSE(cluster_member_is_given(&loaded.cluster_members[3]));
	CU_ASSERT_FALSE(config_is_witness(&loaded));
	CU_ASSERT_EQUAL(load(ADDRESS), HA_OK);
	CU_ASSERT_EQUAL(loaded.cluster_node, 0);
	CU_ASSERT_FALSE(config_is_witness(&loaded));
}

static void a_witness_needs_no_home_agent(void)
{
	CU_ASSERT_EQUAL(load("cluster:\n  node: 3\n" FIRST SECOND WITNESS), HA_OK);
	CU_ASSERT_TRUE(config_is_witness(&loaded));
	CU_ASSERT_EQUAL(load("cluster:\n  node: 2\n" FIRST SECOND WITNESS), HA_E_NOTFOUND);
}

static void clusters_that_cannot_be_are_refused_with_the_line(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ FIRST SECOND, "f: cluster.node: 0 is not allowed: members are given" },
		{ "  node: 6\n", "f:3: cluster.node: '6' is not allowed" },
		{ "  node: 3\n" FIRST SECOND,
		  "f:3: cluster.node: 3 is not allowed: cluster.member-3 must be given" },
		{ "  node: 1\n", "f:3: cluster.node: 1 is not allowed: cluster.member-1 must be" },

		{ "  node: 3\n" WITNESS "  member-1: 198.51.100.1:1 witness " A "\n",
		  "f:3: cluster.node: 3 is not allowed: a member with data must be" },
		{ "  node: 1\n" FIRST WITNESS "  member-2: 198.51.100.2:1 witness " B "\n",
		  "f:3: cluster.node: 1 is not allowed: of the members given one at most" },
		{ "  node: 1\n" FIRST "  member-2: 198.51.100.1:7434 data " B "\n",
		  "f:5: cluster.member-2: 198.51.100.1:7434 is not allowed" },
		{ "  node: 1\n" FIRST "  member-2: 198.51.100.1:7435 data " B "\n",
		  "f:5: cluster.member-2: 198.51.100.1:7435 is not allowed" },
		{ "  node: 1\n" FIRST "  member-2: 198.51.100.1:7433 data " B "\n",
		  "f:5: cluster.member-2: 198.51.100.1:7433 is not allowed" },
		{ "  node: 1\n" FIRST "  member-5: 198.51.100.2:7434 data " A "\n",
		  "f:5: cluster.member-5: its public key is not allowed: member-1 has it" },
		{ "  node: 1\n" FIRST "  member-2: 198.51.100.2:7434 " B "\n",
		  "f:5: cluster.member-2: '198.51.100.2:7434 0b11223344556" },
		{ "  node: 1\n" FIRST "  member-2: 192.0.2.1:7434 data " B
		  "\nhome-agent: {address: 192.0.2.1, interface: eth0}\n",
		  "f:5: cluster.member-2: 192.0.2.1 is not allowed: it is home-agent.address" },
		{ "  node: 1\n" FIRST SECOND "  key: node.key\n",
		  "f:6: cluster.key: 'node.key' is not allowed: it must be a path from the root" },
		{ "  node: 1\n" FIRST SECOND "storage: {log-segment: 1}\n",
		  "f:6: storage.log-segment: 1 is not allowed: it must be at least 2 MiB" },
		{ "  node: 1\n" FIRST SECOND "home-agent: {address: 192.0.2.1, interface: a/b}\n",
		  "f:6: home-agent.interface: 'a/b' is not allowed" },
		{ "  node: 1\n" FIRST SECOND
		  "home-agent: {address: 192.0.2.1, announce-hook: up}\n",
		  "f:6: home-agent.announce-hook: 'up' is not allowed" },
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool has_address = strstr(rows[i].text, "home-agent:") != NULL;

		snprintf(text, sizeof(text), "%scluster:\n%s", has_address ? "\n" : ADDRESS,
		         rows[i].text);
		CU_ASSERT_EQUAL(load(text), HA_E_RANGE);
		CU_ASSERT_EQUAL(strncmp(said.text, rows[i].expected, strlen(rows[i].expected)), 0);
		if (strncmp(said.text, rows[i].expected, strlen(rows[i].expected)) != 0)
			printf("    row %zu: %s\n", i, said.text);
	}
}

static void ports_two_apart_may_share_an_address(void)
{
	CU_ASSERT_EQUAL(load(ADDRESS "cluster:\n  node: 1\n" FIRST
	                             "  member-2: 198.51.100.1:7436 data " B "\n"
	                             "  member-4: 198.51.100.1:7432 data " C "\n"),
	                HA_OK);
}

static void an_even_number_of_members_is_told(void)
{
	CU_ASSERT_EQUAL(load(ADDRESS), HA_OK);
	CU_ASSERT_FALSE(config_doubt(&loaded, &said));
	CU_ASSERT_EQUAL(load(ADDRESS "cluster:\n  node: 1\n" FIRST SECOND WITNESS), HA_OK);
	CU_ASSERT_FALSE(config_doubt(&loaded, &said));
	CU_ASSERT_EQUAL(load(ADDRESS "cluster:\n  node: 1\n" FIRST SECOND), HA_OK);
	CU_ASSERT_TRUE(config_doubt(&loaded, &said));
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, "2 members survive the loss of 0, as 1 would"));
}

static CU_TestInfo tests[] = {
	{ "a line is a member and comes back", a_line_is_a_member_and_comes_back },
	{ "no text is no member", no_text_is_no_member },
	{ "other lines are refused and change nothing",
	  other_lines_are_refused_and_change_nothing },
	{ "a cut line is refused", a_cut_line_is_refused },
	{ "digits are octets and back", digits_are_octets_and_back },
	{ "a cluster is taken as it is given", a_cluster_is_taken_as_it_is_given },
	{ "a witness needs no home agent", a_witness_needs_no_home_agent },
	{ "clusters that cannot be are refused with the line",
	  clusters_that_cannot_be_are_refused_with_the_line },
	{ "ports two apart may share an address", ports_two_apart_may_share_an_address },
	{ "an even number of members is told", an_even_number_of_members_is_told },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("config_cluster", tests);
}
