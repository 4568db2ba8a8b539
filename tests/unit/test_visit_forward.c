/* test_visit_forward.c - what becomes of packets of visitors: every way in which it can end
 * comes up, in every encapsulation. */
#include "tests/unit/visit_world.h"

/* ---- to visitors ---- */

static void every_kind_of_tunnel_is_opened(void)
{
	for (unsigned i = 0; i < 6; i++) {
		const uint8_t encapsulation = (uint8_t)(i % 3);
		struct tunnel_end ends = home_end(encapsulation, i >= 3);
		struct ip4 ip = header(correspondent, home), fragment = ip;
		struct octets expected;
		const struct tunnels_counters *row;

		begin();
		visit(path_of(encapsulation, i >= 3));
		CU_ASSERT_EQUAL(from_home(&ends, ip, 100), VISITOR_DELIVERED);
		ip.ttl--;
		expected = packet_of(ip, 100);
		CU_ASSERT_TRUE(is_delivered(0, &expected));
		free(expected.at);
		fragment.mf = true;
		CU_ASSERT_EQUAL(from_home(&ends, fragment, 104), VISITOR_DELIVERED);
		fragment.ttl--;
		expected = packet_of(fragment, 104);
		CU_ASSERT_TRUE(is_delivered(0, &expected));
		free(expected.at);
		row = visit_table_counters(table, 0);
		CU_ASSERT_EQUAL(tunnels_read(&row->out_packets), 2);
		CU_ASSERT_EQUAL(tunnels_read(&row->out_octets), 244);
		CU_ASSERT_EQUAL(tunnels_read(&row->in_packets), 0);
		end();
	}
}

/* The home agent's encapsulation stays around it (RFC 5944 section 4.3). */
static void broadcast_is_delivered_in_its_packet(void)
{
	const struct tunnel_end to_home = { .local = agent, .remote = home },
				ends = home_end(ENCAPSULATION_IPIP, false);
	struct ip4 ip = header(correspondent, address4(255, 255, 255, 255)), seen;
	struct octets broadcast, nested;

	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	broadcast = packet_of(ip, 64);
	nested = wrap(&to_home, broadcast);
	CU_ASSERT_EQUAL(tunnelled(wrap(&ends, nested), UPLINK), VISITOR_DELIVERED);
	CU_ASSERT_EQUAL_FATAL(output_count, 1);
	CU_ASSERT_EQUAL_FATAL(ip4_read(span_of(outputs[0].packet), &seen), HA_OK);
	CU_ASSERT_EQUAL(seen.protocol, IP4_IPIP);
	CU_ASSERT_TRUE(address_equal(seen.destination, home));
	CU_ASSERT_EQUAL(memcmp(outputs[0].packet.at + IP4_HEADER_MIN, broadcast.at, broadcast.size),
	                0);
	free(broadcast.at);
	free(nested.at);
	end();
}

static void nobody_elses_tunnel_is_opened(void)
{
	struct tunnel_end ends = home_end(ENCAPSULATION_IPIP, false), forged = ends,
			  elsewhere = ends, gre = home_end(ENCAPSULATION_GRE, false),
			  udp = home_end(ENCAPSULATION_IPIP, true);
	const struct ip4 ip = header(correspondent, home);

	begin();
	CU_ASSERT_EQUAL(from_home(&ends, ip, 8), VISITOR_NO_VISITOR);
	CU_ASSERT_EQUAL(output_count, 0);
	visit(path_of(ENCAPSULATION_IPIP, false));
	forged.local = correspondent;
	CU_ASSERT_EQUAL(from_home(&forged, ip, 8), VISITOR_OTHER_AGENT);
	CU_ASSERT_EQUAL(from_home(&gre, ip, 8), VISITOR_KIND);
	CU_ASSERT_EQUAL(from_home(&udp, ip, 8), VISITOR_KIND);
	elsewhere.remote = link_address;
	CU_ASSERT_EQUAL(from_home(&elsewhere, ip, 8), VISITOR_KIND);
	elsewhere.remote = correspondent;
	CU_ASSERT_EQUAL(from_home(&elsewhere, ip, 8), VISITOR_NOT_OURS);
	CU_ASSERT_EQUAL(from_home(&ends, header(correspondent, address4(10, 64, 0, 8)), 8),
	                VISITOR_NO_VISITOR);
	CU_ASSERT_EQUAL(from_home(&ends, header(address4(127, 0, 0, 1), home), 8),
	                VISITOR_BAD_SOURCE);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
	begin();
	visit(path_of(ENCAPSULATION_IPIP, true));
	udp.local_port++;
	CU_ASSERT_EQUAL(from_home(&udp, ip, 8), VISITOR_KIND);
	end();
}

