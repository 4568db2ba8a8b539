/* visit_table.h - the visitors whose packets a foreign agent carries, as agreed: which
 * tunnel is theirs, and where on which link they are.
 *
 * A visitor is known by its home address and its home agent: two of them may have the same
 * private home address (RFC 3024 appendix A). All memory is taken by visit_table_new; a
 * look or a change never waits for memory. Any thread; a lock is held for the length of a
 * call.
 *
 * Beside the visitors there are rows of counters, numbered by slots. A visitor keeps slot
 * and counters while it is registered anew.
 *
 * May include: agentd/dataplane/tunnels.h, link_socket.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_VISIT_TABLE_H
#define AGENTD_DATAPLANE_VISIT_TABLE_H

#include "agentd/dataplane/link_socket.h"
#include "agentd/dataplane/tunnels.h"

#define VISIT_KEEPALIVE_S 110u /* RFC 3519 section 4.9, where none was agreed on */
#define VISIT_KEEPALIVE_MIN_S 10u

/* Whose word it is that the visitor asked for that. */
enum visit_word {
	VISIT_WORD_ANYBODYS,
	VISIT_WORD_HOME_AGENTS, /* its home agent's, who proved to us to be it */
	VISIT_WORD_OWN,         /* its own: it has proved to us that it is the one */
};

/* What was agreed with a visitor and its home agent. Plain data. */
struct visit_path {
	struct in_addr home, home_agent, care_of;
	uint16_t udp_port;     /* host order: the home agent's, of a UDP tunnel */
	uint8_t encapsulation; /* enum encapsulation, inside UDP where that is agreed */
	bool reverse;          /* a reverse tunnel (T) */
	bool delivery;         /* by the encapsulating delivery style, RFC 3024 section 5.2 */
	bool udp;              /* the tunnel is in UDP, RFC 3519 */
	bool broadcast;        /* B: the home agent sends broadcasts, in a packet for it */
	uint16_t keepalive_s;  /* of the UDP tunnel; 0: VISIT_KEEPALIVE_S */
	unsigned interface;    /* index of the link that it visits */
	uint8_t link[LINK_ADDRESS_OCTETS];
	uint8_t word;      /* enum visit_word */
	uint64_t since_ms; /* when that was agreed on, of the caller's clock */
	uint64_t began_ms; /* since when it is there, however often it was agreed on anew */
};

struct visit_found {
	struct visit_path path;
	uint32_t slot;
};

struct visit_table;

/* NULL when there is not enough memory, or capacity is 0. */
struct visit_table *visit_table_new(uint32_t capacity);
void visit_table_free(struct visit_table *table); /* accepts NULL */
/* Octets that one visitor takes in a table of that capacity, rounded up. */
size_t visit_table_octets_per_visitor(uint32_t capacity);

/* A visitor is there from now on, or as agreed now.
 *
 * HA_E_RANGE     an address that is no host's, no interface, an encapsulation that there is
 *                not, a UDP tunnel without a port
 * HA_E_CAPACITY  the table is full; who is in it stays as it was */
enum ha_error visit_table_put(struct visit_table *table, const struct visit_path *path,
                              uint64_t now_ns);
/* false: it is not there. */
bool visit_table_remove(struct visit_table *table, struct in_addr home, struct in_addr home_agent);
void visit_table_clear(struct visit_table *table);
/* The link of that index has another one now; whoever visits it, still does. */
void visit_table_move(struct visit_table *table, unsigned from, unsigned to);

/* Whose is a packet to that home address out of a tunnel from that home agent? */
bool visit_table_find(struct visit_table *table, struct in_addr home, struct in_addr home_agent,
                      struct visit_found *out);

enum visit_seen {
	VISIT_SEEN_NOBODY,    /* nobody has that address as its home address */
	VISIT_SEEN_ELSEWHERE, /* who has it is on another link, or has another link address */
	VISIT_SEEN_THERE,
};

/* Whose is a packet from that source on that link? `link` NULL: its link address is not
 * known, and any will do; `interface` 0: likewise.
 *
 * One home address may be there with several home agents, and to register so takes no key:
 * whoever else says that he is the visitor is to get none of its packets. So the better word
 * holds, of visit_word; of those of one word who began first; but of two words of its own the
 * newest: it may have left the other home agent without telling it, as when that does not
 * answer. */
enum visit_seen visit_table_seen(struct visit_table *table, struct in_addr source,
                                 unsigned interface, const uint8_t *link, struct visit_found *out);

/* Likewise of a packet that came encapsulated, whose link address is not known: whoever has
 * agreed on the encapsulating delivery style comes before all who have not. */
enum visit_seen visit_table_seen_encapsulated(struct visit_table *table, struct in_addr source,
                                              unsigned interface, struct visit_found *out);

struct visit_totals {
	uint32_t visitors, capacity;
	uint32_t reverse; /* with a reverse tunnel */
	uint32_t udp;     /* with a tunnel in UDP */
};
struct visit_totals visit_table_totals(struct visit_table *table);

/* How many visitors must be passed over to find one at worst; for tests. */
uint32_t visit_table_longest(struct visit_table *table);

/* Into the visitor's tunnel went something. */
void visit_table_sent(struct visit_table *table, uint32_t slot, uint64_t now_ns);

/* The next visitor whose UDP tunnel nothing went into for its keepalive interval; it counts
 * as sent to. Looked at are at most *left places, from *place on; both are counted on, for
 * the next call. false: none of these. */
bool visit_table_due(struct visit_table *table, uint32_t *place, uint32_t *left, uint64_t now_ns,
                     struct visit_found *out);

/* The row of a slot, NULL for one that does not exist: `in` came from the visitor, `out`
 * went to it. Zeroed when its slot is given to another one. */
struct tunnels_counters *visit_table_counters(struct visit_table *table, uint32_t slot);

#endif
