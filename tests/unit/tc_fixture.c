/* tc_fixture.c - see the header. */
#include "tests/unit/tc_fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/message.h"
#include "proto/tunnel.h"
#include "tests/unit/links.h"
#include "tests/unit/suite.h"

#define ETHERNET 14u

static uint8_t frame_in[FIXTURE_FRAME_MAX], frame_out[FIXTURE_FRAME_MAX];

static const char *const setup = LINKS_UP
	"set -e; ip link set lo up;"
	"ip link add home type veth peer name homepeer; ip link add core type veth peer name corepeer;"
	"ip link add user type veth peer name userpeer;"
	"up home homepeer core corepeer user userpeer;"
	"ip address add 10.1.0.1/16 dev home; ip address add 198.51.100.1/24 dev core;"
	"ip route add default via 198.51.100.2 dev core;"
	"echo 1 >/proc/sys/net/ipv4/ip_forward";

static bool refused(const char *what)
{
	fprintf(stderr, "skipped: the kernel refuses: %s: %s\n", what, strerror(errno));
	return false;
}

static bool read_mac(const char *name, uint8_t *mac)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int failed;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	failed = ioctl(fd, SIOCGIFHWADDR, &request);
	close(fd);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	return failed == 0;
}

bool fixture_network(struct tc_fixture *fixture)
{
	static char place[] = "/tmp/hearth-bpf-XXXXXX";

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
		return refused("namespaces");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || !mkdtemp(place) ||
	    mount("bpf", place, "bpf", 0, NULL) != 0)
		return refused("a BPF file system");
	if (system(setup) != 0) {
		fprintf(stderr, "the network of the test cannot be made\n");
		exit(1);
	}
	snprintf(fixture->directory, sizeof(fixture->directory), "%s/hearth", place);
	fixture->home = if_nametoindex("home");
	fixture->core = if_nametoindex("core");
	fixture->user = if_nametoindex("user");
	return read_mac("home", fixture->home_mac);
}

struct tc_options fixture_options(const struct tc_fixture *fixture)
{
	static const struct tc_interface interfaces[] = {
		{ .name = "home", .has_agents = true },
		{ .name = "core" },
	};

	static const struct tc_network network = {
		.prefix = { { 0x0000010a }, 16 },
		.group = 1,
		.has_link = true,
		.link = "home",
	};

	return (struct tc_options){
		.directory = fixture->directory,
		.instance = fixture->instance,
		.networks = &network,
		.network_count = fixture->hashed ? 0 : 1,
		.interfaces = interfaces,
		.interface_count = 2,
		.size = { 1000, 2000 },
		.home_mark = FIXTURE_HOME_MARK,
		.ttl = 64,
		.udp_port = FIXTURE_UDP_PORT,
	};
}

static void mirror(void *context, const struct tunnels_home *before,
                   const struct tunnels_home *after)
{
	struct tc_fixture *fixture = context;

	(void)before;
	tc_put(fixture->tc, after);
}

void fixture_begin(struct tc_fixture *fixture)
{
	struct tc_options options = fixture_options(fixture);
	char report[512] = "";
	enum ha_error why;

	fixture->tc = tc_open(&options, &why, report, sizeof(report));
	if (!fixture->tc)
		fprintf(stderr, "%s\n", report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture->tc);
	fixture->tunnels = tunnels_new(options.size, tc_rows(fixture->tc));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture->tunnels);
	CU_ASSERT_EQUAL_FATAL(tunnels_observe(fixture->tunnels, mirror, fixture), HA_OK);
	tc_user_device(fixture->tc, fixture->user);
	tc_agent(fixture->tc, 1, fixture_address(FIXTURE_AGENT));
	tc_fence(fixture->tc, 1, UINT64_MAX, UINT64_MAX);
	fixture_forget(fixture);
}

void fixture_forget(struct tc_fixture *fixture)
{
	for (unsigned i = 0; i < TC_REASON_COUNT; i++)
		fixture->counted[i] = tc_count(fixture->tc, i);
}

void fixture_close(struct tc_fixture *fixture)
{
	tunnels_free(fixture->tunnels);
	tc_close(fixture->tc, false);
	fixture->tunnels = NULL;
	fixture->tc = NULL;
}

static unsigned moved(struct tc_fixture *fixture)
{
	unsigned which = TC_REASON_COUNT, times = 0;

	for (unsigned i = 0; i < TC_REASON_COUNT; i++) {
		uint64_t now = tc_count(fixture->tc, i);

		if (now != fixture->counted[i]) {
			times += (unsigned)(now - fixture->counted[i]);
			which = i;
		}
		fixture->counted[i] = now;
	}
	return times == 1 ? which : TC_REASON_COUNT;
}

struct fixture_result fixture_run(struct tc_fixture *fixture, unsigned interface, struct span frame,
                                  uint32_t mark)
{
	struct __sk_buff context = { .ifindex = interface, .mark = mark }, after = { 0 };
	struct bpf_test_run_opts run = {
		.sz = sizeof(run),
		.data_in = frame.at,
		.data_size_in = (uint32_t)frame.size,
		.data_out = frame_out,
		.data_size_out = sizeof(frame_out),
		.ctx_in = &context,
		.ctx_size_in = sizeof(context),
		.ctx_out = &after,
		.ctx_size_out = sizeof(after),
		.repeat = 1,
	};

	if (bpf_prog_test_run_opts(tc_program(fixture->tc), &run) != 0) {
		fprintf(stderr, "the program cannot be run: %s\n", strerror(errno));
		abort();
	}
	return (struct fixture_result){
		.action = (int)run.retval,
		.frame = { frame_out, run.data_size_out },
		.mark = after.mark,
		.reason = moved(fixture),
	};
}