static void two_visitors_may_have_one_home_address(void)
{
	struct visit_path second;
	struct tunnel_end ends = home_end(ENCAPSULATION_IPIP, false);

	begin();
	second = path_of(ENCAPSULATION_IPIP, false);
	second.home_agent = address4(198, 51, 100, 9);
	memcpy(second.link, other_mac, sizeof(other_mac));
	visit(path_of(ENCAPSULATION_IPIP, false));
	visit(second);
	ends.local = second.home_agent;
	CU_ASSERT_EQUAL(from_home(&ends, header(correspondent, home), 8), VISITOR_DELIVERED);
	CU_ASSERT_EQUAL(memcmp(outputs[0].facts.link, other_mac, sizeof(other_mac)), 0);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, other_mac),
	                VISITOR_REVERSED);
	CU_ASSERT_TRUE(address_equal(outputs[0].facts.endpoint, second.home_agent));
	end();
}

static void hops_are_counted_behind_the_tunnel(void)
{
	const struct tunnel_end ends = home_end(ENCAPSULATION_IPIP, false);
	struct ip4 ip = header(correspondent, home);
	struct octets inner, packet;

	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	ip.ttl = 1;
	CU_ASSERT_EQUAL(from_home(&ends, ip, 8), VISITOR_EXPIRED);
	CU_ASSERT_TRUE(
		is_error(0, VISIT_FORWARD_ICMP, care_of, correspondent, ICMP4_TIME_EXCEEDED, 0, 0));
	ip.source = address4(0, 0, 0, 0);
	CU_ASSERT_EQUAL(from_home(&ends, ip, 8), VISITOR_BAD_SOURCE);
	ip = header(correspondent, home);
	inner = packet_of(ip, 8);
	packet = wrap(&ends, inner);
	packet.at[IP4_HEADER_MIN + 8] = 0;
	packet_mend((struct octets){ .at = packet.at + IP4_HEADER_MIN, .size = inner.size });
	CU_ASSERT_EQUAL(tunnelled(packet, UPLINK), VISITOR_INNER_DEAD);
	free(inner.at);
	end();
}

static void link_takes_so_much(void)
{
	const struct tunnel_end ends = home_end(ENCAPSULATION_IPIP, false);
	struct ip4 ip = header(correspondent, home);

	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	CU_ASSERT_EQUAL(from_home(&ends, ip, LINK_MTU - IP4_HEADER_MIN), VISITOR_DELIVERED);
	CU_ASSERT_EQUAL(output_count, 1);
	CU_ASSERT_EQUAL(from_home(&ends, ip, LINK_MTU - IP4_HEADER_MIN + 1), VISITOR_DELIVERED);
	CU_ASSERT_EQUAL(output_count, 2);
	ip.df = true;
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(from_home(&ends, ip, LINK_MTU), VISITOR_TOO_BIG);
		CU_ASSERT_EQUAL(output_count, i < 2 ? 1 : 0);
		if (i == 0)
			CU_ASSERT_TRUE(is_error(0, VISIT_FORWARD_ICMP, care_of, correspondent,
			                        ICMP4_UNREACHABLE, ICMP4_TOO_BIG, LINK_MTU));
	}
	CU_ASSERT_TRUE((ever & VISITOR_BIT(VISITOR_ERROR_LIMITED)) != 0);
	links[0].mtu = 20; /* no room for a fragment */
	ip.df = false;
	CU_ASSERT_EQUAL(from_home(&ends, ip, 64), VISITOR_UNCUT);
	links[0].mtu = 0;
	CU_ASSERT_EQUAL(from_home(&ends, ip, 5000), VISITOR_DELIVERED);
	CU_ASSERT_EQUAL(output_count, 1);
	end();
}

