/* test_node_packets.c - packets of a mobile node into its tunnels and out of them. */
#include "agentd/dataplane/node_packets.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define PORT 4321u

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT(address_parse(text, &out));
	return out;
}

static struct node_tunnels tunnels;
static struct tunnel_end agent; /* the other end of the first */
static uint8_t inner[128], outer[256], back[256];

static void begin(uint8_t encapsulation, bool udp)
{
	tunnels = (struct node_tunnels){
		.home = address("10.0.0.5"),
		.home_network = { address("10.0.0.0"), 24 },
		.reverse = true,
		.keepalive_id = 77,
		.count = 1,
		.at = { { .local = address("198.51.100.7"),
		          .remote = address("192.0.2.1"),
		          .local_port = udp ? PORT : 0,
		          .remote_port = udp ? TUNNEL_UDP_PORT : 0,
		          .encapsulation = encapsulation,
		          .udp = udp } },
	};
	agent = tunnels.at[0];
	agent.local = tunnels.at[0].remote;
	agent.remote = tunnels.at[0].local;
	agent.local_port = tunnels.at[0].remote_port;
	agent.remote_port = tunnels.at[0].local_port;
}

static struct span packet(const char *source, const char *destination)
{
	struct writer out = writer_over(inner, sizeof(inner));
	const struct ip4 ip = { .source = address(source),
		                .destination = address(destination),
		                .total = 60,
		                .ttl = 9,
		                .tos = 0x10,
		                .df = true,
		                .protocol = IP4_TCP };

	ip4_write(&out, &ip);
	while (writer_used(&out) < 60)
		put_u8(&out, 0x5a);
	return writer_span(&out);
}

static struct span wrapped_by_agent(struct span what)
{
	const struct tunnel_outer with = { .ttl = 30 };
	struct writer out = writer_over(outer, sizeof(outer));

	CU_ASSERT_EQUAL(tunnel_wrap(&agent, &with, what, &out), HA_OK);
	return writer_span(&out);
}

static enum node_fate unwrap(struct span what, struct span *out)
{
	struct writer scratch = writer_over(back, sizeof(back));

	return node_unwrap(&tunnels, what, &scratch, out);
}

static const struct {
	uint8_t encapsulation;
	bool udp;
} kinds[] = {
	{ ENCAPSULATION_IPIP, false },   { ENCAPSULATION_MINIMAL, false },
	{ ENCAPSULATION_GRE, false },    { ENCAPSULATION_IPIP, true },
	{ ENCAPSULATION_MINIMAL, true }, { ENCAPSULATION_GRE, true },
};

static void packets_go_through_and_back(void)
{
	for (size_t i = 0; i < ROWS(kinds); i++) {
		struct span sent, got;
		struct writer out = writer_over(outer, sizeof(outer));
		struct tunnel_unwrapped at_agent;
		struct writer scratch = writer_over(back, sizeof(back));

		begin(kinds[i].encapsulation, kinds[i].udp);
		sent = packet("10.0.0.5", "203.0.113.9");
		CU_ASSERT_EQUAL(node_wrap(&tunnels, sent, 7, &out), NODE_WRAPPED);
		CU_ASSERT_EQUAL(tunnel_unwrap(writer_span(&out), &scratch, &at_agent), HA_OK);
		CU_ASSERT(tunnel_matches(&agent, &at_agent));
		CU_ASSERT_EQUAL_FATAL(at_agent.inner.size, sent.size);
		CU_ASSERT_EQUAL(memcmp(at_agent.inner.at, sent.at, sent.size), 0);
		CU_ASSERT(at_agent.outer.df);

		sent = packet("203.0.113.9", "10.0.0.5");
		CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(sent), &got), NODE_DELIVERED);
		CU_ASSERT_EQUAL_FATAL(got.size, sent.size);
		CU_ASSERT_EQUAL(memcmp(got.at, sent.at, sent.size), 0);
	}
}

static void datagrams_are_as_packets(void)
{
	const struct ip4 header = { .source = address("192.0.2.1"),
		                    .destination = address("198.51.100.7"),
		                    .ttl = 30,
		                    .protocol = IP4_UDP };
	struct writer scratch = writer_over(back, sizeof(back));
	struct span all, got;

	begin(ENCAPSULATION_IPIP, true);
	all = wrapped_by_agent(packet("203.0.113.9", "10.0.0.5"));
	all.at += 28;
	all.size -= 28;
	CU_ASSERT_EQUAL(node_unwrap_datagram(&tunnels, &header, 434, PORT, all, &scratch, &got),
	                NODE_DELIVERED);
	CU_ASSERT_EQUAL(node_unwrap_datagram(&tunnels, &header, 435, PORT, all, &scratch, &got),
	                NODE_STRANGE);
	CU_ASSERT_EQUAL(got.size, 0);
}

static void only_what_was_agreed_on_comes_in(void)
{
	struct span got;

	begin(ENCAPSULATION_IPIP, false);
	CU_ASSERT_EQUAL(unwrap(packet("203.0.113.9", "10.0.0.5"), &got), NODE_BROKEN);
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("203.0.113.9", "10.0.0.6")), &got),
	                NODE_MISDIRECTED);
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("10.0.0.5", "10.0.0.5")), &got),
	                NODE_MISDIRECTED);
	agent.local = address("192.0.2.66");
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("203.0.113.9", "10.0.0.5")), &got),
	                NODE_STRANGE);
	begin(ENCAPSULATION_IPIP, false);
	agent.encapsulation = ENCAPSULATION_GRE;
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("203.0.113.9", "10.0.0.5")), &got),
	                NODE_STRANGE);
	begin(ENCAPSULATION_IPIP, false);
	tunnels.count = 0;
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("203.0.113.9", "10.0.0.5")), &got),
	                NODE_STRANGE);
}

