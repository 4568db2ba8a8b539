/* test_tunnel_quote.c - what ICMP errors quote of packets in tunnels: as little as 8
 * octets, as much as all, and what was never sent. */
#include "proto/icmp4.h"
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
};

static uint8_t scratch_room[2048];

static struct octets inner_packet(void)
{
	return packet_of(plain_header(), 40);
}

static struct octets wrapped_of(unsigned form)
{
	struct tunnel_end end = form_end(form);
	struct octets inner = inner_packet(), wrapped = form_wrapped(&end, inner);

	free(inner.at);
	return wrapped;
}

static enum ha_error quote(struct octets quoted, struct tunnel_quoted *out)
{
	struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));

	return tunnel_quote(span_of(quoted), &scratch, out);
}

/* Octets that must be quoted behind the outer header until something is known. */
struct needs {
	size_t encapsulation, id, destination, inner;
};

static struct needs needs_of(const struct tunnel_end *end)
{
	size_t before = end->udp ? 12 : 0;

	if (end->encapsulation == ENCAPSULATION_MINIMAL)
		return (struct needs){ before, before, before + 8, before + 12 };
	if (end->encapsulation == ENCAPSULATION_GRE)
		before += 4u + 4u * end->has_checksum + 4u * end->has_key + 4u * end->has_sequence;
	return (struct needs){ end->udp ? 12 : 0, before + 6, before + 20, before + 20 };
}

static void check_inner(const struct tunnel_end *end, const struct tunnel_quoted *quoted,
                        size_t behind)
{
	size_t around = needs_of(end).inner -
	                (end->encapsulation == ENCAPSULATION_MINIMAL ? 0 : IP4_HEADER_MIN);
	size_t expected = behind - around +
	                  (end->encapsulation == ENCAPSULATION_MINIMAL ? IP4_HEADER_MIN : 0);
	struct octets inner = inner_packet();

	CU_ASSERT_EQUAL_FATAL(quoted->inner.size, expected);
	CU_ASSERT_EQUAL(memcmp(quoted->inner.at, inner.at, expected), 0);
	CU_ASSERT_EQUAL(quoted->ip.total, inner.size);
	CU_ASSERT_EQUAL(quoted->ip.source.s_addr, plain_header().source.s_addr);
	free(inner.at);
}

static void check_quote(const struct tunnel_end *end, struct octets cut)
{
	size_t behind = cut.size - IP4_HEADER_MIN;
	struct needs needs = needs_of(end);
	struct tunnel_quoted quoted;

	CU_ASSERT_EQUAL(quote(cut, &quoted), HA_OK);
	CU_ASSERT_EQUAL(quoted.outer.source.s_addr, end->local.s_addr);
	CU_ASSERT_EQUAL(quoted.outer.destination.s_addr, end->remote.s_addr);
	CU_ASSERT_EQUAL(quoted.udp, end->udp);
	CU_ASSERT_EQUAL(quoted.source_port, end->local_port);
	CU_ASSERT_EQUAL(quoted.destination_port, end->remote_port);
	CU_ASSERT_EQUAL(quoted.has_encapsulation, behind >= needs.encapsulation);
	CU_ASSERT_EQUAL(quoted.encapsulation,
	                quoted.has_encapsulation ? end->encapsulation : ENCAPSULATION_IPIP);
	CU_ASSERT_EQUAL(quoted.has_id, behind >= needs.id);
	CU_ASSERT_EQUAL(quoted.has_destination, behind >= needs.destination);
	CU_ASSERT_EQUAL(quoted.has_inner, behind >= needs.inner);
	CU_ASSERT_EQUAL(quoted.id, quoted.has_id ? plain_header().id : 0);
	CU_ASSERT_EQUAL(quoted.destination.s_addr,
	                quoted.has_destination ? plain_header().destination.s_addr : 0);
	if (quoted.has_inner)
		check_inner(end, &quoted, behind);
	else
		CU_ASSERT_EQUAL(quoted.inner.size, 0);
}