/* ---- from visitors ---- */

static void every_kind_of_tunnel_is_entered(void)
{
	for (unsigned i = 0; i < 6; i++) {
		struct visit_path path;
		struct ip4 ip;

		begin();
		path = path_of((uint8_t)(i % 3), i >= 3);
		ip = header(home, correspondent);
		visit(path);
		CU_ASSERT_EQUAL(linked(packet_of(ip, 100), LINK, mac), VISITOR_REVERSED);
		ip.ttl--;
		CU_ASSERT_TRUE(is_reversed(0, &path, packet_of(ip, 100)));
		CU_ASSERT_EQUAL(tunnels_read(&visit_table_counters(table, 0)->in_octets), 120);
		end();
	}
}

static void who_has_no_reverse_tunnel_is_routed(void)
{
	struct visit_path path;
	struct octets packet;

	begin();
	path = path_of(ENCAPSULATION_IPIP, false);
	path.reverse = false;
	visit(path);
	packet = packet_of(header(home, correspondent), 40);
	CU_ASSERT_EQUAL(linked(octets_copy(packet.at, packet.size), LINK, mac), VISITOR_ROUTED);
	CU_ASSERT_EQUAL_FATAL(output_count, 1);
	CU_ASSERT_EQUAL(outputs[0].facts.kind, VISIT_FORWARD_ROUTED);
	CU_ASSERT_EQUAL(memcmp(outputs[0].packet.at, packet.at, packet.size), 0);
	free(packet.at);
	path.reverse = path.delivery = true;
	visit(path);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
	                VISITOR_ROUTED);
	end();
}

static enum visitor_reason from_host(struct in_addr source, unsigned interface)
{
	return linked(packet_of(header(source, correspondent), 8), interface, other_mac);
}

static void strangers_pass_where_the_link_routes(void)
{
	const struct in_addr stranger = address4(192, 0, 2, 77);

	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	CU_ASSERT_EQUAL(from_host(stranger, LINK), VISITOR_STRANGER);
	CU_ASSERT_EQUAL(from_host(stranger, UPLINK), VISITOR_STRANGER);
	CU_ASSERT_EQUAL(output_count, 0);
	CU_ASSERT_EQUAL(from_host(stranger, OTHER_LINK), VISITOR_PASSED);
	CU_ASSERT_EQUAL(outputs[0].facts.kind, VISIT_FORWARD_ROUTED);
	CU_ASSERT_EQUAL(from_host(own[2], OTHER_LINK), VISITOR_OWN_SOURCE);
	CU_ASSERT_EQUAL(from_host(address4(127, 0, 0, 1), OTHER_LINK), VISITOR_BAD_SOURCE);
	CU_ASSERT_EQUAL(from_host(address4(192, 0, 3, 77), OTHER_LINK), VISITOR_BAD_SOURCE);
	links[1].networks.count = 0;
	CU_ASSERT_EQUAL(from_host(stranger, OTHER_LINK), VISITOR_BAD_SOURCE);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

static void visitor_is_known_by_its_link_address(void)
{
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, other_mac),
	                VISITOR_WRONG_PLACE);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), OTHER_LINK, mac),
	                VISITOR_WRONG_PLACE);
	CU_ASSERT_EQUAL(output_count, 0);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, own[1]), 8), LINK, mac), VISITOR_LOCAL);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, address4(224, 0, 0, 1)), 8), LINK, mac),
	                VISITOR_NOT_UNICAST);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

