/* fuzz_visit.c - hostile packets through a foreign agent's data path. What comes out is read
 * again: into a tunnel goes only what is that visitor's own, to a link address only what is
 * for the visitor there, nothing at all behind the fence; and a trial says what happens.
 *
 * The input is a line of orders and octets. Packets are put together between addresses that
 * mean something, wrapped and quoted as the network would. */
#include <stdlib.h>
#include <string.h>

#include "agentd/dataplane/visit_forward.h"
#include "proto/icmp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VISITORS 6u
#define WRAPS 3u
#define INPUT_MAX 3000u
#define LINK 7u
#define SECOND_NS UINT64_C(1000000000)

static struct visit_table *table;
static struct visit_forward_buffers buffers;
static struct visit_forward_settings settings;
static struct visit_forward_link links[2];
static struct in_addr own[3];
static bool fenced;

struct run {
	unsigned outputs;
	size_t octets;
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

/* Home addresses, home agents, ours, and some that mean nothing. */
static struct in_addr pick(uint8_t order)
{
	static const uint32_t hosts[] = {
		0x0a000000, 0x0a000001, 0x0a000002, 0x0a000003, 0x0a000004, 0x0a000005,
		0xc6336401, 0xc6336402, 0xc0000201, 0xc0000202, 0xc0000203, 0xcb007109,
		0xe0000001, 0xffffffff, 0x7f000001, 0,
	};

