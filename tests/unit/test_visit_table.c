/* test_visit_table.c - who visits, found by tunnel and by link; capacity; keepalives. */
#include "agentd/dataplane/visit_table.h"

#include <pthread.h>
#include <string.h>

#include "agentd/base/binding.h"
#include "tests/unit/suite.h"

#define S UINT64_C(1000000000)
#define CAPACITY 100u
#define ROUNDS 20000u

static struct visit_table *table;
static const uint8_t mac[] = { 2, 0, 0, 0, 0, 1 }, other_mac[] = { 2, 0, 0, 0, 0, 2 };

static struct in_addr numbered(uint32_t net, uint32_t number)
{
	return (struct in_addr){ htonl(net + number) };
}

static struct in_addr home(uint32_t number)
{
	return numbered(0x0a400000u, number);
}

static struct in_addr agent(uint32_t number)
{
	return numbered(0xc6336401u, number);
}

static struct visit_path path_of(uint32_t number, uint32_t its_agent)
{
	struct visit_path path = { .home = home(number),
		                   .home_agent = agent(its_agent),
		                   .care_of = numbered(0xc0000201u, 0),
		                   .interface = 1 };

	memcpy(path.link, mac, sizeof(mac));
	return path;
}

static enum ha_error put(uint32_t number, uint32_t its_agent)
{
	const struct visit_path path = path_of(number, its_agent);

	return visit_table_put(table, &path, S);
}

static void begin(void)
{
	table = visit_table_new(CAPACITY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
}

static void visitor_is_found_until_it_is_removed(void)
{
	struct visit_found found;
	struct visit_path path = path_of(1, 0);

	begin();
	CU_ASSERT_FALSE(visit_table_find(table, home(1), agent(0), &found));
	CU_ASSERT_EQUAL(put(1, 0), HA_OK);
	CU_ASSERT_TRUE(visit_table_find(table, home(1), agent(0), &found));
	CU_ASSERT_FALSE(visit_table_find(table, home(1), agent(1), &found));
	CU_ASSERT_FALSE(visit_table_find(table, home(2), agent(0), &found));
	CU_ASSERT_EQUAL(visit_table_seen(table, home(2), 1, mac, &found), VISIT_SEEN_NOBODY);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, mac, &found), VISIT_SEEN_THERE);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, other_mac, &found),
	                VISIT_SEEN_ELSEWHERE);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 2, mac, &found), VISIT_SEEN_ELSEWHERE);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 0, NULL, &found), VISIT_SEEN_THERE);
	/* Registered anew: the slot and its counters stay. */
	tunnels_add(&visit_table_counters(table, found.slot)->in_packets, 5);
	memcpy(path.link, other_mac, sizeof(other_mac));
	path.reverse = path.udp = true;
	path.udp_port = 434;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, S), HA_OK);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, other_mac, &found), VISIT_SEEN_THERE);
	CU_ASSERT_EQUAL(tunnels_read(&visit_table_counters(table, found.slot)->in_packets), 5);
	CU_ASSERT_EQUAL(visit_table_totals(table).visitors, 1);
	CU_ASSERT_EQUAL(visit_table_totals(table).reverse, 1);
	CU_ASSERT_EQUAL(visit_table_totals(table).udp, 1);
	CU_ASSERT_TRUE(visit_table_remove(table, home(1), agent(0)));
	CU_ASSERT_FALSE(visit_table_remove(table, home(1), agent(0)));
	CU_ASSERT_FALSE(visit_table_find(table, home(1), agent(0), &found));
	CU_ASSERT_EQUAL(visit_table_totals(table).visitors, 0);
	CU_ASSERT_EQUAL(visit_table_totals(table).udp, 0);
	CU_ASSERT_EQUAL(put(2, 0), HA_OK);
	CU_ASSERT_TRUE(visit_table_find(table, home(2), agent(0), &found));
	CU_ASSERT_EQUAL(tunnels_read(&visit_table_counters(table, found.slot)->in_packets), 0);
	visit_table_free(table);
	visit_table_free(NULL);
}

