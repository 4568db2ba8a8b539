/* test_foreign_order.c - which extensions a request may have and where they may stand (RFC
 * 5944 section 3.6.1.3 and the RFCs of the extensions): a table of requests, each the types
 * of its extensions in turn. */
#include <stdio.h>

#include "tests/unit/foreign_situation.h"
#include "tests/unit/suite.h"

#define TYPES_MAX 6u
#define VENDOR MIP_EXTENSION_CVSE
#define NAI MIP_EXTENSION_NAI
#define MN_HA MIP_EXTENSION_MOBILE_HOME
#define MN_FA MIP_EXTENSION_MOBILE_FOREIGN
#define FA_HA MIP_EXTENSION_FOREIGN_HOME
#define MN_AAA MIP_EXTENSION_GENERALIZED
#define CHALLENGE MIP_EXTENSION_CHALLENGE
#define STYLE MIP_EXTENSION_DELIVERY

static void append(struct situation *s, uint8_t type)
{
	struct span challenge = { (const uint8_t *)"abcd", 4 };

	switch (type) {
	case VENDOR:
		put_octets(&s->writer, "\x26\0\0\6\0\0\0\1\0\1", 10);
		break;
	case NAI:
		mip_nai_append(&s->writer, (struct span){ (const uint8_t *)"a@b", 3 });
		break;
	case MN_AAA:
		mip_generalized_append(&s->writer, MIP_GENERALIZED_MOBILE_AAA, 400, &s->mobile_home,
		                       challenge);
		break;
	case CHALLENGE:
		mip_challenge_append(&s->writer, challenge);
		break;
	case STYLE:
		put_octets(&s->writer, "\x82\0", 2);
		break;
	default:
		sign(s, type);
	}
}

static const struct {
	const char *rule;
	uint8_t types[TYPES_MAX];
	enum foreign_code code;
} rows[] = {
	{ "RFC 2794 2: the name stands before Mobile-Home", { NAI, MN_HA }, 0 },
	{ "RFC 2794 2: not behind it", { MN_HA, NAI }, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 4721 6: but what MN-AAA covers, it authorises", { MN_HA, NAI, MN_AAA }, 0 },
	{ "RFC 2794 2: once", { NAI, NAI, MN_HA }, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 5944 3.6.1.3: Mobile-Foreign is the last", { MN_HA, STYLE, MN_FA }, 0 },
	{ "RFC 5944 3.6.1.3: not the first", { MN_FA, MN_HA }, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 4721 6: nor before MN-AAA",
	  { MN_HA, MN_FA, MN_AAA },
	  FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 5944 3.5.2: one Mobile-Home", { MN_HA, MN_HA }, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 4721 6: one MN-AAA", { MN_HA, MN_AAA, MN_AAA }, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 4721 6: which does alone", { MN_AAA }, 0 },
	{ "RFC 5944 3.3: nothing authorises it", { MN_FA }, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 5944 3.5.4: Foreign-Home is ours", { MN_HA, FA_HA }, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 4721 3.2: a challenge under Mobile-Foreign", { MN_HA, CHALLENGE, MN_FA }, 0 },
	{ "RFC 4721 3.2: a challenge under MN-AAA", { MN_HA, CHALLENGE, MN_AAA }, 0 },
	{ "RFC 4721 3.2: under both", { MN_HA, CHALLENGE, MN_AAA, MN_FA }, 0 },
	{ "RFC 4721 3.2: not behind MN-AAA",
	  { MN_HA, MN_AAA, CHALLENGE, MN_FA },
	  FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 4721 3.2: one challenge",
	  { MN_HA, CHALLENGE, CHALLENGE, MN_FA },
	  FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 4721 3.2: under Mobile-Home it proves nothing",
	  { CHALLENGE, MN_HA },
	  FOREIGN_SILENCE },
	{ "RFC 4721 3.2: nor under nothing", { MN_HA, MN_AAA, CHALLENGE }, FOREIGN_SILENCE },
	{ "RFC 3115 2.3: a vendor's for the home agent", { VENDOR, MN_HA }, 0 },
	{ "RFC 3115 2.3: and under MN-AAA", { MN_HA, VENDOR, MN_AAA }, 0 },
	{ "RFC 3115 2.3: one for us", { MN_HA, VENDOR }, FOREIGN_CVSE_MOBILE },
	{ "RFC 3024 3.3: one delivery style",
	  { MN_HA, STYLE, STYLE },
	  FOREIGN_POORLY_FORMED_REQUEST },
};

static void extensions_stand_where_the_rules_want_them(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		enum foreign_code code;
		struct situation s;

		good(&s);
		s.request.fixed.flags |= MIP_REQUEST_REVERSE;
		s.policy.encapsulating_delivery = true;
		s.facts.challenge = CHALLENGE_FRESH;
		begin_request(&s);
		for (size_t j = 0; j < TYPES_MAX && rows[i].types[j]; j++)
			append(&s, rows[i].types[j]);
		look_again(&s);
		CU_ASSERT_EQUAL(s.request.fault, HA_OK);
		code = foreign_decide(&s.request, &s.facts).code;
		if (code != rows[i].code)
			printf("%s: %u\n", rows[i].rule, (unsigned)code);
		CU_ASSERT_EQUAL(code, rows[i].code);
	}
}

/* RFC 4433 section 3.4: an address that a home agent redirects to is not one that a node
 * requests. */
static void only_a_requested_home_agent_is_one(void)
{
	static const struct {
		enum mip_dynamic_ha_subtype subtype;
		enum foreign_code code;
	} subtypes[] = {
		{ MIP_DYNAMIC_HA_REQUESTED, FOREIGN_NO_CODE },
		{ MIP_DYNAMIC_HA_REDIRECTED, FOREIGN_HOME_AGENT_REQUIRED },
	};

	for (size_t i = 0; i < ROWS(subtypes); i++) {
		struct situation s;

		good(&s);
		s.request.fixed.home_agent = address("0.0.0.0");
		begin_request(&s);
		mip_dynamic_ha_append(&s.writer, subtypes[i].subtype, address("192.0.2.1"), true);
		sign(&s, MN_HA);
		look_again(&s);
		CU_ASSERT_EQUAL(foreign_decide(&s.request, &s.facts).code, subtypes[i].code);
	}
}

static CU_TestInfo tests[] = {
	{ "extensions stand where the rules want them",
	  extensions_stand_where_the_rules_want_them },
	{ "RFC 4433 3.4: only a requested home agent is one", only_a_requested_home_agent_is_one },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_order", tests);
}