	return at(hosts[order % (sizeof(hosts) / sizeof(*hosts))]);
}

/* Of each kind of tunnel one; the last is at home behind this very host. */
static void build_world(void)
{
	table = visit_table_new(VISITORS);
	require(table != NULL);
	own[0] = at(0xc0000201);
	own[1] = at(0xc0000202);
	own[2] = at(0xc0000203);
	for (uint32_t i = 0; i < VISITORS; i++) {
		struct visit_path path = { .home = at(0x0a000000 + i),
			                   .home_agent = i == 5 ? own[2] : at(0xc6336401 + i % 2),
			                   .care_of = own[0],
			                   .udp_port = 434,
			                   .encapsulation = (uint8_t)(i % 3),
			                   .reverse = i != 4,
			                   .delivery = i == 1 || i == 3,
			                   .udp = i == 2 || i == 3,
			                   .interface = LINK,
			                   .link = { 2, 0, 0, 0, 0, (uint8_t)i } };

		require(visit_table_put(table, &path, 0) == HA_OK);
	}
	settings = visit_forward_settings_default();
	settings.care_of = own;
	settings.care_of_count = 1;
	settings.own = own;
	settings.own_count = 3;
	settings.links = links;
	settings.link_count = 2;
	memset(settings.nonce, 7, sizeof(settings.nonce));
}

static bool may_forward(void *context)
{
	(void)context;
	return !fenced;
}

static void check_outer(const struct visit_forward_output *output, const struct ip4 *ip)
{
	static uint8_t room[TUNNEL_ENTRY_ROOM];
	struct writer scratch = writer_over(room, sizeof(room));
	struct tunnel_unwrapped unwrapped;
	struct visit_found visitor;

	require(tunnel_unwrap(output->packet, &scratch, &unwrapped) == HA_OK);
	require(visit_table_find(table, unwrapped.ip.source, ip->destination, &visitor));
	require(visitor.path.reverse || visitor.path.udp);
	require(address_equal(ip->source, own[0]) && !address_equal(ip->destination, own[2]));
	require(address_equal(ip->destination, output->endpoint) && !ip4_is_fragment(ip));
	require(ip->total <= settings.link_mtu && ip->ttl > 0 && unwrapped.ip.ttl > 0);
}

static void take_output(void *context, const struct visit_forward_output *output)
{
	struct run *run = context;
	struct visit_found visitor;
	struct ip4 ip;

	require(!fenced);
	run->outputs++;
	run->octets += output->packet.size;
	require(ip4_read(output->packet, &ip) == HA_OK && ip.total == output->packet.size);
	switch (output->kind) {
	case VISIT_FORWARD_OUTER:
		check_outer(output, &ip);
		break;
	case VISIT_FORWARD_LINK:
		require(visit_table_seen(table, ip.destination, output->interface, output->link,
		                         &visitor) == VISIT_SEEN_THERE);
		require(ip.ttl > 0 &&
		        (links[0].mtu == 0 || ip.total <= links[0].mtu || ip.protocol == IP4_ICMP));
		break;
	case VISIT_FORWARD_ROUTED:
		require(ip.ttl > 1 && address_is_unicast(ip.source) &&
		        address_is_unicast(ip.destination));
		break;
	case VISIT_FORWARD_ICMP:
		require(address_equal(ip.source, own[0]) && ip.total <= ICMP4_ERROR_MAX);
		break;
	}
}

static void take_note(void *context, const char *sentence)
{
	(void)context;
	require(*sentence != '\0');
}

/* ---- packets ---- */

static size_t make_packet(struct reader *in, uint8_t *packet)
{
	uint8_t order = get_u8(in), from = get_u8(in), to = get_u8(in), ttl = get_u8(in);
	size_t size = reader_left(in) < INPUT_MAX ? reader_left(in) : INPUT_MAX;
	struct writer out = writer_over(packet, IP4_HEADER_MIN);
	struct ip4 ip = { .source = pick(from),
		          .destination = pick(to),
		          .ttl = ttl,
		          .protocol = order & 32 ? IP4_ICMP : IP4_UDP,
		          .df = order & 2,
		          .mf = order & 4,
		          .offset = order & 8 ? 1480 : 0,
		          .id = order };

	if (order & 1) { /* as it is */
		get_octets(in, packet, size);
		return size;
	}
	get_octets(in, packet + IP4_HEADER_MIN, size);
	ip.total = (uint16_t)(IP4_HEADER_MIN + size);
	ip4_write(&out, &ip);
	require(out.error == HA_OK);
	return ip.total;
}

static size_t wrap(uint8_t *packet, size_t size, uint8_t order, uint8_t from, uint8_t to)
{
	static uint8_t room[TUNNEL_ENTRY_ROOM];
	struct tunnel_end end = { .local = pick(from),
		                  .remote = pick(to),
		                  .local_port = order & 16 ? 435 : 434,
		                  .remote_port = 434,
		                  .encapsulation = order % 3,
		                  .udp = order & 4,
		                  .has_sequence = order & 8 };
	struct tunnel_outer outer = { .ttl = 9, .id = from, .df = order & 32, .sequence = from };
	struct writer out = writer_over(room, sizeof(room));

	if (tunnel_wrap(&end, &outer, (struct span){ packet, size }, &out) != HA_OK)
		return size;
	memcpy(packet, room, writer_used(&out));
	return writer_used(&out);
}

static size_t quote(uint8_t *packet, size_t size, uint8_t type, uint8_t code)
{
	static const uint8_t types[] = { 3, 11, 12, 4 };
	static uint8_t room[1024];
	struct writer out = writer_over(room, sizeof(room));
	struct icmp4_error error = { .source = pick(6),
		                     .type = types[type & 3],
		                     .code = code & 15,
		                     .pointer = code,
		                     .mtu = (uint16_t)(code * 8u),
		                     .ttl = 60 };
	struct span about = { packet, type & 128 && size > 28 ? 28 : size };

	if (icmp4_error_write(&out, &error, about) != HA_OK)
		return size;
	memcpy(packet, room, writer_used(&out));
	return writer_used(&out);
}

/* ---- runs ---- */

static struct visit_forward_verdict forward(const struct visit_forward_context *context,
                                            uint8_t entry, struct span packet)
{
	const uint8_t link[LINK_ADDRESS_OCTETS] = { 2, 0, 0, 0, 0, entry >> 3 & 7 };
	const unsigned interface = entry & 4 ? LINK + 1 : LINK;

	switch (entry & 3) {
	case 0:
		return visit_forward_from_link(context, packet, interface, link);
	case 1:
		return visit_forward_from_icmp(context, packet);
	default:
		return visit_forward_from_tunnel(context, packet, entry & 64 ? 0 : interface);
	}
}

static void run_packet(struct soft *soft, uint8_t entry, struct span packet)
{
	struct run tried = { .outputs = 0 }, done = tried;
	struct visit_forward_context context = { .settings = &settings,
		                                 .table = table,
		                                 .soft = soft,
		                                 .buffers = &buffers,
		                                 .now_ns = SECOND_NS,
		                                 .context = &tried,
		                                 .may_forward = may_forward,
		                                 .emit = take_output,
		                                 .note = take_note,
		                                 .trial = true };
	struct visit_forward_verdict trial = forward(&context, entry, packet), verdict;

	context.trial = false;
	context.note = NULL;
	context.context = &done;
	verdict = forward(&context, entry, packet);
	require(verdict.outputs == done.outputs && verdict.reason < VISITOR_REASON_COUNT);
	require(verdict.happened & VISITOR_BIT(verdict.reason));
	require(visitor_reason_info(verdict.reason)->fate != PACKET_EVENT);
	require(verdict.happened == trial.happened && verdict.reason == trial.reason);
	require(tried.outputs == done.outputs && tried.octets == done.octets);
}

static void set_up(struct reader *in)
{
	static const uint16_t mtus[] = { 1500, 65535, 576, 68, 40, 1400, 0, 1280 };
	uint8_t a = get_u8(in);

	fenced = (a & 0xc0) == 0xc0;
	settings.link_mtu = mtus[a & 7] ? mtus[a & 7] : 1500;
	settings.df_copied = a & 64;
	links[0] = (struct visit_forward_link){ LINK, own[1], mtus[a >> 3 & 7], false, { 0 } };
	links[1] = (struct visit_forward_link){
		LINK + 1, own[1], 0, true, { 1, { { { 0 }, 0 } } }
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[2 * TUNNEL_ENTRY_ROOM];
	struct reader in = reader_over(data, size);
	uint8_t entry, orders, wraps[WRAPS][3], error[2];
	struct soft *soft = soft_new((struct soft_size){
		.exits = 8, .sent = 8, .errors_per_s = 1000, .errors_burst = 1000, .first_id = 1 });
	size_t total;

	require(soft != NULL);
	if (!table)
		build_world();
	set_up(&in);
	entry = get_u8(&in);
	orders = get_u8(&in);
	for (size_t i = 0; i < WRAPS; i++)
		for (size_t j = 0; j < 3; j++)
			wraps[i][j] = i < (orders & 3u) ? get_u8(&in) : 0;
	error[0] = orders & 4 ? get_u8(&in) : 0;
	error[1] = orders & 4 ? get_u8(&in) : 0;
	total = make_packet(&in, packet);
	for (size_t i = 0; i < (orders & 3u); i++)
		total = wrap(packet, total, wraps[i][0], wraps[i][1], wraps[i][2]);
	if (orders & 4)
		total = quote(packet, total, error[0], error[1]);
	if (orders & 8 && total)
		packet[orders % total] ^= 0x10;
	run_packet(soft, entry, (struct span){ packet, total });
	run_packet(soft, entry, (struct span){ packet, total });
	soft_free(soft);
	return 0;
}
