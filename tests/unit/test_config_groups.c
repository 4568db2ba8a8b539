/* test_config_groups.c - several home agents of one process: files of groups, what
 * stands in them and what in the main one, and what they must be to one another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/config_groups.h"
#include "agentd/base/config_values.h"
#include "tests/unit/suite.h"

#define FILES 4u
#define KEY "0a112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define THIRD_KEY "0c112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER_KEY "0b112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char directory[64];
static struct config_groups loaded;
static struct config_error said;

/* ---- files ---- */

/* File 0 is the main one. */
static const char *path_of(unsigned number)
{
	static char path[FILES][96];

	snprintf(path[number], sizeof(path[number]), "%s/%u.yaml", directory, number);
	return path[number];
}

static void write_file(unsigned number, const char *text)
{
	FILE *file = fopen(path_of(number), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static void begin(void)
{
	snprintf(directory, sizeof(directory), "/tmp/test_config_groups.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
}

static void end(void)
{
	for (unsigned i = 0; i < FILES; i++)
		unlink(path_of(i));
	CU_ASSERT_EQUAL(rmdir(directory), 0);
}

/* A main file with this text in it, which names files 1 up to `groups`. */
static enum ha_error load(const char *text, unsigned groups)
{
	char whole[1024];
	int length = snprintf(whole, sizeof(whole), "%s", text);

	for (unsigned i = 1; i <= groups; i++)
		length += snprintf(whole + length, sizeof(whole) - (size_t)length,
		                   "%s  group-%u: %s\n", i == 1 ? "groups:\n" : "", i, path_of(i));
	write_file(0, whole);
	said.text[0] = '\0';
	return config_groups_load(path_of(0), &loaded, &said);
}

static void check_said(const char *expected)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(said.text, expected));
	if (!strstr(said.text, expected))
		fprintf(stderr, "said: %s\n", said.text);
}

#define FIRST "home-agent: {address: 192.0.2.1}\n"

/* ---- one and several ---- */

static void a_file_without_groups_is_group_0(void)
{
	begin();
	CU_ASSERT_EQUAL_FATAL(load(FIRST, 0), HA_OK);
	CU_ASSERT_EQUAL(loaded.count, 1);
	CU_ASSERT_EQUAL(loaded.of[0].group, 0);
	CU_ASSERT_STRING_EQUAL(loaded.of[0].data_directory, "/var/lib/hearth");
	CU_ASSERT_STRING_EQUAL(loaded.of[0].cluster_key_file, "");
	CU_ASSERT_EQUAL(config_groups_digest(&loaded), 0);
	end();
}

static void a_group_has_its_own_options_and_those_of_the_process(void)
{
	const struct config *group;

	begin();
	write_file(1, "home-agent: {address: 192.0.2.2, port: 1434}\n"
	              "registration: {max-lifetime: 77}\n"
	              "capacity: {nodes: 10, associations: 20}\n"
	              "storage: {store-map: 64, associations: /etc/second}\n");
	write_file(2, "home-agent: {address: 192.0.2.3}\n");
	CU_ASSERT_EQUAL_FATAL(load(FIRST "registration: {max-lifetime: 55}\n"
	                                 "storage: {directory: /data, log-segments: 5}\n"
	                                 "overload: {request-age: 123}\n"
	                                 "process: {network-threads: 3}\n",
	                           2),
	                      HA_OK);
	CU_ASSERT_EQUAL_FATAL(loaded.count, 3);
	group = config_groups_find(&loaded, 1);
	CU_ASSERT_PTR_EQUAL_FATAL(group, &loaded.of[1]);
	CU_ASSERT_EQUAL(group->group, 1);
	CU_ASSERT_EQUAL(group->home_agent_port, 1434);
	CU_ASSERT_EQUAL(group->max_lifetime_s, 77);
	CU_ASSERT_EQUAL(group->capacity_nodes, 10);
	CU_ASSERT_STRING_EQUAL(group->associations_file, "/etc/second");
	CU_ASSERT_EQUAL(group->log_segments_max, 5);
	CU_ASSERT_EQUAL(group->request_age_ms, 123);
	CU_ASSERT_EQUAL(group->network_threads, 3);
	CU_ASSERT_STRING_EQUAL(group->data_directory, "/data/groups/1");
	CU_ASSERT_STRING_EQUAL(group->cluster_key_file, "/data/cluster.key");
	CU_ASSERT_STRING_EQUAL(group->node_key_file, "/data/node.key");
	/* What it does not say is the default, not what the main file says of group 0. */
	group = config_groups_find(&loaded, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(group);
	CU_ASSERT_EQUAL(group->max_lifetime_s, 1800);
	CU_ASSERT_STRING_EQUAL(group->associations_file, "");
	CU_ASSERT_STRING_EQUAL(group->data_directory, "/data/groups/2");
	CU_ASSERT_PTR_NULL(config_groups_find(&loaded, 3));
	CU_ASSERT_STRING_EQUAL(loaded.of[0].data_directory, "/data");
	end();
}

static void numbers_may_have_gaps(void)
{
	char text[512];

	begin();
	write_file(1, "home-agent: {address: 192.0.2.2}\n");
	snprintf(text, sizeof(text),
	         FIRST "groups: {group-15: %s}\n"
	               "storage: {cluster-key: /keys/cluster}\n",
	         path_of(1));
	CU_ASSERT_EQUAL_FATAL(load(text, 0), HA_OK);
	CU_ASSERT_EQUAL_FATAL(loaded.count, 2);
	CU_ASSERT_EQUAL(loaded.of[1].group, 15);
	CU_ASSERT_STRING_EQUAL(loaded.of[1].cluster_key_file, "/keys/cluster");
	CU_ASSERT_EQUAL(config_groups_digest(&loaded) & 0xffff, 1u << 15);
	end();
}

/* ---- what is refused ---- */

static void what_is_wrong_in_a_file_is_told_with_its_name_and_line(void)
{
	static const struct {
		const char *text;
		enum ha_error why;
		const char *said;
	} cases[] = {
		{ "home-agent: {address: 192.0.2.2}\ncluster: {node: 1}\n", HA_E_SYNTAX,
		  "/1.yaml:2: cluster.node is of the whole process" },
		{ "groups: {group-1: /x}\n", HA_E_SYNTAX,
		  "/1.yaml:1: groups.group-1 is of the whole process" },
		{ "process: {user: x}\n", HA_E_SYNTAX, "process.user is of the whole process" },
		{ "storage: {directory: /x}\n", HA_E_SYNTAX, "storage.directory is of the whole" },
		{ "capacity: {nodes: 1}\n", HA_E_NOTFOUND,
		  "/1.yaml: home-agent.address is missing" },
		{ "home-agent:\n  address: 192.0.2.300\n", HA_E_RANGE,
		  "/1.yaml:2: home-agent.address: '192.0.2.300' is not allowed" },
		{ "home-agent: {address: 192.0.2.2}\n"
		  "capacity: {nodes: 1000, associations: 5}\n",
		  HA_E_RANGE, "/1.yaml:2: capacity.associations: 5 is not allowed" },
		{ "home-agent: {address: 192.0.2.2}\ncolour: {node: 1}\n", HA_E_SYNTAX,
		  "/1.yaml:2: there is no section 'colour'" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(1, cases[i].text);
		CU_ASSERT_EQUAL(load(FIRST, 1), cases[i].why);
		check_said(cases[i].said);
	}
	unlink(path_of(1));
	CU_ASSERT_EQUAL(load(FIRST, 1), HA_E_IO);
	check_said("/1.yaml: cannot be opened");
	CU_ASSERT_EQUAL(load(FIRST "groups: {group-1: groups/1.yaml}\n", 0), HA_E_RANGE);
	check_said("groups.group-1: 'groups/1.yaml' is not allowed: it must be a path");
	CU_ASSERT_EQUAL(load(FIRST "groups: {group-16: /x}\n", 0), HA_E_SYNTAX);
	check_said("there is no option 'group-16'");
	end();
}

static void two_that_cannot_be_together_are_refused(void)
{
	static const struct {
		const char *first, *second;
		const char *said; /* NULL: they can */
	} cases[] = {
		{ "{address: 192.0.2.2}", "{address: 192.0.2.3}", NULL },
		{ "{address: 192.0.2.1}", "{address: 192.0.2.3}",
		  "/1.yaml: home-agent.address: 192.0.2.1 port 434 is not allowed: group 0 has "
		  "them already" },
		{ "{address: 192.0.2.2, port: 7}", "{address: 192.0.2.2, port: 7, realm: 3}",
		  "/2.yaml: home-agent.address: 192.0.2.2 port 7 is not allowed: group 1 has" },
		{ "{address: 192.0.2.2, port: 7}", "{address: 192.0.2.2}",
		  "/2.yaml: home-agent.realm: 0 is not allowed: group 1 has it" },
		{ "{address: 192.0.2.2, port: 7}", "{address: 192.0.2.2, realm: 1}", NULL },
		{ "{address: 192.0.2.2, port: 7}",
		  "{address: 192.0.2.2, realm: 1, interface: eth0}",
		  "/2.yaml: home-agent.address: 192.0.2.2 is not allowed: it is that of group 1" },
		{ "{address: 192.0.2.2, interface: eth0}",
		  "{address: 198.51.100.2, interface: eth0}",
		  "/2.yaml: home-agent.virtual-router: 2 is not allowed: group 1 has that" },
		{ "{address: 192.0.2.2, interface: eth0, virtual-router: 9}",
		  "{address: 192.0.2.9, interface: eth0}",
		  "/2.yaml: home-agent.virtual-router: 9 is not allowed" },
		{ "{address: 192.0.2.2, interface: eth0}",
		  "{address: 198.51.100.2, interface: eth1}", NULL },
		{ "{address: 192.0.2.2, interface: eth0}",
		  "{address: 198.51.100.2, interface: eth0, virtual-mac: no}", NULL },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "home-agent: %s\n", cases[i].first);
		write_file(1, text);
		snprintf(text, sizeof(text), "home-agent: %s\n", cases[i].second);
		write_file(2, text);
		CU_ASSERT_EQUAL(load(FIRST, 2), cases[i].said ? HA_E_RANGE : HA_OK);
		check_said(cases[i].said ? cases[i].said : "");
	}
	end();
}

/* ---- what forwards their packets ---- */

#define NETWORK "home-networks: {network-1: 10.1.0.0/16 virtual}\n"

static void every_data_plane_has_what_is_its_own(void)
{
	begin();
	write_file(1, "home-agent: {address: 192.0.2.2}\n"
	              "home-networks: {network-1: 10.2.0.0/16 virtual}\n"
	              "dataplane: {trusted-gateways: 192.0.2.9/32}\n");
	write_file(2, "home-agent: {address: 192.0.2.3}\n");
	CU_ASSERT_EQUAL_FATAL(load(FIRST NETWORK "dataplane: {table: 100, nesting-limit: 2}\n", 2),
	                      HA_OK);
	CU_ASSERT_STRING_EQUAL(loaded.of[0].dataplane_tun, "hearth");
	CU_ASSERT_STRING_EQUAL(loaded.of[1].dataplane_tun, "hearth-1");
	CU_ASSERT_STRING_EQUAL(loaded.of[2].dataplane_tun, "hearth-2");
	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(loaded.of[i].dataplane_table, 100 + i);
		CU_ASSERT_EQUAL(loaded.of[i].nesting_limit, 2);
		CU_ASSERT_EQUAL(loaded.of[i].trusted_gateways.count, i == 1);
		CU_ASSERT_EQUAL(config_forwards(&loaded.of[i]), i < 2);
	}
	end();
}

static void home_networks_that_get_in_each_other_s_way_are_refused(void)
{
	static const struct {
		const char *main, *group;
		const char *said; /* NULL: they do not */
	} cases[] = {
		{ NETWORK, "home-networks: {network-3: 10.0.0.0/8 virtual}\n",
		  "/1.yaml: home-networks.network-3: 10.0.0.0/8 is not allowed: it must have no "
		  "address in common with network-1 of group 0, 10.1.0.0/16 virtual" },
		{ NETWORK, "home-networks: {network-1: 10.1.9.0/24 link eth0}\n",
		  "/1.yaml: home-networks.network-1: 10.1.9.0/24 is not allowed" },
		{ NETWORK "dataplane: {path: off}\n", NETWORK, NULL },
		{ NETWORK, "home-networks: {network-1: 10.2.0.0/16 virtual}\n", NULL },
		{ NETWORK, "", NULL },
		{ "", NETWORK, NULL },
		{ NETWORK "dataplane: {table: 252}\n",
		  "home-networks: {network-1: 10.2.0.0/16 virtual}\n",
		  "/1.yaml: home-networks: not allowed, since its routing table would be 253" },
		{ NETWORK "dataplane: {table: 252}\n", "", NULL },
		{ NETWORK "dataplane: {device: abcdefghijklmn}\n",
		  "home-networks: {network-1: 10.2.0.0/16 virtual}\n",
		  "/1.yaml: home-networks: not allowed, since its device would be "
		  "abcdefghijklmn-1, and the name of one has 15 characters at most" },
		{ NETWORK, "dataplane: {path: off}\n", "dataplane.path is of the whole process" },
	};

	begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "home-agent: {address: 192.0.2.2}\n%s",
		         cases[i].group);
		write_file(1, text);
		snprintf(text, sizeof(text), FIRST "%s", cases[i].main);
		CU_ASSERT_EQUAL(load(text, 1) == HA_OK, !cases[i].said);
		check_said(cases[i].said ? cases[i].said : "");
	}
	write_file(1, "home-agent: {address: 192.0.2.1, port: 7, realm: 1}\n"
	              "home-networks: {network-1: 10.2.0.0/16 virtual}\n");
	CU_ASSERT_EQUAL(load(FIRST NETWORK, 1), HA_E_RANGE);
	check_said("/1.yaml: home-networks: not allowed: group 0 has some and the address "
	           "192.0.2.1 too");
	end();
}

