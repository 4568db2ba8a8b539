/* tunnels.c - what it costs a home agent to forward a packet:
 *
 *     bench_tunnels cost PACKETS HOMES
 *     bench_tunnels far-end INTERFACE      put the far end of a tunnel there, until stdin ends
 *     bench_tunnels agent HOME CARE-OF INTERFACE...    one binding, until stdin ends
 *
 * The first runs in namespaces of its own; frames are injected as a network card would,
 * by BPF over live frames. Processor time of this process and of the kernel's on its
 * processor, for each packet that came out. One line of JSON. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/dataplane/tc.h"
#include "tests/bench/tunnels_user.h"
#include "tests/bench_tunnels.skel.h"

#define HOUR_NS UINT64_C(3600000000000)
#define FRAME 64u
#define AT_ONCE 192u /* frames: what one softirq takes of a busy card, and veth has room for */
#define AGENT "198.51.100.33"
#define FIRST_HOME 0x0a000000u
#define FIRST_CARE_OF 0xcb000000u /* 203.0.0.0/8 */

static struct bench_tunnels *bench;
static struct tc *tc;
static char place[] = "/tmp/hearth-bench-XXXXXX";

static void fail(const char *what)
{
	fprintf(stderr, "bench_tunnels: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the network ---- */

static const char *const setup =
	"set -e; ip link set lo up;"
	"ip link add sender type veth peer name in; ip link add out type veth peer name sink;"
	"for i in sender in out sink; do"
	" ethtool -K $i gro on >/dev/null; ip link set $i up; done;"
	"ip address add 192.0.2.1/24 dev in; ip address add 198.51.100.1/24 dev out;"
	"ip route add default via 198.51.100.2 dev out;"
	"ip neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev out nud permanent;"
	"sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0";

static void make_network(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
		fail("namespaces");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		fail("a private view of the file system");
	if (system(setup) != 0)
		fail("the network");
}

static void mount_bpf(void)
{
	if (!mkdtemp(place) || mount("bpf", place, "bpf", 0, NULL) != 0)
		fail("a BPF file system");
}

static void read_mac(const char *name, uint8_t *mac)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFHWADDR, &request) != 0)
		fail(name);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static void load_bench(void)
{
	bench = bench_tunnels__open_and_load();
	if (!bench)
		fail("the programs around the agent");
}

static void hook(const char *interface, const struct bpf_program *program)
{
	struct bpf_tc_hook where = {
		.sz = sizeof(where),
		.ifindex = (int)if_nametoindex(interface),
		.attach_point = BPF_TC_INGRESS,
	};
	struct bpf_tc_opts filter = {
		.sz = sizeof(filter),
		.handle = 1,
		.priority = 1,
		.prog_fd = bpf_program__fd(program),
	};

	(void)bpf_tc_hook_create(&where);
	if (bpf_tc_attach(&where, &filter) != 0)
		fail(interface);
}

/* ---- processor time ---- */

static uint64_t nanoseconds_of(const char *path)
{
	unsigned long long ns = 0;
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%llu", &ns) != 1)
		fail(path);
	fclose(file);
	return ns;
}

/* The kernel's thread that does what interrupts leave over on processor 0. */
static const char *kernel_thread(void)
{
	static char path[64];
	DIR *list = opendir("/proc");
	const struct dirent *entry;
	char name[300], word[32];
	FILE *file;

	while (list && !*path && (entry = readdir(list))) {
		snprintf(name, sizeof(name), "/proc/%s/comm", entry->d_name);
		file = fopen(name, "re");
		if (file && fgets(word, sizeof(word), file) && strcmp(word, "ksoftirqd/0\n") == 0)
			snprintf(path, sizeof(path), "/proc/%.20s/schedstat", entry->d_name);
		if (file)
			fclose(file);
	}
	if (list)
		closedir(list);
	if (!*path)
		fail("ksoftirqd/0");
	return path;
}

static uint64_t processor_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec +
	       nanoseconds_of(kernel_thread());
}

