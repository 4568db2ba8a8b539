/* visit.h - the foreign agent of this process, and what is advertised on its links, the
 * home agent's presence too (RFC 5944 sections 2.3 and 3.7): one thread.
 *
 * Mobile nodes are heard by their link addresses, on the interfaces of the section
 * advertisement and on no others. An interface that comes later is used from then on, and
 * one that goes is forgotten until it comes back.
 *
 * May include: agentd/registration, agentd/discovery, agentd/dataplane, agentd/state (the
 * form of a file of associations), proto, agentd/base. */
#ifndef AGENTD_VISIT_VISIT_H
#define AGENTD_VISIT_VISIT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/config.h"
#include "agentd/base/error.h"

struct visit;
struct visitors_members;

/* Is there anything to do: a foreign agent, or something to advertise? */
bool visit_is_wanted(const struct config *config);

/* Open sockets and start the thread, which keeps the rights that it needs for interfaces
 * that come later, and does nothing before visit_start. Before privileges are dropped.
 * `config` is borrowed for the call. `members` have the visitors in common, where they do,
 * and are there until visit_close; else NULL. NULL with *why and a sentence. */
struct visit *visit_open(const struct config *config, const struct visitors_members *members,
                         enum ha_error *why, char *report, size_t size);

/* In the place of visit_open where it is not wanted: take away what a foreign agent that was
 * killed here left, by which nothing of its links is forwarded. Before privileges are dropped. */
void visit_clear(void);

/* Be there for mobile nodes from now on. */
void visit_start(struct visit *visit);

/* What the home agent of this process is now, and where others of it are. */
struct visit_home {
	bool answers;   /* it serves mobile nodes: a member of a cluster that leads */
	bool disabled;  /* an operator has turned off the agent, the foreign agent with it */
	uint16_t flags; /* enum agent_flag, of what it grants */
	uint16_t max_lifetime_s;
	struct in_addr others[CONFIG_GROUPS_MAX - 1]; /* addresses of further groups */
	size_t other_count;
};

/* Tell it, now and then; until it was told the home agent is not advertised. Any thread. */
void visit_tell_home(struct visit *visit, const struct visit_home *home);

/* The operator ends visitors with that home address, of that home agent or of any (0); their
 * home agents are told (RFC 3543). How many there were. Any thread; NULL is fine. */
uint32_t visit_remove(struct visit *visit, struct in_addr home, struct in_addr home_agent);

/* Say farewell where somebody was told of us, unless another member goes on as the home
 * agent; end the thread, close everything. NULL is fine. */
void visit_close(struct visit *visit);

#endif