/* The kernel, which sees the packet too, tells the visitor. */
static void hops_are_counted_before_the_tunnel(void)
{
	struct ip4 ip;

	begin();
	ip = header(home, correspondent);
	visit(path_of(ENCAPSULATION_IPIP, false));
	ip.ttl = 1;
	CU_ASSERT_EQUAL(linked(packet_of(ip, 8), LINK, mac), VISITOR_EXPIRED);
	CU_ASSERT_EQUAL(output_count, 0);
	ip.source = address4(192, 0, 2, 77);
	CU_ASSERT_EQUAL(linked(packet_of(ip, 8), OTHER_LINK, mac), VISITOR_EXPIRED);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

static void tunnel_takes_so_much(void)
{
	struct visit_path path;
	struct ip4 ip;

	begin();
	path = path_of(ENCAPSULATION_IPIP, false);
	ip = header(home, correspondent);
	visit(path);
	CU_ASSERT_EQUAL(linked(packet_of(ip, 1480), LINK, mac), VISITOR_REVERSED);
	CU_ASSERT_EQUAL(output_count, 2);
	ip.df = true;
	CU_ASSERT_EQUAL(linked(packet_of(ip, 1480), LINK, mac), VISITOR_TOO_BIG);
	CU_ASSERT_TRUE(is_error(0, VISIT_FORWARD_LINK, link_address, home, ICMP4_UNREACHABLE,
	                        ICMP4_TOO_BIG, 1480));
	CU_ASSERT_EQUAL(memcmp(outputs[0].facts.link, mac, sizeof(mac)), 0);
	soft_too_big(soft, agent, 1000, 1500, 576, context.now_ns);
	CU_ASSERT_EQUAL(linked(packet_of(ip, 1200), LINK, mac), VISITOR_REVERSED);
	CU_ASSERT_EQUAL(output_count, 2); /* RFC 2003 section 5: it goes all the same */
	CU_ASSERT_TRUE(is_error(1, VISIT_FORWARD_LINK, link_address, home, ICMP4_UNREACHABLE,
	                        ICMP4_TOO_BIG, 980));
	end();
	begin();
	visit(path);
	settings.link_mtu = 30;
	ip.df = false;
	CU_ASSERT_EQUAL(linked(packet_of(ip, 1200), LINK, mac), VISITOR_UNCUT);
	settings.link_mtu = 65535;
	ip.df = true;
	ip.offset = 8; /* an error about such a one there is none */
	CU_ASSERT_EQUAL(linked(packet_of(ip, IP4_TOTAL_MAX - 28), LINK, mac), VISITOR_TOO_BIG);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

static void broken_tunnel_is_told(void)
{
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	soft_broken(soft, agent, context.now_ns);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
	                VISITOR_REVERSED);
	CU_ASSERT_TRUE(is_error(1, VISIT_FORWARD_LINK, link_address, home, ICMP4_UNREACHABLE,
	                        ICMP4_HOST, 0));
	CU_ASSERT_TRUE((ever & VISITOR_BIT(VISITOR_BROKEN_TOLD)) != 0);
	end();
}

static void loops_end(void)
{
	struct visit_path path;
	struct octets packet;
	struct tunnel_end ends;

	begin();
	path = path_of(ENCAPSULATION_IPIP, false);
	path.home_agent = own[2];
	visit(path);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
	                VISITOR_SELF_EXIT);
	end();
	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	ends = (struct tunnel_end){ .local = home, .remote = correspondent };
	packet = packet_of(header(home, correspondent), 8);
	for (unsigned i = 0; i < settings.nesting; i++) {
		struct octets inner = packet;

		packet = wrap(&ends, inner);
		free(inner.at);
	}
	CU_ASSERT_EQUAL(linked(packet, LINK, mac), VISITOR_NESTING);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

/* ---- the encapsulating delivery style ---- */

static void what_is_encapsulated_to_us_goes_on(void)
{
	struct visit_path path;
	struct ip4 ip;

	begin();
	path = path_of(ENCAPSULATION_GRE, false);
	path.delivery = true;
	ip = header(home, correspondent);
	visit(path);
	CU_ASSERT_EQUAL(delivered(link_address, ip, ENCAPSULATION_IPIP, LINK), VISITOR_REDELIVERED);
	ip.ttl--;
	CU_ASSERT_TRUE(is_reversed(0, &path, packet_of(ip, 60)));
	CU_ASSERT_EQUAL(delivered(care_of, ip, ENCAPSULATION_GRE, LINK), VISITOR_REDELIVERED);
	CU_ASSERT_EQUAL(delivered(care_of, ip, ENCAPSULATION_MINIMAL, LINK), VISITOR_NOT_AGREED);
	/* To many: with the hops that it has, if only one. */
	ip = header(home, address4(224, 0, 0, 1));
	ip.ttl = 1;
	CU_ASSERT_EQUAL(delivered(link_address, ip, ENCAPSULATION_IPIP, LINK), VISITOR_REDELIVERED);
	CU_ASSERT_TRUE(is_reversed(0, &path, packet_of(ip, 60)));
	ip = header(home, correspondent);
	ip.ttl = 1;
	CU_ASSERT_EQUAL(delivered(link_address, ip, ENCAPSULATION_IPIP, LINK), VISITOR_EXPIRED);
	CU_ASSERT_TRUE(
		is_error(0, VISIT_FORWARD_LINK, link_address, home, ICMP4_TIME_EXCEEDED, 0, 0));
	end();
}

static void nothing_else_is_encapsulated_to_us(void)
{
	struct visit_path path;
	struct ip4 ip;

	begin();
	path = path_of(ENCAPSULATION_IPIP, false);
	ip = header(home, correspondent);
	visit(path);
	CU_ASSERT_EQUAL(delivered(link_address, ip, ENCAPSULATION_IPIP, LINK), VISITOR_NOT_AGREED);
	path.delivery = true;
	visit(path);
	CU_ASSERT_EQUAL(delivered(link_address, ip, ENCAPSULATION_IPIP, UPLINK),
	                VISITOR_WRONG_PLACE);
	CU_ASSERT_EQUAL(
		delivered(link_address, header(correspondent, home), ENCAPSULATION_IPIP, LINK),
		VISITOR_NOT_ITS_OWN);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

/* ---- the rest ---- */

static void fence_stops_everything(void)
{
	const struct tunnel_end ends = home_end(ENCAPSULATION_IPIP, true);
	struct visit_found visitor = { .slot = 0 };

	begin();
	visit(path_of(ENCAPSULATION_IPIP, true));
	allowed = false;
	CU_ASSERT_EQUAL(from_home(&ends, header(correspondent, home), 8), VISITOR_FENCED);
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
	                VISITOR_FENCED);
	CU_ASSERT_TRUE(visit_table_find(table, home, agent, &visitor));
	forget();
	CU_ASSERT_EQUAL(note_verdict(visit_forward_keep_alive(&context, &visitor)), VISITOR_FENCED);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

/* An octet of a packet from the tunnel is another one. */
static enum visitor_reason spoilt(const struct tunnel_end *ends, size_t at, uint8_t octet,
                                  bool mended, size_t cut)
{
	struct octets inner = packet_of(header(correspondent, home), 40);
	struct octets packet = wrap(ends, inner);

	free(inner.at);
	packet.at[at] = octet;
	if (mended)
		packet_mend(packet);
	packet.size -= cut;
	return tunnelled(packet, UPLINK);
}

static void broken_packets_are_dropped(void)
{
	struct tunnel_end ipip, gre, minimal, udp;

	begin();
	ipip = home_end(ENCAPSULATION_IPIP, false);
	gre = home_end(ENCAPSULATION_GRE, false);
	minimal = home_end(ENCAPSULATION_MINIMAL, false);
	udp = home_end(ENCAPSULATION_IPIP, true);
	visit(path_of(ENCAPSULATION_IPIP, false));
	CU_ASSERT_EQUAL(spoilt(&ipip, 10, 1, false, 0), VISITOR_HEADER);
	CU_ASSERT_EQUAL(spoilt(&ipip, 20, 0x65, false, 0), VISITOR_TUNNEL_BROKEN);
	CU_ASSERT_EQUAL(spoilt(&ipip, 6, 0x20, true, 0), VISITOR_TUNNEL_FRAGMENT);
	CU_ASSERT_EQUAL(spoilt(&ipip, 9, 99, true, 0), VISITOR_TUNNEL_UNKNOWN);
	CU_ASSERT_EQUAL(spoilt(&gre, 21, 7, false, 0), VISITOR_TUNNEL_UNKNOWN);
	CU_ASSERT_EQUAL(spoilt(&minimal, 22, 1, false, 0), VISITOR_TUNNEL_CHECKSUM);
	CU_ASSERT_EQUAL(spoilt(&udp, 26, 1, false, 0), VISITOR_TUNNEL_CHECKSUM);
	CU_ASSERT_EQUAL(output_count, 0);
	for (size_t cut = 1; cut <= 80; cut++)
		CU_ASSERT_EQUAL(spoilt(&ipip, 0, 0x45, false, cut), VISITOR_HEADER);
	CU_ASSERT_EQUAL(linked(octets_copy((const uint8_t *)"E", 1), LINK, mac), VISITOR_HEADER);
	end();
}

static void packets_of_gre_come_in_order(void)
{
	struct tunnel_end ends;
	struct octets inner, first, second;

	begin();
	visit(path_of(ENCAPSULATION_GRE, false));
	ends = home_end(ENCAPSULATION_GRE, false);
	ends.has_sequence = true;
	inner = packet_of(header(correspondent, home), 8);
	first = wrap(&ends, inner);
	second = wrap(&ends, inner);
	second.at[IP4_HEADER_MIN + 7] = 1;
	CU_ASSERT_EQUAL(tunnelled(second, UPLINK), VISITOR_DELIVERED);
	CU_ASSERT_EQUAL(tunnelled(first, UPLINK), VISITOR_LATE);
	free(inner.at);
	end();
}

/* RFC 3519 section 4.9. */
static void keepalives_are_asked_and_answered(void)
{
	struct visit_found visitor;
	struct tunnel_unwrapped unwrapped;
	struct writer scratch = writer_over(NULL, 0);
	static uint8_t room[IP4_TOTAL_MAX];
	struct writer answer = writer_over(room, sizeof(room));
	struct tunnel_end ends;
	struct octets reply;

	begin();
	visit(path_of(ENCAPSULATION_IPIP, true));
	CU_ASSERT_TRUE_FATAL(visit_table_find(table, home, agent, &visitor));
	CU_ASSERT_EQUAL(note_verdict(visit_forward_keep_alive(&context, &visitor)),
	                VISITOR_KEEPALIVE_SENT);
	CU_ASSERT_EQUAL_FATAL(output_count, 1);
	CU_ASSERT_EQUAL_FATAL(tunnel_unwrap(span_of(outputs[0].packet), &scratch, &unwrapped),
	                      HA_OK);
	CU_ASSERT_TRUE(unwrapped.udp && address_equal(unwrapped.ip.source, home) &&
	               address_equal(unwrapped.ip.destination, agent));
	CU_ASSERT_EQUAL_FATAL(icmp4_echo_answer(&answer, unwrapped.inner, 64, 5), HA_OK);
	ends = home_end(ENCAPSULATION_IPIP, true);
	reply = octets_copy(room, writer_used(&answer));
	CU_ASSERT_EQUAL(tunnelled(wrap(&ends, reply), UPLINK), VISITOR_KEPT_ALIVE);
	CU_ASSERT_EQUAL(output_count, 0);
	/* An answer to the visitor itself is the visitor's. */
	reply.at[reply.size - 1] ^= 1;
	reply.at[IP4_HEADER_MIN + 3] ^= 1;
	CU_ASSERT_NOT_EQUAL(tunnelled(wrap(&ends, reply), UPLINK), VISITOR_KEPT_ALIVE);
	CU_ASSERT_EQUAL(output_count, 1);
	free(reply.at);
	end();
}

static void trial_leaves_no_trace(void)
{
	uint64_t before;

	begin();
	visit(path_of(ENCAPSULATION_IPIP, false));
	before = counted(VISITOR_REVERSED);
	context.trial = true;
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
	                VISITOR_REVERSED);
	CU_ASSERT_TRUE(note_count >= 2);
	CU_ASSERT_EQUAL(counted(VISITOR_REVERSED), before);
	CU_ASSERT_EQUAL(tunnels_read(&visit_table_counters(table, 0)->in_packets), 0);
	context.trial = false;
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
	                VISITOR_REVERSED);
	CU_ASSERT_EQUAL(counted(VISITOR_REVERSED), before + 1);
	end();
}

