/* request.c - the way of one datagram: decode, facts, authenticate, decide, and
 * the reply and command that follow. No socket and no queue here. */
#include "agentd/flow/request.h"

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/events.h"
#include "agentd/state/command.h"

static void look_up_node(struct agent *agent, struct request *r)
{
	const struct mip_extensions *extensions = &r->decoded.extensions;
	struct name_digest name = { { 0 } };
	struct state_question question = {
		.kind = PEER_MOBILE_NODE,
		.realm = agent->realm,
		.address = r->decoded.fixed.home,
		.spi = extensions->mobile_home.spi,
		.aaa_spi = extensions->mobile_aaa.spi,
	};

	if (extensions->nai_count) {
		name = name_digest_of(agent->realm, extensions->nai);
		question.name = &name;
	}
	r->node_known = state_look(agent->state, &question, &r->node);
}

static void look_up_foreign_agent(struct agent *agent, struct request *r)
{
	const struct state_question question = {
		.kind = PEER_FOREIGN_AGENT,
		.realm = agent->realm,
		.address = r->decoded.source,
		.spi = r->decoded.extensions.foreign_home.spi,
	};
	struct state_totals totals;

	state_totals(agent->state, &totals);
	if (totals.foreign_agents > 0)
		r->facts.foreign_agent_associated = state_look(agent->state, &question,
		                                               &r->foreign_agent);
}

static void authenticate(struct request *r)
{
	const struct mip_extensions *extensions = &r->decoded.extensions;
	bool node_key = r->node_known && r->node.associated;
	bool aaa_key = r->node_known && r->node.aaa_associated;
	bool foreign_key = r->facts.foreign_agent_associated && r->foreign_agent.associated;

	r->facts.mobile_home = registration_authenticate(&extensions->mobile_home,
	                                                 extensions->mobile_home_count,
	                                                 node_key ? &r->node.key : NULL);
	r->facts.mobile_aaa = registration_authenticate_aaa(extensions,
	                                                    aaa_key ? &r->node.aaa_key : NULL);
	r->facts.foreign_home = registration_authenticate(
		&extensions->foreign_home, extensions->foreign_home_count,
		foreign_key ? &r->foreign_agent.key : NULL);
}

static void gather_replay(struct agent *agent, struct request *r)
{
	r->facts.nonces = r->node.replay_style == REPLAY_NONCE;
	r->facts.newest_identification = r->facts.nonces ? r->node.replay.nonced
	                                                 : r->node.replay.identification;
	r->facts.newest_digest = r->node.replay.digest;
	r->facts.node = r->node.id;
	r->facts.spi = r->node.spi;
	if (!r->facts.nonces)
		return;
	secret_read(agent, &r->nonce_secret);
	r->facts.nonce_secret = r->nonce_secret.algorithm ? &r->nonce_secret : NULL;
}

static void gather_facts(struct agent *agent, struct request *r, struct request_clock clock)
{
	r->facts.wall_ms = clock.wall_ms;
	r->facts.cluster_ms = clock.cluster_ms;
	if (!r->node_known)
		return;
	if (r->node.policy != LABEL_NONE)
		policy_read_label(agent, r->node.policy, &r->facts.policy);
	gather_replay(agent, r);
	r->facts.mute = r->node.key.algorithm == 0;
	r->facts.node_home = r->node.home;
	r->facts.pooled = r->node.pool != LABEL_NONE;
	r->facts.leased = r->node.leased;
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
	out->reply_size = registration_reply(&r->decoded, &r->verdict, &r->facts, &signers,
	                                     out->reply);
}

/* A command names an address of a pool only if nobody else can get it meanwhile. */
static bool needs_home(const struct request *r)
{
	return !r->facts.pooled || r->facts.leased || r->verdict.effect == REGISTRATION_BIND;
}

