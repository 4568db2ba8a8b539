/* test_tunnel_unwrap.c - packets from tunnels that are wrong, or somebody else's. */
#include "proto/tunnel.h"

#include "tests/unit/suite.h"
#include "tests/unit/tunnel_forms.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

enum {
	IPIP,
	IPIP_UDP,
	MINIMAL,
	MINIMAL_UDP,
	GRE,
	GRE_UDP,
	GRE_CHECKSUM_FORM = 12,
	GRE_ALL = 18,
	GRE_ALL_UDP,
};

static uint8_t scratch_room[IP4_TOTAL_MAX];

static enum tunnel_fault fault_of(struct octets packet)
{
	struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
	struct tunnel_unwrapped out;
	enum ha_error error = tunnel_unwrap(span_of(packet), &scratch, &out);

	CU_ASSERT_EQUAL(error == HA_OK, out.fault == TUNNEL_NO_FAULT);
	return out.fault;
}

static struct octets wrapped_of(unsigned form)
{
	struct tunnel_end end = form_end(form);
	struct octets inner = packet_of(plain_header(), 9), wrapped = form_wrapped(&end, inner);

	free(inner.at);
	return wrapped;
}

/* One octet of a packet from a tunnel set, and the outer header mended. */
static const struct {
	const char *what;
	unsigned form, at, octet;
	enum tunnel_fault fault;
} changes[] = {
	{ "nothing", IPIP, 0, 0x45, TUNNEL_NO_FAULT },
	{ "outer version", IPIP, 0, 0x65, TUNNEL_OUTER_BROKEN },
	{ "outer total too long", IPIP, 2, 0x7f, TUNNEL_OUTER_BROKEN },
	{ "outer MF", IPIP, 6, 0x20, TUNNEL_OUTER_FRAGMENT },
	{ "outer offset", GRE, 7, 1, TUNNEL_OUTER_FRAGMENT },
	{ "outer MF of minimal", MINIMAL, 6, 0x20, TUNNEL_OUTER_FRAGMENT },
	{ "outer MF of UDP", IPIP_UDP, 6, 0x20, TUNNEL_OUTER_FRAGMENT },
	{ "outer DF", IPIP, 6, 0x40, TUNNEL_NO_FAULT },
	{ "outer TTL", IPIP, 8, 1, TUNNEL_NO_FAULT },
	{ "TCP", IPIP, 9, IP4_TCP, TUNNEL_NO_TUNNEL },
	{ "ICMP", IPIP, 9, IP4_ICMP, TUNNEL_NO_TUNNEL },
	{ "IPv6 in IP", IPIP, 9, 41, TUNNEL_NO_TUNNEL },
	{ "IP in IP read as GRE", IPIP, 9, IP4_GRE, TUNNEL_GRE_FLAGS },
	{ "IP in IP read as minimal", IPIP, 9, IP4_MINIMAL, TUNNEL_MINIMAL_CHECKSUM },
	{ "GRE read as IP in IP", GRE, 9, IP4_IPIP, TUNNEL_INNER_BROKEN },
	{ "minimal read as IP in IP", MINIMAL, 9, IP4_IPIP, TUNNEL_INNER_BROKEN },
	{ "inner version", IPIP, 20, 0x65, TUNNEL_INNER_BROKEN },
	{ "inner checksum", IPIP, 30, 0x00, TUNNEL_INNER_BROKEN },
	{ "inner total", IPIP, 22, 0x01, TUNNEL_INNER_BROKEN },
	{ "payload of the inner packet", IPIP, 40, 0xff, TUNNEL_NO_FAULT },
	{ "TTL 0 of minimal", MINIMAL, 8, 0, TUNNEL_INNER_DEAD },
	{ "minimal's destination", MINIMAL, 24, 0xff, TUNNEL_MINIMAL_CHECKSUM },
	{ "minimal's source", MINIMAL, 28, 0xff, TUNNEL_MINIMAL_CHECKSUM },
	{ "minimal's checksum", MINIMAL, 22, 0xff, TUNNEL_MINIMAL_CHECKSUM },
	{ "minimal's protocol", MINIMAL, 20, IP4_TCP, TUNNEL_MINIMAL_CHECKSUM },
	{ "minimal without S", MINIMAL, 21, 0, TUNNEL_MINIMAL_CHECKSUM },
	{ "payload behind minimal", MINIMAL, 32, 0xff, TUNNEL_NO_FAULT },
	{ "GRE of IPv6", GRE, 22, 0x86, TUNNEL_GRE_PAYLOAD },
	{ "GRE keepalive", GRE, 22, 0x00, TUNNEL_GRE_PAYLOAD },
	{ "GRE checksum", GRE_CHECKSUM_FORM, 24, 0x00, TUNNEL_GRE_CHECKSUM },
	{ "payload under the GRE checksum", GRE_CHECKSUM_FORM, 50, 0xff, TUNNEL_GRE_CHECKSUM },
	{ "reserved under the GRE checksum", GRE_CHECKSUM_FORM, 26, 0xff, TUNNEL_GRE_CHECKSUM },
	{ "UDP length too long", IPIP_UDP, 24, 0x01, TUNNEL_UDP_BROKEN },
	{ "UDP length 7", IPIP_UDP, 25, 7, TUNNEL_UDP_BROKEN },
	{ "UDP length 0", IPIP_UDP, 25, 0, TUNNEL_UDP_BROKEN },
	{ "UDP length one short", IPIP_UDP, 25, 40, TUNNEL_UDP_BROKEN },
	{ "UDP port", IPIP_UDP, 21, 0, TUNNEL_UDP_BROKEN },
	{ "UDP payload", IPIP_UDP, 55, 0xff, TUNNEL_UDP_BROKEN },
};

