/* test_registration.c - the verdict on a request: who is told of what, which
 * identifications are new, retransmissions, and what is granted. */
#include "tests/unit/registration_situation.h"
#include "tests/unit/suite.h"

/* ---- a failed authenticator: who may be told ---- */

static const struct failure {
	enum authentication mobile_home;
	enum registration_violation violation;
} failures[] = {
	{ AUTHENTICATION_WRONG, VIOLATION_BAD_AUTHENTICATOR },
	{ AUTHENTICATION_NO_ASSOCIATION, VIOLATION_BAD_SPI }, /* of a node that has another */
};

static void check_told(const struct failure *failure)
{
	static const struct {
		bool associated, willing;
		enum authentication foreign_home;
		enum mip_code code;
	} rows[] = {
		{ false, false, AUTHENTICATION_ABSENT, MIP_SILENCE },
		{ false, true, AUTHENTICATION_ABSENT, MIP_MN_AUTH_FAILED },
		{ false, true, AUTHENTICATION_NO_ASSOCIATION, MIP_MN_AUTH_FAILED },
		{ true, false, AUTHENTICATION_VALID, MIP_MN_AUTH_FAILED },
		{ true, true, AUTHENTICATION_VALID, MIP_MN_AUTH_FAILED },
		{ true, true, AUTHENTICATION_ABSENT, MIP_SILENCE },
		{ true, true, AUTHENTICATION_WRONG, MIP_SILENCE },
		{ true, false, AUTHENTICATION_WRONG, MIP_SILENCE },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		s.facts.mobile_home = failure->mobile_home;
		s.facts.foreign_agent_associated = rows[i].associated;
		s.facts.foreign_home = rows[i].foreign_home;
		s.facts.policy.reply_to_failed_authentication = rows[i].willing;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		CU_ASSERT_EQUAL(verdict.violation, failure->violation);
		CU_ASSERT_EQUAL(verdict.effect, REGISTRATION_NONE);
	}
}

static void failed_authentication_is_told_to_whom_it_may(void)
{
	for (size_t i = 0; i < ROWS(failures); i++)
		check_told(&failures[i]);
}

static void foreign_agents_authenticate_registrations(void)
{
	static const struct {
		enum authentication foreign_home;
		uint16_t lifetime_s;
		enum mip_code code;
	} rows[] = {
		{ AUTHENTICATION_VALID, 300, MIP_ACCEPTED },
		{ AUTHENTICATION_ABSENT, 300, MIP_FA_AUTH_FAILED },
		{ AUTHENTICATION_NO_ASSOCIATION, 300, MIP_FA_AUTH_FAILED },
		{ AUTHENTICATION_WRONG, 300, MIP_FA_AUTH_FAILED },
		{ AUTHENTICATION_ABSENT, 0, MIP_ACCEPTED },
		{ AUTHENTICATION_WRONG, 0, MIP_ACCEPTED },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;

		good(&s);
		s.facts.foreign_agent_associated = true;
		s.facts.foreign_home = rows[i].foreign_home;
		s.request.extensions.foreign_home_count = rows[i].foreign_home !=
		                                          AUTHENTICATION_ABSENT;
		s.request.fixed.lifetime_s = rows[i].lifetime_s;
		CU_ASSERT_EQUAL(decide(&s).code, rows[i].code);
	}
}

/* ---- identification ---- */

static void window_has_two_edges(void)
{
	static const struct {
		int64_t offset_ms;
		enum mip_code code;
	} rows[] = {
		{ 0, MIP_ACCEPTED },        { 7000, MIP_ACCEPTED },       { -6999, MIP_ACCEPTED },
		{ 7002, MIP_ID_MISMATCH },  { -7002, MIP_ID_MISMATCH },   { 8000, MIP_ID_MISMATCH },
		{ -8000, MIP_ID_MISMATCH }, { 3600000, MIP_ID_MISMATCH },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;
		uint64_t sent = clock_ntp_of_ms((uint64_t)((int64_t)WALL_MS + rows[i].offset_ms));

		good(&s);
		s.facts.newest_identification = 0;
		s.request.fixed.identification = sent;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		if (rows[i].code == MIP_ID_MISMATCH)
			CU_ASSERT_EQUAL(verdict.identification,
			                (now_ntp() >> 32 << 32) | (uint32_t)sent);
	}
}

