/* table.h - what is served and advertised, and who visits, as the rows of tables: copies, for
 * who shows them to managers. Any thread. What is waited for is one batch of them.
 *
 * May include: agentd/visit/keys.h, agentd/visit/settings.h, agentd/visit/visit.h, agentd/registration. */
#ifndef AGENTD_VISIT_TABLE_H
#define AGENTD_VISIT_TABLE_H

#include <netinet/in.h>

#include "agentd/base/advertised_link.h"
#include "agentd/base/violations.h"
#include "agentd/registration/foreign.h"
#include "agentd/visit/keys.h"
#include "agentd/visit/settings.h"
#include "agentd/visit/visit.h"

/* An interface that is advertised on, and is there. */
struct visit_link {
	struct in_addr address; /* its first */
	char interface[HOME_NETWORK_INTERFACE_MAX];
	uint8_t roles;           /* enum advertised_role, of the configuration */
	uint16_t max_lifetime_s; /* of registrations, as it is advertised */
	uint16_t least_s, most_s;
	uint16_t lifetime_s; /* of an advertisement */
	bool prefix_lengths, broadcast, solicited;
	enum served_link_state state;
};

/* All of it but visitors. */
struct visit_agent {
	bool foreign;    /* there is a foreign agent */
	bool enabled;    /* an operator has not turned it off */
	bool busy;       /* and it takes no more visitors */
	bool required;   /* some link wants registration also of who has an address of its own */
	uint16_t offers; /* enum agent_flag */
	struct in_addr care_of[FOREIGN_CARE_OF_MAX];
	size_t care_of_count;
	struct visit_link links[ADVERTISED_LINKS_MAX];
	size_t link_count;
};

/* `visit` may be NULL: then there is nothing. */
void visit_agent(struct visit *visit, struct visit_agent *out);

/* The one with that first address, whatever was made of it. false: there is none. */
bool visit_link_at(struct visit *visit, struct in_addr address, struct visit_link *out);

/* An association of the foreign agent, as keys_next() has them. false also where `visit` is NULL. */
bool visit_association(struct visit *visit, struct in_addr peer, uint32_t spi, bool after,
                       struct keys_entry *out);

/* Who failed authentication or identification here. NULL where `visit` is. */
struct violations *visit_violations(struct visit *visit);

/* A visitor, or a request that waits for its reply. */
struct visit_row {
	struct in_addr source; /* of the request */
	struct in_addr home, home_agent;
	uint64_t identification;
	uint64_t expires_ms; /* of clock_monotonic_ms(), or BINDING_NEVER_EXPIRES */
	uint16_t granted_s;
	uint8_t flags; /* enum mip_request_flag */
	bool accepted; /* else it waits, and nothing is granted */
};

/* How many rows there may be. */
size_t visit_row_count(struct visit *visit);
/* At most `max` rows, which come in no order; returns how many. */
size_t visit_rows(struct visit *visit, struct visit_row *out, size_t max);

#endif