static void wrong_packets_have_their_fault(void)
{
	for (size_t i = 0; i < ROWS(changes); i++) {
		struct octets packet = wrapped_of(changes[i].form);
		enum tunnel_fault fault;

		packet.at[changes[i].at] = (uint8_t)changes[i].octet;
		packet_mend(packet);
		fault = fault_of(packet);
		CU_ASSERT_EQUAL(fault, changes[i].fault);
		if (fault != changes[i].fault)
			fprintf(stderr, "%s: %s\n", changes[i].what, tunnel_fault_text(fault));
		free(packet.at);
	}
}

/* The same inside UDP without checksum, where the message type decides. */
static const struct {
	const char *what;
	unsigned form, at, octet;
	enum tunnel_fault fault;
} datagrams[] = {
	{ "nothing", IPIP_UDP, 28, 4, TUNNEL_NO_FAULT },
	{ "a registration request", IPIP_UDP, 28, 1, TUNNEL_NO_TUNNEL },
	{ "a registration reply", IPIP_UDP, 28, 3, TUNNEL_NO_TUNNEL },
	{ "type 0", IPIP_UDP, 28, 0, TUNNEL_NO_TUNNEL },
	{ "next header TCP", IPIP_UDP, 29, IP4_TCP, TUNNEL_NO_TUNNEL },
	{ "next header UDP", IPIP_UDP, 29, IP4_UDP, TUNNEL_NO_TUNNEL },
	{ "next header GRE", IPIP_UDP, 29, IP4_GRE, TUNNEL_GRE_FLAGS },
	{ "reserved", IPIP_UDP, 30, 0xff, TUNNEL_NO_FAULT },
	{ "reserved", GRE_UDP, 31, 0xff, TUNNEL_NO_FAULT },
	{ "UDP length that ends with its header", IPIP_UDP, 25, 8, TUNNEL_CUT },
	{ "UDP length within the data header", IPIP_UDP, 25, 11, TUNNEL_CUT },
	{ "UDP length before the inner header", IPIP_UDP, 25, 12, TUNNEL_INNER_BROKEN },
	{ "UDP length within the inner header", IPIP_UDP, 25, 31, TUNNEL_INNER_BROKEN },
	{ "UDP length within the inner packet", IPIP_UDP, 25, 40, TUNNEL_INNER_BROKEN },
	{ "UDP length within the minimal header", MINIMAL_UDP, 25, 23, TUNNEL_CUT },
	{ "UDP length behind the minimal header", MINIMAL_UDP, 25, 24, TUNNEL_NO_FAULT },
	{ "UDP length within the GRE header", GRE_UDP, 25, 15, TUNNEL_CUT },
	{ "UDP length within the sequence number", GRE_ALL_UDP, 25, 27, TUNNEL_CUT },
};