static double wall_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ns for each packet that arrived, of so many that were sent to the first homes. */
static double cost(uint32_t packets, uint32_t homes)
{
	uint8_t frame[FRAME] = { 0 };
	struct xdp_md context = { .data_end = FRAME };
	struct bpf_test_run_opts run = {
		.sz = sizeof(run),
		.data_in = frame,
		.data_size_in = FRAME,
		.ctx_in = &context,
		.ctx_size_in = sizeof(context),
		.repeat = (int)packets,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.batch_size = AT_ONCE,
	};
	uint64_t before, ns;

	bench->bss->home_mask = homes - 1;
	bench->bss->arrived = 0;
	before = processor_ns();
	if (bpf_prog_test_run_opts(bpf_program__fd(bench->progs.generate), &run) != 0)
		fail("the sender");
	ns = processor_ns() - before;
	if (bench->bss->arrived < packets / 2)
		fprintf(stderr, "bench_tunnels: %llu of %u packets arrived\n",
		        (unsigned long long)bench->bss->arrived, packets);
	return bench->bss->arrived ? (double)ns / (double)bench->bss->arrived : 0;
}

/* ---- the home agent ---- */

static void open_agent(const struct tc_interface *interfaces, size_t count, uint32_t homes,
                       bool table)
{
	const struct tc_network network = {
		.prefix = { { htonl(FIRST_HOME) }, (uint8_t)(32 - __builtin_ctz(homes)) },
	};
	struct tc_options options = {
		.directory = place,
		.networks = &network,
		.network_count = table ? 1 : 0,
		.interfaces = interfaces,
		.interface_count = count,
		.size = { homes, homes },
		.ttl = 64,
		.udp_port = 434,
	};
	struct in_addr agent = { inet_addr(AGENT) };
	char report[256];
	enum ha_error why;

	tc = tc_open(&options, &why, report, sizeof(report));
	if (!tc) {
		fprintf(stderr, "bench_tunnels: %s\n", report);
		exit(1);
	}
	tc_agent(tc, 1, agent);
	tc_fence(tc, 1, clock_monotonic_ns() + HOUR_NS, 0);
}

static struct tunnels_home bound(uint32_t home, uint32_t care_of, uint32_t slot)
{
	struct tunnels_home bound = { .home = { htonl(home) }, .group = 1, .count = 1 };

	bound.bindings[0].care_of.s_addr = bound.bindings[0].endpoint.s_addr = htonl(care_of);
	bound.bindings[0].slot = slot;
	return bound;
}

/* Seconds. Each home address has a care-of address of its own. */
static double bind_homes(uint32_t homes)
{
	static struct tunnels_home batch[TC_BATCH];
	double began = wall_s();

	for (uint32_t at = 0; at < homes; at += TC_BATCH) {
		uint32_t some = homes - at < TC_BATCH ? homes - at : TC_BATCH;

		for (uint32_t i = 0; i < some; i++)
			batch[i] = bound(FIRST_HOME + at + i, FIRST_CARE_OF + at + i, at + i);
		tc_put_many(tc, batch, some);
	}
	if (tc_failures(tc) != 0)
		fail("the bindings");
	return wall_s() - began;
}

static uint64_t slab_octets(void)
{
	unsigned long long value, sum = 0;
	char name[64];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fscanf(file, "%63s %llu kB\n", name, &value) == 2)
		if (strcmp(name, "Slab:") == 0 || strcmp(name, "VmallocUsed:") == 0 ||
		    strcmp(name, "Percpu:") == 0)
			sum += value;
	if (file)
		fclose(file);
	return sum * 1024;
}

struct baseline {
	double generator, kernel;
};

static struct baseline measure_baseline(uint32_t packets, uint32_t homes)
{
	int interface = (int)if_nametoindex("in");
	struct baseline baseline;