static void any_binding_brings_packets(void)
{
	struct span got;

	begin(ENCAPSULATION_IPIP, false);
	tunnels.at[1] = tunnels.at[0];
	tunnels.at[0].local = address("198.51.101.7");
	tunnels.count = 2;
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("203.0.113.9", "10.0.0.5")), &got),
	                NODE_DELIVERED);
}

static void broadcasts_come_where_they_are_wanted(void)
{
	static const char *const all[] = { "10.0.0.255", "255.255.255.255", "224.0.0.5" };
	struct span got;

	for (size_t i = 0; i < ROWS(all); i++) {
		begin(ENCAPSULATION_IPIP, false);
		CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("10.0.0.9", all[i])), &got),
		                NODE_MISDIRECTED);
		tunnels.broadcasts = true;
		CU_ASSERT_EQUAL(unwrap(wrapped_by_agent(packet("10.0.0.9", all[i])), &got),
		                NODE_DELIVERED);
	}
}

static void only_the_home_address_goes_out(void)
{
	struct writer out = writer_over(outer, sizeof(outer));

	begin(ENCAPSULATION_IPIP, false);
	CU_ASSERT_EQUAL(node_wrap(&tunnels, packet("10.0.0.6", "203.0.113.9"), 1, &out),
	                NODE_FOREIGN);
	CU_ASSERT_EQUAL(node_wrap(&tunnels, (struct span){ inner, 5 }, 1, &out), NODE_BROKEN);
	tunnels.reverse = false;
	CU_ASSERT_EQUAL(node_wrap(&tunnels, packet("10.0.0.5", "203.0.113.9"), 1, &out),
	                NODE_UNBOUND);
	tunnels.reverse = true;
	tunnels.count = 0;
	CU_ASSERT_EQUAL(node_wrap(&tunnels, packet("10.0.0.5", "203.0.113.9"), 1, &out),
	                NODE_UNBOUND);
	CU_ASSERT_EQUAL(writer_used(&out), 0);
}

/* RFC 3519 section 4.9. */
static void keepalives_are_echo_requests_and_their_answers_are_ours(void)
{
	struct writer out = writer_over(outer, sizeof(outer));
	struct writer scratch = writer_over(back, sizeof(back));
	struct tunnel_unwrapped at_agent;
	struct ip4 ip;
	struct span echo, got;

	begin(ENCAPSULATION_IPIP, true);
	CU_ASSERT_EQUAL(node_keepalive(&tunnels, address("192.0.2.1"), 3, &out), NODE_WRAPPED);
	CU_ASSERT_EQUAL(tunnel_unwrap(writer_span(&out), &scratch, &at_agent), HA_OK);
	CU_ASSERT(address_equal(at_agent.ip.source, address("10.0.0.5")));
	CU_ASSERT(address_equal(at_agent.ip.destination, address("192.0.2.1")));
	echo = ip4_payload(at_agent.inner, &at_agent.ip);
	CU_ASSERT_EQUAL(echo.at[0], 8);
	CU_ASSERT_EQUAL(ip4_checksum(echo), 0);

	memcpy(inner, at_agent.inner.at, at_agent.inner.size);
	CU_ASSERT_EQUAL(ip4_read((struct span){ inner, at_agent.inner.size }, &ip), HA_OK);
	scratch = writer_over(inner, sizeof(inner));
	ip.source = address("192.0.2.1");
	ip.destination = address("10.0.0.5");
	ip4_write(&scratch, &ip);
	inner[20] = 0; /* an answer */
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent((struct span){ inner, ip.total }), &got),
	                NODE_KEEPALIVE);
	inner[25] ^= 1; /* somebody else's */
	CU_ASSERT_EQUAL(unwrap(wrapped_by_agent((struct span){ inner, ip.total }), &got),
	                NODE_DELIVERED);
}

static void no_octet_of_a_stranger_breaks_anything(void)
{
	struct span all, got;

	begin(ENCAPSULATION_GRE, false);
	all = wrapped_by_agent(packet("203.0.113.9", "10.0.0.5"));
	for (size_t size = 0; size <= all.size; size++)
		CU_ASSERT_EQUAL(unwrap((struct span){ all.at, size }, &got) == NODE_DELIVERED,
		                size == all.size);
	for (size_t i = 0; i < all.size; i++) {
		outer[i] ^= 0x41;
		(void)unwrap(all, &got);
		outer[i] ^= 0x41;
	}
}

static CU_TestInfo tests[] = {
	{ "packets go through and back", packets_go_through_and_back },
	{ "datagrams are as packets", datagrams_are_as_packets },
	{ "only what was agreed on comes in", only_what_was_agreed_on_comes_in },
	{ "any binding brings packets", any_binding_brings_packets },
	{ "broadcasts come where they are wanted", broadcasts_come_where_they_are_wanted },
	{ "only the home address goes out", only_the_home_address_goes_out },
	{ "keepalives are echo requests, and their answers are ours",
	  keepalives_are_echo_requests_and_their_answers_are_ours },
	{ "no octet of a stranger breaks anything", no_octet_of_a_stranger_breaks_anything },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("node_packets", tests);
}
