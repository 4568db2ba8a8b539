/* test_visit_icmp.c - errors from inside of reverse tunnels: whose they are, what is learnt,
 * what the visitor hears. */
#include "tests/unit/visit_world.h"

#define ROUTER address4(198, 51, 100, 254)

static struct octets sent; /* the outer packet of the visitor's last one */

/* The visitor sends something with so many octets, which goes into the tunnel. */
static void send_one(bool df, size_t payload)
{
	struct ip4 ip = header(home, correspondent);

	ip.df = df;
	CU_ASSERT_EQUAL_FATAL(linked(packet_of(ip, payload), LINK, mac), VISITOR_REVERSED);
	free(sent.at);
	sent = octets_copy(outputs[0].packet.at, outputs[0].packet.size);
}

/* An error about it from on the way, quoting so many octets of it. */
static struct octets error_about(uint8_t type, uint8_t code, uint16_t mtu, size_t quoted)
{
	static uint8_t room[1024];
	struct writer out = writer_over(room, sizeof(room));
	const struct icmp4_error error = {
		.source = ROUTER, .type = type, .code = code, .mtu = mtu, .ttl = 60
	};
	struct span about = { sent.at, quoted < sent.size ? quoted : sent.size };

	CU_ASSERT_EQUAL_FATAL(icmp4_error_write(&out, &error, about), HA_OK);
	return octets_copy(room, writer_used(&out));
}

static enum visitor_reason erred(struct octets packet)
{
	enum visitor_reason reason;

	forget();
	reason = note_verdict(visit_forward_from_icmp(&context, span_of(packet)));
	free(packet.at);
	return reason;
}

static void visitor_is_told_of_the_mtu(void)
{
	for (unsigned i = 0; i < 6; i++) {
		struct visit_path path;
		struct soft_exit known;
		uint16_t overhead;

		begin();
		path = path_of((uint8_t)(i % 3), i >= 3);
		visit(path);
		send_one(true, 1200);
		overhead = (uint16_t)(sent.size - 1220);
		CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 1000, 500)),
		                VISITOR_RELAYED);
		CU_ASSERT_TRUE(is_error(0, VISIT_FORWARD_LINK, link_address, home,
		                        ICMP4_UNREACHABLE, ICMP4_TOO_BIG,
		                        (uint16_t)(1000 - overhead)));
		CU_ASSERT_EQUAL(memcmp(outputs[0].facts.link, mac, sizeof(mac)), 0);
		known = soft_look(soft, agent, context.now_ns);
		CU_ASSERT_EQUAL(known.mtu, 1000);
		end();
	}
}

/* As little as RFC 792 asks for: what is remembered says whose it is. */
static void short_quote_is_enough(void)
{
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	send_one(true, 1200);
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 1000, 28)),
	                VISITOR_RELAYED);
	CU_ASSERT_EQUAL(output_count, 1);
	end();
}

static void what_is_told_depends_on_the_error(void)
{
	static const struct {
		uint8_t type, code, told; /* 255: nobody */
		enum visitor_reason reason;
	} cases[] = {
		{ ICMP4_UNREACHABLE, ICMP4_HOST, ICMP4_HOST, VISITOR_RELAYED },
		{ ICMP4_UNREACHABLE, ICMP4_NETWORK, ICMP4_NETWORK, VISITOR_RELAYED },
		{ ICMP4_UNREACHABLE, ICMP4_PROTOCOL, ICMP4_NETWORK, VISITOR_RELAYED },
		{ ICMP4_TIME_EXCEEDED, ICMP4_IN_TRANSIT, ICMP4_HOST, VISITOR_RELAYED },
		{ ICMP4_UNREACHABLE, ICMP4_PORT, 255, VISITOR_ERROR_SILENT },
		{ ICMP4_SOURCE_QUENCH, 0, 255, VISITOR_ERROR_SILENT },
		{ ICMP4_PARAMETER_PROBLEM, 0, 255, VISITOR_NOTED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		visit(path_of(ENCAPSULATION_IPIP, false));
		send_one(false, 100);
		CU_ASSERT_EQUAL(erred(error_about(cases[i].type, cases[i].code, 0, 500)),
		                cases[i].reason);
		CU_ASSERT_EQUAL(output_count, cases[i].told != 255);
		if (cases[i].told != 255)
			CU_ASSERT_TRUE(is_error(0, VISIT_FORWARD_LINK, link_address, home,
			                        ICMP4_UNREACHABLE, cases[i].told, 0));
		end();
	}
}

static void broken_tunnel_is_learnt(void)
{
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	send_one(false, 100);
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_HOST, 0, 500)), VISITOR_RELAYED);
	CU_ASSERT_TRUE(soft_look(soft, agent, context.now_ns).broken);
	end();
}

