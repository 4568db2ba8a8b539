/* test_tc_maps.c - the daemon's side of the fast path: attaching, adoption, other
 * versions, reconciliation. */
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/message.h"
#include "tests/unit/dice.h"
#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

#define HOME FIXTURE_HOME
#define CARE_OF "203.0.113.7"
#define PEER "192.0.2.99"

static struct tc_fixture fixture;

static size_t filters(const char *interface)
{
	char command[128], line[256];
	size_t found = 0;
	FILE *shown;

	snprintf(command, sizeof(command), "tc filter show dev %s ingress", interface);
	shown = popen(command, "r");
	while (shown && fgets(line, sizeof(line), shown))
		found += strstr(line, "direct-action") != NULL;
	if (shown)
		pclose(shown);
	return found;
}

static void an_orderly_end_leaves_nothing(void)
{
	struct stat there;

	fixture_begin(&fixture);
	CU_ASSERT_EQUAL(filters("home"), 1);
	CU_ASSERT_EQUAL(filters("core"), 1);
	CU_ASSERT_EQUAL(stat(fixture.directory, &there), 0);
	fixture_close(&fixture);
	CU_ASSERT_EQUAL(filters("home"), 0);
	CU_ASSERT_EQUAL(filters("core"), 0);
	CU_ASSERT_NOT_EQUAL(stat(fixture.directory, &there), 0);
}

static void end_without_order(void)
{
	tunnels_free(fixture.tunnels);
	tc_close(fixture.tc, true);
}

static void what_is_left_is_adopted(void)
{
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct tc_reconcile state = { 0 };

	fixture_begin(&fixture);
	CU_ASSERT_FALSE(tc_was_adopted(fixture.tc));
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	end_without_order();
	CU_ASSERT_EQUAL(filters("home"), 1);
	fixture_begin(&fixture);
	CU_ASSERT_TRUE(tc_was_adopted(fixture.tc));
	CU_ASSERT_EQUAL(filters("home"), 1);
	CU_ASSERT_EQUAL(fixture_send(&fixture, fixture_packet(&ip)).reason, TC_TUNNELLED);
	while (tc_reconcile_step(fixture.tc, fixture.tunnels, &state, 10))
		;
	CU_ASSERT_EQUAL(state.removed, 1); /* the new daemon's table knows nobody */
	CU_ASSERT_EQUAL(fixture_send(&fixture, fixture_packet(&ip)).action, TC_ACT_UNSPEC);
	fixture_close(&fixture);
}

static void other_sizes_are_not_adopted(void)
{
	struct tc_options options = fixture_options(&fixture);
	char report[256];
	enum ha_error why;
	struct tc *tc;

	fixture_begin(&fixture);
	end_without_order();
	options.size.homes = 500;
	tc = tc_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(tc);
	CU_ASSERT_FALSE(tc_was_adopted(tc));
	CU_ASSERT_EQUAL(filters("home"), 1);
	tc_close(tc, false);
	CU_ASSERT_EQUAL(filters("home"), 0);
}

/* The name says the version: what bears another one gives way. */
static void another_version_gives_way(void)
{
	char old[128], renamed[128];
	const struct dirent *entry;
	struct stat there;
	DIR *list;

	fixture_begin(&fixture);
	list = opendir(fixture.directory);
	CU_ASSERT_PTR_NOT_NULL_FATAL(list);
	old[0] = '\0';
	while ((entry = readdir(list)))
		if (entry->d_name[0] == 'v')
			snprintf(old, sizeof(old), "%.60s/%.60s", fixture.directory, entry->d_name);
	closedir(list);
	end_without_order();
	snprintf(renamed, sizeof(renamed), "%s/v0-0", fixture.directory);
	CU_ASSERT_EQUAL_FATAL(rename(old, renamed), 0);
	fixture_begin(&fixture);
	CU_ASSERT_FALSE(tc_was_adopted(fixture.tc));
	CU_ASSERT_NOT_EQUAL(stat(renamed, &there), 0);
	CU_ASSERT_EQUAL(filters("home"), 1);
	fixture_close(&fixture);
}

/* Each does what is its own and leaves the rest to the other; neither takes away what the
 * other one has. */
