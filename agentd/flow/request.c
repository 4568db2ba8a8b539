/* request.c - the way of one datagram: decode, facts, authenticate, decide, and
 * the reply and command that follow. No socket and no queue here. */
#include "agentd/flow/internal.h"

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/state/command.h"

/* Everything looked up for one request. Holds key states: wiped at the end. */
struct request {
	struct registration_request decoded;
	struct state_view node;
	struct state_view foreign_agent;
	bool node_known;
	struct registration_facts facts;
	struct registration_verdict verdict;
};

static void look_up(struct agent *agent, struct request *r)
{
	const struct mip_extensions *extensions = &r->decoded.extensions;
	struct state_totals totals;

	r->node_known = state_look(agent->state, PEER_MOBILE_NODE, agent->realm,
	                           r->decoded.fixed.home, extensions->mobile_home.spi, &r->node);
	state_totals(agent->state, &totals);
	if (totals.foreign_agents > 0)
		r->facts.foreign_agent_associated = state_look(
			agent->state, PEER_FOREIGN_AGENT, agent->realm, r->decoded.source,
			extensions->foreign_home.spi, &r->foreign_agent);
}

static void authenticate(struct request *r)
{
	const struct mip_extensions *extensions = &r->decoded.extensions;
	bool node_key = r->node_known && r->node.associated;
	bool foreign_key = r->facts.foreign_agent_associated && r->foreign_agent.associated;

	r->facts.mobile_home = registration_authenticate(&extensions->mobile_home,
	                                                 extensions->mobile_home_count,
	                                                 node_key ? &r->node.key : NULL);
	r->facts.foreign_home = registration_authenticate(
		&extensions->foreign_home, extensions->foreign_home_count,
		foreign_key ? &r->foreign_agent.key : NULL);
}

static void gather_facts(struct request *r, struct request_clock clock)
{
	r->facts.wall_ms = clock.wall_ms;
	r->facts.cluster_ms = clock.cluster_ms;
	if (!r->node_known)
		return;
	r->facts.newest_identification = r->node.identification;
	r->facts.newest_digest = r->node.digest;
	r->facts.binding_limit = r->node.limit;
	r->facts.bindings = r->node.bindings;
	r->facts.binding_count = r->node.binding_count;
	if (r->node.tolerance_s)
		r->facts.policy.tolerance_s = r->node.tolerance_s;
}

static void build_reply(const struct request *r, struct request_result *out)
{
	struct registration_signers signers = { 0 };

	if (r->node_known && r->node.key.algorithm) {
		signers.mobile_spi = r->node.spi;
		signers.mobile_key = &r->node.key;
	}
	if (r->facts.foreign_agent_associated && r->foreign_agent.key.algorithm) {
		signers.foreign_spi = r->foreign_agent.spi;
		signers.foreign_key = &r->foreign_agent.key;
	}
	out->code = r->verdict.code;
	out->reply_size = registration_reply(&r->decoded, &r->verdict, &r->facts.policy, &signers,
	                                     out->reply);
}

static void build_command(const struct request *r, uint32_t realm, struct request_result *out)
{
	struct binding binding = registration_binding(&r->decoded, &r->verdict,
	                                              r->facts.cluster_ms);
	struct command_registration command = {
		.node = r->node.id,
		.place = place_of_home(realm, r->decoded.fixed.home),
		.identification = r->decoded.fixed.identification,
		.digest = registration_digest(&r->decoded),
		.time_ms = r->facts.cluster_ms,
		.keep_others = r->verdict.keep_others,
	};

	if (r->verdict.effect == REGISTRATION_BIND)
		command.binding = &binding;
	else if (r->verdict.effect == REGISTRATION_UNBIND)
		command.care_of = &r->decoded.fixed.care_of;
	_Static_assert(sizeof(out->command) >= COMMAND_REGISTRATION_MAX, "a command fits");
	out->command_size = command_registration(&command, out->command);
}

