/* test_foreign_reply.c - what a foreign agent makes of a home agent's reply (RFC 5944
 * section 3.7.3), as a table: what is wrong with it, one thing at a time and every two
 * things together. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/foreign_answered.h"
#include "tests/unit/suite.h"

/* ---- every fault alone, and every two ---- */

static void too_late(struct answered *a)
{
	a->facts.now_ms = a->pending.since_ms + 300000;
}

static void unknown_extension(struct answered *a)
{
	a->reply.fault = HA_E_UNKNOWN_EXTENSION;
}

static void from_elsewhere(struct answered *a)
{
	a->reply.source = address("192.0.2.2");
}

static void other_identification(struct answered *a)
{
	a->reply.fixed.identification ^= 1;
}

static void other_node(struct answered *a)
{
	a->reply.fixed.home = address("10.0.0.2");
}

static void broken_chain(struct answered *a)
{
	a->reply.fault = HA_E_TRUNCATED;
}

static void two_signatures(struct answered *a)
{
	sign_reply(a);
}

static void name_is_missing(struct answered *a)
{
	a->pending.nai_size = 3;
	memcpy(a->pending.nai, "a@b", 3);
}

static void no_home_agent(struct answered *a)
{
	a->reply.fixed.home_agent = address("0.0.0.0");
}

static void other_home_agent(struct answered *a)
{
	a->reply.fixed.home_agent = address("192.0.2.99");
}

static void no_home(struct answered *a)
{
	a->pending.home = address("0.0.0.0");
	a->reply.fixed.home = address("0.0.0.0");
}

static void home_of_ours(struct answered *a)
{
	a->pending.home = address("0.0.0.0");
	a->facts.home_is_ours = true;
}

static void home_of_another(struct answered *a)
{
	a->pending.home = address("0.0.0.0");
	a->facts.home_associated = true;
}

static void other_challenge(struct answered *a)
{
	echo(a);
	a->pending.challenge[3] = 'e';
}

static const struct fault {
	const char *check; /* its name */
	const char *rule;
	void (*make)(struct answered *);
	enum foreign_code code;
	enum registration_violation violation;
} faults[] = {
	{ "awaited", "RFC 5944 3.7.2.2", too_late, FOREIGN_SILENCE, 0 },
	{ "extensions-known", "RFC 5944 1.8", unknown_extension, FOREIGN_SILENCE, 0 },
	{ "sender", "RFC 5944 3.8.3.1", from_elsewhere, FOREIGN_SILENCE, VIOLATION_OTHER },
	{ "identification", "RFC 5944 3.7.3.1", other_identification, FOREIGN_SILENCE,
	  VIOLATION_BAD_IDENTIFIER },
	{ "node", "RFC 5944 3.7.3.1", other_node, FOREIGN_SILENCE, 0 },
	{ "authenticator", "RFC 5944 3.7.3.1: 68", unsigned_reply, FOREIGN_HA_AUTH_FAILED,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "named-home-agent", "RFC 5944 3.7.3.2", other_home_agent, FOREIGN_SILENCE,
	  VIOLATION_OTHER },
	{ "well-formed", "RFC 5944 3.4: 71", broken_chain, FOREIGN_POORLY_FORMED_REPLY, 0 },
	{ "authorization", "RFC 5944 3.6.2.1: 71", two_signatures, FOREIGN_POORLY_FORMED_REPLY, 0 },
	{ "vendor", "RFC 3115 2.3: 101", vendor, FOREIGN_CVSE_HOME, 0 },
	{ "nai", "RFC 2794 3: 97", name_is_missing, FOREIGN_MISSING_NAI, 0 },
	{ "home-agent", "RFC 2794 3: 98", no_home_agent, FOREIGN_MISSING_HOME_AGENT, 0 },
	{ "home-address", "RFC 2794 3: 99", no_home, FOREIGN_MISSING_HOME, 0 },
	{ "assigned-home", "as of a request: 65", home_of_ours, FOREIGN_PROHIBITED, 0 },
	{ "assigned-owner", "as of a request: 67", home_of_another, FOREIGN_MN_AUTH_FAILED,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "challenge", "RFC 4721 3.3: 109", other_challenge, FOREIGN_WRONG_CHALLENGE,
	  VIOLATION_OTHER },
	{ "revocation", "RFC 3543 4.2.1: 65", no_revocation, FOREIGN_PROHIBITED, 0 },
};