/* ---- a cluster ---- */

#define CLUSTER                                                                                    \
	"cluster:\n  node: 2\n  member-1: 198.51.100.1:7434 data " KEY "\n"                        \
	"  member-2: 198.51.100.2:7434 witness " OTHER_KEY "\n"

#define SHARED(node, max, link)                                                                    \
	FIRST "cluster:\n  node: " #node "\n  member-1: 198.51.100.1:7434 data " KEY "\n"          \
	      "  member-2: 198.51.100.2:7434 data " OTHER_KEY "\n"                                 \
	      "  member-3: 198.51.100.3:7434 witness " THIRD_KEY "\n"                              \
	      "foreign-agent:\n  care-of: 192.0.2.9\n  max-visitors: " #max "\n"                   \
	      "  shared: 192.0.2.9@eth0, 198.51.100.9@eth1\nadvertisement: {" link "}\n"

static void in_a_cluster_every_address_is_one_group_s(void)
{
	begin();
	write_file(1, "home-agent: {address: 192.0.2.1, port: 7, realm: 1}\n");
	CU_ASSERT_EQUAL(load(FIRST CLUSTER, 1), HA_E_RANGE);
	check_said("an address can move with one leader only");
	write_file(1, "home-agent: {address: 198.51.100.1, interface: eth0}\n");
	CU_ASSERT_EQUAL(load(FIRST CLUSTER, 1), HA_E_RANGE);
	check_said("/1.yaml: cluster.member-1: 198.51.100.1 is not allowed: it is "
	           "home-agent.address");
	write_file(1, "home-agent: {address: 198.51.100.9, interface: eth1}\n");
	CU_ASSERT_EQUAL(load(SHARED(1, 100, "link-1: eth1 foreign"), 1), HA_E_RANGE);
	check_said("/1.yaml: foreign-agent.shared: 198.51.100.9 is not allowed: it is "
	           "home-agent.address");
	write_file(1, "home-agent: {address: 192.0.2.9, interface: eth0}\n");
	CU_ASSERT_EQUAL(load(SHARED(1, 100, "link-1: eth1 foreign"), 1), HA_E_RANGE);
	check_said("/1.yaml: foreign-agent.care-of: 192.0.2.9 is not allowed: it is "
	           "home-agent.address");
	end();
}

