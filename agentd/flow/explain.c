/* explain.c - the facts as request.c gathers them and every check over them; then
 * what comes after the checks, asked without doing it. */
#include "agentd/flow/explain.h"

#include <stdio.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/flow/describe.h"
#include "agentd/flow/inbox.h"
#include "agentd/flow/request.h"

/* One explanation under way. Holds key states: wiped at the end. */
struct explaining {
	struct agent *agent;
	const struct explain_question *question;
	struct teller teller;
	struct request request;
	struct request_clock clock;
	bool decided; /* a check has */
};

/* ---- the packet ---- */

static void tell_packet(struct explaining *e)
{
	const struct registration_request *request = &e->request.decoded;
	char source[32];

	e->teller.part = "packet";
	snprintf(source, sizeof(source), "%s:%u", address_format(request->source).text,
	         request->source_port);
	tell_text(&e->teller, "source",
	          e->question->source.s_addr ? NULL
	          : request->source.s_addr   ? "not known, taken to be the care-of address"
	                                     : "not known",
	          "%s", source);
	tell_number(&e->teller, "octets", NULL, e->question->payload.size);
	if (request->broadcast)
		tell_text(&e->teller, "destination", NULL, "broadcast");
}

static void tell_request(struct explaining *e)
{
	const struct registration_facts *facts = &e->request.facts;
	const struct described_authentication became = {
		.mobile_home = facts->mobile_home,
		.mobile_aaa = facts->mobile_aaa,
		.foreign_home = facts->foreign_home,
	};

	e->teller.part = "request";
	describe_fixed(&e->teller, &e->request.decoded, e->clock.wall_ms);
	e->teller.part = "extension";
	describe_extensions(&e->teller, &e->request.decoded, e->question->payload, &became);
}

/* ---- what is known ---- */

static void tell_node(struct explaining *e)
{
	const struct request *r = &e->request;
	char policy[LABEL_MAX];

	e->teller.part = "node";
	if (!r->node_known) {
		tell_text(&e->teller, "node", "no mobile node has this name or home address",
		          "unknown");
		return;
	}
	state_policy_name(e->agent->state, r->node.policy, policy);
	tell_number(&e->teller, "node", NULL, r->node.id);
	tell_text(&e->teller, "home",
	          !r->facts.pooled  ? "its own"
	          : r->facts.leased ? "of its pool"
	                            : "of its pool, but only its last one",
	          "%s", address_format(r->node.home).text);
	tell_text(&e->teller, "policy", NULL, "%s", policy[0] ? policy : "-");
	tell_text(&e->teller, "replay", NULL, "%s", r->facts.nonces ? "nonces" : "timestamps");
	tell_text(&e->teller, "newest", "identification accepted last", "%016llx",
	          (unsigned long long)r->facts.newest_identification);
	tell_number(&e->teller, "bindings", NULL, r->facts.binding_count);
	tell_number(&e->teller, "limit", "of bindings", r->facts.binding_limit);
}

/* ---- checks ---- */

static void tell_check(struct explaining *e, const char *name, unsigned code, bool decides,
                       const char *reason)
{
	struct explain_row row = {
		.part = "check",
		.name = name,
		.deciding = decides ? EXPLAIN_DECIDES : EXPLAIN_PASSED_OVER,
	};

	if (code == 0)
		snprintf(row.value, sizeof(row.value), "passes");
	else if (code == MIP_SILENCE)
		snprintf(row.value, sizeof(row.value), "silence");
	else
		row.is_number = true;
	row.number = code;
	snprintf(row.meaning, sizeof(row.meaning), "%s", code ? reason : "");
	e->teller.visit(e->teller.context, &row);
}

/* The first that does not pass decides; what later ones say is of interest too. */
static void on_check(void *context, const char *name, unsigned code, const char *reason)
{
	struct explaining *e = context;
	bool decides = code && !e->decided;

	tell_check(e, name, code, decides, reason);
	e->decided = e->decided || decides;
}

/* ---- the answer ---- */

static const char *effect_text(const struct registration_verdict *verdict)
{
	switch (verdict->effect) {
	case REGISTRATION_BIND:
		return verdict->keep_others ? "a binding beside the others" : "a binding";
	case REGISTRATION_UNBIND:
		return "one binding ends";
	case REGISTRATION_UNBIND_ALL:
		return "all bindings end";
	case REGISTRATION_NONE:
		break;
	}
	return "nothing changes";
}

static void tell_answer(struct explaining *e)
{
	const struct registration_verdict *verdict = &e->request.verdict;
	const struct mip_code_info *info = mip_code_info(verdict->code);

	e->teller.part = "answer";
	if (verdict->code == MIP_SILENCE) {
		tell_text(&e->teller, "code", verdict->reason, "none");
		return;
	}
	tell_number(&e->teller, "code", info ? info->text : NULL, verdict->code);
	tell_text(&e->teller, "reason", NULL, "%s", verdict->reason);
	tell_text(&e->teller, "effect", NULL, "%s", effect_text(verdict));
	if (!mip_code_is_accepted(verdict->code))
		return;
	tell_number(&e->teller, "lifetime", "seconds", verdict->lifetime_s);
	tell_text(&e->teller, "home", NULL, "%s", address_format(verdict->home).text);
}

static void tell_silence(struct explaining *e, const char *why)
{
	e->teller.part = "answer";
	tell_text(&e->teller, "code", why, "none");
}

/* After the checks: an address of the pool, and whether the node may come now.
 * Where it must wait or comes too soon, it gets no answer. */
static void tell_outcome(struct explaining *e)
{
	struct request *r = &e->request;
	const struct state_pace pace = request_pace(r);
	enum ha_error error = HA_OK;

	r->verdict = registration_decide(&r->decoded, &r->facts);
	request_find_home(e->agent, r, false);
	if (r->verdict.effect != REGISTRATION_NONE)
		error = state_may_claim(e->agent->state, &r->node, &pace);
	if (error == HA_E_TOO_SOON)
		tell_silence(e, "the node registers more often than it may");
	else if (error != HA_OK)
		tell_silence(e, "another request of the node is under way");
	else
		tell_answer(e);
}

static void judge(struct explaining *e)
{
	struct registration_policy policy;

	policy_read(e->agent, &policy);
	request_look(e->agent, &policy, e->clock, &e->request);
	tell_request(e);
	tell_node(e);
	registration_explain(&e->request.decoded, &e->request.facts, on_check, e);
	tell_outcome(e);
	request_forget_keys(&e->request);
}

static void assume_source(struct explaining *e)
{
	if (!e->request.decoded.source.s_addr)
		e->request.decoded.source = registration_care_of(&e->request.decoded);
}

void agent_explain(struct agent *agent, const struct explain_question *question,
                   explain_visitor *visit, void *context)
{
	const struct request_datagram datagram = {
		.payload = question->payload,
		.source = question->source,
		.source_port = question->source_port,
		.broadcast = question->broadcast,
	};
	struct explaining e = {
		.agent = agent,
		.question = question,
		.teller = { visit, context, "packet" },
		.clock = { question->wall_ms ? question->wall_ms : agent_wall_ms(agent),
		           agent_cluster_ms(agent) },
	};
	bool too_long = question->payload.size > INBOX_DATAGRAM_MAX;
	enum ha_error error = request_open(&e.request, &datagram);

	if (error == HA_OK)
		assume_source(&e);
	tell_packet(&e);
	if (too_long)
		tell_silence(&e, "it is longer than any request can be");
	else if (error != HA_OK)
		tell_silence(&e, "it is no registration request");
	else
		judge(&e);
}