/* Two that cannot be true of one reply at once. */
static bool exclude_each_other(const struct fault *a, const struct fault *b)
{
	return (a->make == unknown_extension && b->make == broken_chain) ||
	       (a->make == other_node &&
	        (b->make == no_home || b->make == home_of_ours || b->make == home_of_another));
}

static enum foreign_reply_effect effect_of(enum foreign_code code)
{
	if (code == FOREIGN_SILENCE)
		return FOREIGN_REPLY_DROP;
	return code == FOREIGN_WRONG_CHALLENGE ? FOREIGN_REPLY_PROTEST : FOREIGN_REPLY_DENY;
}

static void check_refused(const struct foreign_reply_verdict *verdict, const struct fault *fault)
{
	if (strcmp(verdict->check, fault->check) != 0)
		printf("%s (%s): %s, code %u\n", fault->check, fault->rule, verdict->check,
		       (unsigned)verdict->code);
	CU_ASSERT_STRING_EQUAL(verdict->check, fault->check);
	CU_ASSERT_EQUAL(verdict->code, fault->code);
	CU_ASSERT_EQUAL(verdict->violation, fault->violation);
	CU_ASSERT_EQUAL(verdict->effect, effect_of(fault->code));
	CU_ASSERT_EQUAL(verdict->visitor, FOREIGN_VISITOR_KEPT);
	CU_ASSERT_TRUE(strlen(verdict->reason) > 0);
}

static void one_fault_is_named(void)
{
	for (size_t i = 0; i < ROWS(faults); i++) {
		struct foreign_reply_verdict verdict;
		struct answered a;

		good_reply(&a);
		faults[i].make(&a);
		verdict = foreign_reply_decide(&a.reply, &a.facts);
		check_refused(&verdict, &faults[i]);
	}
}

static void of_two_faults_the_earlier_is_named(void)
{
	unsigned pairs = 0;

	for (size_t i = 0; i < ROWS(faults); i++) {
		for (size_t j = i + 1; j < ROWS(faults); j++) {
			struct foreign_reply_verdict verdict;
			struct answered a;

			if (exclude_each_other(&faults[i], &faults[j]))
				continue;
			good_reply(&a);
			faults[j].make(&a);
			faults[i].make(&a);
			verdict = foreign_reply_decide(&a.reply, &a.facts);
			check_refused(&verdict, &faults[i]);
			pairs++;
		}
	}
	CU_ASSERT_EQUAL(pairs, ROWS(faults) * (ROWS(faults) - 1) / 2 - 4);
}

static void on_check(void *context, const char *name, unsigned code, const char *reason)
{
	size_t *seen = context;

	CU_ASSERT_TRUE_FATAL(*seen < ROWS(faults));
	CU_ASSERT_STRING_EQUAL(name, faults[*seen].check);
	CU_ASSERT_EQUAL(code, 0);
	CU_ASSERT_TRUE(strlen(reason) > 0);
	(*seen)++;
}

static void on_stray(void *context, const char *name, unsigned code, const char *reason)
{
	(void)reason;
	CU_ASSERT_STRING_EQUAL(name, "awaited");
	CU_ASSERT_EQUAL(code, FOREIGN_SILENCE);
	(*(size_t *)context)++;
}