static void one_home_address_may_come_twice(void)
{
	struct visit_path second = path_of(1, 1);
	struct visit_found found;

	begin();
	memcpy(second.link, other_mac, sizeof(other_mac));
	CU_ASSERT_EQUAL(put(1, 0), HA_OK);
	CU_ASSERT_EQUAL(visit_table_put(table, &second, S), HA_OK);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, mac, &found), VISIT_SEEN_THERE);
	CU_ASSERT_TRUE(address_equal(found.path.home_agent, agent(0)));
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, other_mac, &found), VISIT_SEEN_THERE);
	CU_ASSERT_TRUE(address_equal(found.path.home_agent, agent(1)));
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, NULL, &found), VISIT_SEEN_THERE);
	CU_ASSERT_TRUE(address_equal(found.path.home_agent, agent(0)));
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 2, NULL, &found), VISIT_SEEN_ELSEWHERE);
	memcpy(second.link, mac, sizeof(mac));
	second.word = VISIT_WORD_HOME_AGENTS;
	CU_ASSERT_EQUAL(visit_table_put(table, &second, S), HA_OK);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, NULL, &found), VISIT_SEEN_THERE);
	CU_ASSERT_TRUE(address_equal(found.path.home_agent, agent(1)));
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 1, other_mac, &found),
	                VISIT_SEEN_ELSEWHERE);
	CU_ASSERT_TRUE(visit_table_remove(table, home(1), agent(0)));
	CU_ASSERT_TRUE(visit_table_find(table, home(1), agent(1), &found));
	visit_table_free(table);
}

static void link_gets_another_index(void)
{
	struct visit_found found;

	begin();
	CU_ASSERT_EQUAL(put(1, 0), HA_OK);
	CU_ASSERT_EQUAL(put(2, 0), HA_OK);
	visit_table_move(table, 1, 9);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(1), 9, mac, &found), VISIT_SEEN_THERE);
	visit_table_move(table, 1, 10);
	CU_ASSERT_EQUAL(visit_table_seen(table, home(2), 9, mac, &found), VISIT_SEEN_THERE);
	visit_table_free(table);
}

static void capacity_is_a_limit(void)
{
	struct visit_found found;

	CU_ASSERT_PTR_NULL(visit_table_new(0));
	CU_ASSERT_EQUAL(visit_table_octets_per_visitor(0), 0);
	CU_ASSERT_TRUE(visit_table_octets_per_visitor(100000) <= 120);
	begin();
	for (uint32_t i = 0; i < CAPACITY; i++)
		CU_ASSERT_EQUAL(put(i + 1, 0), HA_OK);
	CU_ASSERT_EQUAL(put(CAPACITY + 1, 0), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(put(CAPACITY, 0), HA_OK);
	CU_ASSERT_EQUAL(visit_table_totals(table).visitors, CAPACITY);
	for (uint32_t i = 0; i < CAPACITY; i++)
		CU_ASSERT_TRUE(visit_table_find(table, home(i + 1), agent(0), &found));
	CU_ASSERT_TRUE(visit_table_remove(table, home(7), agent(0)));
	CU_ASSERT_EQUAL(put(CAPACITY + 1, 0), HA_OK);
	visit_table_clear(table);
	CU_ASSERT_EQUAL(visit_table_totals(table).visitors, 0);
	CU_ASSERT_EQUAL(visit_table_totals(table).capacity, CAPACITY);
	CU_ASSERT_FALSE(visit_table_find(table, home(8), agent(0), &found));
	for (uint32_t i = 0; i < CAPACITY; i++)
		CU_ASSERT_EQUAL(put(i + 1, 1), HA_OK);
	CU_ASSERT_PTR_NULL(visit_table_counters(table, CAPACITY));
	visit_table_free(table);
}

static void senseless_paths_are_refused(void)
{
	struct visit_path path;

	begin();
	path = path_of(1, 0);
	path.home.s_addr = 0;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, S), HA_E_RANGE);
	path = path_of(1, 0);
	path.home_agent.s_addr = INADDR_BROADCAST;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, S), HA_E_RANGE);
	path = path_of(1, 0);
	path.care_of.s_addr = 0;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, S), HA_E_RANGE);
	path = path_of(1, 0);
	path.interface = 0;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, S), HA_E_RANGE);
	path = path_of(1, 0);
	path.encapsulation = ENCAPSULATION_GRE + 1;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, S), HA_E_RANGE);
	path = path_of(1, 0);
	path.udp = true;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, S), HA_E_RANGE);
	CU_ASSERT_EQUAL(visit_table_totals(table).visitors, 0);
	visit_table_free(table);
}