struct span fixture_frame(const struct tc_fixture *fixture, struct span packet)
{
	static const uint8_t from[] = { 2, 0, 0, 0, 0, 9 };

	memcpy(frame_in, fixture->home_mac, 6);
	memcpy(frame_in + 6, from, 6);
	frame_in[12] = 0x08;
	frame_in[13] = 0x00;
	memcpy(frame_in + ETHERNET, packet.at, packet.size);
	return (struct span){ frame_in, packet.size + ETHERNET };
}

struct in_addr fixture_address(const char *text)
{
	struct in_addr parsed;

	CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET, text, &parsed), 1);
	return parsed;
}

struct tunnels_binding fixture_binding(const char *care_of, uint8_t encapsulation, uint16_t port)
{
	return (struct tunnels_binding){
		.care_of = fixture_address(care_of),
		.endpoint = fixture_address(care_of),
		.endpoint_port = port,
		.features = port ? BINDING_UDP : 0,
		.encapsulation = encapsulation,
		.flags = MIP_REQUEST_REVERSE,
	};
}

void fixture_bind(struct tc_fixture *fixture, struct tunnels_binding first,
                  const struct tunnels_binding *second)
{
	struct tunnels_home home = {
		.home = fixture_address(FIXTURE_HOME),
		.group = 1,
		.count = second ? 2 : 1,
	};

	home.bindings[0] = first;
	if (second)
		home.bindings[1] = *second;
	CU_ASSERT_EQUAL_FATAL(tunnels_put(fixture->tunnels, &home), HA_OK);
}

uint8_t fixture_room[2000];

struct ip4 fixture_header(const char *from, const char *to, uint16_t payload)
{
	return (struct ip4){
		.source = fixture_address(from),
		.destination = fixture_address(to),
		.total = (uint16_t)(IP4_HEADER_MIN + payload),
		.id = 77,
		.tos = 0x28,
		.ttl = FIXTURE_TTL,
		.protocol = 253,
	};
}

struct span fixture_packet(const struct ip4 *ip)
{
	struct writer out = writer_over(fixture_room, sizeof(fixture_room));

	ip4_write(&out, ip);
	while (writer_used(&out) < ip->total)
		put_u8(&out, (uint8_t)(writer_used(&out) * 7));
	CU_ASSERT_EQUAL_FATAL(out.error, HA_OK);
	return writer_span(&out);
}

struct fixture_result fixture_send(struct tc_fixture *fixture, struct span packet)
{
	return fixture_run(fixture, fixture->home, fixture_frame(fixture, packet), 0);
}

static uint8_t wanted_room[2100];
uint8_t fixture_tunnel_room[2100];

static struct tunnel_end end_of(const struct tunnels_binding *binding)
{
	return (struct tunnel_end){
		.local = fixture_address(FIXTURE_AGENT),
		.remote = binding->endpoint,
		.local_port = FIXTURE_UDP_PORT,
		.remote_port = binding->endpoint_port,
		.encapsulation = binding->encapsulation,
		.udp = binding->features & BINDING_UDP,
	};
}

struct span fixture_inside(const struct fixture_result *result)
{
	return (struct span){ result->frame.at + ETHERNET, result->frame.size - ETHERNET };
}

/* ---- into the tunnel ---- */

struct span fixture_wrapped(const struct tunnels_binding *binding, struct span packet,
                            struct span sent)
{
	static uint8_t aged[2000];
	struct tunnel_end end = end_of(binding);
	struct writer out = writer_over(wanted_room, sizeof(wanted_room));
	struct ip4 ip, outer;

	memcpy(aged, packet.at, packet.size);
	packet.at = aged;
	CU_ASSERT_EQUAL_FATAL(ip4_read(packet, &ip), HA_OK);
	CU_ASSERT_TRUE(ip4_decrement_ttl(aged, &ip));
	CU_ASSERT_EQUAL_FATAL(ip4_read(sent, &outer), HA_OK);
	CU_ASSERT_EQUAL(tunnel_wrap(&end,
	                            &(struct tunnel_outer){ .ttl = FIXTURE_TTL,
	                                                    .tos = ip.tos,
	                                                    .df = ip.df,
	                                                    .id = outer.id },
	                            packet, &out),
	                HA_OK);
	if (end.udp) /* the one difference: BPF sends no checksum of UDP */
		wanted_room[26] = wanted_room[27] = 0;
	return writer_span(&out);
}

struct span fixture_reversed(const struct tunnels_binding *binding, struct span inner)
{
	struct tunnel_end end = end_of(binding);
	struct writer out = writer_over(fixture_tunnel_room, sizeof(fixture_tunnel_room));
	struct tunnel_end there = {
		.local = end.remote,
		.remote = end.local,
		.local_port = end.remote_port,
		.remote_port = end.local_port,
		.encapsulation = end.encapsulation,
		.udp = end.udp,
	};

	CU_ASSERT_EQUAL(
		tunnel_wrap(&there, &(struct tunnel_outer){ .ttl = 60, .id = 9 }, inner, &out),
		HA_OK);
	return writer_span(&out);
}