/* ---- what members compare ---- */

static void members_see_other_numbers_and_other_addresses(void)
{
	uint32_t both, moved, renumbered;

	begin();
	write_file(1, "home-agent: {address: 192.0.2.2}\n");
	CU_ASSERT_EQUAL_FATAL(load(FIRST, 1), HA_OK);
	both = config_groups_digest(&loaded);
	loaded.of[1].home_agent_address.s_addr++;
	moved = config_groups_digest(&loaded);
	loaded.of[1].group = 2;
	renumbered = config_groups_digest(&loaded);
	CU_ASSERT_EQUAL(both & 0xffff, 1u << 1);
	CU_ASSERT_EQUAL(moved & 0xffff, 1u << 1);
	CU_ASSERT_NOT_EQUAL(both >> 16, moved >> 16);
	CU_ASSERT_EQUAL(renumbered & 0xffff, 1u << 2);
	/* A witness need not know addresses: then there is nothing to compare. */
	write_file(1, "");
	CU_ASSERT_EQUAL_FATAL(load(CLUSTER, 1), HA_OK);
	CU_ASSERT_EQUAL(config_groups_digest(&loaded), 1u << 1);
	end();
}

static uint32_t digest_of(const char *text)
{
	CU_ASSERT_EQUAL_FATAL(load(text, 0), HA_OK);
	return config_groups_digest(&loaded);
}

