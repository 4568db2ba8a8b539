/* mobile_world.h - what the tests of mobile.h share: agents by the script, no clock, no socket. */
#ifndef TESTS_UNIT_MOBILE_WORLD_H
#define TESTS_UNIT_MOBILE_WORLD_H

#include "agentd/mobile/mobile.h"
#include "tests/unit/mobile_situation.h"
#include "tests/unit/suite.h"

static struct mip_key_state home_key, signing_key; /* of the node, of who answers */
static struct mobile_settings settings;
static struct mobile mobile;
static uint64_t now_ms;
static uint8_t heard_on;        /* second octet of link addresses: another one is another machine */
static struct mac answers_from; /* whoever was asked last, unless a test says otherwise */

/* What it wanted done. */
static struct {
	struct mobile_plan plan;
	struct mac to;
	uint8_t message[MOBILE_REQUEST_MAX];
	size_t size;
	unsigned sent, placed, announced, announced_before, solicited, keepalives, violated;
	struct violation violation; /* the last one */
	struct mobile_stay stay;
	uint64_t random;
} seen;

static inline bool see_send(void *context, const struct mobile_plan *planned, struct mac to,
                            struct span message)
{
	(void)context;
	seen.plan = *planned;
	seen.to = answers_from = to;
	memcpy(seen.message, message.at, message.size);
	seen.size = message.size;
	seen.sent++;
	seen.announced_before = seen.announced;
	return true;
}

static inline void see_place(void *context, const struct mobile_stay *stay)
{
	(void)context;
	seen.stay = *stay;
	seen.placed++;
}

static inline void see_announce(void *context, struct in_addr home)
{
	(void)context;
	CU_ASSERT(address_equal(home, address("10.0.0.5")));
	seen.announced++;
}

static inline void see_solicit(void *context)
{
	(void)context;
	seen.solicited++;
}

static inline void see_keepalive(void *context, struct in_addr home_agent, uint16_t sequence)
{
	(void)context;
	(void)sequence;
	CU_ASSERT(address_equal(home_agent, address("192.0.2.1")));
	seen.keepalives++;
}

static inline void see_violation(void *context, const struct violation *violation)
{
	(void)context;
	seen.violation = *violation;
	seen.violated++;
}

static inline uint64_t see_random(void *context)
{
	(void)context;
	return seen.random += UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t see_wall(void *context)
{
	(void)context;
	return UINT64_C(1900000000000) + now_ms;
}

static const struct mobile_ops ops = { .send = see_send,
	                               .place = see_place,
	                               .announce = see_announce,
	                               .solicit = see_solicit,
	                               .keepalive = see_keepalive,
	                               .violated = see_violation,
	                               .random = see_random,
	                               .wall_ms = see_wall };

static inline void begin(void)
{
	home_key = signing_key = key_of("mobile-and-home.");
	settings = (struct mobile_settings){
		.node = { .home = address("10.0.0.5"),
		          .home_agent = address("192.0.2.1"),
		          .home_network = { address("10.0.0.0"), 24 },
		          .mobile_home = { HOME_SPI, &home_key } },
		.wishes = { .lifetime_s = 300, .reverse = true },
		.reverse_optional = true,
		.encapsulation_optional = true,
		.keepalive_s = 110,
	};
	memset(&seen, 0, sizeof(seen));
	now_ms = 1000000;
	heard_on = 0;
	mobile_init(&mobile, &settings, &ops);
}

static inline uint64_t step(void)
{
	return mobile_step(&mobile, now_ms);
}

/* Let time pass until `ms` from now, doing what is due. */
static inline void pass(uint64_t ms)
{
	uint64_t until_ms = now_ms + ms;

	for (unsigned i = 0; i < 100000; i++) {
		uint64_t due_ms = step();

		if (due_ms > until_ms)
			break;
		CU_ASSERT_FATAL(due_ms > now_ms || i < 10);
		now_ms = due_ms > now_ms ? due_ms : now_ms;
	}
	now_ms = until_ms;
	step();
}

static inline void have(const char *own)
{
	struct in_addr at = own ? address(own) : (struct in_addr){ 0 };

	mobile_addresses(&mobile, &at, own ? 1 : 0);
	step();
}

static inline void hear_this(struct advertisement *a, const char *source)
{
	const struct mac from = { { 2, heard_on, 0, 0, 0,
		                    (uint8_t)address_host(address(source)) } };

	mobile_advertised(&mobile, a, address(source), from, now_ms);
	step();
}

static inline void make_advertisement(struct advertisement *a, const char *source, uint16_t flags,
                                      uint16_t sequence)
{
	memset(a, 0, sizeof(*a));
	a->lifetime_s = 9;
	a->sequence = sequence;
	a->registration_lifetime_s = 200;
	a->flags = flags;
	a->router_count = 1;
	a->routers[0].address = address(source);
	if (flags & AGENT_FOREIGN) {
		a->care_of_count = 1;
		a->care_of[0] = address(source);
	}
}

static inline void hear_with(const char *source, uint16_t flags, uint16_t sequence,
                             const char *challenge)
{
	static struct advertisement a;

	make_advertisement(&a, source, flags, sequence);
	a.challenge = words(challenge);
	hear_this(&a, source);
}

#define ALL_OFFERS (AGENT_FOREIGN | AGENT_REVERSE_TUNNEL | AGENT_GRE | AGENT_MINIMAL)

static inline void hear(const char *source, uint16_t sequence)
{
	hear_with(source, ALL_OFFERS, sequence, "");
}

static inline void hear_care_of(const char *source, const char *care_of, uint16_t lifetime_s)
{
	static struct advertisement a;

	make_advertisement(&a, source, ALL_OFFERS, 5);
	a.care_of[0] = address(care_of);
	a.lifetime_s = lifetime_s;
	hear_this(&a, source);
}

/* What whoever was asked answers. */
static inline void reply_with(unsigned code, uint16_t lifetime_s, void (*inside)(struct writer *))
{
	uint8_t octets[512];
	struct writer out = writer_over(octets, sizeof(octets));
	const struct mip_reply fixed = { .code = (uint8_t)code,
		                         .lifetime_s = lifetime_s,
		                         .home = seen.plan.fixed.home,
		                         .home_agent = seen.plan.fixed.home_agent,
		                         .identification = seen.plan.fixed.identification };

	mip_reply_encode(&out, &fixed);
	if (inside)
		inside(&out);
	if (mobile_code_is_of_home(code))
		mip_authentication_append(&out, MIP_EXTENSION_MOBILE_HOME, HOME_SPI, &signing_key);
	mobile_received(&mobile, writer_span(&out), seen.plan.destination, answers_from, now_ms);
	step();
}

static inline void reply(unsigned code, uint16_t lifetime_s)
{
	reply_with(code, lifetime_s, NULL);
}

/* Bound by two addresses of its own, one after the other. */
static inline void have_both(void)
{
	begin();
	settings.simultaneous = true;
	have("198.51.100.7");
	reply(0, 200);
	now_ms += 1000;
	have("198.51.101.7");
	reply(0, 300);
	CU_ASSERT_EQUAL(seen.stay.count, 2);
	now_ms += 1000;
}

#endif
