/* revocation_send.c - foreign agents are told of bindings that ended early (RFC
 * 3543 section 4.2.2): what applying reports goes into the table, and with each
 * tick what is due is signed and sent. */
#include "agentd/flow/internal.h"

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/sockets.h"
#include "agentd/registration/revocation.h"

#define MIP_PORT 434u         /* of foreign agents: they revoke and acknowledge there */
#define LETTERS_PER_TICK 512u /* a bounded share of the engine's thread */

void revocation_note(struct agent *agent, const struct state_outcome *outcome)
{
	size_t lost = outcome->ended_lost;

	if (outcome->ended_count > 0)
		lost += revoker_add(agent->revoker, outcome->ended, outcome->ended_count,
		                    outcome->time_ms);
	if (lost > 0)
		counter_add(&flow_counters, FLOW_REVOCATIONS_OVERFLOW, lost);
}

/* A node that registers at this very moment waits for the answer: it may be there
 * again. The identifier was read before, so it is no later than what that
 * registration will be told. */
static enum revoker_step look_at_node(struct agent *agent, const struct revoker_letter *letter)
{
	const struct state_question question = {
		.kind = PEER_MOBILE_NODE,
		.realm = (uint32_t)(letter->place >> 32),
		.address.s_addr = htonl((uint32_t)letter->place),
	};
	struct state_view node;

	if (!state_look(agent->state, &question, &node))
		return REVOKER_SENT;
	mip_wipe(&node.key, sizeof(node.key));
	if (node.in_flight)
		return REVOKER_WAIT;
	for (size_t i = 0; i < node.binding_count; i++)
		if (address_equal(node.bindings[i].care_of, letter->care_of))
			return REVOKER_CANCEL;
	return REVOKER_SENT;
}

static size_t write_letter(struct agent *agent, const struct revoker_letter *letter,
                           struct in_addr home_agent, uint8_t out[REVOCATION_MESSAGE_MAX])
{
	const struct state_question question = {
		.kind = PEER_FOREIGN_AGENT,
		.realm = (uint32_t)(letter->place >> 32),
		.address = letter->agent,
	};
	const struct mip_revocation revocation = {
		.agent = true,
		.inform = letter->inform,
		.home.s_addr = htonl((uint32_t)letter->place),
		.home_domain = home_agent,
		.foreign_domain = letter->care_of,
		.identifier = letter->identifier,
	};
	struct state_view agent_view;
	size_t size;

	if (!state_look(agent->state, &question, &agent_view))
		return 0;
	size = revocation_write(&revocation, agent_view.spi, &agent_view.key, out);
	mip_wipe(&agent_view.key, sizeof(agent_view.key));
	return size;
}

struct mailing {
	struct agent *agent;
	struct in_addr home_agent;
};

static enum revoker_step send_letter(void *context, const struct revoker_letter *letter)
{
	const struct mailing *mailing = context;
	enum revoker_step step = look_at_node(mailing->agent, letter);
	uint8_t octets[REVOCATION_MESSAGE_MAX];
	size_t size;

	if (step == REVOKER_CANCEL)
		flow_count(FLOW_REVOCATIONS_NEEDLESS);
	if (step != REVOKER_SENT)
		return step;
	size = write_letter(mailing->agent, letter, mailing->home_agent, octets);
	if (size == 0) { /* the association with the agent is gone */
		flow_count(FLOW_REVOCATIONS_GIVEN_UP);
		return REVOKER_CANCEL;
	}
	if (socket_send(mailing->agent->socket, letter->agent, MIP_PORT, octets, size))
		flow_count(FLOW_REVOCATIONS_SENT);
	else
		flow_count(FLOW_SEND_FAILED);
	log_debug("%s via %s: revoked, the foreign agent is told",
	          address_format((struct in_addr){ htonl((uint32_t)letter->place) }).text,
	          address_format(letter->agent).text);
	return REVOKER_SENT;
}

static bool may_send(struct agent *agent)
{
	return reign_is_on(&agent->reign) && agent->socket >= 0 &&
	       replication_may_answer_until(agent->replication) > clock_monotonic_ns();
}

/* The time is read first: see look_at_node. */
void revocation_tick(struct agent *agent)
{
	uint64_t now_ms = agent_cluster_ms(agent);
	struct registration_policy policy;
	struct mailing mailing = { .agent = agent };
	size_t given_up;

	if (revoker_count(agent->revoker) == 0)
		return;
	policy_read(agent, &policy);
	mailing.home_agent = policy.home_agent;
	given_up = revoker_run(agent->revoker, now_ms, may_send(agent) ? LETTERS_PER_TICK : 0,
	                       send_letter, &mailing);
	if (given_up > 0)
		counter_add(&flow_counters, FLOW_REVOCATIONS_GIVEN_UP, given_up);
}
