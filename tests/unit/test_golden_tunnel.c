/* test_golden_tunnel.c - the packets of tests/golden/vectors.json: each is taken out of
 * its tunnel, and put into it again it is the same octet for octet. */
#include "proto/icmp4.h"
#include "proto/tunnel.h"

#include "tests/unit/golden.h"
#include "tests/unit/packets.h"

static const struct golden_tunnel {
	const char *id, *inner; /* the inner packet's vector; NULL: in "inner_hex", or whatever */
	uint8_t encapsulation;
	bool has_checksum, has_key, has_sequence;
	uint32_t key, sequence;
} tunnels[] = {
	{ "ipip", "inner", ENCAPSULATION_IPIP, false, false, false, 0, 0 },
	{ "minenc-s1", "inner", ENCAPSULATION_MINIMAL, false, false, false, 0, 0 },
	{ "gre-plain", "inner", ENCAPSULATION_GRE, false, false, false, 0, 0 },
	{ "gre-checksum", "inner", ENCAPSULATION_GRE, true, false, false, 0, 0 },
	{ "gre-key-seq-checksum", "inner", ENCAPSULATION_GRE, true, true, true, 0xa1b2c3d4, 5 },
	{ "ipip-broadcast-nested", NULL, ENCAPSULATION_IPIP, false, false, false, 0, 0 },
	{ "reverse-tunnel", NULL, ENCAPSULATION_IPIP, false, false, false, 0, 0 },
	{ "encaps-delivery", NULL, ENCAPSULATION_IPIP, false, false, false, 0, 0 },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const json_t *vector_of(const char *id)
{
	size_t i;
	json_t *vector;

	json_array_foreach(vectors, i,
	                   vector) if (strcmp(text_of(vector, "id"), id) == 0) return vector;
	CU_FAIL_FATAL("no such vector");
	return NULL;
}

static void check_inner(const char *id, struct span inner)
{
	struct octets expected = octets_of(vector_of(id), "hex");

	CU_ASSERT_EQUAL_FATAL(inner.size, expected.size);
	CU_ASSERT_EQUAL(memcmp(inner.at, expected.at, expected.size), 0);
	free(expected.at);
}

/* The way back: what unwrapping found is what wrapping is told. */
static void check_wrapped(const struct tunnel_unwrapped *packet, struct octets expected)
{
	struct tunnel_end end = {
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
	struct tunnel_outer outer = {
		.ttl = packet->outer.ttl,
		.tos = packet->outer.tos,
		.id = packet->outer.id,
		.df = packet->outer.df,
		.sequence = packet->sequence,
	};
	uint8_t room[128];
	struct writer out = writer_over(room, sizeof(room));

	CU_ASSERT_EQUAL(tunnel_overhead(&end, &packet->ip), expected.size - packet->ip.total);
	CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, packet->inner, &out), HA_OK);
	CU_ASSERT_EQUAL_FATAL(writer_used(&out), expected.size);
	CU_ASSERT_EQUAL(memcmp(room, expected.at, expected.size), 0);
}

static void check_tunnel(const struct golden_tunnel *row)
{
	struct octets octets = octets_of(vector_of(row->id), "hex");
	struct tunnel_unwrapped packet;
	uint8_t room[128];
	struct writer scratch = writer_over(room, sizeof(room));

	CU_ASSERT_EQUAL(tunnel_unwrap(span_of(octets), &scratch, &packet), HA_OK);
	CU_ASSERT_EQUAL(packet.fault, TUNNEL_NO_FAULT);
	CU_ASSERT_EQUAL(packet.encapsulation, row->encapsulation);
	CU_ASSERT_FALSE(packet.udp);
	CU_ASSERT_EQUAL(packet.has_checksum, row->has_checksum);
	CU_ASSERT_EQUAL(packet.has_key, row->has_key);
	CU_ASSERT_EQUAL(packet.key, row->key);
	CU_ASSERT_EQUAL(packet.has_sequence, row->has_sequence);
	CU_ASSERT_EQUAL(packet.sequence, row->sequence);
	if (row->inner)
		check_inner(row->inner, packet.inner);
	check_wrapped(&packet, octets);
	free(octets.at);
}

static void packets_leave_their_tunnels_and_go_back(void)
{
	for (size_t i = 0; i < ROWS(tunnels); i++)
		check_tunnel(&tunnels[i]);
}