static void several_know_nothing_of_each_other(void)
{
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct tc_fixture other = fixture;
	struct stat there;

	other.instance = 3;
	fixture_begin(&fixture);
	fixture_begin(&other);
	CU_ASSERT_EQUAL(filters("home"), 2);
	fixture_bind(&other, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	CU_ASSERT_EQUAL(fixture_send(&fixture, fixture_packet(&ip)).action, TC_ACT_UNSPEC);
	CU_ASSERT_EQUAL(fixture_send(&other, fixture_packet(&ip)).reason, TC_TUNNELLED);
	fixture_close(&fixture);
	CU_ASSERT_EQUAL(filters("home"), 1);
	tc_clear(fixture.directory, 0);
	tc_clear_others(fixture.directory, 1u << 3);
	CU_ASSERT_EQUAL(filters("home"), 1);
	fixture_begin(&fixture);
	CU_ASSERT_FALSE(tc_was_adopted(fixture.tc));
	tunnels_free(other.tunnels);
	tc_close(other.tc, true);
	fixture_begin(&other);
	CU_ASSERT_TRUE(tc_was_adopted(other.tc));
	CU_ASSERT_EQUAL(fixture_send(&other, fixture_packet(&ip)).reason, TC_TUNNELLED);
	tunnels_free(other.tunnels);
	tc_close(other.tc, true);
	tc_clear_others(fixture.directory, 1u);
	CU_ASSERT_EQUAL(filters("home"), 1);
	fixture_close(&fixture);
	CU_ASSERT_EQUAL(filters("home"), 0);
	CU_ASSERT_NOT_EQUAL(stat(fixture.directory, &there), 0);
}

static void refusals_say_why(void)
{
	struct tc_interface interfaces[] = { { .name = "home" }, { .name = "none" } };
	struct tc_options options = fixture_options(&fixture);
	char report[256];
	enum ha_error why;

	options.interfaces = interfaces;
	CU_ASSERT_PTR_NULL(tc_open(&options, &why, report, sizeof(report)));
	CU_ASSERT_EQUAL(why, HA_E_NOTFOUND);
	CU_ASSERT_STRING_EQUAL(report, "none: there is no such interface");
	CU_ASSERT_EQUAL(filters("home"), 0);
	interfaces[1].name = "lo";
	CU_ASSERT_PTR_NULL(tc_open(&options, &why, report, sizeof(report)));
	CU_ASSERT_EQUAL(why, HA_E_UNSUPPORTED);
	options.directory = "/tmp";
	CU_ASSERT_PTR_NULL(tc_open(&options, &why, report, sizeof(report)));
	CU_ASSERT_EQUAL(why, HA_E_UNSUPPORTED);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "BPF file system"));
	options.interface_count = 0;
	CU_ASSERT_PTR_NULL(tc_open(&options, &why, report, sizeof(report)));
	CU_ASSERT_EQUAL(why, HA_E_RANGE);
}

/* ---- reconciliation ---- */

static struct tunnels_home numbered(uint32_t number, uint8_t count)
{
	struct tunnels_home home = { .home = { htonl(0x0a010000u + number) },
		                     .group = 1,
		                     .count = count };

	for (uint8_t i = 0; i < count; i++) {
		home.bindings[i] = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
		home.bindings[i].endpoint.s_addr += htonl(i);
		home.bindings[i].care_of = home.bindings[i].endpoint;
	}
	return home;
}

/* Behind the table's back, maps are made to differ from it at random. */
static void reconcile_differences(void)
{
	struct tc_reconcile state = { 0 }, again = { 0 };
	uint64_t added = 0, changed = 0, removed = 0;
	struct dice dice = { 3 };

	fixture_begin(&fixture);
	for (uint32_t i = 0; i < 400; i++) {
		struct tunnels_home home = numbered(i, (uint8_t)(1 + dice_below(&dice, 3)));

		CU_ASSERT_EQUAL(tunnels_put(fixture.tunnels, &home), HA_OK);
	}
	for (uint32_t i = 0; i < 400; i++) {
		struct tunnels_home home;
		uint32_t fate = dice_below(&dice, 4);

		CU_ASSERT_TRUE(tunnels_find(fixture.tunnels, 0,
		                            (struct in_addr){ htonl(0x0a010000u + i) }, &home));
		if (fate == 0) {
			home.count = 0;
			tc_put(fixture.tc, &home);
			added++;
		} else if (fate == 1) {
			home.bindings[home.count - 1].endpoint.s_addr ^= htonl(64);
			tc_put(fixture.tc, &home);
			changed++;
		} else if (fate == 2) {
			home = numbered(500 + i, 2);
			tc_put(fixture.tc, &home);
			removed++;
		}
	}
	while (tc_reconcile_step(fixture.tc, fixture.tunnels, &state, 7))
		;
	CU_ASSERT_EQUAL(state.added, added);
	CU_ASSERT_EQUAL(state.changed, changed);
	CU_ASSERT_EQUAL(state.removed, removed);
	while (tc_reconcile_step(fixture.tc, fixture.tunnels, &again, 1000))
		;
	CU_ASSERT_EQUAL(again.added + again.changed + again.removed, 0);
	CU_ASSERT_EQUAL(tc_failures(fixture.tc), 0);
	fixture_close(&fixture);
}