static void quotes_of_every_size_are_read(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form++) {
		struct tunnel_end end = form_end(form);
		struct octets whole = wrapped_of(form);

		for (size_t size = 0; size <= whole.size; size++) {
			struct octets cut = octets_copy(whole.at, size);
			struct tunnel_quoted quoted;

			if (size < IP4_HEADER_MIN + 8) {
				CU_ASSERT_EQUAL(quote(cut, &quoted), HA_E_TRUNCATED);
			} else {
				check_quote(&end, cut);
			}
			free(cut.at);
		}
		free(whole.at);
	}
}

/* A router counts a hop and may quote the header before it mends the checksum. */
static void hops_in_the_tunnel_do_not_matter(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form++) {
		struct octets whole = wrapped_of(form);
		struct tunnel_quoted quoted;

		whole.at[8] -= 5;
		CU_ASSERT_EQUAL(quote(whole, &quoted), HA_OK);
		CU_ASSERT_TRUE(quoted.has_inner);
		CU_ASSERT_EQUAL(quoted.ip.destination.s_addr, plain_header().destination.s_addr);
		free(whole.at);
	}
}

static void short_minimal_header_is_read(void)
{
	struct tunnel_end end = form_end(MINIMAL);
	struct ip4 header = plain_header();
	struct octets inner, wrapped, cut;
	struct tunnel_quoted quoted;

	header.source = end.local;
	inner = packet_of(header, 40);
	wrapped = form_wrapped(&end, inner);
	cut = octets_copy(wrapped.at, 28);
	CU_ASSERT_EQUAL(quote(cut, &quoted), HA_OK);
	CU_ASSERT_TRUE(quoted.has_inner);
	CU_ASSERT_EQUAL(quoted.inner.size, 20);
	CU_ASSERT_EQUAL(memcmp(quoted.inner.at, inner.at, 20), 0);
	free(cut.at);
	free(wrapped.at);
	free(inner.at);
}

/* One octet of a quote set. */
static const struct {
	const char *what;
	unsigned form, at, octet;
	enum ha_error error;
} changes[] = {
	{ "nothing", IPIP, 0, 0x45, HA_OK },
	{ "version", IPIP, 0, 0x65, HA_E_MALFORMED },
	{ "IHL", IPIP, 0, 0x44, HA_E_MALFORMED },
	{ "total below the header's", IPIP, 3, 19, HA_E_MALFORMED },
	{ "total that leaves 7 octets", IPIP, 3, 27, HA_E_TRUNCATED },
	{ "first fragment", IPIP, 6, 0x20, HA_OK },
	{ "later fragment", IPIP, 7, 0x01, HA_E_UNSUPPORTED },
	{ "TCP", IPIP, 9, IP4_TCP, HA_E_NOTFOUND },
	{ "ICMP", IPIP, 9, IP4_ICMP, HA_E_NOTFOUND },
	{ "inner version", IPIP, 20, 0x65, HA_E_MALFORMED },
	{ "inner IHL", IPIP, 20, 0x41, HA_E_MALFORMED },
	{ "minimal's checksum", MINIMAL, 22, 0xff, HA_E_MALFORMED },
	{ "minimal's destination", MINIMAL, 24, 0xff, HA_E_MALFORMED },
	{ "total within minimal", MINIMAL, 3, 31, HA_OK },
	{ "GRE flags", GRE, 20, 0x40, HA_E_MALFORMED },
	{ "GRE version", GRE, 21, 0x01, HA_E_MALFORMED },
	{ "GRE payload", GRE, 22, 0x86, HA_E_MALFORMED },
	{ "message type", IPIP_UDP, 28, 3, HA_E_NOTFOUND },
	{ "next header", IPIP_UDP, 29, IP4_TCP, HA_E_MALFORMED },
	{ "UDP checksum", IPIP_UDP, 26, 0xff, HA_OK },
	{ "UDP length", IPIP_UDP, 24, 0xff, HA_OK },
};

