/* fuzz_forward.c - hostile packets through the data path of a small world. What comes out
 * is read again: whole packets, tunnels from us to a care-of address, no errors where
 * none may be, nothing at all behind the fence, and as much as the settings allow.
 *
 * The input is a line of orders and octets. Checksums that a fuzzer cannot guess are put
 * right where an order says so, and packets are wrapped and quoted as the network would. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "agentd/dataplane/forward.h"
#include "proto/icmp4.h"
#include "proto/message.h"
#include "proto/tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOMES 5u
#define INPUT_MAX 4000u
#define SECOND_NS UINT64_C(1000000000)

static struct tunnels *tunnels;
static struct forward_buffers buffers;
static struct forward_settings settings;
static const struct forward_agent agents[] = {
	{ .address = { 0 }, .group = 0 },
	{ .address = { 0 }, .group = 1, .realm = 1 },
};
static struct forward_agent our_agents[2];
static struct in_addr own[3];
static struct forward_network networks[3];
static struct address_prefix gateway;
static bool fenced;  /* nothing may be forwarded */
static bool limited; /* there are few errors */

/* One packet's run. */
struct run {
	unsigned outputs;
	size_t octets;
	bool from_host; /* whose own packets to its link no fence holds back */
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static struct in_addr at(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

/* Addresses that mean something, and some that mean nothing. */
static struct in_addr pick(uint8_t order)
{
	static const uint32_t hosts[] = {
		0x0a000005, 0x0a000006, 0x0a000007, 0x0a000008, 0x0a010009, 0x0a00000a, 0x0a0000ff,
		0x0a000000, 0xc0000201, 0xc0000202, 0xc0000203, 0xc6336407, 0xc6336408, 0xcb007132,
		0xcb00714d, 0xcb007109, 0xffffffff, 0xe0000002, 0xe0010203, 0x7f000001, 0,
	};

	return at(hosts[order % (sizeof(hosts) / sizeof(*hosts))]);
}

static struct tunnels_binding binding(uint32_t care_of, uint8_t encapsulation, uint16_t port,
                                      uint8_t flags)
{
	return (struct tunnels_binding){ .care_of = at(care_of),
		                         .endpoint = at(port ? 0xcb007132 : care_of),
		                         .endpoint_port = port == 1 ? 0 : port,
		                         .features = port ? BINDING_UDP : 0,
		                         .encapsulation = encapsulation,
		                         .flags = flags };
}

/* The home address that packets mostly are about, as the input wants it bound. */
static void bind_first(uint8_t how)
{
	uint8_t encapsulation = (how & 3) % 3;
	uint8_t flags = (uint8_t)((how & 16 ? MIP_REQUEST_BROADCAST : 0) |
	                          (how & 32 ? MIP_REQUEST_DECAPSULATES : 0));
	uint16_t port = how & 8 ? 1 : how & 4 ? 40001 : 0;
	struct tunnels_home home = { .home = at(0x0a000005), .count = how & 64 ? 2 : 1 };

	home.bindings[0] = binding(0xc6336407, encapsulation, port, flags);
	home.bindings[1] = binding(0xc6336408, ENCAPSULATION_IPIP, 0, flags);
	require(tunnels_put(tunnels, &home) == HA_OK);
}

static void bind_others(void)
{
	const uint8_t both = MIP_REQUEST_BROADCAST | MIP_REQUEST_DECAPSULATES;
	const struct tunnels_home homes[HOMES] = {
		{ .home = at(0x0a000006),
		  .count = 1,
		  .bindings = { binding(0xc6336408, ENCAPSULATION_GRE, 0, both) } },
		{ .home = at(0x0a000007),
		  .count = 2,
		  .bindings = { binding(0xc0a80102, ENCAPSULATION_IPIP, 40001,
		                        MIP_REQUEST_BROADCAST),
		                binding(0xc0a80103, ENCAPSULATION_MINIMAL, 40002, 0) } },
		{ .home = at(0x0a000008), /* of a group without an address here */
		  .group = 5,
		  .count = 1,
		  .bindings = { binding(0xc6336407, ENCAPSULATION_IPIP, 0, 0) } },
		{ .home = at(0x0a010009), /* of the other group, behind another node */
		  .realm = 1,
		  .group = 1,
		  .count = 1,
		  .bindings = { binding(0x0a000005, ENCAPSULATION_IPIP, 0, both) } },
		{ .home = at(0x0a00000a), /* a tunnel into itself */
		  .count = 1,
		  .bindings = { binding(0x0a00000a, ENCAPSULATION_IPIP, 0, 0) } },
	};

	for (size_t i = 0; i < HOMES; i++)
		require(tunnels_put(tunnels, &homes[i]) == HA_OK);
}

static void build_world(void)
{
	tunnels = tunnels_new((struct tunnels_size){ 16, 32 }, NULL);
	require(tunnels != NULL);
	bind_others();
	our_agents[0] = agents[0];
	our_agents[1] = agents[1];
	our_agents[0].address = own[0] = at(0xc0000201);
	our_agents[1].address = own[1] = at(0xc0000202);
	own[2] = at(0xc0000203);
	networks[0] = (struct forward_network){ .prefix = { at(0x0a000000), 24 },
		                                .kind = FORWARD_LINK };
	networks[1] = (struct forward_network){
		.prefix = { at(0x0a010000), 16 }, .kind = FORWARD_VIRTUAL, .realm = 1, .group = 1
	};
	networks[2] = (struct forward_network){ .prefix = { at(0x0a000000), 8 },
		                                .kind = FORWARD_ROUTER };
	gateway = (struct address_prefix){ at(0xcb00714d), 32 };
	settings = forward_settings_default();
	settings.agents = our_agents;
	settings.agent_count = 2;
	settings.own = own;
	settings.own_count = 3;
	settings.networks = networks;
	settings.network_count = 3;
	settings.gateways = &gateway;
	settings.gateway_count = 1;
}

static bool may_forward(void *context, uint8_t group)
{
	(void)context;
	(void)group;
	return !fenced;
}

static bool is_exit(struct in_addr address)
{
	struct tunnels_place place = { 0 };
	struct tunnels_home home;

	while (tunnels_walk(tunnels, &place, &home))
		for (size_t i = 0; i < home.count; i++)
			if (address_equal(home.bindings[i].endpoint, address))
				return true;
	return false;
}

static void check_outer(const struct forward_output *output, const struct ip4 *ip)
{
	static uint8_t room[FORWARD_ROOM];
	struct writer scratch = writer_over(room, sizeof(room));
	struct tunnel_unwrapped unwrapped;

	require(address_equal(ip->source, own[output->group]) && is_exit(ip->destination));
	require(address_equal(ip->destination, output->endpoint) && !ip4_is_fragment(ip));
	require(ip->total <= settings.link_mtu && ip->ttl > 0);
	require(tunnel_unwrap(output->packet, &scratch, &unwrapped) == HA_OK);
	require(unwrapped.ip.ttl > 0);
	require(!address_equal(unwrapped.ip.source, ip->destination));
}

static void check_icmp(const struct forward_output *output, const struct ip4 *ip)
{
	struct icmp4 icmp;

	require(ip->total <= ICMP4_ERROR_MAX && address_equal(ip->source, own[output->group]));
	require(icmp4_read(ip4_payload(output->packet, ip), &icmp) == HA_OK);
	require(icmp4_is_error(icmp.type) && icmp.type != ICMP4_REDIRECT &&
	        icmp.type != ICMP4_SOURCE_QUENCH);
	require(icmp4_may_answer(icmp.body));
	require(address_is_unicast(ip->destination));
}

static void take_output(void *context, const struct forward_output *output)
{
	struct run *run = context;
	struct ip4 ip;

	require(!fenced || output->kind == FORWARD_HOST ||
	        (run->from_host && output->kind != FORWARD_OUTER));
	run->outputs++;
	run->octets += output->packet.size;
	if (output->kind == FORWARD_PORT) {
		require(output->packet.size == 0 && output->port != 0);
		return;
	}
	require(ip4_read(output->packet, &ip) == HA_OK && ip.total == output->packet.size);
	if (output->kind == FORWARD_OUTER)
		check_outer(output, &ip);
	if (output->kind == FORWARD_ICMP)
		check_icmp(output, &ip);
	if (output->kind == FORWARD_INNER)
		require(ip.ttl > 0 && output->on_link == (output->network != NULL));
}

static void take_note(void *context, const char *sentence)
{
	(void)context;
	require(*sentence != '\0');
}

/* Octets as a packet: as they are, or with what a fuzzer cannot guess put right. */
static size_t make_packet(struct reader *in, uint8_t *packet)
{
	uint8_t order = get_u8(in), from = get_u8(in), to = get_u8(in);
	size_t size = reader_left(in) < INPUT_MAX ? reader_left(in) : INPUT_MAX;
	struct ip4 ip = { 0 };

	get_octets(in, packet, size);
	if (order & 1 || size < IP4_HEADER_MIN)
		return size;
	ip.options = (struct span){ packet + IP4_HEADER_MIN, order >> 1 & 4 };
	if (size < IP4_HEADER_MIN + ip.options.size)
		ip.options.size = 0;
	ip.tos = packet[1];
	ip.id = (uint16_t)(packet[4] << 8 | packet[5]);
	ip.df = order & 2;
	ip.mf = (packet[6] & 0xe0) == 0xe0;
	ip.offset = (packet[6] & 0xc0) == 0xc0 ? (uint16_t)(packet[7] * 8u) : 0;
	ip.ttl = packet[8];
	ip.protocol = packet[9];
	ip.source = order & 4 ? pick(from) : at((uint32_t)packet[12] << 24 | from);
	ip.destination = pick(to);
	ip.total = (uint16_t)size;
	if (order & 64 && size < 200) /* a large one, cheaply */
		ip.total = (uint16_t)(size + 256u * from);
	memset(packet + size, 0x5a, ip.total - size);
	{
		uint8_t header[IP4_HEADER_MAX];
		struct writer out = writer_over(header, sizeof(header));

		ip4_write(&out, &ip);
		require(out.error == HA_OK);
		memcpy(packet, header, writer_used(&out));
	}
	return ip.total;
}

/* Into a tunnel between addresses that mean something, if it fits. */
static size_t wrap(uint8_t *packet, size_t size, uint8_t order, uint8_t from, uint8_t to)
{
	static uint8_t room[FORWARD_ROOM];
	static const uint16_t ports[] = { 434, 40001, 40002, 9 };
	struct tunnel_end end = {
		.local = pick(from),
		.remote = pick(to),
		.local_port = ports[order >> 5 & 3],
		.remote_port = 434,
		.encapsulation = order & 3 ? order & 3 : 0,
		.udp = order & 4,
		.has_checksum = order & 8,
		.has_key = (order & 24) == 24,
	};
	struct tunnel_outer outer = { .ttl = (uint8_t)(1 + (order >> 2)),
		                      .df = order & 16,
		                      .id = from };
	struct writer out = writer_over(room, sizeof(room));

	if (tunnel_wrap(&end, &outer, (struct span){ packet, size }, &out) != HA_OK)
		return size;
	memcpy(packet, room, writer_used(&out));
	return writer_used(&out);
}

/* In an ICMP error to one of our addresses. */
static size_t quote(uint8_t *packet, size_t size, uint8_t type, uint8_t code, uint16_t mtu)
{
	static uint8_t room[FORWARD_ROOM];
	static const uint8_t types[] = { 3, 3, 11, 12, 4, 5, 8, 0 };
	struct writer out = writer_over(room, sizeof(room));
	struct ip4 ip = { .ttl = 60, .protocol = IP4_ICMP };
	size_t quoted = type & 128 && size > 28 ? 28 : size < 500 ? size : 500;
	uint16_t checksum;

	ip.source = pick(15);
	ip.destination = own[type >> 5 & 1];
	ip.total = (uint16_t)(IP4_HEADER_MIN + ICMP4_HEADER + quoted);
	ip4_write(&out, &ip);
	put_u8(&out, types[type & 7]);
	put_u8(&out, code & 15);
	put_u16(&out, 0);
	put_u8(&out, (uint8_t)(code >> 4));
	put_u8(&out, 0);
	put_u16(&out, mtu);
	put_octets(&out, packet, quoted);
	checksum = ip4_checksum((struct span){ room + IP4_HEADER_MIN, quoted + ICMP4_HEADER });
	room[IP4_HEADER_MIN + 2] = (uint8_t)(checksum >> 8);
	room[IP4_HEADER_MIN + 3] = (uint8_t)checksum;
	memcpy(packet, room, writer_used(&out));
	return writer_used(&out);
}

static enum forward_arrival arrival_of(uint8_t entry)
{
	return (entry >> 3) % 3;
}

static struct forward_verdict forward(struct forward_context *context, uint8_t entry,
                                      struct span packet)
{
	switch (entry % 5) {
	case 0:
		return forward_home(context, entry & 64 ? 1 : 0, packet, arrival_of(entry));
	case 1:
		return forward_tunnel(context, packet);
	case 2:
		return forward_icmp(context, packet);
	case 3:
		return forward_broadcast(context, &networks[(entry >> 3) % 3], packet);
	default: {
		struct ip4 outer = { .ttl = 9, .id = 8 };

		outer.source = pick(13);
		outer.destination = own[entry >> 3 & 1];
		return forward_datagram(context, &outer, 40001, 434, packet);
	}
	}
}

/* First as a trial, which must say what happens then. */
static void run_packet(struct soft *soft, uint8_t entry, uint64_t now_ns, struct span packet)
{
	const bool from_host = entry % 5 == 0 && arrival_of(entry) == FORWARD_FROM_HOST;
	struct run tried = { .from_host = from_host }, done = tried;
	struct forward_context context = { .settings = &settings,
		                           .tunnels = tunnels,
		                           .soft = soft,
		                           .buffers = &buffers,
		                           .now_ns = now_ns,
		                           .context = &tried,
		                           .may_forward = may_forward,
		                           .emit = take_output,
		                           .note = take_note,
		                           .trial = true };
	struct forward_verdict trial = forward(&context, entry, packet), verdict;

	context.trial = false;
	context.note = NULL;
	context.context = &done;
	verdict = forward(&context, entry, packet);
	require(verdict.outputs == done.outputs && verdict.reason < FORWARD_REASON_COUNT);
	require(verdict.happened & FORWARD_BIT(verdict.reason));
	require(forward_reason_info(verdict.reason)->fate != PACKET_EVENT);
	require(limited || (verdict.happened == trial.happened && verdict.reason == trial.reason &&
	                    tried.outputs == done.outputs && tried.octets == done.octets));
	/* Two bindings at most of three nodes, in fragments of 8 octets at least. */
	require(done.outputs <= 6 * (1 + FORWARD_ROOM / 8));
}

static size_t prepare(struct reader *in, uint8_t *packet, uint8_t orders)
{
	uint8_t wraps[4][3], quotes[5];
	size_t size;

	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 3; j++)
			wraps[i][j] = i < (orders & 7u) % 5 ? get_u8(in) : 0;
	for (size_t i = 0; i < sizeof(quotes); i++)
		quotes[i] = orders & 8 ? get_u8(in) : 0;
	size = make_packet(in, packet);
	for (size_t i = 0; i < (orders & 7u) % 5; i++)
		size = wrap(packet, size, wraps[i][0], wraps[i][1], wraps[i][2]);
	if (orders & 8)
		size = quote(packet, size, quotes[0], quotes[1],
		             (uint16_t)(quotes[2] << 8 | quotes[3]));
	if (orders & 16 && size)
		packet[quotes[4] % size] ^= 0x10;
	return size;
}

/* Three octets that say how things are. */
static struct soft_size set_up(struct reader *in)
{
	static const uint16_t mtus[] = { 1500, 65535, 576, 68, 40, 1500, 300, 1280 };
	uint8_t a = get_u8(in), b = get_u8(in), c = get_u8(in);

