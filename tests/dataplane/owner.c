/* owner.c - the home agent's address alone, driven line by line, for tests that
 * stop and kill it:
 *
 *     owner ADDRESS INTERFACE virtual|plain [HOOK]
 *
 *     lead      have the address, for 30 ms at a time as a leader does
 *     own MS    have it for so long, and then say nothing more
 *     give      give it up at once
 *     status    prints: owned|not DEVICE|- MAC
 *     counters  prints all that are not 0
 *     end
 *
 * Each line is answered by one; `lead` and `own` by the wall clock in ns, read just
 * before the word was given. */
#include <cap-ng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/dataplane/counters.h"
#include "agentd/dataplane/ownership.h"
#include "tests/dataplane/print_counters.h"

#define MS UINT64_C(1000000)
#define LEASE_MS 30u
#define BEAT_MS 10u

static struct ownership *ownership;
static _Atomic bool leading;
static _Atomic bool ending;

static void *beat(void *context)
{
	const struct timespec every = { .tv_nsec = (long)(BEAT_MS * MS) };
	const struct itimerspec beats = { .it_interval = every, .it_value = every };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t passed;

	if (timer < 0 || timerfd_settime(timer, 0, &beats, NULL) != 0)
		abort();
	while (!atomic_load(&ending) && read(timer, &passed, sizeof(passed)) > 0)
		if (atomic_load(&leading))
			ownership_set(ownership, clock_monotonic_ns() + LEASE_MS * MS);
	close(timer);
	return context;
}

static void own_for(uint64_t ms, bool go_on)
{
	uint64_t told_ns = clock_wall_ns();

	ownership_set(ownership, clock_monotonic_ns() + ms * MS);
	atomic_store(&leading, go_on);
	printf("%llu\n", (unsigned long long)told_ns);
}

static void give(void)
{
	atomic_store(&leading, false);
	ownership_set(ownership, 0);
	puts("given");
}

static void print_status(void)
{
	struct ownership_status status = ownership_status(ownership);

	printf("%s %s %s\n", status.owned ? "owned" : "not", *status.device ? status.device : "-",
	       mac_format(status.mac).text);
}

static void obey(void)
{
	char line[64];
	unsigned long ms;

	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n") != 0) {
		if (strcmp(line, "lead\n") == 0)
			own_for(LEASE_MS, true);
		else if (sscanf(line, "own %lu", &ms) == 1)
			own_for(ms, false);
		else if (strcmp(line, "give\n") == 0)
			give();
		else if (strcmp(line, "status\n") == 0)
			print_status();
		else if (strcmp(line, "counters\n") == 0)
			print_counters();
		else
			puts("what?");
	}
}

int main(int argc, char **argv)
{
	struct ownership_options options = { .hook = argc > 4 ? argv[4] : "" };
	char report[256] = "";
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4 || !address_parse(argv[1], &options.address))
		return 2;
	options.interface = argv[2];
	options.virtual_mac = strcmp(argv[3], "virtual") == 0;
	counters_register(&dataplane_counters);
	if (ownership_open(&options, &ownership, report, sizeof(report)) != HA_OK) {
		puts(report);
		return EXIT_FAILURE;
	}
	if (geteuid() != 0) { /* as agentd does */
		capng_clear(CAPNG_SELECT_CAPS);
		capng_apply(CAPNG_SELECT_CAPS);
	}
	if (pthread_create(&thread, NULL, beat, NULL))
		return EXIT_FAILURE;
	puts("ready");
	obey();
	atomic_store(&ending, true);
	pthread_join(thread, NULL);
	ownership_close(ownership);
	return EXIT_SUCCESS;
}
