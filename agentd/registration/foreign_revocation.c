/* foreign_revocation.c - the checks of a home agent's revocation, in order: nothing that is
 * not authenticated decides anything. The first that does not pass ends the matter. */
#include "agentd/registration/foreign_revocation.h"

/* A message, what is known, and what follows from both. */
struct judgement {
	const struct revocation_message *message;
	const struct foreign_revocation_facts *facts;
	const struct foreign_visitor *named;   /* or NULL */
	const struct foreign_revoked *earlier; /* or NULL */
};

typedef bool check(const struct judgement *judgement);

static bool is_authentic(const struct judgement *j)
{
	return j->facts->foreign_home == AUTHENTICATION_VALID;
}

static bool is_sound(const struct judgement *j)
{
	return j->message->fault == HA_OK;
}

/* Section 3.5: with a shared key it may be our own message that comes back. */
static bool is_of_home_agent(const struct judgement *j)
{
	return j->message->fixed.agent;
}

/* Section 3.3: it comes from the address that the visitor has its home agent by. */
static bool is_of_itself(const struct judgement *j)
{
	return address_equal(j->message->source, j->message->fixed.home_domain);
}

static bool is_of_known_node(const struct judgement *j)
{
	return j->named || j->earlier;
}

static bool is_agreed(const struct judgement *j)
{
	return !j->named || j->named->features & FOREIGN_HAS_REVOCATION;
}

/* Section 4.2.2.2: the registration precedes it, both by the home agent's clock. */
static bool is_new(const struct judgement *j)
{
	uint32_t identifier = j->message->fixed.identifier;

	if (j->earlier && !stamp_is_later(identifier, j->earlier->identifier))
		return false;
	return !j->named || stamp_is_later(identifier, j->named->home_agent_stamp);
}

static const struct {
	check *check;
	enum revocation_fate fate;
	const char *reason;
} checks[] = {
	{ is_authentic, REVOCATION_UNAUTHENTICATED,
	  "it has no valid authenticator of a home agent at that address" },
	{ is_sound, REVOCATION_UNSOUND, "its extensions are malformed" },
	{ is_of_home_agent, REVOCATION_REFLECTED, "it says that a foreign agent sent it" },
	{ is_of_itself, REVOCATION_UNKNOWN, "it is about the binding of another home agent" },
	{ is_of_known_node, REVOCATION_UNKNOWN,
	  "nobody of that home agent visits by that address" },
	{ is_agreed, REVOCATION_UNKNOWN, "revocation was not agreed on for that visitor" },
	{ is_new, REVOCATION_REPLAYED,
	  "it is not newer than the registration or an earlier revocation" },
};

static struct judgement judgement_of(const struct revocation_message *message,
                                     const struct foreign_revocation_facts *facts)
{
	struct in_addr care_of = message->fixed.foreign_domain;
	struct judgement j = { .message = message, .facts = facts };

	if (facts->visitor && address_equal(facts->visitor->asked.care_of, care_of))
		j.named = facts->visitor;
	if (facts->revoked && address_equal(facts->revoked->care_of, care_of))
		j.earlier = facts->revoked;
	return j;
}

struct foreign_revocation_verdict
foreign_revocation_decide(const struct revocation_message *message,
                          const struct foreign_revocation_facts *facts)
{
	struct judgement j = judgement_of(message, facts);
	bool asked = message->fixed.inform, told;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!checks[i].check(&j))
			return (struct foreign_revocation_verdict){ .fate = checks[i].fate,
				                                    .reason = checks[i].reason };
	if (!j.named)
		return (struct foreign_revocation_verdict){
			.fate = REVOCATION_TAKEN,
			.inform = asked && j.earlier->told,
			.reason = "the visitor is gone already",
		};
	/* Section 3.2: without that agreement it is ours to choose, and robust to tell. */
	told = asked || !(j.named->features & FOREIGN_HAS_INFORM);
	return (struct foreign_revocation_verdict){
		.fate = REVOCATION_TAKEN,
		.ends = true,
		.tell = told,
		.inform = asked && told,
		.reason = "the visitor is not served any more",
	};
}