static void identification_must_be_newer(void)
{
	static const struct {
		int64_t newest; /* relative to the request's */
		uint64_t digest;
		enum mip_code code;
		bool repeated;
	} rows[] = {
		{ -1, DIGEST, MIP_ACCEPTED, false },
		{ 1, DIGEST, MIP_ID_MISMATCH, false },
		{ 0, DIGEST + 1, MIP_ID_MISMATCH, false }, /* the same with other content */
		{ 0, DIGEST, MIP_ACCEPTED, true },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		add_binding(&s, "198.51.100.2", 200000);
		s.bindings[0].identification = s.request.fixed.identification;
		s.facts.newest_identification = (uint64_t)((int64_t)s.request.fixed.identification +
		                                           rows[i].newest);
		s.facts.newest_digest = rows[i].digest;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		CU_ASSERT_EQUAL(verdict.repeated, rows[i].repeated);
	}
}

/* The seconds of NTP begin again at zero in February 2036. */
static void identification_goes_on_in_the_next_era(void)
{
	static const struct {
		uint64_t newest;
		enum mip_code code;
	} rows[] = {
		{ UINT64_C(0xfffffffd00000000), MIP_ACCEPTED },
		{ UINT64_C(0x00000001ffffffff), MIP_ACCEPTED },
		{ UINT64_C(0x0000000200000001), MIP_ID_MISMATCH },
		{ 0, MIP_ACCEPTED },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;

		good(&s);
		s.facts.wall_ms = UINT64_C(2085978496000) + 1000; /* a second after it */
		s.request.fixed.identification = UINT64_C(0x0000000200000000);
		s.facts.newest_identification = rows[i].newest;
		CU_ASSERT_EQUAL(decide(&s).code, rows[i].code);
	}
}

/* ---- retransmissions ---- */

static void retransmitted(struct situation *s)
{
	s->facts.newest_identification = s->request.fixed.identification;
	s->facts.newest_digest = DIGEST;
}

/* A lifetime of zero would read as a deregistration. */
static void the_last_second_has_ended(void)
{
	static const int64_t left_ms[] = { 999, 1 };

	for (size_t i = 0; i < ROWS(left_ms); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		retransmitted(&s);
		add_binding(&s, "198.51.100.2", left_ms[i]);
		s.bindings[0].identification = s.request.fixed.identification;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ID_MISMATCH);
		CU_ASSERT_FALSE(verdict.repeated);
		CU_ASSERT_EQUAL(verdict.effect, REGISTRATION_NONE);
	}
}

static void retransmission_grants_what_is_left(void)
{
	static const struct {
		int64_t left_ms;
		uint16_t lifetime_s;
	} rows[] = {
		{ 300000, 300 },
		{ 299999, 299 },
		{ 298000, 298 },
		{ 1000, 1 },
		{ INT64_MAX, LIFETIME_INFINITE },
		{ 301500, 300 }, /* another thread's clock reading: never more than granted */
		{ 70000000, 300 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		retransmitted(&s);
		add_binding(&s, "198.51.100.8", 5000);
		add_binding(&s, "198.51.100.2", rows[i].left_ms);
		s.bindings[1].identification = s.request.fixed.identification;
		s.facts.no_resources = true; /* needs none */
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ACCEPTED);
		CU_ASSERT_EQUAL(verdict.effect, REGISTRATION_NONE);
		CU_ASSERT_TRUE(verdict.repeated);
		CU_ASSERT_EQUAL(verdict.identification, s.request.fixed.identification);
		CU_ASSERT_EQUAL(verdict.lifetime_s, rows[i].lifetime_s);
	}
}

static void retransmission_after_the_end_is_old(void)
{
	static const int64_t left_ms[] = { 0, -1, -100000 };

	for (size_t i = 0; i <= ROWS(left_ms); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		retransmitted(&s);
		if (i < ROWS(left_ms)) { /* else it is gone altogether */
			add_binding(&s, "198.51.100.2", left_ms[i]);
			s.bindings[0].identification = s.request.fixed.identification;
		}
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ID_MISMATCH);
		CU_ASSERT_EQUAL(verdict.effect, REGISTRATION_NONE);
		CU_ASSERT_FALSE(verdict.repeated);
	}
}

