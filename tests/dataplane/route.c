/* route.c - routes to virtual home networks alone, driven line by line, for tests:
 *
 *     route HOOK PREFIX...
 *
 *     lead      lead until told otherwise
 *     own MS    lead for so long, and then say nothing more
 *     give      lead no more
 *     status    prints how many are announced
 *     counters  prints all that are not 0
 *     end
 *
 * Each line is answered by one. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/dataplane/home_route.h"
#include "tests/dataplane/print_counters.h"

static struct home_route *home_route;
static _Atomic uint64_t until_ns;

static uint64_t until(void *context, uint8_t group)
{
	(void)context;
	return group == 0 ? atomic_load(&until_ns) : 0;
}

static void lead_until(uint64_t ns)
{
	atomic_store(&until_ns, ns);
	puts("done");
}

static void obey(const char *line)
{
	unsigned long ms;

	if (strcmp(line, "lead\n") == 0) {
		lead_until(UINT64_MAX);
	} else if (sscanf(line, "own %lu", &ms) == 1) {
		lead_until(clock_monotonic_ns() + ms * 1000000u);
	} else if (strcmp(line, "give\n") == 0) {
		lead_until(0);
	} else if (strcmp(line, "status\n") == 0) {
		printf("%zu\n", home_route_announced(home_route));
	} else {
		print_counters();
	}
}

int main(int argc, char **argv)
{
	struct home_route_network networks[HOME_ROUTES_MAX] = { 0 };
	struct home_route_options options = { .networks = networks,
		                              .hook = argc > 1 ? argv[1] : "",
		                              .until = until };
	char line[64], report[256] = "no network";

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 2; i < argc && options.count < HOME_ROUTES_MAX; i++)
		if (!address_prefix_parse(argv[i], &networks[options.count++].prefix))
			return 2;
	counters_register(&home_route_counters);
	if (home_route_open(&options, &home_route, report, sizeof(report)) != HA_OK ||
	    !home_route) {
		puts(report);
		return EXIT_FAILURE;
	}
	puts("ready");
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n") != 0)
		obey(line);
	home_route_close(home_route);
	return EXIT_SUCCESS;
}