static void every_check_has_its_fault(void)
{
	struct answered a;
	size_t seen = 0;

	good_reply(&a);
	foreign_reply_explain(&a.reply, &a.facts, on_check, &seen);
	CU_ASSERT_EQUAL(seen, ROWS(faults));
	a.facts.pending = NULL;
	seen = 0;
	foreign_reply_explain(&a.reply, &a.facts, on_stray, &seen);
	CU_ASSERT_EQUAL(seen, 1);
	CU_ASSERT_EQUAL(foreign_reply_decide(&a.reply, &a.facts).effect, FOREIGN_REPLY_DROP);
}

/* ---- what else is refused, and what is not ---- */

static void say_name(struct answered *a, const char *nai)
{
	begin_reply(a);
	mip_nai_append(&a->writer, (struct span){ (const uint8_t *)nai, strlen(nai) });
	sign_reply(a);
}

static void vendor_to_node(struct answered *a)
{
	begin_reply(a);
	put_octets(&a->writer, "\x26\0\0\6\0\0\0\1\0\1", 10);
	sign_reply(a);
}

ANSWERED(in_time, a->facts.now_ms = a->pending.since_ms + 299999)
ANSWERED(other_port, a->reply.source_port = 4434)
ANSWERED(granted_elsewhere, a->reply.source = a->reply.fixed.home_agent = address("192.0.2.7"))
ANSWERED(found, granted_elsewhere(a); a->reply.fixed.code = MIP_UNKNOWN_HA)
ANSWERED(found_unasked, associate(a); a->facts.foreign_home = AUTHENTICATION_ABSENT;
         a->facts.home_agent_associated = false; found(a))
ANSWERED(found_malformed, found(a); broken_chain(a))
ANSWERED(found_by_another, found(a); a->reply.source = address("192.0.2.8"))
ANSWERED(other_high_half, a->reply.fixed.identification ^= UINT64_C(1) << 32)
ANSWERED(assigned, a->pending.home = address("0.0.0.0"); name_is_missing(a); say_name(a, "a@b"))
ANSWERED(assigned_nameless, a->pending.home = address("0.0.0.0"); name_is_missing(a))
ANSWERED(assigned_care_of, a->pending.home = address("0.0.0.0");
         a->reply.fixed.home = a->policy.care_of[0])
ANSWERED(assigned_group, a->pending.home = address("0.0.0.0");
         a->reply.fixed.home = address("224.0.0.1"))
ANSWERED(assigned_owner, home_of_another(a); a->pending.features |= FOREIGN_HAS_PROVED)
ANSWERED(ours_all_along, a->facts.home_is_ours = a->facts.home_associated = true)
ANSWERED(unassigned, home_of_another(a); a->facts.home_is_ours = true; deny(a))
ANSWERED(assigned_leave, home_of_another(a); a->pending.lifetime_s = 0)
ANSWERED(other_name, name_is_missing(a); say_name(a, "a@c"))
ANSWERED(longer_name, name_is_missing(a); say_name(a, "a@bb"))
ANSWERED(own_name, name_is_missing(a); say_name(a, "a@b"))
ANSWERED(wrong_reply, sign_as_home_agent(a, AUTHENTICATION_WRONG))
ANSWERED(unknown_spi, sign_as_home_agent(a, AUTHENTICATION_NO_ASSOCIATION))
ANSWERED(signed_for_another, signed_reply(a); other_home_agent(a))
ANSWERED(any_asked, a->pending.home_agent = address("255.255.255.255"))
ANSWERED(any_other, any_asked(a); other_home_agent(a))
ANSWERED(any_signed, any_asked(a); signed_for_another(a))
ANSWERED(any_visited, any_signed(a); a->facts.visitor = &a->visitor)
ANSWERED(denied_by_another, deny(a); other_home_agent(a))
ANSWERED(forged_end, associate(a); a->reply.fixed.lifetime_s = 0)
ANSWERED(not_signed_by_us, a->facts.home_agent_associated = true)
ANSWERED(two_names, own_name(a); REPLY_ADD(a, "\x83\3a@b"))
ANSWERED(signed_by_stranger, a->facts.foreign_home = AUTHENTICATION_NO_ASSOCIATION)
ANSWERED(denied_nameless, deny(a); name_is_missing(a))
ANSWERED(denied_homeless, deny(a); no_home(a); no_home_agent(a))
ANSWERED(denied_challenge, deny(a); other_challenge(a))
ANSWERED(denied_irrevocable, deny(a); no_revocation(a))
ANSWERED(never_relayed, echo(a); a->pending.features = 0)
ANSWERED(never_had, echo(a); a->pending.challenge_size = 0)
ANSWERED(shorter_challenge, echo(a); a->pending.challenge_size = 3)
ANSWERED(irrevocable_leave, no_revocation(a); a->pending.lifetime_s = 0)
ANSWERED(irrevocable_co_located, no_revocation(a); a->pending.flags = MIP_REQUEST_DECAPSULATES)
ANSWERED(unasked_revocation, no_revocation(a); REPLY_ADD(a, "\x89\x06\0\0\0\0\0\1"))
ANSWERED(revocable, unasked_revocation(a); a->pending.features |= FOREIGN_HAS_REVOCATION)
ANSWERED(not_its_word, revocable(a); sign_as_home_agent(a, AUTHENTICATION_VALID))