	if (bpf_xdp_attach(interface, bpf_program__fd(bench->progs.drop), 0, NULL) != 0)
		fail("XDP");
	baseline.generator = cost(packets, homes);
	if (bpf_xdp_detach(interface, 0, NULL) != 0)
		fail("XDP");
	baseline.kernel = cost(packets, 1);
	return baseline;
}

static void measure_tc(uint32_t packets, uint32_t homes)
{
	static const struct tc_interface in = { .name = "in" };
	double one, many, load;
	uint64_t before, octets;

	before = slab_octets();
	open_agent(&in, 1, homes, !getenv("HASHED"));
	load = bind_homes(homes);
	octets = slab_octets() - before;
	one = cost(packets, 1);
	many = cost(packets, homes);
	printf("\"tc_1_ns\": %.0f, \"tc_many_ns\": %.0f, \"load_s\": %.3f, \"octets\": %llu, "
	       "\"octets_said\": %llu, \"tunnelled\": %llu",
	       one, many, load, (unsigned long long)octets, (unsigned long long)tc_memory(tc),
	       (unsigned long long)tc_count(tc, 0));
	tc_close(tc, false);
}

static void measure_user(uint32_t packets)
{
	double one;

	tunnels_user_open(AGENT, FIRST_HOME, 8, FIRST_CARE_OF);
	one = cost(packets, 1);
	printf("\"user_1_ns\": %.0f, \"user_tunnelled\": %llu", one,
	       (unsigned long long)tunnels_user_count());
	tunnels_user_close();
}

/* What sending costs, plain forwarding, one binding and as many as there are by BPF, and
 * one by the agent's own thread: last, since a network that has had rules routes slower
 * ever after. */
static void measure_round(uint32_t packets, uint32_t homes)
{
	struct baseline baseline = measure_baseline(packets, homes);

	printf("{\"generator_ns\": %.0f, \"kernel_ns\": %.0f, ", baseline.generator,
	       baseline.kernel);
	measure_tc(packets, homes);
	printf(", ");
	measure_user(packets);
	puts("}");
	fflush(stdout);
}

static void measure(uint32_t packets, uint32_t homes)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first) != 0)
		fail("processor 0");
	make_network();
	mount_bpf();
	load_bench();
	hook("sink", bench->progs.sink);
	read_mac("in", bench->bss->agent_mac);
	bench->bss->sender = 0xc0000263;
	bench->bss->first_home = FIRST_HOME;
	bench->bss->out_interface = if_nametoindex("sender");
	measure_round(packets, homes);
}

/* ---- parts of a network that somebody else has made ---- */

static void wait_for_end(void)
{
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

static void be_agent(int count, char **words)
{
	struct tc_interface interfaces[TC_INTERFACES_MAX] = { 0 };
	struct tunnels_home home = bound(ntohl(inet_addr(words[0])), ntohl(inet_addr(words[1])), 0);

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		fail("a private view of the file system");
	mount_bpf();
	for (int i = 2; i < count && i - 2 < (int)TC_INTERFACES_MAX; i++)
		interfaces[i - 2].name = words[i];
	open_agent(interfaces, (size_t)count - 2, 16, false);
	tc_put(tc, &home);
	wait_for_end();
	printf("{\"tunnelled\": %llu}\n", (unsigned long long)tc_count(tc, 0));
	tc_close(tc, false);
}

int main(int count, char **words)
{
	if (count == 4 && strcmp(words[1], "cost") == 0) {
		measure((uint32_t)strtoul(words[2], NULL, 10),
		        (uint32_t)strtoul(words[3], NULL, 10));
	} else if (count == 3 && strcmp(words[1], "far-end") == 0) {
		load_bench();
		hook(words[2], bench->progs.far_end);
		wait_for_end();
	} else if (count >= 5 && strcmp(words[1], "agent") == 0) {
		be_agent(count - 2, words + 2);
	} else {
		fputs("usage: bench_tunnels cost PACKETS HOMES | far-end INTERFACE | "
		      "agent HOME CARE-OF INTERFACE...\n",
		      stderr);
		return 2;
	}
	return 0;
}
