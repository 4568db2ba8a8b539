/* test_tc_keep.c - the fast path in operation: what its thread keeps right. */
#include "agentd/dataplane/tc_keep.h"

#include <dlfcn.h>
#include <errno.h>
#include <ifaddrs.h>
#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

#define CARE_OF "203.0.113.7"

static struct tc_fixture fixture;
static struct tc_keep *keep;
static struct tunnels *tunnels;

/* Awaited, for a minute at most. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		for (int tries_ = 0; tries_ < 600 && !(condition); tries_++)                       \
			poll(NULL, 0, 100);                                                        \
		CU_ASSERT_TRUE(condition);                                                         \
	} while (0)

static void begin(void)
{
	const struct tc_options options = fixture_options(&fixture);
	char report[256] = "";

	CU_ASSERT_EQUAL_FATAL(tc_keep_open(&options, &keep, report, sizeof(report)), HA_OK);
	tunnels = tunnels_new(options.size, tc_keep_rows(keep));
	CU_ASSERT_PTR_NOT_NULL_FATAL(tunnels);
	tc_keep_agent(keep, 1, fixture_address(FIXTURE_AGENT));
	CU_ASSERT_EQUAL_FATAL(tc_keep_begin(keep, tunnels, fixture.user), HA_OK);
}

static void end(void)
{
	tc_keep_close(keep);
	tunnels_free(tunnels);
}

static unsigned filters(const char *interface)
{
	char command[128], line[256];
	unsigned found = 0;
	FILE *shown;

	snprintf(command, sizeof(command), "tc filter show dev %s ingress 2>/dev/null", interface);
	shown = popen(command, "r");
	while (shown && fgets(line, sizeof(line), shown))
		found += strstr(line, "hearth_ingress") != NULL;
	if (shown)
		pclose(shown);
	return found;
}

static void an_interface_that_comes_back_is_taken_again(void)
{
	uint64_t before = counter_read(&tc_counters, TC_COUNTER_DETACHED);
	char status[128];

	begin();
	CU_ASSERT_TRUE(tc_keep_is_whole(keep));
	CU_ASSERT_EQUAL_FATAL(system("ip link delete core"), 0);
	EXPECT(!tc_keep_is_whole(keep));
	tc_keep_status(keep, status, sizeof(status));
	CU_ASSERT_STRING_EQUAL(status, "tc on home, core (not there)");
	CU_ASSERT_EQUAL_FATAL(system("ip link add core type veth peer name corepeer"), 0);
	EXPECT(tc_keep_is_whole(keep) && filters("core") == 1);
	CU_ASSERT_TRUE(counter_read(&tc_counters, TC_COUNTER_DETACHED) > before);
	end();
	CU_ASSERT_EQUAL(filters("core"), 0);
}

/* Only when the table is complete can it be said what is too much. */
static void what_was_adopted_is_healed_once_the_table_is_complete(void)
{
	struct tc_home key = { .address = fixture_address(FIXTURE_HOME).s_addr };
	struct tunnels_home home = { .home = { key.address }, .group = 1, .count = 1 };
	const struct tc_options options = fixture_options(&fixture);
	uint64_t before = counter_read(&tc_counters, TC_COUNTER_HEALED);
	char report[256];
	enum ha_error why;
	struct tc *earlier = tc_open(&options, &why, report, sizeof(report));

	CU_ASSERT_PTR_NOT_NULL_FATAL(earlier);
	home.bindings[0] = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	tc_put(earlier, &home);
	home.home.s_addr ^= htonl(1);
	tc_put(earlier, &home);
	tc_close(earlier, true);
	begin();
	CU_ASSERT_EQUAL(tunnels_put(tunnels, &home), HA_OK);
	CU_ASSERT_TRUE(tc_keep_has(keep, 0, (struct in_addr){ key.address }));
	tc_keep_fence(keep, 1, UINT64_MAX, 0);
	EXPECT(!tc_keep_has(keep, 0, (struct in_addr){ key.address }));
	CU_ASSERT_TRUE(tc_keep_has(keep, 0, home.home));
	CU_ASSERT_EQUAL(counter_read(&tc_counters, TC_COUNTER_HEALED), before);
	end();
}

static void an_orderly_end_takes_all_away(void)
{
	struct stat there;

	begin();
	end();
	CU_ASSERT_EQUAL(filters("home"), 0);
	CU_ASSERT_NOT_EQUAL(stat(fixture.directory, &there), 0);
}

/* ---- a kernel that does not answer about interfaces ---- */

static _Atomic bool held, gave_up;
static sem_t asked, answer;

/* In the place of the C library's. */
int getifaddrs(struct ifaddrs **list)
{
	int (*real)(struct ifaddrs **) = NULL;
	struct timespec until;

	*(void **)&real = dlsym(RTLD_NEXT, "getifaddrs");
	if (atomic_load(&held)) {
		sem_post(&asked);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 60;
		if (sem_timedwait(&answer, &until) != 0)
			atomic_store(&gave_up, true);
	}
	return real(list);
}

static void bindings_do_not_wait_for_news_of_interfaces(void)
{
	struct tunnels_home home = { .home = fixture_address(FIXTURE_HOME),
		                     .group = 1,
		                     .count = 1 };

	home.bindings[0] = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	CU_ASSERT_EQUAL_FATAL(sem_init(&asked, 0, 0), 0);
	CU_ASSERT_EQUAL_FATAL(sem_init(&answer, 0, 0), 0);
	begin();
	atomic_store(&held, true);
	while (sem_wait(&asked) != 0 && errno == EINTR)
		;
	CU_ASSERT_EQUAL(tunnels_put(tunnels, &home), HA_OK);
	CU_ASSERT_TRUE(tc_keep_has(keep, 0, home.home));
	CU_ASSERT_FALSE(atomic_load(&gave_up));
	atomic_store(&held, false);
	sem_post(&answer);
	end();
}

static CU_TestInfo tests[] = {
	{ "an interface that comes back is taken again",
	  an_interface_that_comes_back_is_taken_again },
	{ "what was adopted is healed once the table is complete",
	  what_was_adopted_is_healed_once_the_table_is_complete },
	{ "an orderly end takes all away", an_orderly_end_takes_all_away },
	{ "bindings do not wait for news of interfaces",
	  bindings_do_not_wait_for_news_of_interfaces },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_keep", tests);
}
