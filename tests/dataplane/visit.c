/* visit.c - the data plane of a foreign agent alone, driven line by line:
 *
 *     visit DEVICE CARE-OF LINK ADDRESS routes|visitors
 *
 *     put HOME AGENT KIND MAC WORDS   KIND: ipip, minimal, gre, or udp-...; WORDS: any of
 *                                     reverse, delivery, keepalive, with commas, or -
 *     remove HOME AGENT
 *     clear
 *     fence MS       carry packets for so long, and then none
 *     open           carry packets
 *     traffic HOME AGENT   prints: packets and octets from it, and to it
 *     status         prints: visitors, those with a reverse tunnel, the doubt
 *     explain HEX    prints what would become of the packet, with semicolons between
 *     counters       prints all that are not 0
 *     end
 *
 * Each line is answered by one. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/binding.h"
#include "agentd/base/clock.h"
#include "agentd/dataplane/visit_plane.h"
#include "proto/tunnel.h"
#include "tests/dataplane/print_counters.h"

#define TABLE 4790u
#define PRIORITY 4790u
#define MARK 0x100000u
#define CAPACITY 1000u
#define MS UINT64_C(1000000)
#define LINE 4096u
#define PACKET_MAX 1500u

static struct visit_plane *plane;
static struct in_addr care_of;
static struct visit_plane_link link_of_visitors;

static struct in_addr address_of(const char *text)
{
	struct in_addr address = { 0 };

	(void)address_parse(text, &address);
	return address;
}

static bool set_kind(struct visit_path *path, const char *kind)
{
	path->udp = strncmp(kind, "udp-", 4) == 0;
	path->udp_port = path->udp ? TUNNEL_UDP_PORT : 0;
	kind += path->udp ? 4 : 0;
	path->encapsulation = strcmp(kind, "minimal") == 0 ? ENCAPSULATION_MINIMAL
	                      : strcmp(kind, "gre") == 0   ? ENCAPSULATION_GRE
	                                                   : ENCAPSULATION_IPIP;
	return path->encapsulation != ENCAPSULATION_IPIP || strcmp(kind, "ipip") == 0;
}

static void put(const char *line)
{
	char home[32], agent[32], kind[32], words[64];
	struct visit_path path = { .care_of = care_of, .interface = link_of_visitors.index };
	uint8_t *mac = path.link;

	if (sscanf(line, "put %31s %31s %31s %hhx:%hhx:%hhx:%hhx:%hhx:%hhx %63s", home, agent, kind,
	           &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], words) != 10 ||
	    !set_kind(&path, kind)) {
		puts("what?");
		return;
	}
	path.home = address_of(home);
	path.home_agent = address_of(agent);
	path.reverse = strstr(words, "reverse") != NULL;
	path.delivery = strstr(words, "delivery") != NULL;
	path.keepalive_s = strstr(words, "keepalive") ? VISIT_KEEPALIVE_MIN_S : 0;
	puts(ha_strerror(visit_plane_put(plane, &path)));
}

static void drop(const char *line)
{
	char home[32], agent[32];

	if (sscanf(line, "remove %31s %31s", home, agent) == 2)
		puts(visit_plane_remove(plane, address_of(home), address_of(agent)) ? "removed"
		                                                                    : "not there");
}

static void clear_all(const char *line)
{
	(void)line;
	visit_plane_clear(plane);
	puts("cleared");
}

static void fence(const char *line)
{
	unsigned long ms = strtoul(line + strlen("fence "), NULL, 10);

	visit_plane_fence(plane, clock_monotonic_ns() + ms * MS);
	puts("fenced");
}

static void open_fence(const char *line)
{
	(void)line;
	visit_plane_fence(plane, UINT64_MAX);
	puts("open");
}

static void print_traffic(const char *line)
{
	struct visit_traffic traffic = { 0 };
	char home[32], agent[32];

	if (sscanf(line, "traffic %31s %31s", home, agent) != 2 ||
	    !visit_plane_traffic(plane, address_of(home), address_of(agent), &traffic))
		puts("not there");
	else
		printf("%llu %llu %llu %llu\n", (unsigned long long)traffic.in_packets,
		       (unsigned long long)traffic.in_octets,
		       (unsigned long long)traffic.out_packets,
		       (unsigned long long)traffic.out_octets);
}

static void print_status(const char *line)
{
	struct visit_plane_status status;

	(void)line;
	visit_plane_status(plane, &status);
	printf("%u %u %s\n", status.totals.visitors, status.totals.reverse, status.doubt);
}

static void say(void *context, const char *part, const char *text)
{
	(void)context;
	printf("%s: %s; ", part, text);
}

static void explain(const char *line)
{
	const char *at = line + strlen("explain ");
	uint8_t packet[PACKET_MAX];
	size_t size = 0;

	while (size < sizeof(packet) && sscanf(at, "%2hhx", &packet[size]) == 1) {
		size++;
		at += 2;
	}
	if (visit_plane_explain(plane, (struct span){ packet, size }, 0, say, NULL) != HA_OK)
		printf("no memory");
	puts("");
}

static void count(const char *line)
{
	(void)line;
	print_counters();
}

static const struct {
	const char *word;
	void (*act)(const char *line);
} words[] = {
	{ "put ", put },
	{ "remove ", drop },
	{ "clear\n", clear_all },
	{ "fence ", fence },
	{ "open\n", open_fence },
	{ "traffic ", print_traffic },
	{ "status\n", print_status },
	{ "explain ", explain },
	{ "counters\n", count },
};

static void obey(const char *line)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(line, words[i].word, strlen(words[i].word)) == 0) {
			words[i].act(line);
			return;
		}
	puts("what?");
}

int main(int argc, char **argv)
{
	struct visit_guard_options guarded = {
		.link_count = 1, .table = TABLE, .priority = PRIORITY, .mark = MARK
	};
	struct visit_plane_options options = { .links = &link_of_visitors,
		                               .link_count = 1,
		                               .care_of = &care_of,
		                               .care_of_count = 1,
		                               .table = TABLE,
		                               .mark = MARK,
		                               .capacity = CAPACITY };
	char report[256] = "", line[LINE];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 6 || !address_parse(argv[2], &care_of) ||
	    !address_parse(argv[4], &link_of_visitors.address))
		return 2;
	options.device = argv[1];
	snprintf(link_of_visitors.name, sizeof(link_of_visitors.name), "%s", argv[3]);
	link_of_visitors.index = if_nametoindex(argv[3]);
	link_of_visitors.networks = (struct address_prefixes){
		.count = 1, .at = { { .network = link_of_visitors.address, .length = 24 } }
	};
	link_of_visitors.routes = strcmp(argv[5], "routes") == 0;
	guarded.links[0] = link_of_visitors.name;
	if (visit_guard_open(&guarded, &options.guard, report, sizeof(report)) != HA_OK) {
		puts(report);
		return EXIT_FAILURE;
	}
	if (visit_plane_open(&options, &plane, report, sizeof(report)) != HA_OK) {
		puts(report);
		return EXIT_FAILURE;
	}
	puts("ready");
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "end\n") != 0)
		obey(line);
	visit_plane_close(plane);
	visit_guard_close(options.guard);
	return EXIT_SUCCESS;
}
