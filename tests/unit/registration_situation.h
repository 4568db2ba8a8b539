/* registration_situation.h - a request that would be granted, with all that is
 * known about it, for tests that spoil one thing or another. */
#ifndef TESTS_UNIT_REGISTRATION_SITUATION_H
#define TESTS_UNIT_REGISTRATION_SITUATION_H

#include "agentd/registration/registration.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>

#include "agentd/base/clock.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define WALL_MS UINT64_C(1700000000000) /* in the era of most timestamps here */
#define CLUSTER_MS UINT64_C(1700000000500)
#define TOLERANCE_S 7u
#define LIMIT 3u

/* Where the extensions of a request are: what the mobile node said before its
 * authenticator, that, and what others said behind it. */
#define SAID_BY_NODE 32u
#define AUTHENTICATOR_AT 128u
#define SAID_BEHIND 160u
static const uint8_t request_octets[256] = {
	[AUTHENTICATOR_AT] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};
#define DIGEST UINT64_C(0x0102030405060708)

static inline struct span octets_at(size_t offset, size_t size)
{
	return (struct span){ request_octets + offset, size };
}

/* A request and all that is known about it; what a case starts from is granted. */
struct situation {
	struct registration_request request;
	struct registration_facts facts;
	struct binding bindings[BINDING_LIMIT_MAX];
};

static inline struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_EQUAL(inet_pton(AF_INET, text, &out), 1);
	return out;
}

static inline uint64_t now_ntp(void)
{
	return clock_ntp_of_ms(WALL_MS);
}

static inline void good(struct situation *s)
{
	*s = (struct situation){
		.request = {
			.fixed = {
				.lifetime_s = 300,
				.home = address("10.0.0.1"),
				.home_agent = address("192.0.2.1"),
				.care_of = address("198.51.100.2"),
				.identification = now_ntp(),
			},
			.extensions = {
				.mobile_home = {
					.covered = { request_octets, AUTHENTICATOR_AT },
					.authenticator = { request_octets + AUTHENTICATOR_AT, 16 },
				},
				.mobile_home_count = 1,
			},
			.source = address("198.51.100.2"),
			.source_port = 434,
		},
		.facts = {
			.policy = {
				.home_agent = address("192.0.2.1"),
				.max_lifetime_s = 1800,
				.tolerance_s = TOLERANCE_S,
				.minimal = true,
				.gre = true,
			},
			.node = 17,
			.node_home = address("10.0.0.1"),
			.mobile_home = AUTHENTICATION_VALID,
			.newest_identification = now_ntp() - 1,
			.newest_digest = 99,
			.binding_limit = LIMIT,
			.wall_ms = WALL_MS,
			.cluster_ms = CLUSTER_MS,
		},
	};
}

static inline struct registration_verdict decide(struct situation *s)
{
	s->facts.bindings = s->bindings;
	return registration_decide(&s->request, &s->facts);
}

static inline void add_binding(struct situation *s, const char *care_of, int64_t left_ms)
{
	s->bindings[s->facts.binding_count++] = (struct binding){
		.care_of = address(care_of),
		.granted_s = 300,
		.identification = now_ntp() - 5,
		.expires_ms = left_ms == INT64_MAX ? BINDING_NEVER_EXPIRES
		                                   : (uint64_t)((int64_t)CLUSTER_MS + left_ms),
	};
}

#endif