static void what_was_never_sent_is_told(void)
{
	for (size_t i = 0; i < ROWS(changes); i++) {
		struct octets whole = wrapped_of(changes[i].form);
		struct tunnel_quoted quoted;
		enum ha_error error;

		whole.at[changes[i].at] = (uint8_t)changes[i].octet;
		error = quote(whole, &quoted);
		CU_ASSERT_EQUAL(error, changes[i].error);
		if (error != changes[i].error)
			fprintf(stderr, "%s: %s\n", changes[i].what, ha_strerror(error));
		free(whole.at);
	}
}

static void buffer_that_is_too_small_is_told(void)
{
	struct octets whole = wrapped_of(MINIMAL);
	struct tunnel_quoted quoted;
	struct writer scratch = writer_over(scratch_room, whole.size - 12);

	CU_ASSERT_EQUAL(tunnel_quote(span_of(whole), &scratch, &quoted), HA_OK);
	scratch = writer_over(scratch_room, whole.size - 13);
	CU_ASSERT_EQUAL(tunnel_quote(span_of(whole), &scratch, &quoted), HA_E_NOSPACE);
	free(whole.at);
}

/* RFC 2003 section 4, the whole way: a router's error about the outer packet becomes one
 * about the packet inside, for its sender. */
static void errors_are_relayed(void)
{
	for (unsigned form = 0; form < TUNNEL_FORMS; form++) {
		struct icmp4_error error = { .type = ICMP4_UNREACHABLE,
			                     .code = ICMP4_HOST,
			                     .ttl = 64 };
		struct octets whole = wrapped_of(form), inner = inner_packet();
		uint8_t first[ICMP4_ERROR_MAX], second[ICMP4_ERROR_MAX];
		struct writer from = writer_over(first, sizeof(first));
		struct writer to = writer_over(second, sizeof(second));
		struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
		struct tunnel_quoted quoted;
		struct icmp4 icmp;
		struct ip4 ip;

		CU_ASSERT_EQUAL(icmp4_error_write(&from, &error, span_of(whole)), HA_OK);
		CU_ASSERT_EQUAL(ip4_read(writer_span(&from), &ip), HA_OK);
		CU_ASSERT_EQUAL(icmp4_read(ip4_payload(writer_span(&from), &ip), &icmp), HA_OK);
		CU_ASSERT_EQUAL(tunnel_quote(icmp.body, &scratch, &quoted), HA_OK);
		CU_ASSERT_TRUE(icmp4_may_answer(quoted.inner));
		CU_ASSERT_EQUAL(icmp4_error_write(&to, &error, quoted.inner), HA_OK);
		CU_ASSERT_EQUAL(ip4_read(writer_span(&to), &ip), HA_OK);
		CU_ASSERT_EQUAL(ip.destination.s_addr, plain_header().source.s_addr);
		CU_ASSERT_EQUAL(icmp4_read(ip4_payload(writer_span(&to), &ip), &icmp), HA_OK);
		CU_ASSERT_EQUAL_FATAL(icmp.body.size, inner.size);
		CU_ASSERT_EQUAL(memcmp(icmp.body.at, inner.at, inner.size), 0);
		free(whole.at);
		free(inner.at);
	}
}

static CU_TestInfo tests[] = {
	{ "quotes of every size are read", quotes_of_every_size_are_read },
	{ "hops in the tunnel do not matter", hops_in_the_tunnel_do_not_matter },
	{ "a short minimal header is read", short_minimal_header_is_read },
	{ "what was never sent is told", what_was_never_sent_is_told },
	{ "a buffer that is too small is told", buffer_that_is_too_small_is_told },
	{ "errors are relayed", errors_are_relayed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("tunnel_quote", tests);
}
