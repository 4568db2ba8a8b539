/* test_tunnel.c - packets put into tunnels of every form and taken out again. */
#include "proto/tunnel.h"

#include "tests/unit/suite.h"
#include "tests/unit/tunnel_forms.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static uint8_t room[IP4_TOTAL_MAX], scratch_room[IP4_TOTAL_MAX];

static const uint8_t alert[] = { 0x94, 4, 0, 0 };                          /* router alert */
static const uint8_t route[] = { 1, 0x83, 7, 4, 198, 51, 100, 9 };         /* to be followed */
static const uint8_t followed[] = { 1, 0x83, 7, 8, 198, 51, 100, 9 };      /* to its end */
static const uint8_t many[40] = { 0x94, 4, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1 }; /* IHL 15 */

/* Packets to be carried, and whether minimal encapsulation can. */
static const struct inner {
	const char *what;
	struct span options;
	size_t payload;
	uint16_t offset;
	bool mf, df, minimal;
	uint8_t ttl;
} inners[] = {
	{ "plain", { 0 }, 8, 0, false, false, true, 63 },
	{ "no payload", { 0 }, 0, 0, false, false, true, 63 },
	{ "odd size", { 0 }, 1, 0, false, false, true, 63 },
	{ "DF", { 0 }, 101, 0, false, true, true, 63 },
	{ "TTL 1", { 0 }, 8, 0, false, false, true, 1 },
	{ "TTL 255", { 0 }, 8, 0, false, false, true, 255 },
	{ "large", { 0 }, 60000, 0, false, false, true, 63 },
	{ "the largest",
	  { 0 },
	  IP4_TOTAL_MAX - TUNNEL_OVERHEAD_MAX - 20,
	  0,
	  false,
	  false,
	  true,
	  63 },
	{ "an option", { alert, sizeof(alert) }, 9, 0, false, true, true, 63 },
	{ "IHL 15", { many, sizeof(many) }, 9, 0, false, false, true, 63 },
	{ "a source route", { route, sizeof(route) }, 9, 0, false, false, false, 63 },
	{ "a source route at its end",
	  { followed, sizeof(followed) },
	  9,
	  0,
	  false,
	  false,
	  true,
	  63 },
	{ "the first fragment", { 0 }, 16, 0, true, false, false, 63 },
	{ "a middle fragment", { 0 }, 16, 1480, true, false, false, 63 },
	{ "the last fragment", { 0 }, 7, 65528 - 8, false, false, false, 63 },
};

static struct octets inner_of(const struct inner *row)
{
	struct ip4 header = plain_header();

	header.options = row->options;
	header.offset = row->offset;
	header.mf = row->mf;
	header.df = row->df;
	header.ttl = row->ttl;
	return packet_of(header, row->payload);
}

static size_t expected_overhead(const struct tunnel_end *end, bool minimal)
{
	size_t size = end->udp ? 12 : 0;

	if (end->encapsulation == ENCAPSULATION_GRE)
		size += 24u + 4u * end->has_checksum + 4u * end->has_key + 4u * end->has_sequence;
	else
		size += minimal ? 12 : 20;
	return size;
}

/* The outer header: that of the packet where it was minimally encapsulated. */
static void check_outer(const struct tunnel_end *end, const struct inner *row, const struct ip4 *ip,
                        bool minimal)
{
	static const uint8_t protocols[] = { IP4_IPIP, IP4_MINIMAL, IP4_GRE };
	struct tunnel_outer outer = form_outer();
	struct ip4 plain = plain_header();
	unsigned kind = minimal                                   ? ENCAPSULATION_MINIMAL
	                : end->encapsulation == ENCAPSULATION_GRE ? ENCAPSULATION_GRE
	                                                          : ENCAPSULATION_IPIP;

	CU_ASSERT_EQUAL(ip->source.s_addr, end->local.s_addr);
	CU_ASSERT_EQUAL(ip->destination.s_addr, end->remote.s_addr);
	CU_ASSERT_EQUAL(ip->protocol, end->udp ? IP4_UDP : protocols[kind]);
	CU_ASSERT_EQUAL(ip->ttl, minimal ? row->ttl : outer.ttl);
	CU_ASSERT_EQUAL(ip->tos, minimal ? plain.tos : outer.tos);
	CU_ASSERT_EQUAL(ip->id, minimal ? plain.id : outer.id);
	CU_ASSERT_EQUAL(ip->df, row->df);
	CU_ASSERT_FALSE(ip4_is_fragment(ip));
	CU_ASSERT_EQUAL(ip->options.size, minimal ? row->options.size : 0);
}

