/* fuzz_tunnel.c - any octets as a packet from a tunnel, as the payload of its datagram, as
 * what an ICMP error quotes, as an ICMP message, as a packet to be told of or to be cut:
 * nothing is read beyond it, and what is written is read again and is the same.
 *
 * The first octet says what the others are. With MEND in it, checksums are put right
 * first, which no fuzzer guesses. */
#include <stdlib.h>

#include "proto/icmp4.h"
#include "proto/tunnel.h"

#define MEND 0x80u
#define ROOM (IP4_TOTAL_MAX + 1u)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t mended[ROOM], scratch_room[ROOM], wrapped_room[ROOM], again_room[ROOM];

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static bool begins(struct span whole, struct span part)
{
	return part.size <= whole.size &&
	       same((struct span){ .at = whole.at, .size = part.size }, part);
}

static void put_checksum(uint8_t *octets, size_t size, size_t at)
{
	struct writer field = writer_over(octets + at, 2);
	uint16_t checksum;

	put_u16(&field, 0);
	checksum = ip4_checksum((struct span){ .at = octets, .size = size });
	field = writer_over(octets + at, 2);
	put_u16(&field, checksum);
}

/* Where another packet begins, by the tunnel's header at `at`; 0 if there is none. */
static size_t mend_tunnel(unsigned protocol, uint8_t *at, size_t size)
{
	if (protocol == IP4_IPIP)
		return 0;
	if (protocol == IP4_GRE && size >= 4) {
		size_t fields = (at[0] >> 7 & 1u) + (at[0] >> 5 & 1u) + (at[0] >> 4 & 1u);

		return 4 + 4 * fields;
	}
	if (protocol == IP4_MINIMAL && size >= 12)
		put_checksum(at, at[1] & 0x80 ? 12 : 8, 2);
	return size;
}

/* Headers of the packet and of the one inside, as far as they are there. */
static void mend_packet(uint8_t *packet, size_t size)
{
	for (unsigned depth = 0; depth < 4 && size >= IP4_HEADER_MIN; depth++) {
		size_t header = (size_t)(packet[0] & 0x0f) * 4, skip = 0;
		unsigned protocol = packet[9];

		if (header < IP4_HEADER_MIN || header > size)
			return;
		put_checksum(packet, header, 10);
		packet += header;
		size -= header;
		if (protocol == IP4_UDP && size >= 12) {
			packet[6] = packet[7] = 0; /* without checksum */
			protocol = packet[9];
			packet += 12;
			size -= 12;
		}
		skip = mend_tunnel(protocol, packet, size);
		if (skip > size)
			return;
		packet += skip;
		size -= skip;
	}
}

/* The packet whole again: header read, nothing behind it. */
static void check_whole(struct span packet)
{
	struct ip4 ip;

	require(ip4_read(packet, &ip) == HA_OK && ip.total == packet.size);
}

static struct tunnel_end end_of(const struct tunnel_unwrapped *packet)
{
	return (struct tunnel_end){
		.local = packet->outer.source,
		.remote = packet->outer.destination,
		.local_port = packet->source_port,
		.remote_port = packet->destination_port,
		.encapsulation = packet->encapsulation,
		.udp = packet->udp,
		.has_checksum = packet->has_checksum,
		.has_key = packet->has_key,
		.has_sequence = packet->has_sequence,
		.key = packet->key,
	};
}

/* Routers may quote any part of what was sent. */
static void check_quotes(struct span sent, const struct tunnel_unwrapped *packet)
{
	size_t header = (size_t)(sent.at[0] & 0x0f) * 4;

	for (size_t size = header + 8; size <= sent.size; size += size < 128 ? 1 : 509) {
		struct writer scratch = writer_over(again_room, sizeof(again_room));
		struct span cut = { .at = sent.at, .size = size };
		struct tunnel_quoted quoted;

		require(tunnel_quote(cut, &scratch, &quoted) == HA_OK);
		require(!quoted.has_encapsulation || quoted.encapsulation == packet->encapsulation);
		require(!quoted.has_id || quoted.id == packet->ip.id);
		require(!quoted.has_destination ||
		        quoted.destination.s_addr == packet->ip.destination.s_addr);
		require(!quoted.has_inner || (begins(packet->inner, quoted.inner) &&
		                              quoted.inner.size >= packet->ip.header_size));
	}
}