static void retransmitted_deregistration_is_confirmed(void)
{
	static const char *const care_of[] = { "10.0.0.1", "198.51.100.2" };

	for (size_t i = 0; i < ROWS(care_of); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		retransmitted(&s);
		add_binding(&s, "198.51.100.8", 5000);
		s.request.fixed.lifetime_s = 0;
		s.request.fixed.care_of = address(care_of[i]);
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ACCEPTED);
		CU_ASSERT_EQUAL(verdict.effect, REGISTRATION_NONE);
		CU_ASSERT_TRUE(verdict.repeated);
		CU_ASSERT_EQUAL(verdict.lifetime_s, 0);
	}
}

/* ---- what is granted ---- */

static void lifetime_is_what_is_asked_up_to_the_limit(void)
{
	static const struct {
		uint16_t asked_s, max_s, granted_s;
	} rows[] = {
		{ 1, 1800, 1 },
		{ 1799, 1800, 1799 },
		{ 1800, 1800, 1800 },
		{ 1801, 1800, 1800 },
		{ 0xfffe, 1800, 1800 },
		{ 0xffff, 1800, 1800 },
		{ 0xffff, 1, 1 },
		{ 0xfffe, 0xffff, 0xfffe },
		{ 0xffff, 0xffff, 0xffff },
		{ 0xffff, 0xfffe, 0xfffe },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;
		struct binding binding;

		good(&s);
		s.request.fixed.lifetime_s = rows[i].asked_s;
		s.facts.policy.max_lifetime_s = rows[i].max_s;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ACCEPTED);
		CU_ASSERT_EQUAL(verdict.effect, REGISTRATION_BIND);
		CU_ASSERT_EQUAL(verdict.lifetime_s, rows[i].granted_s);
		binding = registration_binding(&s.request, &verdict, &s.facts.policy, CLUSTER_MS);
		CU_ASSERT_EQUAL(binding.expires_ms,
		                rows[i].granted_s == LIFETIME_INFINITE
		                        ? BINDING_NEVER_EXPIRES
		                        : CLUSTER_MS + rows[i].granted_s * 1000u);
	}
}

static void deregistration_is_of_one_or_all(void)
{
	static const struct {
		const char *care_of;
		enum registration_effect effect;
	} rows[] = {
		{ "10.0.0.1", REGISTRATION_UNBIND_ALL }, { "198.51.100.2", REGISTRATION_UNBIND },
		{ "203.0.113.77", REGISTRATION_UNBIND }, /* not bound: as good as unbound */
		{ "127.0.0.1", REGISTRATION_UNBIND },    { "192.0.2.1", REGISTRATION_UNBIND },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		add_binding(&s, "198.51.100.2", 5000);
		s.request.fixed.lifetime_s = 0;
		s.request.fixed.flags = MIP_REQUEST_REVERSE | MIP_REQUEST_SIMULTANEOUS;
		s.request.fixed.care_of = address(rows[i].care_of);
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ACCEPTED);
		CU_ASSERT_EQUAL(verdict.effect, rows[i].effect);
		CU_ASSERT_EQUAL(verdict.lifetime_s, 0);
		CU_ASSERT_EQUAL(verdict.identification, s.request.fixed.identification);
		s.request.fixed.care_of.s_addr = 0; /* of which? */
		CU_ASSERT_EQUAL(decide(&s).code, MIP_ZERO_CARE_OF);
	}
}

static void care_of_address_is_one_host(void)
{
	static const struct {
		const char *care_of;
		enum mip_code code;
	} rows[] = {
		{ "198.51.100.2", MIP_ACCEPTED },
		{ "10.0.0.1", MIP_POORLY_FORMED },
		{ "192.0.2.1", MIP_PROHIBITED },
		{ "0.0.0.0", MIP_ZERO_CARE_OF },
		{ "255.255.255.255", MIP_POORLY_FORMED },
		{ "127.0.0.1", MIP_POORLY_FORMED },
		{ "127.255.0.9", MIP_POORLY_FORMED },
		{ "224.0.0.11", MIP_PROHIBITED },
		{ "239.255.255.255", MIP_PROHIBITED },
		{ "240.0.0.1", MIP_POORLY_FORMED },
		{ "0.1.2.3", MIP_POORLY_FORMED },
		{ "223.255.255.254", MIP_ACCEPTED },
		{ "10.0.0.2", MIP_ACCEPTED },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;

		good(&s);
		s.request.fixed.care_of = address(rows[i].care_of);
		CU_ASSERT_EQUAL(decide(&s).code, rows[i].code);
	}
}

