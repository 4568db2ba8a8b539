/* test_foreign_revocation.c - what a foreign agent makes of a home agent's revocation (RFC 3543
 * section 4.2.2.2), as a table: what is wrong with it, one thing at a time. */
#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "agentd/registration/foreign_revocation.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define REGISTERED 1000u /* the home agent's clock, in its reply */

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_EQUAL(inet_pton(AF_INET, text, &out), 1);
	return out;
}

/* A revocation that would end a visitor, with what is known. */
struct revoked {
	struct revocation_message message;
	struct foreign_visitor visitor;
	struct foreign_revoked earlier;
	struct foreign_revocation_facts facts;
};

static void good(struct revoked *r)
{
	*r = (struct revoked){
		.message = {
			.fixed = {
				.agent = true,
				.home = address("10.0.0.1"),
				.home_domain = address("192.0.2.1"),
				.foreign_domain = address("198.51.100.2"),
				.identifier = REGISTERED + 1,
			},
			.source = address("192.0.2.1"),
		},
		.visitor = {
			.asked = { .care_of = address("198.51.100.2") },
			.home = address("10.0.0.1"),
			.home_agent = address("192.0.2.1"),
			.home_agent_stamp = REGISTERED,
			.features = FOREIGN_HAS_REVOCATION,
		},
		.facts = { .foreign_home = AUTHENTICATION_VALID },
	};
	r->facts.visitor = &r->visitor;
}

/* The same has been taken before. */
static void taken(struct revoked *r)
{
	r->earlier = (struct foreign_revoked){
		.home = r->visitor.home,
		.home_agent = r->visitor.home_agent,
		.care_of = r->visitor.asked.care_of,
		.identifier = r->message.fixed.identifier,
		.told = true,
	};
	r->facts.revoked = &r->earlier;
	r->facts.visitor = NULL;
}

#define REVOKED(name, ...)                                                                         \
	static void name(struct revoked *r)                                                        \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

REVOKED(as_it_is, (void)r)
REVOKED(unsigned_, r->facts.foreign_home = AUTHENTICATION_ABSENT)
REVOKED(forged, r->facts.foreign_home = AUTHENTICATION_WRONG)
REVOKED(of_stranger, r->facts.foreign_home = AUTHENTICATION_NO_ASSOCIATION)
REVOKED(unsound, r->message.fault = HA_E_TRUNCATED)
REVOKED(reflected, r->message.fixed.agent = false)
REVOKED(of_other_agent, r->message.source = address("192.0.2.2"))
REVOKED(of_nobody, r->facts.visitor = NULL)
REVOKED(of_other_care_of, r->message.fixed.foreign_domain = address("198.51.100.3"))
REVOKED(unagreed, r->visitor.features = FOREIGN_HAS_SIGNED)
REVOKED(same_second, r->message.fixed.identifier = REGISTERED)
REVOKED(before, r->message.fixed.identifier = REGISTERED - 1)
REVOKED(wrapped, r->visitor.home_agent_stamp = UINT32_MAX; r->message.fixed.identifier = 0)
REVOKED(repeated, taken(r))
REVOKED(sent_anew, taken(r); r->message.fixed.identifier++)
REVOKED(sent_anew_for_other, sent_anew(r); r->earlier.care_of = address("198.51.100.3"))
REVOKED(came_back, sent_anew(r); r->facts.visitor = &r->visitor)
REVOKED(came_back_later, came_back(r); r->visitor.home_agent_stamp = r->message.fixed.identifier)
REVOKED(came_back_replayed, taken(r); r->facts.visitor = &r->visitor)