static void datagrams_without_checksum_have_their_fault(void)
{
	for (size_t i = 0; i < ROWS(datagrams); i++) {
		struct octets packet = wrapped_of(datagrams[i].form);
		enum tunnel_fault fault;

		packet.at[26] = packet.at[27] = 0;
		packet.at[datagrams[i].at] = (uint8_t)datagrams[i].octet;
		fault = fault_of(packet);
		CU_ASSERT_EQUAL(fault, datagrams[i].fault);
		if (fault != datagrams[i].fault)
			fprintf(stderr, "%s: %s\n", datagrams[i].what, tunnel_fault_text(fault));
		free(packet.at);
	}
}

/* RFC 2784 section 2.3 with RFC 2890: bits 1, 4 and 5 and the version refuse a packet,
 * 6 to 12 are ignored, 0, 2 and 3 say what follows. */
static void every_gre_flag_is_judged(void)
{
	for (unsigned bit = 0; bit < 16; bit++) {
		struct octets packet = wrapped_of(GRE);
		bool refused = bit == 1 || bit == 4 || bit == 5 || bit >= 13;
		bool field = bit == 0 || bit == 2 || bit == 3;
		enum tunnel_fault fault;

		packet.at[20 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		fault = fault_of(packet);
		if (refused) {
			CU_ASSERT_EQUAL(fault, TUNNEL_GRE_FLAGS);
		} else {
			CU_ASSERT_EQUAL(fault != TUNNEL_NO_FAULT, field);
		}
		free(packet.at);
	}
}

/* A reserved field that is not 0, with a checksum that is right. */
static void reserved_of_gre_is_ignored(void)
{
	struct octets packet = wrapped_of(GRE_CHECKSUM_FORM);
	struct span covered = { packet.at + 20, packet.size - 20 };
	uint16_t checksum;

	packet.at[26] = 0x12;
	packet.at[27] = 0x34;
	packet.at[24] = packet.at[25] = 0;
	checksum = ip4_checksum(covered);
	packet.at[24] = (uint8_t)(checksum >> 8);
	packet.at[25] = (uint8_t)checksum;
	CU_ASSERT_EQUAL(fault_of(packet), TUNNEL_NO_FAULT);
	free(packet.at);
}

/* RFC 2004: seven reserved bits, ignored on reception, under the checksum. */
static void reserved_of_minimal_is_ignored(void)
{
	for (unsigned bits = 0; bits < 0x80; bits++) {
		struct octets packet = wrapped_of(MINIMAL);
		struct span header = { packet.at + 20, 12 };
		uint16_t checksum;

		packet.at[21] |= (uint8_t)bits;
		if (bits)
			CU_ASSERT_EQUAL(fault_of(packet), TUNNEL_MINIMAL_CHECKSUM);
		packet.at[22] = packet.at[23] = 0;
		checksum = ip4_checksum(header);
		packet.at[22] = (uint8_t)(checksum >> 8);
		packet.at[23] = (uint8_t)checksum;
		CU_ASSERT_EQUAL(fault_of(packet), TUNNEL_NO_FAULT);
		free(packet.at);
	}
}

/* An outer total length that ends earlier. Minimal encapsulation has no length of its
 * own: what is left behind its header is a packet again. */
static void shortened_packets_are_refused(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form++) {
		struct octets whole = wrapped_of(form);

		for (size_t size = 0; size < whole.size; size++) {
			struct octets cut = octets_copy(whole.at, size);

			CU_ASSERT_EQUAL(fault_of(cut), TUNNEL_OUTER_BROKEN);
			if (size >= 20) {
				cut.at[2] = (uint8_t)(size >> 8);
				cut.at[3] = (uint8_t)size;
				packet_mend(cut);
				CU_ASSERT_EQUAL(fault_of(cut) == TUNNEL_NO_FAULT,
				                form == MINIMAL && size >= 32);
			}
			free(cut.at);
		}
		free(whole.at);
	}
}

