/* visit_world.h - a foreign agent's data path without a network: one visitor, two links, and
 * what comes out. For one test file each.
 *
 * May include: agentd/dataplane/visit_forward.h, proto, tests/unit. */
#ifndef TESTS_UNIT_VISIT_WORLD_H
#define TESTS_UNIT_VISIT_WORLD_H

#include "agentd/dataplane/visit_forward.h"

#include <stdlib.h>
#include <string.h>

#include "proto/icmp4.h"
#include "tests/unit/packets.h"
#include "tests/unit/suite.h"

#define LINK 7u
#define OTHER_LINK 8u
#define UPLINK 9u
#define LINK_MTU 1400u
#define OUTPUTS 8u
#define UDP_PORT 434u
#define S UINT64_C(1000000000)

static const uint8_t mac[] = { 2, 0, 0, 0, 0, 7 }, other_mac[] = { 2, 0, 0, 0, 0, 8 };
static struct in_addr home, agent, care_of, link_address, correspondent;
static struct in_addr own[3];
static struct visit_forward_link links[2];
static struct visit_forward_settings settings;
static struct visit_table *table;
static struct soft *soft;
static struct visit_forward_buffers buffers;
static struct visit_forward_context context;
static bool allowed;
static uint64_t ever; /* VISITOR_BIT of all that happened in any test */

static struct {
	struct visit_forward_output facts;
	struct octets packet;
} outputs[OUTPUTS];
static unsigned output_count, note_count;

static inline bool may_forward(void *unused)
{
	(void)unused;
	return allowed;
}

static inline void take_output(void *unused, const struct visit_forward_output *output)
{
	(void)unused;
	if (output_count == OUTPUTS)
		abort();
	outputs[output_count].facts = *output;
	outputs[output_count++].packet = octets_copy(output->packet.at, output->packet.size);
}

static inline void take_note(void *unused, const char *sentence)
{
	(void)unused;
	note_count++;
	CU_ASSERT_TRUE(*sentence && sentence[strlen(sentence) - 1] != '.');
}

static inline void forget(void)
{
	while (output_count)
		free(outputs[--output_count].packet.at);
	note_count = 0;
}

static inline struct visit_path path_of(uint8_t encapsulation, bool udp)
{
	struct visit_path path = { .home = home,
		                   .home_agent = agent,
		                   .care_of = care_of,
		                   .encapsulation = encapsulation,
		                   .udp = udp,
		                   .udp_port = UDP_PORT,
		                   .reverse = true,
		                   .since_ms = 2,
		                   .interface = LINK };

	memcpy(path.link, mac, sizeof(mac));
	return path;
}

/* Before the first test. */
static inline void set_addresses(void)
{
	home = address4(10, 64, 0, 7);
	agent = address4(198, 51, 100, 1);
	care_of = address4(198, 51, 100, 2);
	link_address = address4(192, 0, 2, 1);
	correspondent = address4(203, 0, 113, 9);
}

static inline void begin(void)
{
	own[0] = care_of;
	own[1] = link_address;
	own[2] = address4(198, 51, 100, 3);
	links[0] = (struct visit_forward_link){ LINK, link_address, LINK_MTU, false, { 0 } };
	links[1] = (struct visit_forward_link){
		OTHER_LINK, link_address, 0, true, { 1, { { address4(192, 0, 2, 0), 24 } } }
	};
	settings = visit_forward_settings_default();
	settings.care_of = &care_of;
	settings.care_of_count = 1;
	settings.own = own;
	settings.own_count = 3;
	settings.links = links;
	settings.link_count = 2;
	memset(settings.nonce, 0x5a, sizeof(settings.nonce));
	table = visit_table_new(10);
	soft = soft_new((struct soft_size){
		.exits = 8, .sent = 16, .errors_per_s = 1, .errors_burst = 2, .first_id = 1 });
	CU_ASSERT_TRUE_FATAL(table && soft);
	context = (struct visit_forward_context){
		.settings = &settings,
		.table = table,
		.soft = soft,
		.buffers = &buffers,
		.now_ns = 1000 * S,
		.may_forward = may_forward,
		.emit = take_output,
		.note = take_note,
	};
	allowed = true;
}

static inline void end(void)
{
	forget();
	visit_table_free(table);
	soft_free(soft);
}

static inline void visit(struct visit_path path)
{
	CU_ASSERT_EQUAL_FATAL(visit_table_put(table, &path, context.now_ns), HA_OK);
}

static inline struct ip4 header(struct in_addr from, struct in_addr to)
{
	struct ip4 ip = plain_header();

	ip.source = from;
	ip.destination = to;
	return ip;
}

static inline struct tunnel_end home_end(uint8_t encapsulation, bool udp)
{
	return (struct tunnel_end){ .local = agent,
		                    .remote = care_of,
		                    .local_port = UDP_PORT,
		                    .remote_port = UDP_PORT,
		                    .encapsulation = encapsulation,
		                    .udp = udp };
}

static inline struct octets wrap(const struct tunnel_end *ends, struct octets inner)
{
	static uint8_t room[IP4_TOTAL_MAX];
	struct writer out = writer_over(room, sizeof(room));
	const struct tunnel_outer outer = { .ttl = 64, .id = 77 };

	CU_ASSERT_EQUAL_FATAL(tunnel_wrap(ends, &outer, span_of(inner), &out), HA_OK);
	return octets_copy(room, writer_used(&out));
}

