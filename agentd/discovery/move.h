/* move.h - whether a mobile node has moved, by the two algorithms of RFC 5944 section 2.4.2,
 * and whether it is at home again (section 2.4.3).
 *
 * Pure: the verdict depends only on the arguments. When to ask, and that registrations are at
 * least a second apart (section 3.6.3), is the caller's business.
 *
 * May include: agentd/discovery/heard.h, agentd/base. Nothing else. */
#ifndef AGENTD_DISCOVERY_MOVE_H
#define AGENTD_DISCOVERY_MOVE_H

#include "agentd/base/address.h"
#include "agentd/discovery/heard.h"

enum move {
	MOVE_STAY,   /* nothing says that it has moved */
	MOVE_TO,     /* register through another agent */
	MOVE_SEARCH, /* there is none to register through: solicit */
};

struct move_verdict {
	enum move move;
	const struct heard_agent *to; /* of MOVE_TO; borrowed from the list, else NULL */
};

/* Whether a mobile node that is not yet registered through it can try: a foreign agent with
 * a care-of address that is not busy, and whose advertisement is still valid. */
bool move_is_candidate(const struct heard_agent *agent, uint64_t now_ms);

/* Algorithm 1, section 2.4.2.1: contact with the agent in use is lost when the lifetime of
 * what was last heard of it is over. Then the candidate that was heard last, if there is one.
 * A node that uses none is told the same. */
struct move_verdict move_by_lifetime(const struct heard_agents *agents, uint64_t now_ms);

enum move_subnet {
	MOVE_SUBNET_UNKNOWN, /* one of both does not tell its prefixes: do not judge by them */
	MOVE_SUBNET_SAME,
	MOVE_SUBNET_OTHER,
};

/* Whether two agents are on the same subnet: any network of the one is one of the other. */
enum move_subnet move_compare(const struct heard_agent *in_use, const struct heard_agent *heard);

/* The same for a node with a care-of address of its own in `network`. */
enum move_subnet move_compare_network(const struct address_prefix *network,
                                      const struct heard_agent *heard);

/* Algorithm 2, section 2.4.2.2: the candidate that was heard last, if it was heard after the
 * agent in use and is on another subnet; else MOVE_STAY. `network` is that of a co-located
 * care-of address, and NULL where the node has none or does not know it. Meant for when the
 * registration ends, or when the node takes new agents eagerly. */
struct move_verdict move_by_prefix(const struct heard_agents *agents,
                                   const struct address_prefix *network, uint64_t now_ms);

/* Whether it is the node's own home agent that was heard, on the link that it serves: it has H
 * set, and the home agent's address is the one that it sends from or that of a router that it
 * names. */
bool move_is_home(const struct heard_agent *heard, struct in_addr home_agent);

#endif