static void dead_packets_are_dropped(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form += 2) {
		struct octets packet = wrapped_of(form);
		struct tunnel_unwrapped out;
		struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
		struct octets inner;

		if (form == MINIMAL || form_end(form).has_checksum) {
			free(packet.at);
			continue;
		}
		CU_ASSERT_EQUAL(tunnel_unwrap(span_of(packet), &scratch, &out), HA_OK);
		inner = (struct octets){ packet.at + packet.size - out.inner.size, out.inner.size };
		inner.at[8] = 0;
		packet_mend(inner);
		CU_ASSERT_EQUAL(tunnel_unwrap(span_of(packet), &scratch, &out), HA_E_RANGE);
		CU_ASSERT_EQUAL(out.fault, TUNNEL_INNER_DEAD);
		free(packet.at);
	}
}

/* What a socket hands out is the payload only. */
static void datagrams_are_unwrapped_like_packets(void)
{
	for (unsigned form = 1; form < TUNNEL_FORMS; form += 2) {
		struct octets wrapped = wrapped_of(form);
		struct octets payload = octets_copy(wrapped.at + 28, wrapped.size - 28);
		struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
		struct tunnel_unwrapped packet, datagram;

		CU_ASSERT_EQUAL(tunnel_unwrap(span_of(wrapped), &scratch, &packet), HA_OK);
		CU_ASSERT_EQUAL(tunnel_unwrap_datagram(&packet.outer, 434, 62001, span_of(payload),
		                                       &scratch, &datagram),
		                HA_OK);
		CU_ASSERT_TRUE(datagram.udp);
		CU_ASSERT_EQUAL(datagram.source_port, packet.source_port);
		CU_ASSERT_EQUAL(datagram.destination_port, packet.destination_port);
		CU_ASSERT_EQUAL(datagram.encapsulation, packet.encapsulation);
		CU_ASSERT_EQUAL(datagram.key, packet.key);
		CU_ASSERT_EQUAL_FATAL(datagram.inner.size, packet.inner.size);
		CU_ASSERT_EQUAL(memcmp(datagram.inner.at, packet.inner.at, packet.inner.size), 0);
		payload.at[0] = 1;
		CU_ASSERT_EQUAL(tunnel_unwrap_datagram(&packet.outer, 434, 62001, span_of(payload),
		                                       &scratch, &datagram),
		                HA_E_NOTFOUND);
		free(payload.at);
		free(wrapped.at);
	}
}