static void broadcast_is_nested_twice(void)
{
	struct octets octets = octets_of(vector_of("ipip-broadcast-nested"), "hex");
	struct tunnel_unwrapped once, twice;
	struct writer none = writer_over(octets.at, 0);

	CU_ASSERT_EQUAL(tunnel_unwrap(span_of(octets), &none, &once), HA_OK);
	CU_ASSERT_EQUAL(tunnel_unwrap(once.inner, &none, &twice), HA_OK);
	CU_ASSERT_EQUAL(once.ip.destination.s_addr, address4(192, 0, 2, 10).s_addr);
	CU_ASSERT_EQUAL(twice.ip.destination.s_addr, address4(192, 0, 2, 255).s_addr);
	CU_ASSERT_EQUAL(twice.ip.protocol, IP4_UDP);
	free(octets.at);
}

static void frame_is_read_like_its_datagram(void)
{
	const json_t *vector = vector_of("tunnel-data-ipip");
	struct octets frame = octets_of(vector, "frame_hex"), payload = octets_of(vector, "hex");
	struct writer none = writer_over(frame.at, 0);
	struct tunnel_unwrapped packet, datagram;

	CU_ASSERT_EQUAL(tunnel_unwrap(span_of(frame), &none, &packet), HA_OK);
	CU_ASSERT_TRUE(packet.udp);
	CU_ASSERT_EQUAL(packet.source_port, 434);
	CU_ASSERT_EQUAL(packet.destination_port, 62001);
	CU_ASSERT_EQUAL(packet.encapsulation, ENCAPSULATION_IPIP);
	check_inner("inner", packet.inner);
	/* The frame is any datagram's; DF inside is to be set outside, too. */
	frame.at[6] |= 0x40;
	packet_mend(frame);
	check_wrapped(&packet, frame);
	CU_ASSERT_EQUAL(tunnel_unwrap_datagram(&packet.outer, 434, 62001, span_of(payload), &none,
	                                       &datagram),
	                HA_OK);
	CU_ASSERT_EQUAL(datagram.source_port, 434);
	CU_ASSERT_EQUAL(datagram.destination_port, 62001);
	check_inner("inner", datagram.inner);
	free(frame.at);
	free(payload.at);
}

/* An error from inside the tunnel, with the least that a router may quote. */
static void error_is_about_the_tunnel(void)
{
	struct octets octets = octets_of(vector_of("icmp-too-big-from-tunnel"), "hex");
	struct writer none = writer_over(octets.at, 0);
	struct tunnel_quoted quoted;
	struct icmp4 icmp;
	struct ip4 ip;

	CU_ASSERT_EQUAL_FATAL(ip4_read(span_of(octets), &ip), HA_OK);
	CU_ASSERT_EQUAL_FATAL(icmp4_read(ip4_payload(span_of(octets), &ip), &icmp), HA_OK);
	CU_ASSERT_EQUAL(icmp.type, ICMP4_UNREACHABLE);
	CU_ASSERT_EQUAL(icmp.code, ICMP4_TOO_BIG);
	CU_ASSERT_EQUAL(icmp.mtu, 1400);
	CU_ASSERT_EQUAL(icmp.body.size, 28);
	CU_ASSERT_EQUAL(tunnel_quote(icmp.body, &none, &quoted), HA_OK);
	CU_ASSERT_EQUAL(quoted.outer.destination.s_addr, address4(198, 51, 100, 2).s_addr);
	CU_ASSERT_EQUAL(quoted.outer.id, 1);
	CU_ASSERT_EQUAL(quoted.encapsulation, ENCAPSULATION_IPIP);
	CU_ASSERT_FALSE(quoted.has_inner);
	CU_ASSERT_TRUE(quoted.has_id);
	CU_ASSERT_EQUAL(quoted.id, 0xbeef);
	CU_ASSERT_FALSE(quoted.has_destination);
	free(octets.at);
}

static void every_packet_of_the_file_is_used(void)
{
	size_t i, packets = 0;
	json_t *vector;

	json_array_foreach(vectors, i, vector)
		packets += strcmp(text_of(vector, "layer"), "ip_packet") == 0;
	/* One is what the tunnels carry, one is the ICMP error. */
	CU_ASSERT_EQUAL(packets, ROWS(tunnels) + 2);
}

static CU_TestInfo tests[] = {
	{ "packets leave their tunnels and go back", packets_leave_their_tunnels_and_go_back },
	{ "a broadcast is nested twice", broadcast_is_nested_twice },
	{ "a frame is read like its datagram", frame_is_read_like_its_datagram },
	{ "an error is about the tunnel", error_is_about_the_tunnel },
	{ "every packet of the file is used", every_packet_of_the_file_is_used },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return golden_run("golden_tunnel", tests);
}