static void build_command(struct agent *agent, const struct request *r, struct request_result *out)
{
	static const struct in_addr nowhere;
	struct binding binding = registration_binding(&r->decoded, &r->verdict, &r->facts.policy,
	                                              r->facts.cluster_ms);
	struct in_addr care_of = registration_care_of(&r->decoded);
	struct command_registration command = {
		.node = r->node.id,
		.place = place_of_home(agent->realm, needs_home(r) ? r->verdict.home : nowhere),
		.identification = r->decoded.fixed.identification,
		.digest = registration_digest(&r->decoded),
		.time_ms = r->facts.cluster_ms,
		.keep_others = r->verdict.keep_others,
		.source = r->decoded.source,
		.name = r->facts.pooled ? &r->node.name : NULL,
		.nonces = r->facts.nonces,
		.after = r->facts.newest_identification,
		.spi = r->facts.mobile_home == AUTHENTICATION_VALID ? r->node.spi : 0,
		.limit = r->node.limit,
		.sticky = r->facts.pooled && state_pool_is_sticky(agent->state, r->node.pool),
	};

	if (r->verdict.effect == REGISTRATION_BIND)
		command.binding = &binding;
	else if (r->verdict.effect == REGISTRATION_UNBIND)
		command.care_of = &care_of;
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

static void tell_failure(const struct agent *agent, const struct violation *seen)
{
	const struct event_failure failure = {
		.group = agent->group,
		.home = seen->address,
		.spi = seen->spi,
		.identification = seen->identification,
		.reason = seen->reason,
	};

	events_failure(&failure);
}

static void note_violation(struct agent *agent, const struct request *r)
{
	const struct violation seen = {
		.address = r->decoded.fixed.home,
		.spi = registration_violation_spi(&r->decoded, &r->facts, r->verdict.violation),
		.reason = (uint8_t)r->verdict.violation,
		.identification = r->decoded.fixed.identification,
		.last_ms = clock_monotonic_ms(),
	};

	flow_count(FLOW_SECURITY_VIOLATIONS);
	if (violations_note(&agent->violations, &seen))
		flow_count(FLOW_VIOLATORS_FORGOTTEN);
	if (events_are_taken())
		tell_failure(agent, &seen);
}

/* Of a request that claims to be of a node that we know. Who is not answered is not
 * denied. */
static void note_denial(struct agent *agent, const struct request *r)
{
	if (r->node_known && r->verdict.code != MIP_SILENCE &&
	    !mip_code_is_accepted(r->verdict.code))
		state_note_denial(agent->state, &r->node, (uint8_t)r->verdict.code,
		                  clock_monotonic_ms());
}

static enum request_fate answer(struct agent *agent, const struct request *r,
                                struct request_result *out)
{
	if (!mip_code_is_accepted(r->verdict.code))
		log_verdict(r);
	if (r->verdict.violation)
		note_violation(agent, r);
	note_denial(agent, r);
	if (r->verdict.repeated)
		flow_count(FLOW_REPEATED);
	else if (r->facts.mobile_home == AUTHENTICATION_VALID && !r->verdict.violation)
		state_note_use(agent->state, &r->node, r->facts.cluster_ms);
	if (out->reply_size)
		return REQUEST_ANSWERED;
	flow_count(r->facts.policy.disabled ? FLOW_DROPPED_DISABLED : FLOW_DROPPED_SILENT);
	return REQUEST_DROPPED;
}

struct state_pace request_pace(const struct request *r)
{
	return (struct state_pace){
		.now_ms = clock_monotonic_ms(),
		.interval_ms = r->facts.policy.interval_ms,
		.burst = r->facts.policy.burst,
	};
}

static enum request_fate propose(struct agent *agent, const struct request *r,
                                 struct request_result *out)
{
	const struct state_pace pace = request_pace(r);
	enum ha_error error = state_claim(agent->state, &r->node, &pace);

	if (error == HA_E_TOO_SOON) {
		flow_count(FLOW_DROPPED_TOO_SOON);
		return REQUEST_DROPPED;
	}
	if (error != HA_OK)
		return REQUEST_OUTRUN;
	out->claimed = true;
	out->hold = state_hold_of(&r->node);
	build_command(agent, r, out);
	return REQUEST_PROPOSED;
}

static void refuse(struct request *r, enum mip_code code, const char *reason)
{
	r->verdict = registration_refuse(&r->decoded, &r->facts, code, reason);
}

/* Only what passed all checks gets an address: nobody can use them up by
 * asking. */
void request_find_home(struct agent *agent, struct request *r, bool keep)
{
	struct in_addr wanted = r->decoded.fixed.home;
	enum ha_error error;

	if (r->verdict.effect != REGISTRATION_BIND || r->verdict.home.s_addr)
		return;
	error = keep ? state_reserve(agent->state, &r->node) : state_probe(agent->state, &r->node);
	if (error != HA_OK) {
		refuse(r, MIP_NO_RESOURCES, "no home address of its pool is free");
	} else if (wanted.s_addr && !address_equal(wanted, r->node.reserved)) {
		if (keep)
			state_unreserve(agent->state, &r->node);
		refuse(r, MIP_PROHIBITED, "its former home address is not free");
	} else {
		r->verdict.home = r->node.reserved;
	}
}

static enum request_fate decide(struct agent *agent, struct request *r, struct request_result *out)
{
	r->verdict = registration_decide(&r->decoded, &r->facts);
	request_find_home(agent, r, true);
	build_reply(r, out);
	if (r->verdict.effect == REGISTRATION_NONE)
		return answer(agent, r, out);
	return propose(agent, r, out);
}

enum ha_error request_open(struct request *r, const struct request_datagram *datagram)
{
	enum ha_error error = registration_request_decode(datagram->payload, &r->decoded);

	r->decoded.source = datagram->source;
	r->decoded.source_port = datagram->source_port;
	r->decoded.broadcast = datagram->broadcast;
	r->facts = (struct registration_facts){ 0 };
	r->node_known = false;
	return error;
}

void request_look(struct agent *agent, const struct registration_policy *policy,
                  struct request_clock clock, struct request *r)
{
	r->facts.policy = *policy;
	look_up_node(agent, r);
	look_up_foreign_agent(agent, r);
	authenticate(r);
	gather_facts(agent, r, clock);
}

void request_forget_keys(struct request *r)
{
	if (r->node_known) {
		mip_wipe(&r->node.key, sizeof(r->node.key));
		mip_wipe(&r->node.aaa_key, sizeof(r->node.aaa_key));
	}
	if (r->facts.foreign_agent_associated)
		mip_wipe(&r->foreign_agent.key, sizeof(r->foreign_agent.key));
	if (r->facts.nonce_secret)
		mip_wipe(&r->nonce_secret, sizeof(r->nonce_secret));
}

static bool is_genuine(const struct request *r, enum request_fate fate)
{
	bool authentic = r->facts.mobile_home == AUTHENTICATION_VALID ||
	                 r->facts.mobile_aaa == AUTHENTICATION_VALID;

	return authentic && (fate == REQUEST_ANSWERED || fate == REQUEST_PROPOSED) &&
	       !r->verdict.violation && !r->verdict.repeated;
}

static enum request_kind kind_of(const struct request *r)
{
	struct in_addr care_of = registration_care_of(&r->decoded);

	if (r->decoded.fixed.lifetime_s == 0)
		return REQUEST_DEREGISTER;
	if (!r->node_known || r->node.binding_count == 0)
		return REQUEST_INITIAL;
	for (size_t i = 0; i < r->node.binding_count; i++)
		if (address_equal(r->node.bindings[i].care_of, care_of))
			return REQUEST_REFRESH;
	return REQUEST_MOVE;
}

/* One that is handled again was counted. */
static void count(const struct request *r, bool again, struct request_result *out)
{
	if (!again) {
		out->kind = (uint8_t)kind_of(r);
		figures_count(out->kind, REQUEST_RECEIVED);
		flow_count(out->deregistration ? FLOW_DEREGISTRATIONS : FLOW_REQUESTS);
	}
	if (out->fate == REQUEST_OUTRUN)
		flow_count(FLOW_DROPPED_IN_FLIGHT);
	if (out->fate == REQUEST_OUTRUN || out->fate == REQUEST_DROPPED)
		figures_count(out->kind, REQUEST_UNANSWERED);
}

/* A node can change between the look and the claim, by expiry for example; it
 * cannot go on doing so. */
#define ATTEMPTS_MAX 3u

void request_handle(struct agent *agent, const struct registration_policy *policy,
                    struct request_clock clock, const struct request_datagram *datagram,
                    bool no_resources, struct request_result *out)
{
	struct request r;
	unsigned attempts = 0;

	out->fate = REQUEST_DROPPED;
	out->genuine = false;
	out->traced = 0;
	if (request_open(&r, datagram) != HA_OK) {
		flow_count(FLOW_DROPPED_MALFORMED);
		return;
	}
	r.facts.no_resources = no_resources;
	out->deregistration = r.decoded.fixed.lifetime_s == 0;
	do {
		request_look(agent, policy, clock, &r);
		out->fate = decide(agent, &r, out);
	} while (out->fate == REQUEST_OUTRUN && !r.node.in_flight && ++attempts < ATTEMPTS_MAX);
	out->genuine = is_genuine(&r, out->fate);
	out->reason = r.verdict.reason;
	if (traces_are_on(&agent->traces))
		out->traced = request_trace(agent, &r, datagram, out->fate);
	count(&r, no_resources, out);
	request_forget_keys(&r);
}

void request_release(struct agent *agent, const struct request_result *result)
{
	if (result->claimed)
		state_release(agent->state, &result->hold);
}

void request_count_reply(enum mip_code code, bool deregistration)
{
	mip_code_count(code);
	flow_count(deregistration ? FLOW_DEREGISTRATION_REPLIES : FLOW_REPLIES);
}