static void check_round_trip(const struct tunnel_end *end, const struct inner *row)
{
	bool minimal = end->encapsulation == ENCAPSULATION_MINIMAL && row->minimal;
	struct octets inner = inner_of(row), wrapped = form_wrapped(end, inner);
	struct writer scratch = writer_over(scratch_room, inner.size);
	struct tunnel_unwrapped packet;
	struct ip4 ip;

	CU_ASSERT_EQUAL(ip4_read(span_of(inner), &ip), HA_OK);
	CU_ASSERT_EQUAL(tunnel_overhead(end, &ip), expected_overhead(end, minimal));
	CU_ASSERT_EQUAL(wrapped.size, inner.size + expected_overhead(end, minimal));
	CU_ASSERT_EQUAL(tunnel_unwrap(span_of(wrapped), &scratch, &packet), HA_OK);
	CU_ASSERT_EQUAL(packet.fault, TUNNEL_NO_FAULT);
	check_outer(end, row, &packet.outer, minimal);
	CU_ASSERT_EQUAL(packet.encapsulation, tunnel_encapsulation(end, &ip));
	CU_ASSERT_EQUAL(packet.udp, end->udp);
	CU_ASSERT_EQUAL(packet.source_port, end->local_port);
	CU_ASSERT_EQUAL(packet.destination_port, end->remote_port);
	CU_ASSERT_EQUAL(packet.has_checksum, end->has_checksum);
	CU_ASSERT_EQUAL(packet.has_key, end->has_key);
	CU_ASSERT_EQUAL(packet.key, end->key);
	CU_ASSERT_EQUAL(packet.has_sequence, end->has_sequence);
	CU_ASSERT_EQUAL(packet.sequence, end->has_sequence ? FORM_SEQUENCE : 0);
	CU_ASSERT_EQUAL_FATAL(packet.inner.size, inner.size);
	CU_ASSERT_EQUAL(memcmp(packet.inner.at, inner.at, inner.size), 0);
	CU_ASSERT_EQUAL(packet.ip.total, inner.size);
	if (minimal) {
		scratch = writer_over(scratch_room, inner.size - 1);
		CU_ASSERT_EQUAL(tunnel_unwrap(span_of(wrapped), &scratch, &packet), HA_E_NOSPACE);
		CU_ASSERT_EQUAL(packet.fault, TUNNEL_NO_ROOM);
	}
	free(inner.at);
	free(wrapped.at);
}

static void every_packet_comes_out_of_every_tunnel(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form++)
		for (size_t i = 0; i < ROWS(inners); i++) {
			struct tunnel_end end = form_end(form);

			check_round_trip(&end, &inners[i]);
		}
}

static void padding_stays_outside(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form++) {
		struct octets inner = packet_of(plain_header(), 26), wrapped;
		struct tunnel_end end = form_end(form);
		struct tunnel_unwrapped packet;
		struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));

		inner.at[3] = 21;
		packet_mend(inner);
		wrapped = form_wrapped(&end, inner);
		CU_ASSERT_EQUAL(tunnel_unwrap(span_of(wrapped), &scratch, &packet), HA_OK);
		CU_ASSERT_EQUAL(packet.inner.size, 21);
		CU_ASSERT_EQUAL(memcmp(packet.inner.at, inner.at, 21), 0);
		free(inner.at);
		free(wrapped.at);
	}
}