/* ---- simultaneous bindings ---- */

static void simultaneous_bindings_are_limited(void)
{
	static const struct {
		unsigned limit;
		bool simultaneous;
		const char *care_of;
		int64_t left_ms[3]; /* of 198.51.100.8, .9 and .10; 0 = not bound */
		enum mip_code code;
		bool keep_others;
	} rows[] = {
		/* below, at and above the limit */
		{ 3, true, "198.51.100.2", { 1000, 1000, 0 }, MIP_ACCEPTED, true },
		{ 3, true, "198.51.100.2", { 1000, 1000, 1000 }, MIP_TOO_MANY_BINDINGS, false },
		{ 2, true, "198.51.100.2", { 1000, 1000, 1000 }, MIP_TOO_MANY_BINDINGS, false },
		{ 4, true, "198.51.100.2", { 1000, 1000, INT64_MAX }, MIP_ACCEPTED, true },
		/* what has ended does not count */
		{ 3, true, "198.51.100.2", { 1000, -1, 1000 }, MIP_ACCEPTED, true },
		{ 3, true, "198.51.100.2", { 1, 1, 1 }, MIP_TOO_MANY_BINDINGS, false },
		/* a refresh adds none */
		{ 3, true, "198.51.100.9", { 1000, 1000, 1000 }, MIP_ACCEPTED, true },
		{ 3, true, "198.51.100.9", { 1000, -1, 1000 }, MIP_ACCEPTED, true },
		/* without S all others go */
		{ 3, false, "198.51.100.2", { 1000, 1000, 1000 }, MIP_ACCEPTED, false },
		/* a limit of one: S is ignored, and the reply says so */
		{ 1, true, "198.51.100.2", { 1000, 0, 0 }, MIP_ACCEPTED_ONE_BINDING, false },
		{ 1, false, "198.51.100.2", { 1000, 0, 0 }, MIP_ACCEPTED_ONE_BINDING, false },
		{ 1, true, "198.51.100.2", { 0, 0, 0 }, MIP_ACCEPTED_ONE_BINDING, false },
	};
	static const char *const bound[] = { "198.51.100.8", "198.51.100.9", "198.51.100.10" };

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		s.facts.binding_limit = rows[i].limit;
		s.request.fixed.flags = rows[i].simultaneous ? MIP_REQUEST_SIMULTANEOUS : 0;
		s.request.fixed.care_of = address(rows[i].care_of);
		for (size_t j = 0; j < 3; j++)
			if (rows[i].left_ms[j])
				add_binding(&s, bound[j], rows[i].left_ms[j]);
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		CU_ASSERT_EQUAL(verdict.keep_others, rows[i].keep_others);
	}
}

static CU_TestInfo tests[] = {
	{ "failed authentication is told to whom it may",
	  failed_authentication_is_told_to_whom_it_may },
	{ "foreign agents authenticate registrations", foreign_agents_authenticate_registrations },
	{ "the window has two edges", window_has_two_edges },
	{ "an identification must be newer", identification_must_be_newer },
	{ "an identification goes on in the next era", identification_goes_on_in_the_next_era },
	{ "the last second has ended", the_last_second_has_ended },
	{ "a retransmission grants what is left", retransmission_grants_what_is_left },
	{ "a retransmission after the end is old", retransmission_after_the_end_is_old },
	{ "a retransmitted deregistration is confirmed",
	  retransmitted_deregistration_is_confirmed },
	{ "a lifetime is what is asked up to the limit",
	  lifetime_is_what_is_asked_up_to_the_limit },
	{ "a deregistration is of one or all", deregistration_is_of_one_or_all },
	{ "a care-of address is one host", care_of_address_is_one_host },
	{ "simultaneous bindings are limited", simultaneous_bindings_are_limited },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("registration", tests);
}
