/* absent.c - ARP for absent mobile nodes alone, driven line by line, for tests that
 * stop it and for the benchmark:
 *
 *     absent INTERFACE PREFIX plain|MAC [HEARD [ANNOUNCED [AGAIN [BPF]]]]
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
#include "agentd/dataplane/tc_keep.h"
#include "tests/dataplane/print_counters.h"

#define MS UINT64_C(1000000)
#define LONG_MS 3600000u /* than which no test is longer */
#define HOMES_MAX 1048576u

static struct home_arp *home_arp;
static struct tc_keep *keep; /* NULL: without BPF */
static struct tunnels *tunnels;
static struct address_prefix prefix;
static _Atomic uint64_t until_ns;

static uint64_t until(void *context, uint8_t group)
{
	(void)context;
	return group == 0 ? atomic_load(&until_ns) : 0;
}

static void speak_until(uint64_t ns)
{
	atomic_store(&until_ns, ns);
	if (keep)
		tc_keep_fence(keep, 0, UINT64_MAX, ns);
	puts("done");
}

static void speak_for(uint64_t ms)
{
	speak_until(clock_monotonic_ns() + ms * MS);
}

static void give(void)
{
	speak_until(0);
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

static void count(void)
{
	if (keep)
		tc_keep_count(keep);
	print_counters();
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
	{ "counters\n", count },
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

static const struct tunnels_size room = { .homes = HOMES_MAX, .bindings = HOMES_MAX };

/* Pinned below `directory`. */
static enum ha_error open_bpf(const struct home_arp_network *network, const char *directory,
                              char *report, size_t size)
{
	const struct tc_interface interface = { .name = network->interface, .has_agents = true };
	const struct tc_network home = { .prefix = network->prefix,
		                         .has_link = true,
		                         .link = network->interface };
	const struct tc_options options = {
		.directory = directory,
		.interfaces = &interface,
		.interface_count = 1,
		.networks = &home,
		.network_count = 1,
		.size = room,
		.ttl = 64,
	};
	enum ha_error why = tc_keep_open(&options, &keep, report, size);

	if (why == HA_OK) {
		tc_keep_agent(keep, 0, (struct in_addr){ htonl(0xc6336402u) });
		tc_keep_mac(keep, 0, network->mac);
	}
	return why;
}

static enum ha_error open_all(char **argv, int argc, char *report, size_t size)
{
	struct home_arp_network network = { .prefix = prefix,
		                            .interface = argv[1],
		                            .mac = parse_mac(argv[3]) };
	enum ha_error why = HA_OK;
	struct home_arp_options options = { .networks = &network, .count = 1, .until = until };

	if (argc > 4)
		options.heard_per_s = (uint32_t)strtoul(argv[4], NULL, 10);
	if (argc > 5)
		options.announced_per_s = (uint32_t)strtoul(argv[5], NULL, 10);
	if (argc > 6)
		options.again_ms = (uint32_t)strtoul(argv[6], NULL, 10);
	if (argc > 7)
		why = open_bpf(&network, argv[7], report, size);
	options.tunnels = tunnels = tunnels_new(room, keep ? tc_keep_rows(keep) : NULL);
	if (why == HA_OK && keep)
		why = tc_keep_begin(keep, tunnels, 0);
	return why == HA_OK ? home_arp_open(&options, &home_arp, report, size) : why;
}

int main(int argc, char **argv)
{
	char report[256] = "no ARP there";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4 || !address_prefix_parse(argv[2], &prefix))
		return 2;
	counters_register(&home_arp_counters);
	counters_register(&tc_counters);
	if (open_all(argv, argc, report, sizeof(report)) != HA_OK || !home_arp) {
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
	tc_keep_close(keep);
	tunnels_free(tunnels);
	return EXIT_SUCCESS;
}