static inline enum visitor_reason note_verdict(struct visit_forward_verdict verdict)
{
	ever |= verdict.happened;
	CU_ASSERT_EQUAL(verdict.outputs, output_count);
	CU_ASSERT_TRUE((verdict.happened & VISITOR_BIT(verdict.reason)) != 0);
	CU_ASSERT_NOT_EQUAL(visitor_reason_info(verdict.reason)->fate, PACKET_EVENT);
	return verdict.reason;
}

/* Both give the packet back. */
static inline enum visitor_reason tunnelled(struct octets packet, unsigned interface)
{
	enum visitor_reason reason;

	forget();
	reason = note_verdict(visit_forward_from_tunnel(&context, span_of(packet), interface));
	free(packet.at);
	return reason;
}

static inline enum visitor_reason linked(struct octets packet, unsigned interface,
                                         const uint8_t *link)
{
	enum visitor_reason reason;

	forget();
	reason = note_verdict(visit_forward_from_link(&context, span_of(packet), interface, link));
	free(packet.at);
	return reason;
}

static inline enum visitor_reason from_home(const struct tunnel_end *ends, struct ip4 ip,
                                            size_t payload)
{
	struct octets inner = packet_of(ip, payload), packet = wrap(ends, inner);

	free(inner.at);
	return tunnelled(packet, UPLINK);
}

static inline bool is_delivered(unsigned at, const struct octets *expected)
{
	const struct visit_forward_output *facts = &outputs[at].facts;

	return at < output_count && facts->kind == VISIT_FORWARD_LINK && facts->interface == LINK &&
	       memcmp(facts->link, mac, sizeof(mac)) == 0 &&
	       outputs[at].packet.size == expected->size &&
	       memcmp(outputs[at].packet.at, expected->at, expected->size) == 0;
}

/* What comes out of the output is what the visitor sent, with a hop less. */
static inline bool is_reversed(unsigned at, const struct visit_path *path, struct octets expected)
{
	static uint8_t room[IP4_TOTAL_MAX];
	struct writer scratch = writer_over(room, sizeof(room));
	const struct tunnel_end ends = { .local = path->home_agent,
		                         .remote = path->care_of,
		                         .local_port = path->udp ? path->udp_port : 0,
		                         .remote_port = path->udp ? UDP_PORT : 0,
		                         .encapsulation = path->encapsulation,
		                         .udp = path->udp };
	struct tunnel_unwrapped unwrapped;
	bool same = at < output_count && outputs[at].facts.kind == VISIT_FORWARD_OUTER &&
	            address_equal(outputs[at].facts.endpoint, path->home_agent) &&
	            tunnel_unwrap(span_of(outputs[at].packet), &scratch, &unwrapped) == HA_OK &&
	            tunnel_matches(&ends, &unwrapped) && unwrapped.inner.size == expected.size &&
	            memcmp(unwrapped.inner.at, expected.at, expected.size) == 0;

	free(expected.at);
	return same;
}

/* The reasons of ICMP errors, which have a test of their own. */
#define REASON_BIT(id, name, fate, help, sentence) | VISITOR_BIT(VISITOR_##id)
#define REASONS_OF_ERRORS                                                                          \
	(UINT64_C(0) VISITOR_REASONS_ERROR(REASON_BIT) PACKET_REASONS_ERROR(REASON_BIT))
#define REASONS_OF_PACKETS ((UINT64_C(0) VISITOR_REASONS(REASON_BIT)) & ~REASONS_OF_ERRORS)

/* The last test of each: every one of `reasons` came up. */
static inline void all_came_up(uint64_t reasons)
{
	CU_ASSERT_EQUAL(reasons & ~ever, 0);
	CU_ASSERT_EQUAL(ever >> VISITOR_REASON_COUNT, 0);
}

/* An ICMP error of that type and code, to that address, from one of ours. */
static inline bool is_error(unsigned at, enum visit_forward_output_kind kind, struct in_addr from,
                            struct in_addr to, uint8_t type, uint8_t code, uint16_t mtu)
{
	struct span packet = span_of(outputs[at].packet);
	struct ip4 ip;
	struct icmp4 icmp;

	return at < output_count && outputs[at].facts.kind == kind &&
	       ip4_read(packet, &ip) == HA_OK && address_equal(ip.source, from) &&
	       address_equal(ip.destination, to) &&
	       icmp4_read(ip4_payload(packet, &ip), &icmp) == HA_OK && icmp.type == type &&
	       icmp.code == code && icmp.mtu == mtu;
}

static inline uint64_t counted(enum visitor_reason reason)
{
	return counter_read(&visitor_counters, reason);
}

/* From the visitor, encapsulated to that address of ours. */
static inline enum visitor_reason delivered(struct in_addr to, struct ip4 ip, uint8_t encapsulation,
                                            unsigned interface)
{
	const struct tunnel_end ends = { .local = home,
		                         .remote = to,
		                         .encapsulation = encapsulation };
	struct octets inner = packet_of(ip, 60), packet = wrap(&ends, inner);

	free(inner.at);
	return tunnelled(packet, interface);
}

#endif