/* What came out goes in again the same way, and out. */
static void check_wrapping(const struct tunnel_unwrapped *packet)
{
	struct tunnel_end end = end_of(packet), back;
	struct tunnel_outer outer = { .ttl = 64, .id = 7, .sequence = packet->sequence };
	struct writer out = writer_over(wrapped_room, sizeof(wrapped_room));
	struct writer scratch = writer_over(again_room, sizeof(again_room));
	struct tunnel_unwrapped again;
	enum ha_error error = tunnel_wrap(&end, &outer, packet->inner, &out);

	if (error == HA_E_RANGE) {
		require(packet->ip.total + tunnel_overhead(&end, &packet->ip) > IP4_TOTAL_MAX ||
		        (end.udp && (!end.local_port || !end.remote_port)));
		return;
	}
	require(error == HA_OK);
	require(writer_used(&out) == packet->ip.total + tunnel_overhead(&end, &packet->ip));
	check_whole(writer_span(&out));
	require(tunnel_unwrap(writer_span(&out), &scratch, &again) == HA_OK);
	require(same(again.inner, packet->inner));
	require(again.key == packet->key && again.sequence == packet->sequence);
	back = end;
	back.local = end.remote;
	back.remote = end.local;
	back.local_port = end.remote_port;
	back.remote_port = end.local_port;
	require(tunnel_matches(&back, &again));
	check_quotes(writer_span(&out), &again);
}

static void check_unwrapped(enum ha_error error, const struct tunnel_unwrapped *packet)
{
	require((error == HA_OK) == (packet->fault == TUNNEL_NO_FAULT));
	if (error != HA_OK)
		return;
	check_whole(packet->inner);
	require(packet->ip.ttl > 0);
	check_wrapping(packet);
}

static void as_packet(struct span input)
{
	struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
	struct tunnel_unwrapped packet;
	enum ha_error error = tunnel_unwrap(input, &scratch, &packet);

	check_unwrapped(error, &packet);
}

static void as_datagram(struct span input)
{
	const struct ip4 outer = { .source = { htonl(0xc0000201) },
		                   .destination = { htonl(0xc6336402) },
		                   .ttl = 9,
		                   .id = 3 };
	struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
	struct tunnel_unwrapped packet;
	enum ha_error error = tunnel_unwrap_datagram(&outer, 434, 62001, input, &scratch, &packet);

	check_unwrapped(error, &packet);
}

static void as_quote(struct span input)
{
	struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
	struct tunnel_quoted quoted;
	struct ip4 ip;

	if (tunnel_quote(input, &scratch, &quoted) != HA_OK || !quoted.has_inner)
		return;
	require(quoted.has_id && quoted.has_destination);
	require(ip4_read_quoted(quoted.inner, &ip) == HA_OK);
	require(ip.destination.s_addr == quoted.destination.s_addr && ip.id == quoted.id);
}

static void as_message(struct span input)
{
	struct icmp4 icmp;

	if (icmp4_read(input, &icmp) != HA_OK)
		return;
	require(icmp.body.at == input.at + ICMP4_HEADER);
	require(icmp.body.size <= input.size - ICMP4_HEADER);
	if (icmp4_is_error(icmp.type))
		as_quote(icmp.body);
}

