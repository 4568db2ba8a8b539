/* fuzz_mobile.c - a mobile node among agents that say whatever they like, a home agent that
 * answers now and then, and time that passes. What it asks for is sound, signed, and never
 * asked twice within a second; what it is bound to is what its home agent signed, whatever
 * others say; and it comes to rest.
 *
 * The input is a script: an octet says what happens, those behind it how. */
#include <stdlib.h>
#include <string.h>

#include "agentd/mobile/mobile.h"
#include "proto/extension_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPI 1000u
#define AGENTS 5u
#define ASKED_MAX 64u
#define SECOND_MS 1000u
#define STEPS_MAX 50u /* without time going on */
#define HOME 0x0a000005u
#define HOME_AGENT 0xc0000201u

static struct mip_key_state key, strange_key;
static struct mobile_settings settings;
static struct mobile mobile;
static uint64_t now_ms, sent_ms;
static struct mobile_plan asked;
static bool any_asked;
static struct in_addr granted[ASKED_MAX]; /* care-of addresses, by the home agent's signature */
static size_t granted_count;
static bool elsewhere; /* the home agent has signed that there is another one */

static void require(bool condition)
{
	if (!condition)
		abort();
}

static struct in_addr at(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

static bool is_granted(struct in_addr care_of)
{
	for (size_t i = 0; i < granted_count; i++)
		if (address_equal(granted[i], care_of))
			return true;
	return false;
}

/* ---- what it wants done ---- */

static void check_request(struct span message)
{
	struct reader in = reader_over(message.at, message.size);
	struct mip_extensions found;
	struct mip_request fixed;

	require(mip_request_decode(&in, &fixed) == HA_OK);
	require(mip_extensions_decode(message, &in, &found) == HA_OK);
	require(address_equal(fixed.home, at(HOME)) && found.mobile_home_count == 1);
	require(mip_authenticator_verify(&key, found.mobile_home.covered,
	                                 found.mobile_home.authenticator));
}

static bool take_request(void *context, const struct mobile_plan *plan, struct mac to,
                         struct span message)
{
	(void)context;
	(void)to;
	require(!any_asked || now_ms - sent_ms >= SECOND_MS);
	check_request(message);
	sent_ms = now_ms;
	asked = *plan;
	any_asked = true;
	return true;
}

static void take_place(void *context, const struct mobile_stay *stay)
{
	(void)context;
	require(address_equal(stay->home, at(HOME)));
	require(elsewhere || address_equal(stay->home_agent, at(HOME_AGENT)));
	require(stay->count <= MOBILE_BINDINGS_MAX);
	for (size_t i = 0; i < stay->count; i++)
		require(is_granted(stay->care_of[i]));
	if (stay->attached && stay->bound && stay->way != MOBILE_AT_HOME)
		require(stay->count > 0);
}

static void take_announcement(void *context, struct in_addr home)
{
	(void)context;
	require(address_equal(home, at(HOME)));
}

static void take_solicitation(void *context)
{
	(void)context;
}

static void take_keepalive(void *context, struct in_addr home_agent, uint16_t sequence)
{
	(void)context;
	(void)sequence;
	require(home_agent.s_addr != 0 && mobile.stay.bound);
}

static void take_violation(void *context, const struct violation *seen)
{
	(void)context;
	require(seen->reason != VIOLATION_NONE && seen->last_ms == now_ms);
}

static uint64_t tell_random(void *context)
{
	static uint64_t random;

	(void)context;
	return random += UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t tell_wall(void *context)
{
	(void)context;
	return UINT64_C(1900000000000) + now_ms;
}

static const struct mobile_ops ops = { .send = take_request,
	                               .place = take_place,
	                               .announce = take_announcement,
	                               .solicit = take_solicitation,
	                               .keepalive = take_keepalive,
	                               .violated = take_violation,
	                               .random = tell_random,
	                               .wall_ms = tell_wall };

/* ---- what happens ---- */

static struct in_addr agent_of(uint8_t order)
{
	return at(order % AGENTS == 0 ? HOME_AGENT : 0xcb007100u + order % AGENTS);
}

/* Each agent has two. */
static struct mac link_of(uint8_t who, uint8_t from)
{
	return (struct mac){ { 2, 0, 0, 0, from & 1, (uint8_t)(who % AGENTS) } };
}

static void advertise(struct reader *in)
{
	static struct advertisement a;
	uint8_t who = get_u8(in), from = get_u8(in), what = get_u8(in);
	struct in_addr source = agent_of(who);
	struct mac link = link_of(who, from);

	memset(&a, 0, sizeof(a));
	a.sequence = get_u8(in);
	a.lifetime_s = (uint16_t)(what & 7u) * 3u;
	a.registration_lifetime_s = (uint16_t)(get_u8(in) * 16u);
	a.flags = get_u16(in) & AGENT_FLAGS_KNOWN;
	a.router_count = 1;
	a.routers[0].address = source;
	a.has_prefix_lengths = what & 8;
	a.routers[0].prefix_length = what & 16 ? 24 : 30;
	a.care_of_count = what >> 6;
	for (size_t i = 0; i < a.care_of_count; i++)
		a.care_of[i] = what & 32 ? at(0xcb007200u + get_u8(in)) : source;
	if (from & 2) {
		a.challenge.at = in->at;
		a.challenge.size = reader_left(in) < 16 ? reader_left(in) : 16;
	}
	if (from & 4)
		mobile_reminded(&mobile, &a, source, link, now_ms);
	else
		mobile_advertised(&mobile, &a, source, link, now_ms);
}

/* As octets come: nothing of it can be signed. */
static void answer_anything(struct reader *in)
{
	size_t size = get_u8(in);

	if (size > reader_left(in))
		size = reader_left(in);
	mobile_received(&mobile, (struct span){ in->at, size }, agent_of(get_u8(in)),
	                link_of(get_u8(in), 0), now_ms);
}

static void note_signed(const struct mip_reply *fixed, bool is_asked)
{
	if (!is_asked || fixed->code > 1) {
		elsewhere = elsewhere || is_asked;
		return;
	}
	if (!address_equal(fixed->home_agent, at(HOME_AGENT)))
		elsewhere = true;
	if (granted_count < ASKED_MAX && !is_granted(asked.fixed.care_of))
		granted[granted_count++] = asked.fixed.care_of;
}

/* By the home agent, by a foreign agent without a signature, or by who would be the former. */
static void answer(struct reader *in)
{
	uint8_t octets[512], how = get_u8(in), code = get_u8(in);
	struct writer out = writer_over(octets, sizeof(octets));
	struct mip_reply fixed = { .code = how & 1 ? code & 1 : code,
		                   .lifetime_s = (uint16_t)(get_u8(in) * 4u),
		                   .home = asked.fixed.home,
		                   .home_agent = how & 2 ? agent_of(get_u8(in)) : at(HOME_AGENT),
		                   .identification = asked.fixed.identification };
	bool is_asked = (how & 12) != 12;

	if (!is_asked)
		fixed.identification ^= get_u8(in);
	mip_reply_encode(&out, &fixed);
	if (how & 16)
		mip_challenge_append(
			&out, (struct span){ in->at, reader_left(in) < 9 ? reader_left(in) : 9 });
	if (how & 32)
		mip_authentication_append(&out, MIP_EXTENSION_MOBILE_HOME, SPI,
		                          how & 64 ? &strange_key : &key);
	if (out.error != HA_OK || !any_asked)
		return;
	if ((how & 96) == 32)
		note_signed(&fixed, true);
	mobile_received(&mobile, writer_span(&out), agent_of(how), link_of(how, how >> 7), now_ms);
}

static void move_addresses(struct reader *in)
{
	uint8_t what = get_u8(in);
	const struct in_addr own[2] = { at(what & 4 ? 0x0a000009 : 0xc6336407), at(0xc6336408) };

	mobile_addresses(&mobile, own, what % 3);
}

static void step(void)
{
	for (unsigned i = 0; mobile_step(&mobile, now_ms) <= now_ms; i++)
		require(i < STEPS_MAX);
}

static void pass(uint64_t ms)
{
	uint64_t until_ms = now_ms + ms;

	for (unsigned i = 0; i < STEPS_MAX; i++) {
		uint64_t due_ms = mobile_step(&mobile, now_ms);

		if (due_ms > until_ms)
			break;
		now_ms = due_ms > now_ms ? due_ms : now_ms;
	}
	now_ms = until_ms;
	step();
}

static void happen(struct reader *in)
{
	switch (get_u8(in) % 8) {
	case 0:
	case 1:
		advertise(in);
		break;
	case 2:
	case 3:
		answer(in);
		break;
	case 4:
		answer_anything(in);
		break;
	case 5:
		pass(get_u8(in) * UINT64_C(64));
		break;
	case 6:
		move_addresses(in);
		break;
	default:
		switch (get_u8(in) % 5) {
		case 0:
			mobile_link_changed(&mobile);
			break;
		case 1:
			mobile_keepalive_answered(&mobile);
			break;
		case 2:
			pass(600000);
			break;
		case 3:
			mobile_enable(&mobile, get_u8(in) & 1);
			break;
		default:
			mobile_end(&mobile);
		}
	}
	step();
}

static void begin(struct reader *in)
{
	uint8_t wishes = get_u8(in), more = get_u8(in);

	require(mip_key_state_init(&key, MIP_HMAC_MD5, "mobile-and-home.", 16) == HA_OK);
	require(mip_key_state_init(&strange_key, MIP_HMAC_MD5, "somebody-strange", 16) == HA_OK);
	settings = (struct mobile_settings){
		.node = { .home = at(HOME),
		          .home_agent = at(HOME_AGENT),
		          .home_network = { at(0x0a000000), 24 },
		          .mobile_home = { SPI, &key } },
		.wishes = { .lifetime_s = (uint16_t)(10u + (more & 3u) * 100u),
		            .encapsulation = wishes % 3,
		            .udp = more >> 2 & 1,
		            .reverse = wishes & 8,
		            .encapsulating = (wishes & 24) == 24,
		            .broadcasts = wishes & 32 },
		.foreign = { wishes & 64 ? SPI + 1 : 0, wishes & 64 ? &key : NULL },
		.choice = (enum mobile_choice)((more >> 3 & 3) % 3),
		.nonces = more & 32,
		.reverse_optional = more & 64,
		.encapsulation_optional = more & 128,
		.simultaneous = wishes & 128,
		.eager = more & 4,
		.keepalive_s = 110,
	};
	now_ms = 1000000;
	any_asked = elsewhere = false;
	granted_count = 0;
	mobile_init(&mobile, &settings, &ops);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);

	begin(&in);
	while (in.error == HA_OK && reader_left(&in) > 0)
		happen(&in);
	pass(1000);
	return 0;
}