/* RFC 2784, 2890: one bit per field, fields in the order of their bits. */
static void gre_headers_are_written_octet_for_octet(void)
{
	static const char *const headers[] = {
		"00000800",
		"1000080001020304",
		"20000800a1b2c3d4",
		"30000800a1b2c3d401020304",
		"80000800........",
		"90000800........01020304",
		"a0000800........a1b2c3d4",
		"b0000800........a1b2c3d401020304",
	};

	for (unsigned i = 0; i < ROWS(headers); i++) {
		struct tunnel_end end = form_end(4 + 2 * i);
		struct octets inner = packet_of(plain_header(), 9),
			      wrapped = form_wrapped(&end, inner);
		size_t digits = strlen(headers[i]);

		CU_ASSERT_EQUAL(wrapped.size, 20 + digits / 2 + inner.size);
		for (size_t at = 0; at < digits; at += 2) {
			char octet[3];

			snprintf(octet, sizeof(octet), "%02x", wrapped.at[20 + at / 2]);
			CU_ASSERT_TRUE(headers[i][at] == '.' ||
			               memcmp(octet, headers[i] + at, 2) == 0);
		}
		if (end.has_checksum) {
			struct span covered = { wrapped.at + 20, wrapped.size - 20 };

			CU_ASSERT_EQUAL(ip4_checksum(covered), 0);
			CU_ASSERT_EQUAL(wrapped.at[26] | wrapped.at[27], 0);
		}
		free(inner.at);
		free(wrapped.at);
	}
}

/* S is left out where the tunnel begins at the source, RFC 2004 section 3. */
static void minimal_header_is_short_at_the_source(void)
{
	for (unsigned form = 2; form < 4; form++) {
		struct tunnel_end end = form_end(form);
		struct ip4 header = plain_header();
		struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
		struct tunnel_unwrapped packet;
		struct octets inner, wrapped;
		size_t at = form == 2 ? 20 : 32;

		header.source = end.local;
		inner = packet_of(header, 5);
		wrapped = form_wrapped(&end, inner);
		CU_ASSERT_EQUAL(wrapped.size, inner.size + 8 + (form == 2 ? 0 : 12));
		CU_ASSERT_EQUAL(wrapped.at[at], IP4_UDP);
		CU_ASSERT_EQUAL(wrapped.at[at + 1], 0);
		CU_ASSERT_EQUAL(tunnel_unwrap(span_of(wrapped), &scratch, &packet), HA_OK);
		CU_ASSERT_EQUAL_FATAL(packet.inner.size, inner.size);
		CU_ASSERT_EQUAL(memcmp(packet.inner.at, inner.at, inner.size), 0);
		free(inner.at);
		free(wrapped.at);
	}
}

/* RFC 2003 section 3.1: may be set in any case, must be where it is inside. */
static void df_is_never_lost(void)
{
	for (unsigned i = 0; i < 4; i++) {
		struct tunnel_end end = form_end(0);
		struct tunnel_outer outer = form_outer();
		struct ip4 header = plain_header(), ip;
		struct writer out = writer_over(room, sizeof(room));
		struct octets inner;

		header.df = i & 1;
		outer.df = i & 2;
		inner = packet_of(header, 8);
		CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(inner), &out), HA_OK);
		CU_ASSERT_EQUAL(ip4_read(writer_span(&out), &ip), HA_OK);
		CU_ASSERT_EQUAL(ip.df, i != 0);
		free(inner.at);
	}
}

static void sizes_have_their_limit(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form++) {
		struct tunnel_end end = form_end(form);
		struct tunnel_outer outer = form_outer();
		size_t overhead = expected_overhead(&end,
		                                    end.encapsulation == ENCAPSULATION_MINIMAL);
		struct octets fits = packet_of(plain_header(), IP4_TOTAL_MAX - overhead - 20);
		struct octets exceeds = packet_of(plain_header(), IP4_TOTAL_MAX - overhead - 19);
		struct writer out = writer_over(room, IP4_TOTAL_MAX);

		CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(exceeds), &out), HA_E_RANGE);
		CU_ASSERT_EQUAL(writer_used(&out), 0);
		CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(fits), &out), HA_OK);
		CU_ASSERT_EQUAL(writer_used(&out), IP4_TOTAL_MAX);
		out = writer_over(room, IP4_TOTAL_MAX - 1);
		CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(fits), &out), HA_E_NOSPACE);
		CU_ASSERT_EQUAL(writer_used(&out), 0);
		free(fits.at);
		free(exceeds.at);
	}
}

