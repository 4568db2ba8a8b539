/* foreign_answered.h - a reply to a relayed request that a foreign agent would send on, with
 * all that is known about it, for tests that spoil one thing or another. */
#ifndef TESTS_UNIT_FOREIGN_ANSWERED_H
#define TESTS_UNIT_FOREIGN_ANSWERED_H

#include <string.h>

#include "tests/unit/foreign_situation.h"

#define NOW_MS UINT64_C(5000)

/* A reply that would be relayed, with what is known about it. */
struct answered {
	uint8_t octets[ROOM];
	struct writer writer;
	struct foreign_reply reply;
	struct foreign_registration pending;
	struct foreign_visitor visitor;
	struct foreign_policy policy;
	struct foreign_reply_facts facts;
	struct mip_key_state mobile_home, mobile_foreign;
};

static inline void read_again(struct answered *a)
{
	struct foreign_reply read;

	CU_ASSERT_EQUAL(a->writer.error, HA_OK);
	CU_ASSERT_EQUAL(foreign_reply_decode(writer_span(&a->writer), &read), HA_OK);
	a->reply.message = read.message;
	a->reply.extensions = read.extensions;
	a->reply.fault = read.fault;
}

static inline void begin_reply(struct answered *a)
{
	a->writer = writer_over(a->octets, sizeof(a->octets));
	mip_reply_encode(&a->writer, &a->reply.fixed);
}

static inline void sign_reply(struct answered *a)
{
	mip_authentication_append(&a->writer, MIP_EXTENSION_MOBILE_HOME, HOME_SPI, &a->mobile_home);
	read_again(a);
}

static inline void add(struct answered *a, const char *octets, size_t size)
{
	put_octets(&a->writer, octets, size);
	read_again(a);
}

#define REPLY_ADD(a, octets) add(a, octets, sizeof(octets) - 1)

static inline void good_reply(struct answered *a)
{
	struct situation s;
	struct foreign_relay plan;

	good(&s);
	plan = foreign_relay_plan(&s.request, &s.facts);
	*a = (struct answered){
		.reply = {
			.fixed = {
				.code = MIP_ACCEPTED,
				.lifetime_s = 300,
				.home = address("10.0.0.1"),
				.home_agent = address("192.0.2.1"),
				.identification = IDENTIFICATION + (UINT64_C(9) << 32),
			},
			.source = address("192.0.2.1"),
			.source_port = MIP_PORT,
		},
		.pending = foreign_registration_of(&s.request, &plan, 0, NOW_MS - 20),
		.policy = s.policy,
		.facts = { .foreign_home = AUTHENTICATION_ABSENT, .now_ms = NOW_MS },
		.mobile_home = s.mobile_home,
		.mobile_foreign = s.mobile_foreign,
	};
	a->facts.policy = &a->policy;
	a->facts.pending = &a->pending;
	begin_reply(a);
	sign_reply(a);
}

static inline void associate(struct answered *a)
{
	a->facts.home_agent_associated = true;
	a->pending.features |= FOREIGN_HAS_SIGNED;
}

static inline void deny(struct answered *a)
{
	a->reply.fixed.code = MIP_ID_MISMATCH;
}

static inline void echo(struct answered *a)
{
	a->pending.features |= FOREIGN_HAS_CHALLENGE;
	a->pending.challenge_size = 4;
	memcpy(a->pending.challenge, "abcd", 4);
	REPLY_ADD(a, "\x84\4abcd");
}

static inline void unwrap(struct answered *a)
{
	begin_reply(a);
	read_again(a);
}

static inline void sign_as_home_agent(struct answered *a, enum authentication outcome)
{
	a->facts.foreign_home = outcome;
	a->facts.home_agent_associated = true;
}

static inline void vendor(struct answered *a)
{
	REPLY_ADD(a, "\x26\0\0\6\0\0\0\1\0\1");
}

static inline void no_revocation(struct answered *a)
{
	a->policy.revocation_required = true;
}

static inline void unsigned_reply(struct answered *a)
{
	associate(a);
}

#define ANSWERED(name, ...)                                                                        \
	static inline void name(struct answered *a)                                                \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

ANSWERED(as_it_is, (void)a)
ANSWERED(signed_reply, associate(a); sign_as_home_agent(a, AUTHENTICATION_VALID))
ANSWERED(leave, a->pending.lifetime_s = 0; a->reply.fixed.lifetime_s = 0;
         a->facts.home_agent_associated = true)

#endif