	settings.link_mtu = mtus[a & 7];
	settings.df_copied = a & 8;
	settings.nesting = (uint8_t)(1 + (~a >> 4 & 3));
	fenced = a & 128;
	bind_first(b);
	networks[0].kind = b & 128 ? FORWARD_VIRTUAL : FORWARD_LINK;
	settings.categories = c & 31;
	settings.broadcasts = c & 32 ? 1 : 1000;
	limited = c & 64;
	return (struct soft_size){ .exits = 8,
		                   .sent = 8,
		                   .errors_per_s = limited ? 1 : 1000,
		                   .errors_burst = limited ? 1 : 1000,
		                   .first_id = 0x1000 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[2 * FORWARD_ROOM];
	struct reader in = reader_over(data, size);
	struct soft *soft;

	if (!tunnels)
		build_world();
	soft = soft_new(set_up(&in));
	require(soft != NULL);
	for (unsigned i = 0; i < 4 && reader_left(&in) > 4; i++) {
		uint8_t entry = get_u8(&in), orders = get_u8(&in);
		uint16_t share = get_u16(&in);
		struct reader part = reader_sub(&in, reader_left(&in) < share ? reader_left(&in)
		                                                              : share);
		size_t made = prepare(&part, packet, orders);
		uint8_t *exact = malloc(made + 1); /* one octet too far is seen */

		require(exact != NULL);
		memcpy(exact, packet, made);
		run_packet(soft, entry, (uint64_t)(orders >> 5) * 10 * SECOND_NS,
		           (struct span){ exact, made });
		free(exact);
	}
	soft_free(soft);
	return 0;
}