static const struct {
	const char *rule;
	void (*make)(struct answered *);
	enum foreign_code code;
} choices[] = {
	{ "RFC 5944 3.7.3.2", as_it_is, 0 },
	{ "RFC 5944 3.7.2.2: within the lifetime that was asked for", in_time, 0 },
	{ "RFC 5944 3.8.3.1: from port 434", other_port, FOREIGN_SILENCE },
	{ "RFC 5944 3.6.1.2: one that was not asked grants nothing", granted_elsewhere,
	  FOREIGN_SILENCE },
	{ "RFC 5944 3.6.1.2: but may be found", found, 0 },
	{ "RFC 5944 3.7.3.1: not where a key is shared", found_unasked, FOREIGN_SILENCE },
	{ "RFC 5944 3.4: 71 of one that was found", found_malformed, FOREIGN_POORLY_FORMED_REPLY },
	{ "RFC 5944 3.6.1.2: by its own address", found_by_another, FOREIGN_SILENCE },
	{ "RFC 5944 3.7.3.1: the high half may differ", other_high_half, 0 },
	{ "RFC 2794 3: an address is given to a name", assigned, 0 },
	{ "RFC 2794 3: not without the name", assigned_nameless, FOREIGN_MISSING_NAI },
	{ "as of a request: no care-of address", assigned_care_of, FOREIGN_PROHIBITED },
	{ "as of a request: no group's", assigned_group, FOREIGN_PROHIBITED },
	{ "RFC 5944 3.7.2.1: proved", assigned_owner, 0 },
	{ "RFC 5944 3.7.2.1: that was the request's to be checked", ours_all_along, 0 },
	{ "RFC 5944 3.7.3.2: nothing is given by a denial", unassigned, 0 },
	{ "RFC 5944 3.7: who leaves gets nothing", assigned_leave, 0 },
	{ "RFC 5944 3.7.3.1: another's name", other_name, FOREIGN_SILENCE },
	{ "RFC 5944 3.7.3.1: not only its beginning", longer_name, FOREIGN_SILENCE },
	{ "RFC 2794 3: the name is there", own_name, 0 },
	{ "RFC 5944 3.7.3.1: Foreign-Home verifies", signed_reply, 0 },
	{ "RFC 5944 3.7.3.1: does not verify", wrong_reply, FOREIGN_HA_AUTH_FAILED },
	{ "RFC 5944 3.7.3.1: another SPI", unknown_spi, FOREIGN_HA_AUTH_FAILED },
	{ "RFC 5944 3.7.1: what the reply says does not excuse it", forged_end,
	  FOREIGN_HA_AUTH_FAILED },
	{ "RFC 5944 3.7.3.2: nobody grants in another's name, with whatever key",
	  signed_for_another, FOREIGN_SILENCE },
	{ "RFC 4433 3: who was asked in the place of any", any_asked, 0 },
	{ "RFC 4433 3: proves who it is when it sends us to another", any_other, FOREIGN_SILENCE },
	{ "RFC 4433 3: and may do so then", any_signed, 0 },
	{ "RFC 4433 3: but ends no visit there", any_visited, FOREIGN_SILENCE },
	{ "RFC 5944 3.7.3.2: a denial sends us nowhere", denied_by_another, 0 },
	{ "RFC 5944 3.5.4: none on a deregistration", leave, 0 },
	{ "RFC 5944 3.5.4: nor where we signed no request", not_signed_by_us, 0 },
	{ "RFC 2794 2: one name", two_names, FOREIGN_POORLY_FORMED_REPLY },
	{ "RFC 5944 3.7.3.1: nothing is shared to check it by", signed_by_stranger, 0 },
	{ "RFC 5944 3.6.2.1: no Mobile-Home", unwrap, FOREIGN_POORLY_FORMED_REPLY },
	{ "RFC 3115 2.3: the node's to judge", vendor_to_node, 0 },
	{ "RFC 2794 3: a denial keeps its reason", denied_nameless, 0 },
	{ "RFC 2794 3: and needs no addresses", denied_homeless, 0 },
	{ "RFC 4721 3.3: nor a challenge", denied_challenge, 0 },
	{ "RFC 3543 4.2.1: nor revocation", denied_irrevocable, 0 },
	{ "RFC 4721 3.3: the same challenge", echo, 0 },
	{ "RFC 4721 3.3: one that was not relayed", never_relayed, FOREIGN_WRONG_CHALLENGE },
	{ "RFC 4721 3.3: one that the node did not have", never_had, FOREIGN_WRONG_CHALLENGE },
	{ "RFC 4721 3.3: all of it", shorter_challenge, FOREIGN_WRONG_CHALLENGE },
	{ "RFC 3543 4.2.1: who leaves needs none", irrevocable_leave, 0 },
	{ "RFC 3543 4.2.1: nor who is co-located", irrevocable_co_located, 0 },
	{ "RFC 3543 4.2.1: it was not asked for", unasked_revocation, FOREIGN_PROHIBITED },
	{ "RFC 3543 4.2.1: it was", revocable, 0 },
	{ "RFC 3543 4.2.1: behind the authenticator anybody may say so", not_its_word,
	  FOREIGN_PROHIBITED },
};

static void choices_are_as_the_rules_say(void)
{
	for (size_t i = 0; i < ROWS(choices); i++) {
		struct foreign_reply_verdict verdict;
		struct answered a;

		good_reply(&a);
		choices[i].make(&a);
		verdict = foreign_reply_decide(&a.reply, &a.facts);
		if (verdict.code != choices[i].code)
			printf("%s: code %u, %s\n", choices[i].rule, (unsigned)verdict.code,
			       verdict.check);
		CU_ASSERT_EQUAL(verdict.code, choices[i].code);
		CU_ASSERT_EQUAL(verdict.effect,
		                choices[i].code ? effect_of(choices[i].code) : FOREIGN_REPLY_RELAY);
		CU_ASSERT_EQUAL(verdict.waits, verdict.effect == FOREIGN_REPLY_DROP ||
		                                       choices[i].make == found ||
		                                       choices[i].make == found_malformed);
	}
}

static CU_TestInfo tests[] = {
	{ "one fault is named", one_fault_is_named },
	{ "of two faults the earlier is named", of_two_faults_the_earlier_is_named },
	{ "every check has its fault", every_check_has_its_fault },
	{ "choices are as the rules say", choices_are_as_the_rules_say },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_reply", tests);
}
