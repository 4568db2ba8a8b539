/* revocation.c - the checks of a revocation, in order: nothing that is not
 * authenticated decides anything. The first that does not pass ends the matter. */
#include "agentd/registration/revocation.h"

enum ha_error revocation_decode(struct span payload, struct revocation_message *out)
{
	struct reader in = reader_over(payload.at, payload.size);
	enum ha_error error;

	*out = (struct revocation_message){ 0 };
	error = mip_revocation_decode(&in, &out->fixed);
	if (error == HA_OK)
		out->fault = mip_extensions_decode(payload, &in, &out->extensions);
	return error;
}

enum ha_error revocation_ack_decode(struct span payload, struct revocation_ack_message *out)
{
	struct reader in = reader_over(payload.at, payload.size);
	enum ha_error error;

	*out = (struct revocation_ack_message){ 0 };
	error = mip_revocation_ack_decode(&in, &out->fixed);
	if (error == HA_OK)
		out->fault = mip_extensions_decode(payload, &in, &out->extensions);
	return error;
}

/* ---- checks ---- */

/* A message, what is known, and what follows from both. */
struct judgement {
	const struct revocation_message *message;
	const struct revocation_facts *facts;
	struct revocation_mark mark;
	const struct binding *named; /* or NULL */
	enum revocation_standing standing;
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

/* Section 3.5: A says that a home agent revokes; with a shared key it may be our
 * own message that comes back. */
static bool is_of_foreign_agent(const struct judgement *j)
{
	return !j->message->fixed.agent;
}

static bool is_for_us(const struct judgement *j)
{
	return address_equal(j->message->fixed.home_domain, j->facts->home_agent);
}

static bool is_of_known_node(const struct judgement *j)
{
	return j->facts->node_known;
}

static bool is_of_its_binding(const struct judgement *j)
{
	return j->standing != REVOCATION_NOTHING;
}

static bool is_agreed(const struct judgement *j)
{
	return j->standing != REVOCATION_UNAGREED;
}

static bool is_new(const struct judgement *j)
{
	return j->standing != REVOCATION_OLD;
}

static const struct {
	check *check;
	enum revocation_fate fate;
	const char *reason;
} checks[] = {
	{ is_authentic, REVOCATION_UNAUTHENTICATED,
	  "it has no valid authenticator of a foreign agent at that address" },
	{ is_sound, REVOCATION_UNSOUND, "its extensions are malformed" },
	{ is_of_foreign_agent, REVOCATION_REFLECTED, "it says that a home agent sent it" },
	{ is_for_us, REVOCATION_UNKNOWN, "the home domain address is not ours" },
	{ is_of_known_node, REVOCATION_UNKNOWN, "nobody has that home address" },
	{ is_of_its_binding, REVOCATION_UNKNOWN, "there is no such binding of that agent" },
	{ is_agreed, REVOCATION_UNKNOWN, "revocation was not agreed on for that binding" },
	{ is_new, REVOCATION_REPLAYED,
	  "it is not newer than the registration or an earlier revocation" },
};

static const struct binding *find_named(const struct revocation_facts *facts,
                                        const struct revocation_mark *mark)
{
	for (size_t i = 0; i < facts->binding_count; i++) {
		const struct binding *binding = &facts->bindings[i];

		if (binding->expires_ms > facts->cluster_ms && revocation_names(mark, binding))
			return binding;
	}
	return NULL;
}

/* Section 3.4: never unless it was set in the revocation, and agreed on. We want
 * the mobile node to know when its agent gives it up. */
static bool wants_informed(const struct judgement *j)
{
	return j->message->fixed.inform &&
	       (!j->named || j->named->features & BINDING_REVOCATION_INFORM);
}

struct revocation_verdict revocation_decide(const struct revocation_message *message,
                                            const struct revocation_facts *facts)
{
	struct judgement j = {
		.message = message,
		.facts = facts,
		.mark = {
			.agent = message->source,
			.care_of = message->fixed.foreign_domain,
			.identifier = message->fixed.identifier,
		},
	};

	j.named = find_named(facts, &j.mark);
	j.standing = revocation_judge(&j.mark, j.named, &facts->newest);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!checks[i].check(&j))
			return (struct revocation_verdict){ .fate = checks[i].fate,
				                            .reason = checks[i].reason };
	return (struct revocation_verdict){
		.fate = REVOCATION_TAKEN,
		.inform = wants_informed(&j),
		.mark = j.mark,
		.reason = j.named ? "the binding ends" : "the binding has ended already",
	};
}

enum revocation_fate revocation_ack_judge(const struct revocation_ack_message *message,
                                          enum authentication foreign_home)
{
	if (foreign_home != AUTHENTICATION_VALID)
		return REVOCATION_UNAUTHENTICATED;
	return message->fault == HA_OK ? REVOCATION_TAKEN : REVOCATION_UNSOUND;
}

/* ---- messages ---- */

static size_t sign(struct writer *w, uint32_t spi, const struct mip_key_state *key)
{
	if (mip_authenticator_size(key) == 0)
		return 0;
	mip_authentication_append(w, MIP_EXTENSION_FOREIGN_HOME, spi, key);
	return w->error == HA_OK ? writer_used(w) : 0;
}

size_t revocation_write(const struct mip_revocation *revocation, uint32_t spi,
                        const struct mip_key_state *key, uint8_t out[REVOCATION_MESSAGE_MAX])
{
	struct writer w = writer_over(out, REVOCATION_MESSAGE_MAX);

	mip_revocation_encode(&w, revocation);
	return sign(&w, spi, key);
}

size_t revocation_ack_write(const struct mip_revocation_ack *ack, uint32_t spi,
                            const struct mip_key_state *key, uint8_t out[REVOCATION_MESSAGE_MAX])
{
	struct writer w = writer_over(out, REVOCATION_MESSAGE_MAX);

	mip_revocation_ack_encode(&w, ack);
	return sign(&w, spi, key);
}
