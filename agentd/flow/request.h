/* request.h - for agentd/flow only: one request with all that decides on it, for
 * who handles it and for who explains how it would be handled.
 *
 * May include: agentd/flow/internal.h. */
#ifndef AGENTD_FLOW_REQUEST_H
#define AGENTD_FLOW_REQUEST_H

#include "agentd/flow/internal.h"

/* Everything looked up for one request. Holds key states: wiped at the end. */
struct request {
	struct registration_request decoded;
	struct state_view node;
	struct state_view foreign_agent;
	struct mip_key_state nonce_secret;
	bool node_known;
	struct registration_facts facts;
	struct registration_verdict verdict;
};

/* Decode; nothing is looked up yet. As registration_request_decode has it. */
enum ha_error request_open(struct request *r, const struct request_datagram *datagram);

/* Look up who sent it, authenticate, and gather the facts. Changes nothing. */
void request_look(struct agent *agent, const struct registration_policy *policy,
                  struct request_clock clock, struct request *r);

/* The home address of an accepted node of a pool, into the verdict, which may
 * become a denial. `keep`: it is kept for a proposal. */
void request_find_home(struct agent *agent, struct request *r, bool keep);

/* Tell those who watch the node, and answer who they are. */
uint64_t request_trace(struct agent *agent, const struct request *r,
                       const struct request_datagram *datagram, enum request_fate fate);

/* How often the node may register. */
struct state_pace request_pace(const struct request *r);

void request_forget_keys(struct request *r);

#endif
