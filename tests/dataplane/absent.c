/* absent.c - ARP for absent mobile nodes alone, driven line by line, for tests that
 * stop it and for the benchmark:
 *
 *     absent INTERFACE PREFIX plain|MAC [HEARD [ANNOUNCED [AGAIN]]]
 *
 *     lead          speak until another word is given
 *     own MS        speak for so long, and then say nothing more
 *     give          be silent at once
 *     leave HOME    it has a binding from now on
 *     return HOME   it has none any more
 *     fill N        the first N addresses of the prefix have bindings
 *     status        prints: WAITING announcing|done ANNOUNCED
 *     counters      prints all that are not 0
 *     end
 *
 * HEARD and ANNOUNCED are limits for a second, AGAIN the milliseconds until a
 * repetition. Each line is answered by one. */
#include <cap-ng.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/dataplane/home_arp.h"
#include "tests/dataplane/print_counters.h"

#define MS UINT64_C(1000000)
#define LONG_MS 3600000u /* than which no test is longer */
#define HOMES_MAX 1048576u

static struct home_arp *home_arp;
static struct tunnels *tunnels;
static struct address_prefix prefix;
static _Atomic uint64_t until_ns;

static uint64_t until(void *context, uint8_t group)
{
	(void)context;
	return group == 0 ? atomic_load(&until_ns) : 0;
}

static void speak_for(uint64_t ms)
{
	atomic_store(&until_ns, clock_monotonic_ns() + ms * MS);
	puts("done");
}

static void give(void)
{
	atomic_store(&until_ns, 0);
	puts("done");
}

static enum ha_error put(struct in_addr home, bool away)
{
	struct tunnels_home row = { .home = home, .count = away ? 1 : 0 };

	row.bindings[0].care_of.s_addr = row.bindings[0].endpoint.s_addr = htonl(0xc6336401u);
	return tunnels_put(tunnels, &row);
}

static void move(const char *text, bool away)
{
	struct in_addr home;

	puts(address_parse(text, &home) ? ha_strerror(put(home, away)) : "what?");
}

static void fill(unsigned long count)
{
	enum ha_error why = HA_OK;

	for (uint32_t i = 0; i < count && why == HA_OK; i++)
		why = put((struct in_addr){ htonl(address_host(prefix.network) + i) }, true);
	puts(ha_strerror(why));
}

static void print_status(void)
{
	struct home_arp_status status = home_arp_status(home_arp);

	printf("%u %s %llu\n", status.waiting, status.announcing ? "announcing" : "done",
	       (unsigned long long)status.announced);
}

static void lead(void)
{
	speak_for(LONG_MS);
}

static const struct {
	const char *word;
	void (*act)(void);
} words[] = {
	{ "lead\n", lead },
	{ "give\n", give },
	{ "status\n", print_status },
	{ "counters\n", print_counters },
};

static bool obey_word(const char *line)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(line, words[i].word) == 0) {
			words[i].act();
			return true;
		}
	return false;
}

static void obey(void)
{
	char line[64], text[32];
	unsigned long number;

	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n") != 0) {
		if (obey_word(line))
			continue;
		if (sscanf(line, "own %lu", &number) == 1)
			speak_for(number);
		else if (sscanf(line, "fill %lu", &number) == 1)
			fill(number);
		else if (sscanf(line, "leave %31s", text) == 1)
			move(text, true);
		else if (sscanf(line, "return %31s", text) == 1)
			move(text, false);
		else
			puts("what?");
	}
}

static struct mac parse_mac(const char *text)
{
	struct mac mac = { { 0 } };
	uint8_t *at = mac.octets;

	(void)sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &at[0], &at[1], &at[2], &at[3], &at[4],
	             &at[5]);
	return mac;
}

static enum ha_error open_all(char **argv, int argc, char *report, size_t size)
{
	struct home_arp_network network = { .prefix = prefix,
		                            .interface = argv[1],
		                            .mac = parse_mac(argv[3]) };
	struct home_arp_options options = {
		.networks = &network, .count = 1, .tunnels = tunnels, .until = until
	};

	if (argc > 4)
		options.heard_per_s = (uint32_t)strtoul(argv[4], NULL, 10);
	if (argc > 5)
		options.announced_per_s = (uint32_t)strtoul(argv[5], NULL, 10);
	if (argc > 6)
		options.again_ms = (uint32_t)strtoul(argv[6], NULL, 10);
	return home_arp_open(&options, &home_arp, report, size);
}

int main(int argc, char **argv)
{
	char report[256] = "no ARP there";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4 || !address_prefix_parse(argv[2], &prefix))
		return 2;
	counters_register(&home_arp_counters);
	tunnels = tunnels_new((struct tunnels_size){ .homes = HOMES_MAX, .bindings = HOMES_MAX },
	                      NULL);
	if (!tunnels || open_all(argv, argc, report, sizeof(report)) != HA_OK || !home_arp) {
		puts(report);
		return EXIT_FAILURE;
	}
	if (geteuid() != 0) { /* as agentd does */
		capng_clear(CAPNG_SELECT_CAPS);
		capng_apply(CAPNG_SELECT_CAPS);
	}
	puts("ready");
	obey();
	home_arp_close(home_arp);
	tunnels_free(tunnels);
	return EXIT_SUCCESS;
}