static void what_cannot_be_wrapped_is_told(void)
{
	static const struct {
		unsigned at, octet; /* changed in the packet, which is mended */
		enum ha_error error;
	} rows[] = {
		{ 0, 0x65, HA_E_MALFORMED }, { 0, 0x44, HA_E_MALFORMED }, { 3, 29, HA_E_TRUNCATED },
		{ 3, 19, HA_E_MALFORMED },   { 8, 0, HA_E_RANGE },        { 8, 1, HA_OK },
	};

	for (size_t i = 0; i < ROWS(rows) * TUNNEL_FORMS; i++) {
		struct tunnel_end end = form_end((unsigned)(i % TUNNEL_FORMS));
		struct tunnel_outer outer = form_outer();
		struct writer out = writer_over(room, sizeof(room));
		struct octets inner = packet_of(plain_header(), 8);

		inner.at[rows[i / TUNNEL_FORMS].at] = (uint8_t)rows[i / TUNNEL_FORMS].octet;
		packet_mend(inner);
		CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(inner), &out),
		                rows[i / TUNNEL_FORMS].error);
		inner.at[11] ^= 1;
		CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(inner), &out), HA_E_MALFORMED);
		free(inner.at);
	}
}

static void ends_that_cannot_be_are_told(void)
{
	struct octets inner = packet_of(plain_header(), 8);
	struct tunnel_outer outer = form_outer();
	struct writer out = writer_over(room, sizeof(room));
	struct tunnel_end end = form_end(0);
	struct ip4 ip;

	CU_ASSERT_EQUAL(ip4_read(span_of(inner), &ip), HA_OK);
	end.encapsulation = ENCAPSULATION_GRE + 1;
	CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(inner), &out), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(tunnel_overhead(&end, &ip), TUNNEL_OVERHEAD_MAX);
	end = form_end(1);
	end.local_port = 0;
	CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(inner), &out), HA_E_RANGE);
	end = form_end(1);
	end.remote_port = 0;
	CU_ASSERT_EQUAL(tunnel_wrap(&end, &outer, span_of(inner), &out), HA_E_RANGE);
	CU_ASSERT_EQUAL(writer_used(&out), 0);
	free(inner.at);
}

/* A tunnel in a tunnel, of every form in every form. */
static void tunnels_are_nested(void)
{
	for (unsigned i = 0; i < TUNNEL_FORMS * TUNNEL_FORMS; i++) {
		struct tunnel_end inside = form_end(i % TUNNEL_FORMS);
		struct tunnel_end outside = form_end(i / TUNNEL_FORMS);
		struct octets inner = packet_of(plain_header(), 33);
		struct octets once = form_wrapped(&inside, inner);
		struct octets twice = form_wrapped(&outside, once);
		struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
		struct tunnel_unwrapped packet;

		CU_ASSERT_EQUAL(tunnel_unwrap(span_of(twice), &scratch, &packet), HA_OK);
		CU_ASSERT_EQUAL_FATAL(packet.inner.size, once.size);
		CU_ASSERT_EQUAL(memcmp(packet.inner.at, once.at, once.size), 0);
		CU_ASSERT_EQUAL(tunnel_unwrap(packet.inner, &scratch, &packet), HA_OK);
		CU_ASSERT_EQUAL_FATAL(packet.inner.size, inner.size);
		CU_ASSERT_EQUAL(memcmp(packet.inner.at, inner.at, inner.size), 0);
		free(inner.at);
		free(once.at);
		free(twice.at);
	}
}

static CU_TestInfo tests[] = {
	{ "every packet comes out of every tunnel", every_packet_comes_out_of_every_tunnel },
	{ "padding stays outside", padding_stays_outside },
	{ "GRE headers are written octet for octet", gre_headers_are_written_octet_for_octet },
	{ "a minimal header is short at the source", minimal_header_is_short_at_the_source },
	{ "DF is never lost", df_is_never_lost },
	{ "sizes have their limit", sizes_have_their_limit },
	{ "what cannot be wrapped is told", what_cannot_be_wrapped_is_told },
	{ "ends that cannot be are told", ends_that_cannot_be_are_told },
	{ "tunnels are nested", tunnels_are_nested },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("tunnel", tests);
}