static const struct {
	const char *rule;
	void (*make)(struct revoked *);
	enum revocation_fate fate;
	bool ends;
} rows[] = {
	{ "4.2.2.2: taken", as_it_is, REVOCATION_TAKEN, true },
	{ "3.3: no authenticator", unsigned_, REVOCATION_UNAUTHENTICATED, false },
	{ "3.3: a wrong one", forged, REVOCATION_UNAUTHENTICATED, false },
	{ "3.3: nothing is shared", of_stranger, REVOCATION_UNAUTHENTICATED, false },
	{ "malformed", unsound, REVOCATION_UNSOUND, false },
	{ "3.5: our own", reflected, REVOCATION_REFLECTED, false },
	{ "3.3: from another than the home agent", of_other_agent, REVOCATION_UNKNOWN, false },
	{ "4.2.2.2: nobody", of_nobody, REVOCATION_UNKNOWN, false },
	{ "4.2.2.2: another care-of address", of_other_care_of, REVOCATION_UNKNOWN, false },
	{ "4.2.1: not agreed on", unagreed, REVOCATION_UNKNOWN, false },
	{ "4.2.2.2: the registration precedes it", same_second, REVOCATION_REPLAYED, false },
	{ "4.2.2.2: by whole seconds", before, REVOCATION_REPLAYED, false },
	{ "3.5: clocks wrap", wrapped, REVOCATION_TAKEN, true },
	{ "3.5: the same again", repeated, REVOCATION_REPLAYED, false },
	{ "3.4: sent anew, acknowledged anew", sent_anew, REVOCATION_TAKEN, false },
	{ "3.4: of another care-of address", sent_anew_for_other, REVOCATION_UNKNOWN, false },
	{ "4.2.2.2: revoked once more", came_back, REVOCATION_TAKEN, true },
	{ "4.2.2.2: it has registered since", came_back_later, REVOCATION_REPLAYED, false },
	{ "3.5: an old one of who came back", came_back_replayed, REVOCATION_REPLAYED, false },
};

static void revocations_are_judged_by_the_table(void)
{
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct foreign_revocation_verdict verdict;
		struct revoked r;

		good(&r);
		rows[i].make(&r);
		verdict = foreign_revocation_decide(&r.message, &r.facts);
		if (verdict.fate != rows[i].fate || verdict.ends != rows[i].ends)
			printf("%s: %d, %s\n", rows[i].rule, (int)verdict.fate, verdict.reason);
		CU_ASSERT_EQUAL(verdict.fate, rows[i].fate);
		CU_ASSERT_EQUAL(verdict.ends, rows[i].ends);
		CU_ASSERT_TRUE(verdict.ends || !verdict.tell);
		CU_ASSERT_TRUE(strlen(verdict.reason) > 0);
	}
}

/* Sections 3.2 and 3.4: whether I was agreed on, whether it is set; who is told, and what is
 * said of it. */
static const struct {
	bool agreed, asked, tell, inform;
} informs[] = {
	{ true, true, true, true },
	{ true, false, false, false },
	{ false, true, true, true },
	{ false, false, true, false },
};

static void node_is_told_as_agreed(void)
{
	for (size_t i = 0; i < ROWS(informs); i++) {
		struct foreign_revocation_verdict verdict;
		struct revoked r;

		good(&r);
		r.visitor.features |= informs[i].agreed ? FOREIGN_HAS_INFORM : 0;
		r.message.fixed.inform = informs[i].asked;
		verdict = foreign_revocation_decide(&r.message, &r.facts);
		CU_ASSERT_EQUAL(verdict.tell, informs[i].tell);
		CU_ASSERT_EQUAL(verdict.inform, informs[i].inform);
		sent_anew(&r);
		r.earlier.told = informs[i].tell;
		verdict = foreign_revocation_decide(&r.message, &r.facts);
		CU_ASSERT_FALSE(verdict.tell);
		CU_ASSERT_EQUAL(verdict.inform, informs[i].inform);
	}
}

static CU_TestInfo tests[] = {
	{ "RFC 3543: revocations are judged by the table", revocations_are_judged_by_the_table },
	{ "RFC 3543 3.2: the node is told as agreed", node_is_told_as_agreed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_revocation", tests);
}