/* From who has left meanwhile: what is remembered is true of the tunnel all the same. */
static void who_has_left_is_told_nothing(void)
{
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	send_one(true, 1200);
	CU_ASSERT_TRUE(visit_table_remove(table, home, agent));
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 1000, 500)),
	                VISITOR_NOTED);
	CU_ASSERT_EQUAL(output_count, 0);
	CU_ASSERT_EQUAL(soft_look(soft, agent, context.now_ns).mtu, 1000);
	end();
}

static void small_mtus_are_doubted(void)
{
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	send_one(true, 1200);
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 68, 500)),
	                VISITOR_RELAYED);
	CU_ASSERT_EQUAL(soft_look(soft, agent, context.now_ns).mtu, settings.mtu_floor);
	end();
}

static void forged_errors_are_not_believed(void)
{
	struct octets forged;

	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	send_one(true, 1200);
	soft_free(soft); /* nothing is remembered */
	soft = soft_new((struct soft_size){ .exits = 8, .sent = 16 });
	CU_ASSERT_PTR_NOT_NULL_FATAL(soft);
	context.soft = soft;
	CU_ASSERT_TRUE(visit_table_remove(table, home, agent));
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 1000, 500)),
	                VISITOR_ERROR_UNKNOWN);
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 1000, 28)),
	                VISITOR_ERROR_UNKNOWN);
	CU_ASSERT_EQUAL(soft_look(soft, agent, context.now_ns).mtu, 0);
	forged = error_about(ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 1000, 500);
	forged.at[IP4_HEADER_MIN + 2] ^= 1;
	CU_ASSERT_EQUAL(erred(forged), VISITOR_ERROR_BROKEN);
	end();
}

static void what_is_no_error_of_a_tunnel_is_left_alone(void)
{
	struct octets packet;
	struct ip4 ip;

	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	send_one(false, 100);
	packet = error_about(ICMP4_UNREACHABLE, ICMP4_HOST, 0, 500);
	packet.at[19] ^= 1; /* to another address */
	packet_mend(packet);
	CU_ASSERT_EQUAL(erred(packet), VISITOR_ERROR_ELSE);
	free(sent.at);
	sent = packet_of(header(care_of, correspondent), 60);
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_HOST, 0, 500)),
	                VISITOR_ERROR_ELSE);
	ip = header(ROUTER, care_of);
	CU_ASSERT_EQUAL(erred(packet_of(ip, 60)), VISITOR_ERROR_ELSE);
	CU_ASSERT_EQUAL(erred(octets_copy((const uint8_t *)"E", 1)), VISITOR_HEADER);
	allowed = false;
	end();
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	send_one(false, 100);
	allowed = false;
	CU_ASSERT_EQUAL(erred(error_about(ICMP4_UNREACHABLE, ICMP4_HOST, 0, 500)), VISITOR_FENCED);
	end();
	free(sent.at);
	sent.at = NULL;
}

static void every_reason_came_up(void)
{
	all_came_up(REASONS_OF_ERRORS);
}

static CU_TestInfo tests[] = {
	{ "a visitor is told of the MTU", visitor_is_told_of_the_mtu },
	{ "a short quote is enough", short_quote_is_enough },
	{ "what is told depends on the error", what_is_told_depends_on_the_error },
	{ "a broken tunnel is learnt", broken_tunnel_is_learnt },
	{ "who has left is told nothing", who_has_left_is_told_nothing },
	{ "small MTUs are doubted", small_mtus_are_doubted },
	{ "forged errors are not believed", forged_errors_are_not_believed },
	{ "what is no error of a tunnel is left alone",
	  what_is_no_error_of_a_tunnel_is_left_alone },
	{ "every reason came up", every_reason_came_up },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	set_addresses();
	return suite_run("visit_icmp", tests);
}