static void reconciliation_makes_both_equal(void)
{
	for (int hashed = 0; hashed < 2; hashed++) {
		fixture.hashed = hashed;
		reconcile_differences();
	}
	fixture.hashed = false;
}

/* A home network that is another one, and with it the meaning of the table. */
static void another_network_is_forgotten(void)
{
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct tc_options options = fixture_options(&fixture);
	struct tc_network network = options.networks[0];
	char report[256];
	enum ha_error why;

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	end_without_order();
	network.prefix.network.s_addr = htonl(0x0a020000);
	options.networks = &network;
	fixture.tc = tc_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture.tc);
	CU_ASSERT_TRUE(tc_was_adopted(fixture.tc));
	CU_ASSERT_EQUAL(fixture_send(&fixture, fixture_packet(&ip)).action, TC_ACT_UNSPEC);
	tc_close(fixture.tc, false);
}

static void many_at_once(void)
{
	static struct tunnels_home homes[900];
	struct tc_reconcile state = { 0 };

	fixture_begin(&fixture);
	for (uint32_t i = 0; i < 900; i++) {
		struct tunnels_home home = numbered(i, i % 10 ? 1 : 2);

		CU_ASSERT_EQUAL(tunnels_put(fixture.tunnels, &home), HA_OK);
		CU_ASSERT_TRUE(tunnels_find(fixture.tunnels, 0, home.home, &homes[i]));
		home.count = 0;
		tc_put(fixture.tc, &home);
	}
	tc_put_many(fixture.tc, homes, 900);
	while (tc_reconcile_step(fixture.tc, fixture.tunnels, &state, 1000))
		;
	CU_ASSERT_EQUAL(state.added + state.changed + state.removed, 0);
	fixture_close(&fixture);
}

/* Whoever writes bindings waits for a step: an empty table is not gone over in one. */
static void step_over_an_empty_table_is_short(void)
{
	struct tc_reconcile state = { 0 };
	unsigned steps = 1;

	fixture_begin(&fixture);
	CU_ASSERT_TRUE(tc_reconcile_step(fixture.tc, fixture.tunnels, &state, 10));
	CU_ASSERT_TRUE(state.at > 0 && state.at <= 1000);
	while (tc_reconcile_step(fixture.tc, fixture.tunnels, &state, 10))
		steps++;
	CU_ASSERT_TRUE(steps > 60);
	fixture_close(&fixture);
}

static void many_at_once_are_as_one_by_one(void)
{
	for (int hashed = 0; hashed < 2; hashed++) {
		fixture.hashed = hashed;
		many_at_once();
	}
	fixture.hashed = false;
}

static CU_TestInfo tests[] = {
	{ "an orderly end leaves nothing", an_orderly_end_leaves_nothing },
	{ "what is left is adopted", what_is_left_is_adopted },
	{ "other sizes are not adopted", other_sizes_are_not_adopted },
	{ "another version gives way", another_version_gives_way },
	{ "another network is forgotten", another_network_is_forgotten },
	{ "several know nothing of each other", several_know_nothing_of_each_other },
	{ "refusals say why", refusals_say_why },
	{ "reconciliation makes both equal", reconciliation_makes_both_equal },
	{ "a step over an empty table is short", step_over_an_empty_table_is_short },
	{ "many at once are as one by one", many_at_once_are_as_one_by_one },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_maps", tests);
}
