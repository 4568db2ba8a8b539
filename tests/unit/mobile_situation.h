/* mobile_situation.h - a mobile node with all that it can have, where it is, and what it
 * wants, for tests that change one thing or another. */
#ifndef TESTS_UNIT_MOBILE_SITUATION_H
#define TESTS_UNIT_MOBILE_SITUATION_H

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <string.h>

#include "agentd/registration/mobile_reply.h"
#include "proto/extension_write.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define IDENTIFICATION UINT64_C(0x1122334455667788)

#define HOME_SPI 1000u
#define FOREIGN_SPI 2000u
#define AAA_SPI 3000u

static inline struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_EQUAL(inet_pton(AF_INET, text, &out), 1);
	return out;
}

static inline struct span words(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static inline struct mip_key_state key_of(const char *secret)
{
	struct mip_key_state key;

	CU_ASSERT_EQUAL(mip_key_state_init(&key, MIP_HMAC_MD5, secret, 16), HA_OK);
	return key;
}

struct situation {
	struct mip_key_state home_key, foreign_key, aaa_key;
	struct mobile_node node;
	struct mobile_attachment at;
	struct mobile_wishes wishes;
	enum mobile_purpose purpose;
	struct mobile_plan plan;
	const char *reason;
	uint8_t octets[MOBILE_REQUEST_MAX];
	size_t size;
	/* of what was written, read again */
	struct mip_request fixed;
	struct mip_extensions extensions;
};

/* Away, with a care-of address of its own. */
static inline void co_located(struct situation *s)
{
	*s = (struct situation){
		.home_key = key_of("mobile-and-home."),
		.foreign_key = key_of("mobile-foreign.."),
		.aaa_key = key_of("mobile-and-aaa.."),
		.node = {
			.home = address("10.0.0.5"),
			.home_agent = address("192.0.2.1"),
			.mobile_home = { .spi = HOME_SPI },
		},
		.at = { .way = MOBILE_CO_LOCATED, .care_of = address("198.51.100.7") },
		.wishes = { .lifetime_s = 300 },
	};
	s->node.mobile_home.key = &s->home_key;
}

/* With one of a foreign agent, which offers all that there is. */
static inline void by_agent(struct situation *s)
{
	co_located(s);
	s->at = (struct mobile_attachment){
		.way = MOBILE_BY_AGENT,
		.care_of = address("198.51.100.2"),
		.agent = address("198.51.100.1"),
		.offers = AGENT_FOREIGN | AGENT_MINIMAL | AGENT_GRE | AGENT_REVERSE_TUNNEL,
		.agent_lifetime_s = 600,
	};
}

static inline void at_home(struct situation *s)
{
	co_located(s);
	s->at = (struct mobile_attachment){ .way = MOBILE_AT_HOME };
	s->purpose = MOBILE_UNBIND_ALL;
}

static inline enum ha_error plan(struct situation *s)
{
	return mobile_plan(&s->node, &s->at, &s->wishes, s->purpose, &s->plan, &s->reason);
}

/* Plan it, write it, and read what was written. */
static inline void ask(struct situation *s)
{
	struct writer out = writer_over(s->octets, sizeof(s->octets));
	struct reader in;

	CU_ASSERT_EQUAL(plan(s), HA_OK);
	CU_ASSERT_STRING_EQUAL(s->reason, "");
	mobile_request_write(&s->plan, IDENTIFICATION, &out);
	s->plan.fixed.identification = IDENTIFICATION;
	CU_ASSERT_EQUAL_FATAL(out.error, HA_OK);
	s->size = writer_used(&out);
	in = reader_over(s->octets, s->size);
	CU_ASSERT_EQUAL(mip_request_decode(&in, &s->fixed), HA_OK);
	CU_ASSERT_EQUAL(
		mip_extensions_decode((struct span){ s->octets, s->size }, &in, &s->extensions),
		HA_OK);
	CU_ASSERT(s->fixed.identification == IDENTIFICATION);
}

#endif
