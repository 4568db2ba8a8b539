/* test_members.c - the cluster of a configuration, and whether the key on the
 * disk is the one that it names. */
#include "agentd/flow/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/config_values.h"
#include "agentd/base/hex.h"
#include "agentd/base/node_key.h"
#include "tests/unit/suite.h"

#define OTHER "0b112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define THIRD "0c112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char directory[64], path[128], report[512];
static uint8_t public_key[CLUSTER_KEY_OCTETS];
static struct config config;

static void set_up(void)
{
	char text[1024], digits[2 * CLUSTER_KEY_OCTETS + 1];
	struct keyring_error error;
	struct config_error said;

	snprintf(directory, sizeof(directory), P_tmpdir "/hearth-members-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/" MEMBERS_KEY_NAME, directory);
	CU_ASSERT_EQUAL_FATAL(node_key_create(path, public_key, &error), HA_OK);
	hex_format(public_key, sizeof(public_key), digits);
	snprintf(text, sizeof(text),
	         "home-agent: {address: 192.0.2.1}\n"
	         "storage: {directory: %s}\n"
	         "cluster:\n"
	         "  node: 4\n"
	         "  member-2: 198.51.100.2:7434 data " OTHER "\n"
	         "  member-4: 198.51.100.4:7500 data %s\n"
	         "  member-5: 198.51.100.5:7434 witness " THIRD "\n"
	         "  log-memory: 32\n"
	         "  snapshot-rate: 10\n"
	         "  clock-tolerance: 250\n",
	         directory, digits);
	CU_ASSERT_EQUAL_FATAL(config_load_text("f", text, strlen(text), &config, &said), HA_OK);
}

static void tear_down(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(directory), 0);
}

static void a_configuration_becomes_a_cluster(void)
{
	static const uint8_t zeros[CLUSTER_KEY_OCTETS];
	struct replication_cluster cluster;

	set_up();
	CU_ASSERT_EQUAL(members_load(&config, false, &cluster, report, sizeof(report)), HA_OK);
	CU_ASSERT_EQUAL(cluster.self, 4);
	CU_ASSERT_EQUAL_FATAL(cluster.member_count, 3);
	CU_ASSERT_EQUAL(cluster.members[0].number, 2);
	CU_ASSERT_EQUAL(cluster.members[0].public_key[0], 0x0b);
	CU_ASSERT_EQUAL(cluster.members[1].number, 4);
	CU_ASSERT_STRING_EQUAL(cluster.members[1].address, "198.51.100.4");
	CU_ASSERT_EQUAL(cluster.members[1].port, 7500);
	CU_ASSERT_FALSE(cluster.members[1].witness);
	CU_ASSERT_EQUAL(memcmp(cluster.members[1].public_key, public_key, sizeof(public_key)), 0);
	CU_ASSERT_EQUAL(cluster.members[2].number, 5);
	CU_ASSERT_TRUE(cluster.members[2].witness);
	CU_ASSERT_EQUAL(cluster.memory_max, 32u << 20);
	CU_ASSERT_EQUAL(cluster.snapshot_octets_per_ms, 10485); /* 10 MiB a second */
	CU_ASSERT_EQUAL(cluster.clock_tolerance_ms, 250);
	CU_ASSERT_NOT_EQUAL(memcmp(cluster.secret_key, zeros, sizeof(zeros)), 0);
	members_wipe(&cluster);
	CU_ASSERT_EQUAL(memcmp(cluster.secret_key, zeros, sizeof(zeros)), 0);
	tear_down();
}

static void a_key_that_is_not_there_or_not_ours_is_told(void)
{
	struct replication_cluster cluster;
	struct keyring_error error;

	set_up();
	unlink(path);
	CU_ASSERT_EQUAL(members_load(&config, false, &cluster, report, sizeof(report)),
	                HA_E_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "agentctl cluster key make"));
	CU_ASSERT_PTR_NOT_NULL(strstr(report, path));
	CU_ASSERT_EQUAL(node_key_create(path, public_key, &error), HA_OK);
	CU_ASSERT_EQUAL(members_load(&config, false, &cluster, report, sizeof(report)),
	                HA_E_OTHER_KEY);
	CU_ASSERT_PTR_EQUAL(strstr(report, "cluster.member-4: "), report);
	tear_down();
}

static void the_key_may_be_elsewhere(void)
{
	struct replication_cluster cluster;
	char elsewhere[160];

	set_up();
	snprintf(elsewhere, sizeof(elsewhere), "%s/other", directory);
	CU_ASSERT_EQUAL(rename(path, elsewhere), 0);
	snprintf(config.node_key_file, sizeof(config.node_key_file), "%s", elsewhere);
	CU_ASSERT_EQUAL(members_load(&config, false, &cluster, report, sizeof(report)), HA_OK);
	unlink(elsewhere);
	tear_down();
}

static void a_cluster_is_described(void)
{
	char text[MEMBERS_TEXT];

	set_up();
	members_describe(&config, text);
	CU_ASSERT_STRING_EQUAL(
		text, "member 4 (data at 198.51.100.4:7500) of a cluster of 3, which goes on "
		      "without one of them; others are 2 (data at 198.51.100.2:7434), 5 (witness "
		      "at 198.51.100.5:7434)");
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "a configuration becomes a cluster", a_configuration_becomes_a_cluster },
	{ "a cluster is described", a_cluster_is_described },
	{ "a key that is not there, or not ours, is told",
	  a_key_that_is_not_there_or_not_ours_is_told },
	{ "the key may be elsewhere", the_key_may_be_elsewhere },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("members", tests);
}
