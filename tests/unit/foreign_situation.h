/* foreign_situation.h - a request that a foreign agent would relay, with all that is known
 * about it, for tests that spoil one thing or another. */
#ifndef TESTS_UNIT_FOREIGN_SITUATION_H
#define TESTS_UNIT_FOREIGN_SITUATION_H

#include <CUnit/CUnit.h>
#include <arpa/inet.h>

#include "agentd/registration/foreign_reply.h"
#include "proto/extension_write.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define ROOM 1024u
#define IDENTIFICATION UINT64_C(0x1122334455667788)

#define MOBILE_SPI 1000u
#define FOREIGN_SPI 2000u
#define HOME_SPI 3000u

static inline struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_EQUAL(inet_pton(AF_INET, text, &out), 1);
	return out;
}

static inline struct mip_key_state key_of(const char *secret)
{
	struct mip_key_state key;

	CU_ASSERT_EQUAL(mip_key_state_init(&key, MIP_HMAC_MD5, secret, 16), HA_OK);
	return key;
}

/* A datagram that grows, and its decoded form. */
struct situation {
	uint8_t octets[ROOM];
	struct writer writer;
	struct foreign_request request;
	struct foreign_policy policy;
	struct foreign_facts facts;
	struct mip_key_state mobile_home, mobile_foreign, foreign_home;
};

/* Read the extensions again; fields that a test has changed stay. */
static inline void look_again(struct situation *s)
{
	struct foreign_request read;

	CU_ASSERT_EQUAL(s->writer.error, HA_OK);
	CU_ASSERT_EQUAL(foreign_request_decode(writer_span(&s->writer), &read), HA_OK);
	s->request.message = read.message;
	s->request.extensions = read.extensions;
	s->request.fault = read.fault;
}

/* The same with a new beginning: nothing but the fixed part. */
static inline void begin_request(struct situation *s)
{
	s->writer = writer_over(s->octets, sizeof(s->octets));
	mip_request_encode(&s->writer, &s->request.fixed);
}

static inline void sign(struct situation *s, uint8_t type)
{
	const struct mip_key_state *key = type == MIP_EXTENSION_MOBILE_HOME ? &s->mobile_home
	                                                                    : &s->mobile_foreign;

	mip_authentication_append(&s->writer, type,
	                          type == MIP_EXTENSION_MOBILE_HOME ? HOME_SPI : MOBILE_SPI, key);
}

static inline void add_octets(struct situation *s, const char *octets, size_t size)
{
	put_octets(&s->writer, octets, size);
	look_again(s);
}

#define ADD(s, octets) add_octets(s, octets, sizeof(octets) - 1)

static inline void good(struct situation *s)
{
	*s = (struct situation){
		.request = {
			.fixed = {
				.lifetime_s = 300,
				.home = address("10.0.0.1"),
				.home_agent = address("192.0.2.1"),
				.care_of = address("198.51.100.2"),
				.identification = IDENTIFICATION,
			},
			.source = address("10.0.0.1"),
			.destination = address("198.51.100.9"),
			.source_port = 2345,
			.ttl = FOREIGN_TTL,
			.interface = 3,
			.link = { 2, 0, 0, 0, 0, 7 },
		},
		.policy = {
			.offers = AGENT_FOREIGN | AGENT_MINIMAL |
			          AGENT_GRE | AGENT_REVERSE_TUNNEL,
			.care_of = { address("198.51.100.1"), address("198.51.100.2") },
			.care_of_count = 2,
			.max_lifetime_s = 1800,
		},
		.facts = { .mobile_foreign = AUTHENTICATION_ABSENT },
		.mobile_home = key_of("mobile-and-home."),
		.mobile_foreign = key_of("mobile-foreign.."),
		.foreign_home = key_of("foreign-and-home"),
	};
	s->facts.policy = &s->policy;
	begin_request(s);
	sign(s, MIP_EXTENSION_MOBILE_HOME);
	look_again(s);
}

#endif