/* The error is about the packet, is none to be answered, and an echo comes back. */
static void as_cause(struct span input)
{
	struct icmp4_error error = { .source = { htonl(0xc0000201) },
		                     .type = ICMP4_UNREACHABLE,
		                     .code = ICMP4_TOO_BIG,
		                     .mtu = 1400,
		                     .ttl = 64 };
	struct writer out = writer_over(wrapped_room, sizeof(wrapped_room));
	struct icmp4 icmp;
	struct ip4 ip, answer;

	if (icmp4_error_write(&out, &error, input) == HA_OK) {
		check_whole(writer_span(&out));
		require(writer_used(&out) <= ICMP4_ERROR_MAX &&
		        ip4_read(writer_span(&out), &ip) == HA_OK);
		require(icmp4_read(ip4_payload(writer_span(&out), &ip), &icmp) == HA_OK);
		require(icmp.mtu == 1400 && begins(input, icmp.body));
		require(!icmp4_may_answer(writer_span(&out)));
	} else {
		require(!icmp4_may_answer(input) && writer_used(&out) == 0);
	}
	out = writer_over(wrapped_room, sizeof(wrapped_room));
	if (icmp4_echo_answer(&out, input, 64, 1) != HA_OK)
		return;
	check_whole(writer_span(&out));
	require(ip4_read(input, &ip) == HA_OK && ip4_read(writer_span(&out), &answer) == HA_OK);
	require(ip.source.s_addr == answer.destination.s_addr);
	require(ip4_payload(input, &ip).size == ip4_payload(writer_span(&out), &answer).size);
}

static void check_hops(struct span input)
{
	struct ip4 ip, again;

	if (ip4_read(input, &ip) != HA_OK)
		return;
	memcpy(again_room, input.at, ip.total);
	while (ip4_decrement_ttl(again_room, &ip)) {
		require(ip4_read((struct span){ .at = again_room, .size = ip.total }, &again) ==
		        HA_OK);
		require(again.ttl == ip.ttl);
	}
}

/* The first two octets are the MTU. Fragments add up to the packet. */
static void as_fragments(struct span input)
{
	struct reader in = reader_over(input.at, input.size);
	size_t mtu = get_u16(&in), done = 0;
	struct span packet = { .at = in.at, .size = reader_left(&in) };
	struct writer out = writer_over(wrapped_room, sizeof(wrapped_room));
	struct ip4_fragments fragments;
	struct ip4 whole, ip;

	if (in.error != HA_OK)
		return;
	check_hops(packet);
	if (ip4_fragments_begin(&fragments, packet, mtu) != HA_OK)
		return;
	require(ip4_read(packet, &whole) == HA_OK);
	while (ip4_fragments_next(&fragments, &out)) {
		struct span piece = writer_span(&out), payload;

		check_whole(piece);
		require(ip4_read(piece, &ip) == HA_OK && ip.total <= mtu);
		payload = ip4_payload(piece, &ip);
		require(ip.offset == whole.offset + done);
		require(begins((struct span){ .at = ip4_payload(packet, &whole).at + done,
		                              .size = ip4_payload(packet, &whole).size - done },
		               payload));
		done += payload.size;
		require(ip.mf == (whole.mf || done < ip4_payload(packet, &whole).size));
		out = writer_over(wrapped_room, sizeof(wrapped_room));
	}
	require(done == ip4_payload(packet, &whole).size);
}

static const struct {
	void (*check)(struct span input);
	size_t skip; /* octets before a packet to be mended */
} kinds[] = {
	{ as_packet, 0 },  { as_datagram, 4 }, { as_quote, 0 },
	{ as_message, 8 }, { as_cause, 0 },    { as_fragments, 2 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { .at = data + 1, .size = size - 1 };
	unsigned kind;

	if (size < 1 || size > ROOM)
		return 0;
	kind = (data[0] & ~MEND) % (sizeof(kinds) / sizeof(kinds[0]));
	if (data[0] & MEND) {
		/* To the end of the buffer, so that one octet too far is seen. */
		input.at = mended + sizeof(mended) - input.size;
		memcpy(mended + sizeof(mended) - input.size, data + 1, input.size);
		if (input.size > kinds[kind].skip)
			mend_packet(mended + sizeof(mended) - input.size + kinds[kind].skip,
			            input.size - kinds[kind].skip);
		if (kinds[kind].check == as_message && input.size >= 4)
			put_checksum(mended + sizeof(mended) - input.size, input.size, 2);
	}
	kinds[kind].check(input);
	return 0;
}