/* Our end has no port for it. */
static void what_cannot_be_wrapped_is_dropped(void)
{
	begin();
	visit(path_of(ENCAPSULATION_IPIP, true));
	settings.udp_port = 0;
	CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
	                VISITOR_TOO_LONG);
	CU_ASSERT_EQUAL(output_count, 0);
	end();
}

/* Errors from tunnels are test_visit_icmp.c's. */
static void every_reason_came_up(void)
{
	all_came_up(REASONS_OF_PACKETS);
}

static CU_TestInfo tests[] = {
	{ "every kind of tunnel is opened", every_kind_of_tunnel_is_opened },
	{ "a broadcast is delivered in its packet", broadcast_is_delivered_in_its_packet },
	{ "nobody else's tunnel is opened", nobody_elses_tunnel_is_opened },
	{ "two visitors may have one home address", two_visitors_may_have_one_home_address },
	{ "hops are counted behind the tunnel", hops_are_counted_behind_the_tunnel },
	{ "the link takes so much", link_takes_so_much },
	{ "every kind of tunnel is entered", every_kind_of_tunnel_is_entered },
	{ "who has no reverse tunnel is routed", who_has_no_reverse_tunnel_is_routed },
	{ "strangers pass where the link routes", strangers_pass_where_the_link_routes },
	{ "a visitor is known by its link address", visitor_is_known_by_its_link_address },
	{ "hops are counted before the tunnel", hops_are_counted_before_the_tunnel },
	{ "the tunnel takes so much", tunnel_takes_so_much },
	{ "a broken tunnel is told", broken_tunnel_is_told },
	{ "loops end", loops_end },
	{ "what is encapsulated to us goes on", what_is_encapsulated_to_us_goes_on },
	{ "nothing else is encapsulated to us", nothing_else_is_encapsulated_to_us },
	{ "the fence stops everything", fence_stops_everything },
	{ "broken packets are dropped", broken_packets_are_dropped },
	{ "packets of GRE come in order", packets_of_gre_come_in_order },
	{ "keepalives are asked and answered", keepalives_are_asked_and_answered },
	{ "a trial leaves no trace", trial_leaves_no_trace },
	{ "what cannot be wrapped is dropped", what_cannot_be_wrapped_is_dropped },
	{ "every reason came up", every_reason_came_up },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	set_addresses();
	return suite_run("visit_forward", tests);
}