/* How many are due, looking at all places. */
static unsigned due(uint64_t now_ns)
{
	uint32_t place = 0, left = CAPACITY;
	struct visit_found found;
	unsigned count = 0;

	while (visit_table_due(table, &place, &left, now_ns, &found))
		count++;
	CU_ASSERT_EQUAL(left, 0);
	return count;
}

static void tunnels_are_kept_alive_in_time(void)
{
	struct visit_path path = path_of(1, 0);
	struct visit_found found;

	begin();
	path.udp = true;
	path.udp_port = 434;
	path.keepalive_s = 1; /* counts as the least that there is */
	CU_ASSERT_EQUAL(put(2, 0), HA_OK);
	CU_ASSERT_EQUAL(visit_table_put(table, &path, 100 * S), HA_OK);
	path.home = home(3);
	path.keepalive_s = 0;
	CU_ASSERT_EQUAL(visit_table_put(table, &path, 100 * S), HA_OK);
	CU_ASSERT_EQUAL(due(99 * S), 0);
	CU_ASSERT_EQUAL(due(110 * S - 1), 0);
	CU_ASSERT_EQUAL(due(110 * S), 1);
	CU_ASSERT_EQUAL(due(110 * S), 0);
	CU_ASSERT_TRUE(visit_table_find(table, home(1), agent(0), &found));
	visit_table_sent(table, found.slot, 119 * S);
	visit_table_sent(table, CAPACITY, 119 * S);
	CU_ASSERT_EQUAL(due(128 * S), 0);
	CU_ASSERT_EQUAL(due(129 * S), 1);
	CU_ASSERT_EQUAL(due(210 * S), 2);
	visit_table_free(table);
}

/* One looks while another one changes. */
static void *look(void *stop)
{
	struct visit_found found;

	while (!atomic_load((_Atomic bool *)stop)) {
		if (visit_table_find(table, home(1), agent(0), &found))
			CU_ASSERT_TRUE(address_equal(found.path.home, home(1)));
		if (visit_table_seen(table, home(2), 1, mac, &found) == VISIT_SEEN_THERE)
			visit_table_sent(table, found.slot, S);
	}
	return NULL;
}

static void any_thread_may_look(void)
{
	_Atomic bool stop = false;
	pthread_t thread;

	begin();
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, look, &stop), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		put(1 + i % 3, 0);
		visit_table_remove(table, home(1 + (i + 1) % 3), agent(0));
		if (i % 1000 == 0)
			visit_table_clear(table);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	CU_ASSERT_TRUE(visit_table_totals(table).visitors <= 3);
	visit_table_free(table);
}

/* Home addresses that a multiplication by a number that everybody knows puts into one chain:
 * those of its inverse. */
static void nobody_can_choose_a_chain(void)
{
	const uint32_t inverse = UINT32_C(0x0e8b2f51);
	uint32_t count = 0;

	CU_ASSERT_EQUAL(inverse * UINT32_C(2654435761), 1);
	begin();
	for (uint32_t i = 1; count < CAPACITY && i < 512; i++) {
		struct visit_path path = path_of(0, 0);

		path.home.s_addr = htonl((i << 23) * inverse);
		count += visit_table_put(table, &path, S) == HA_OK;
	}
	CU_ASSERT_EQUAL(count, CAPACITY);
	CU_ASSERT_TRUE(visit_table_longest(table) < CAPACITY / 4);
	visit_table_free(table);
}

static CU_TestInfo tests[] = {
	{ "a visitor is found until it is removed", visitor_is_found_until_it_is_removed },
	{ "one home address may come twice", one_home_address_may_come_twice },
	{ "a link gets another index", link_gets_another_index },
	{ "capacity is a limit", capacity_is_a_limit },
	{ "senseless paths are refused", senseless_paths_are_refused },
	{ "tunnels are kept alive in time", tunnels_are_kept_alive_in_time },
	{ "any thread may look", any_thread_may_look },
	{ "nobody can choose a chain", nobody_can_choose_a_chain },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("visit_table", tests);
}
