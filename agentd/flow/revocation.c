/* revocation.c - the way of a revocation by a foreign agent, and of an
 * acknowledgment of ours: decode, authenticate, facts, decide. What is taken goes
 * through the log, and is acknowledged when it has taken effect; everything else
 * is met with silence. */
#include "agentd/flow/internal.h"

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/registration/revocation.h"

/* In the order of enum revocation_fate. */
static const enum flow_counter counter_of_fate[] = {
	[REVOCATION_UNAUTHENTICATED] = FLOW_REVOCATIONS_UNAUTHENTICATED,
	[REVOCATION_UNSOUND] = FLOW_DROPPED_MALFORMED,
	[REVOCATION_REFLECTED] = FLOW_REVOCATIONS_REFLECTED,
	[REVOCATION_REPLAYED] = FLOW_REVOCATIONS_REPLAYED,
	[REVOCATION_UNKNOWN] = FLOW_REVOCATIONS_UNKNOWN,
};

/* The association with the sender of a message, and what its authenticator says.
 * The key is to be wiped. */
static enum authentication authenticate(struct agent *agent, struct in_addr source,
                                        const struct mip_extensions *extensions,
                                        struct state_view *sender)
{
	const struct state_question question = {
		.kind = PEER_FOREIGN_AGENT,
		.realm = agent->realm,
		.address = source,
		.spi = extensions->foreign_home.spi,
	};
	bool known = extensions->foreign_home_count > 0 &&
	             state_look(agent->state, &question, sender);

	return registration_authenticate(&extensions->foreign_home, extensions->foreign_home_count,
	                                 known && sender->associated ? &sender->key : NULL);
}

/* What strangers can cause is written a few times a second at most; together with
 * denials, and what was held back of both, less than ten. */
static void log_outcome(struct in_addr home, struct in_addr source, bool taken, const char *reason)
{
	static struct log_limit limit = { .per_second = 2 };
	uint64_t held_back;

	if (!log_enabled(LOG_LEVEL_INFO) ||
	    !log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		return;
	log_line(LOG_LEVEL_INFO, "%s via %s: revocation %s, %s", address_format(home).text,
	         address_format(source).text, taken ? "taken" : "dropped", reason);
	if (held_back)
		log_line(LOG_LEVEL_INFO, "%llu more lines on revocations were not written",
		         (unsigned long long)held_back);
}

static struct revocation_verdict
decide(struct agent *agent, const struct registration_policy *policy, struct request_clock clock,
       const struct revocation_message *message, enum authentication foreign_home)
{
	const struct state_question question = {
		.kind = PEER_MOBILE_NODE,
		.realm = agent->realm,
		.address = message->fixed.home,
	};
	struct revocation_facts facts = {
		.home_agent = policy->home_agent,
		.foreign_home = foreign_home,
		.cluster_ms = clock.cluster_ms,
	};
	struct revocation_verdict verdict;
	struct state_view node = { .id = 0 };

	/* Nothing is looked up for who did not authenticate himself. */
	if (foreign_home == AUTHENTICATION_VALID)
		facts.node_known = state_look(agent->state, &question, &node);
	if (facts.node_known) {
		facts.bindings = node.bindings;
		facts.binding_count = node.binding_count;
		facts.newest = node.replay.revoked;
	}
	verdict = revocation_decide(message, &facts);
	if (facts.node_known)
		mip_wipe(&node.key, sizeof(node.key));
	return verdict;
}

static void propose(struct agent *agent, struct request_clock clock,
                    const struct revocation_message *message,
                    const struct revocation_verdict *verdict, const struct state_view *sender,
                    struct request_result *out)
{
	const struct mip_revocation_ack ack = {
		.inform = verdict->inform,
		.home = message->fixed.home,
		.identifier = message->fixed.identifier,
	};

	out->command_size = command_revoke(clock.cluster_ms,
	                                   place_of_home(agent->realm, message->fixed.home),
	                                   &verdict->mark, out->command);
	out->reply_size = revocation_ack_write(&ack, sender->spi, &sender->key, out->reply);
	out->fate = REQUEST_PROPOSED;
	out->genuine = true;
}

void revocation_handle(struct agent *agent, const struct registration_policy *policy,
                       struct request_clock clock, const struct request_datagram *datagram,
                       bool no_resources, struct request_result *out)
{
	struct revocation_message message;
	struct revocation_verdict verdict;
	struct state_view sender = { .id = 0 };

	out->fate = REQUEST_DROPPED;
	if (no_resources) {
		flow_count(FLOW_DROPPED_BUSY);
		return;
	}
	if (revocation_decode(datagram->payload, &message) != HA_OK) {
		flow_count(FLOW_DROPPED_MALFORMED);
		return;
	}
	flow_count(FLOW_REVOCATIONS);
	message.source = datagram->source;
	verdict = decide(agent, policy, clock, &message,
	                 authenticate(agent, message.source, &message.extensions, &sender));
	log_outcome(message.fixed.home, message.source, verdict.fate == REVOCATION_TAKEN,
	            verdict.reason);
	if (verdict.fate == REVOCATION_TAKEN)
		propose(agent, clock, &message, &verdict, &sender, out);
	else
		flow_count(counter_of_fate[verdict.fate]);
	mip_wipe(&sender.key, sizeof(sender.key));
}

void revocation_count_reply(enum mip_code code, bool deregistration)
{
	(void)code;
	(void)deregistration;
	flow_count(FLOW_REVOCATIONS_ACKNOWLEDGED);
}

void revocation_ack_handle(struct agent *agent, const struct registration_policy *policy,
                           struct request_clock clock, const struct request_datagram *datagram,
                           bool no_resources, struct request_result *out)
{
	struct revocation_ack_message message;
	struct state_view sender = { .id = 0 };
	enum revocation_fate fate;

	(void)policy;
	(void)clock;
	(void)no_resources;
	out->fate = REQUEST_DROPPED;
	if (revocation_ack_decode(datagram->payload, &message) != HA_OK) {
		flow_count(FLOW_DROPPED_MALFORMED);
		return;
	}
	message.source = datagram->source;
	fate = revocation_ack_judge(
		&message, authenticate(agent, message.source, &message.extensions, &sender));
	mip_wipe(&sender.key, sizeof(sender.key));
	if (fate != REVOCATION_TAKEN) {
		flow_count(counter_of_fate[fate]);
		return;
	}
	out->genuine = revoker_acknowledge(agent->revoker, message.source,
	                                   place_of_home(agent->realm, message.fixed.home),
	                                   message.fixed.identifier);
	flow_count(out->genuine ? FLOW_REVOCATIONS_CONFIRMED : FLOW_REVOCATION_ACKS_UNEXPECTED);
}