static void members_see_another_room_and_other_links_of_visitors(void)
{
	uint32_t one;

	begin();
	one = digest_of(SHARED(1, 100, "link-1: eth1 foreign"));
	CU_ASSERT_EQUAL(one & 0xffff, 1);
	CU_ASSERT_NOT_EQUAL(one >> 16, 0);
	CU_ASSERT_EQUAL(digest_of(SHARED(2, 100, "link-1: eth1 foreign, link-2: eth2 home")), one);
	CU_ASSERT_NOT_EQUAL(digest_of(SHARED(2, 101, "link-1: eth1 foreign")), one);
	CU_ASSERT_NOT_EQUAL(digest_of(SHARED(2, 100, "link-2: eth1 foreign")), one);
	CU_ASSERT_NOT_EQUAL(digest_of(SHARED(2, 100, "link-1: eth0 foreign")), one);
	CU_ASSERT_EQUAL(digest_of(SHARED(3, 100, "")), 1); /* a witness need not know them */
	end();
}

static CU_TestInfo tests[] = {
	{ "members see another room and other links of visitors",
	  members_see_another_room_and_other_links_of_visitors },
	{ "a file without groups is group 0", a_file_without_groups_is_group_0 },
	{ "a group has its own options, and those of the process",
	  a_group_has_its_own_options_and_those_of_the_process },
	{ "numbers may have gaps", numbers_may_have_gaps },
	{ "what is wrong in a file is told with its name and line",
	  what_is_wrong_in_a_file_is_told_with_its_name_and_line },
	{ "two that cannot be together are refused", two_that_cannot_be_together_are_refused },
	{ "every data plane has what is its own", every_data_plane_has_what_is_its_own },
	{ "home networks that get in each other's way are refused",
	  home_networks_that_get_in_each_other_s_way_are_refused },
	{ "in a cluster every address is one group's", in_a_cluster_every_address_is_one_group_s },
	{ "members see other numbers and other addresses",
	  members_see_other_numbers_and_other_addresses },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("config_groups", tests);
}