static void every_fault_has_its_text(void)
{
	for (unsigned i = 0; i <= TUNNEL_NO_ROOM; i++)
		for (unsigned j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(tunnel_fault_text(i), tunnel_fault_text(j));
	CU_ASSERT_STRING_NOT_EQUAL(tunnel_fault_text(TUNNEL_NO_ROOM + 1), "");
}

/* A packet that came back the way form_end goes. */
static struct tunnel_unwrapped arrived(unsigned form)
{
	struct tunnel_end end = form_end(form);

	return (struct tunnel_unwrapped){
		.outer = { .source = end.remote, .destination = end.local },
		.source_port = end.remote_port,
		.destination_port = end.local_port,
		.encapsulation = end.encapsulation,
		.udp = end.udp,
		.has_key = end.has_key,
		.key = end.key,
	};
}

static void only_its_own_tunnel_matches(void)
{
	for (unsigned i = 0; i < TUNNEL_FORMS; i++)
		for (unsigned j = 0; j < TUNNEL_FORMS; j++) {
			struct tunnel_end a = form_end(i), b = form_end(j);
			struct tunnel_unwrapped packet = arrived(j);
			bool same = a.udp == b.udp && a.encapsulation == b.encapsulation &&
			            a.has_key == b.has_key;

			CU_ASSERT_EQUAL(tunnel_matches(&a, &packet), same);
		}
}

static void other_ends_do_not_match(void)
{
	struct tunnel_end end = form_end(GRE_ALL_UDP);
	struct tunnel_unwrapped packet = arrived(GRE_ALL_UDP);

	CU_ASSERT_TRUE(tunnel_matches(&end, &packet));
	packet.outer.source.s_addr ^= htonl(1);
	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
	packet = arrived(GRE_ALL_UDP);
	packet.outer.destination.s_addr ^= htonl(1);
	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
	packet = arrived(GRE_ALL_UDP);
	packet.source_port++;
	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
	packet = arrived(GRE_ALL_UDP);
	packet.destination_port++;
	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
	packet = arrived(GRE_ALL_UDP);
	packet.key ^= 1;
	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
}

/* A datagram can have 0 for its port, and a tunnel that waits for its port has it too. */
static void nothing_matches_a_port_that_is_not_known(void)
{
	struct tunnel_end end = form_end(IPIP_UDP);
	struct tunnel_unwrapped packet = arrived(IPIP_UDP);

	CU_ASSERT_TRUE(tunnel_matches(&end, &packet));
	end.remote_port = packet.source_port = 0;
	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
	end = form_end(IPIP);
	end.remote_port = 0;
	packet = arrived(IPIP);
	packet.source_port = 0;
	CU_ASSERT_TRUE(tunnel_matches(&end, &packet));
}

/* RFC 2004: what is a fragment comes as IP in IP where minimal was agreed upon. */
static void fragments_match_a_minimal_tunnel(void)
{
	struct tunnel_end end = form_end(MINIMAL);
	struct tunnel_unwrapped packet = arrived(IPIP);

	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
	packet.ip.mf = true;
	CU_ASSERT_TRUE(tunnel_matches(&end, &packet));
	packet.ip.mf = false;
	packet.ip.offset = 8;
	CU_ASSERT_TRUE(tunnel_matches(&end, &packet));
	end = form_end(GRE);
	CU_ASSERT_FALSE(tunnel_matches(&end, &packet));
}

static CU_TestInfo tests[] = {
	{ "wrong packets have their fault", wrong_packets_have_their_fault },
	{ "datagrams without checksum have their fault",
	  datagrams_without_checksum_have_their_fault },
	{ "every GRE flag is judged", every_gre_flag_is_judged },
	{ "what is reserved in GRE is ignored", reserved_of_gre_is_ignored },
	{ "what is reserved in a minimal header is ignored", reserved_of_minimal_is_ignored },
	{ "shortened packets are refused", shortened_packets_are_refused },
	{ "dead packets are dropped", dead_packets_are_dropped },
	{ "datagrams are unwrapped like packets", datagrams_are_unwrapped_like_packets },
	{ "every fault has its text", every_fault_has_its_text },
	{ "only its own tunnel matches", only_its_own_tunnel_matches },
	{ "other ends do not match", other_ends_do_not_match },
	{ "nothing matches a port that is not known", nothing_matches_a_port_that_is_not_known },
	{ "fragments match a minimal tunnel", fragments_match_a_minimal_tunnel },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("tunnel_unwrap", tests);
}