/* What strangers can cause is written a few times a second at most. */
static void log_verdict(const struct request *r)
{
	static struct log_limit limit = { .per_second = 5 };
	enum log_level level = r->verdict.violation ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
	uint64_t held_back;

	if (!log_enabled(level) || !log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		return;
	if (r->verdict.code == MIP_SILENCE)
		log_line(level, "%s via %s: dropped, %s",
		         address_format(r->decoded.fixed.home).text,
		         address_format(r->decoded.source).text, r->verdict.reason);
	else
		log_line(level, "%s via %s: denied %u, %s",
		         address_format(r->decoded.fixed.home).text,
		         address_format(r->decoded.source).text, r->verdict.code,
		         r->verdict.reason);
	if (held_back)
		log_line(level, "%llu more denials were not written",
		         (unsigned long long)held_back);
}

static enum request_fate answer(const struct request *r, struct request_result *out)
{
	if (!mip_code_is_accepted(r->verdict.code))
		log_verdict(r);
	if (r->verdict.violation)
		flow_count(FLOW_SECURITY_VIOLATIONS);
	if (r->verdict.repeated)
		flow_count(FLOW_REPEATED);
	if (out->reply_size)
		return REQUEST_ANSWERED;
	flow_count(FLOW_DROPPED_SILENT);
	return REQUEST_DROPPED;
}

static enum request_fate propose(struct agent *agent, const struct request *r,
                                 struct request_result *out)
{
	if (!state_claim(agent->state, &r->node, r->decoded.fixed.identification))
		return REQUEST_OUTRUN;
	out->node = r->node;
	mip_wipe(&out->node.key, sizeof(out->node.key));
	build_command(r, agent->realm, out);
	return REQUEST_PROPOSED;
}

static enum request_fate decide(struct agent *agent, struct request *r, struct request_result *out)
{
	r->verdict = registration_decide(&r->decoded, &r->facts);
	build_reply(r, out);
	if (r->verdict.effect == REGISTRATION_NONE)
		return answer(r, out);
	return propose(agent, r, out);
}

/* A node can change between the look and the claim, by expiry for example; it
 * cannot go on doing so. */
#define ATTEMPTS_MAX 3u

void request_handle(struct agent *agent, const struct registration_policy *policy,
                    struct request_clock clock, struct span payload, struct in_addr source,
                    uint16_t source_port, bool no_resources, struct request_result *out)
{
	struct request r;
	unsigned attempts = 0;

	out->fate = REQUEST_DROPPED;
	if (registration_request_decode(payload, &r.decoded) != HA_OK) {
		flow_count(FLOW_DROPPED_MALFORMED);
		return;
	}
	r.decoded.source = source;
	r.decoded.source_port = source_port;
	r.facts = (struct registration_facts){ .policy = *policy, .no_resources = no_resources };
	out->deregistration = r.decoded.fixed.lifetime_s == 0;
	if (!no_resources)
		flow_count(out->deregistration ? FLOW_DEREGISTRATIONS : FLOW_REQUESTS);
	do {
		look_up(agent, &r);
		authenticate(&r);
		gather_facts(&r, clock);
		out->fate = decide(agent, &r, out);
	} while (out->fate == REQUEST_OUTRUN && !r.node.in_flight && ++attempts < ATTEMPTS_MAX);
	if (out->fate == REQUEST_OUTRUN)
		flow_count(FLOW_DROPPED_IN_FLIGHT);
	if (r.node_known)
		mip_wipe(&r.node.key, sizeof(r.node.key));
	if (r.facts.foreign_agent_associated)
		mip_wipe(&r.foreign_agent.key, sizeof(r.foreign_agent.key));
}

void request_count_reply(enum mip_code code, bool deregistration)
{
	mip_code_count(code);
	flow_count(deregistration ? FLOW_DEREGISTRATION_REPLIES : FLOW_REPLIES);
}
