/* state.h - the replicated state of a group in memory: peers (mobile nodes and
 * foreign agents), their security associations, bindings, replay state, and
 * the cluster's settings.
 *
 * One thread applies, in order of index, and reads no clock: every member that
 * applies the same commands has the same state. Any thread looks (state_view).
 * Tables have a fixed capacity, reserved when a peer is added, so that an
 * accepted mobile node can always be bound (RFC 5944 code 130 stays unused).
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_STATE_STATE_H
#define AGENTD_STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/binding.h"
#include "agentd/state/change.h"
#include "agentd/state/row_log.h"
#include "agentd/state/rows.h"

struct state;

/* All memory is taken now. `ring` seals and opens the keys of associations;
 * borrowed, and must outlive the state; NULL where there are none. HA_E_NOMEM. */
struct state *state_new(const struct state_capacity *capacity, struct keyring *ring,
                        enum ha_error *why);
void state_free(struct state *state); /* accepts NULL; wipes keys */

/* ---- loading the store's rows at start, before anything else ---- */

/* HA_E_CAPACITY  the store holds more than the configuration allows
 * HA_E_DAMAGED   a row names a peer that is not there
 * HA_E_NO_KEY, HA_E_OTHER_KEY, HA_E_NEWER  a row is sealed and does not open here */
enum ha_error state_load_peer(struct state *state, const struct peer_row *row);
enum ha_error state_load_node(struct state *state, const struct node_row *row);
/* `count` rows; *loaded receives how many of them were, before the error. */
enum ha_error state_load_associations(struct state *state, const struct association_row *rows,
                                      size_t count, size_t *loaded);
enum ha_error state_load_replay(struct state *state, const struct replay_row *row);
enum ha_error state_load_binding(struct state *state, const struct binding_row *row);
enum ha_error state_load_setting(struct state *state, const struct setting_row *row);
/* A setting whose name begins with SECRET_PREFIX; its value is octets. */
enum ha_error state_load_secret(struct state *state, const char *name, struct span value);
/* A row just loaded that holds its key unsealed, as earlier programs wrote it:
 * seal the key, wipe it from the row, which is to be written then. */
enum ha_error state_seal_loaded(struct state *state, struct association_row *row);

/* ---- deciding: any thread ---- */

#define LABEL_NONE 0xffu /* no pool, no policy */

/* Whom a request names, and by which associations. */
struct state_question {
	enum peer_kind kind;
	uint32_t realm;
	struct in_addr address;         /* 0 when only the name is known */
	const struct name_digest *name; /* borrowed; NULL without; counts before the address */
	uint32_t spi;
	uint32_t aaa_spi; /* of an MN-AAA extension; 0 = there is none */
};

/* A copy of what is known of one peer, and of its associations under the SPIs
 * asked for. */
struct state_view {
	uint32_t slot;
	uint32_t realm;
	uint64_t id;
	uint64_t version; /* index of the last command that touched the peer */
	struct replay_state replay;
	bool in_flight; /* a proposal is under way */
	struct name_digest name;
	struct in_addr home;     /* 0 = has none now */
	struct in_addr reserved; /* by state_reserve, for this proposal; 0 = none */
	uint8_t limit;
	uint8_t pool;   /* number of its pool, or LABEL_NONE */
	uint8_t policy; /* number of its policy, or LABEL_NONE */
	bool leased;
	bool sticky; /* leased, and without bindings too */
	uint8_t binding_count;
	struct binding bindings[BINDING_LIMIT_MAX];
	bool associated;              /* the SPI asked for exists: `key` */
	bool aaa_associated;          /* the MN-AAA one does: `aaa_key` */
	uint8_t replay_style;         /* enum replay_style of `spi` */
	uint32_t spi;                 /* that one, or the peer's first */
	uint16_t tolerance_s;         /* 0 = the setting */
	struct mip_key_state key;     /* of `spi`; wipe after use */
	struct mip_key_state aaa_key; /* wipe after use */
};

/* false: no such peer. `spi` that does not exist: associated is false, spi and
 * key are those of the peer's first association. */
bool state_look(struct state *state, const struct state_question *question, struct state_view *out);

/* Bring what state_look will need towards the cache. */
void state_prefetch(struct state *state, enum peer_kind kind, uint32_t realm,
                    struct in_addr address);

/* A free address of the viewed node's pool, the one that it had last if that is
 * free, kept for this proposal until state_release or until it is applied. A
 * registration may name an address of a pool only if it was reserved so, or if
 * it was leased to the node in the view that was claimed.
 * HA_E_CAPACITY when all are taken; HA_E_NO_POOL. */
enum ha_error state_reserve(struct state *state, struct state_view *view);

/* What state_reserve would do now; view->reserved is the address, nothing is kept. */
enum ha_error state_probe(struct state *state, struct state_view *view);

/* The address was not wanted after all; no proposal was made. */
void state_unreserve(struct state *state, const struct state_view *view);

/* Do nodes of this pool keep their address between bindings? Any thread. */
bool state_pool_is_sticky(struct state *state, uint8_t pool);

/* How often a node may register: `interval_ms` apart on the long run (0: as it
 * likes), `burst` at once. */
struct state_pace {
	uint64_t now_ms; /* any clock that does not go back */
	uint32_t interval_ms;
	uint32_t burst;
};

/* Mark a proposal of the viewed node as under way.
 * HA_E_CONFLICT  the node changed, or another proposal is under way, since the
 *                view was taken: look again
 * HA_E_TOO_SOON  the node registers too often */
enum ha_error state_claim(struct state *state, const struct state_view *view,
                          const struct state_pace *pace);

/* What state_claim would answer now; nothing is marked. */
enum ha_error state_may_claim(struct state *state, const struct state_view *view,
                              const struct state_pace *pace);

/* What a claim keeps, for when its view is gone. */
struct state_hold {
	uint64_t node;
	uint32_t slot;
	uint32_t realm;
	struct in_addr home; /* of a pool; 0 = none */
};
struct state_hold state_hold_of(const struct state_view *view);

/* The proposal came to nothing, or it is not known what becomes of it. Gives back
 * what was reserved for it. While a claim of before is held, nobody may be
 * promised anything (agentd/flow/reign.h). */
void state_release(struct state *state, const struct state_hold *hold);

/* An association authenticated something that changes nothing else. */
void state_note_use(struct state *state, const struct state_view *view, uint64_t time_ms);

/* A request of the viewed node was denied with this code. Kept in memory, of this
 * process; `now_ms`: clock_monotonic_ms(). */
void state_note_denial(struct state *state, const struct state_view *view, uint8_t code,
                       uint64_t now_ms);

/* What came of a mobile node's requests. What was accepted is of the group: all
 * members have the same, through restarts and failovers, counted since
 * FEATURE_NODE_COUNTERS was made or the node was added. Denials are of this process. */
struct state_service {
	uint32_t accepted;    /* requests, deregistrations among them; wraps */
	uint64_t accepted_ms; /* when the last one was, cluster time; 0 = none was */
	uint64_t served_ms;   /* for how long it was bound, without the present bindings */
	uint64_t since_ms;    /* bound since then, cluster time; 0 = it is not bound */
	/* When the last of its bindings ends, cluster time; UINT64_MAX: by itself it does not; 0:
	 * it has none. It may be over already, and nobody led who could put its end in order. */
	uint64_t until_ms;
	uint32_t denied;     /* requests; wraps */
	uint64_t denied_ms;  /* when the last one was, by state_note_denial's clock */
	uint8_t denied_code; /* of the last one; 0 = none was denied, and the two above are 0 */
};
/* By name where it is not NULL, else by home address. false: there is no such node. */
bool state_service(struct state *state, uint32_t realm, struct in_addr home,
                   const struct name_digest *name, struct state_service *out);
/* The lowest home address at or above *home in that realm, of nodes that were denied and
 * have an address: *home becomes it. false: there is none. */
bool state_next_denied(struct state *state, uint32_t realm, struct in_addr *home);
/* The lowest address from *home to `last` that a node of the realm has from a pool: *home
 * becomes it. false: there is none. Looks at all addresses of pools in between, 64 at
 * once. */
bool state_next_leased(struct state *state, uint32_t realm, struct in_addr *home,
                       struct in_addr last);
/* Was FEATURE_NODE_COUNTERS made? */
bool state_counts_nodes(struct state *state);

/* The name of a policy by its number; "" for LABEL_NONE. */
void state_policy_name(struct state *state, uint8_t policy, char out[LABEL_MAX]);
unsigned state_policy_count(struct state *state);
/* How many mobile nodes have the policy of this name. Only from a visitor of
 * state_settings: it needs that one's lock. */
uint32_t state_policy_nodes(struct state *state, const char *name);

/* ---- applying: one thread ---- */

/* A binding that ended before its lifetime by somebody's will, and whose agent
 * agreed on being told (RFC 3543). None for an agent that knows, because it
 * relayed what ended the binding, or revoked it. */
struct state_ended {
	uint64_t place;
	struct binding binding;
	bool moved; /* its node registered elsewhere or came home; else we took it away */
};

#define STATE_ENDED_MAX 4096u /* told of one command; the rest is only counted */

/* The caller's, who ends it with state_outcome_free. */
struct state_outcome {
	enum ha_error error;    /* of a registration: HA_OK, HA_E_STALE, HA_E_LIMIT,
	                      * HA_E_NOTFOUND; of a revocation all but the limit */
	enum ha_error *results; /* of a configuration, one per change; NULL of other commands */
	size_t result_count;
	struct row_log rows; /* what to write through */
	uint64_t next_id;    /* after a configuration: of the next peer; for the store */
	uint64_t time_ms;    /* cluster time of the command */
	struct state_ended *ended;
	size_t ended_count;
	size_t ended_lost; /* for want of room or memory */
	/* What a drop ended; the array is written only as far as it counts. */
	size_t dropped_count;
	struct binding dropped[BINDING_LIMIT_MAX];
	uint32_t unopened_key;
};
/* Number of the key of what could not be opened last. */
uint32_t state_unopened_key(const struct state *state);

/* Apply one command of the log. Entries at or below a peer's own version are
 * skipped, so that a log can be replayed over rows that are newer than it.
 *
 * HA_E_MALFORMED  not a command
 * HA_E_NEWER      a newer program wrote it
 * HA_E_CAPACITY   it was accepted where there was more room than here
 * HA_E_NO_KEY, HA_E_OTHER_KEY  it holds what is sealed and does not open here;
 *                 out->unopened_key says under which key
 * HA_E_NOMEM
 * These end the process: nothing may be skipped. What a command itself ran
 * into is in the outcome. */
enum ha_error state_apply(struct state *state, uint64_t index, struct span command,
                          struct state_outcome *out);
/* What it points to; harmless after a failed state_apply, and twice. */
void state_outcome_free(struct state_outcome *outcome);

/* Configuration at or below this index is in the store already; the next new
 * peer gets `next_id` (0: one above the highest loaded). Ends the loading. */
void state_set_configured(struct state *state, uint64_t index, uint64_t next_id);

/* Places (realm in the high half, home address in the low) of at most `max`
 * mobile nodes with a binding whose lifetime has ended by `time_ms`. A node is
 * named again after some seconds if nobody expires it. Applying thread. */
size_t state_expired(struct state *state, uint64_t time_ms, uint64_t *places, size_t max);

/* ---- for those who forward packets ---- */

/* What is bound at a home address. */
struct state_bound {
	uint32_t realm;
	struct in_addr home;
	uint32_t group;
	uint8_t count;
	struct binding bindings[BINDING_LIMIT_MAX]; /* in the order of the store's keys */
};

/* Have `moved` called for every home address whose bindings change, or may have,
 * while rows are loaded and commands applied: on that thread, with a lock held
 * that state_bound_at takes too, so that it can do no more than note the address.
 * Before the loading; NULL ends it. */
typedef void state_moved(void *context, uint32_t realm, struct in_addr home);
void state_observe(struct state *state, state_moved *moved, void *context);

/* A count of 0 where nothing is bound, or nobody has the address. Any thread. */
void state_bound_at(struct state *state, uint32_t realm, struct in_addr home,
                    struct state_bound *out);

/* The next mobile node with bindings, in no order that means anything; *place is 0
 * to begin. false at the end. Costs also the nodes that have none. Applying thread. */
bool state_next_bound(struct state *state, uint32_t *place, struct state_bound *out);

/* ---- writing to the store: one thread ---- */

/* The peers changed since the last call, in order of their binding keys.
 * The array is the caller's: free(). HA_E_NOMEM. */
enum ha_error state_take_dirty(struct state *state, uint32_t **slots, size_t *count);
/* Give back those that could not be written, the first `copied` of which were
 * given to state_copy_peer. */
void state_return_dirty(struct state *state, const uint32_t *slots, size_t count, size_t copied);
size_t state_dirty_count(struct state *state);

/* Who lost an address to another node must be in the store as soon as that one is
 * there with it: to be taken, one after the other, and copied by state_copy_lost in each
 * transaction, before it ends, until there is none. They are among the changed peers all
 * the same. false: there is none. */
bool state_take_lost(struct state *state, uint32_t *slot);
/* The transaction failed. */
void state_return_lost(struct state *state, const uint32_t *slots, size_t count);

/* A copy of one peer's changing rows, for the store. */
struct state_peer_rows {
	uint32_t realm;
	struct in_addr home;
	struct replay_row replay;
	struct binding_row bindings[BINDING_LIMIT_MAX]; /* in key order */
	size_t binding_count;
	bool pooled; /* `replay` is written beside the bindings too */
};
/* false: the peer is gone, its rows were removed with it; or the slot is a
 * foreign agent's now, which has no such rows. */
bool state_copy_peer(struct state *state, uint32_t slot, struct state_peer_rows *out);
/* The same without taking it off the list of changed peers. */
bool state_copy_lost(struct state *state, uint32_t slot, struct state_peer_rows *out);
/* The same of who has a home address now, for rows that have to be written again;
 * it goes on counting as changed if it does. */
bool state_copy_at(struct state *state, uint32_t realm, struct in_addr home,
                   struct state_peer_rows *out);

/* ---- looking from outside: any thread ---- */

struct state_totals {
	uint32_t mobile_nodes;
	uint32_t foreign_agents;
	uint32_t associations;
	uint32_t bindings;
	uint32_t bindings_committed;
	uint64_t time_ms; /* newest cluster time applied */
};
void state_totals(struct state *state, struct state_totals *out);
void state_capacity(struct state *state, struct state_capacity *out);

/* When an association authenticated something last, in cluster time; 0 = not
 * since this process knows. */
uint64_t state_last_used(struct state *state, enum peer_kind kind, uint32_t realm,
                         struct in_addr address, const struct name_digest *name, uint32_t spi,
                         enum association_use use);

/* Pool number i (0 first), with an empty name where none is. false past the last. */
struct state_pool {
	char name[LABEL_MAX];
	uint32_t realm;
	struct in_addr first, last;
	bool sticky;     /* a node keeps its address between registrations */
	uint32_t leased; /* addresses that belong to a node, or are kept for a proposal */
	uint32_t nodes;  /* that get their address here */
};
bool state_pool_at(struct state *state, unsigned i, struct state_pool *out);

/* How much is sealed under which of the cluster's keys, in no order; returns how
 * many keys. Number 0: not sealed, while a store is loaded. */
#define STATE_SEALED_MAX 64u
struct state_sealed {
	uint32_t key;
	uint32_t associations;
	uint32_t secrets;
};
size_t state_sealed(struct state *state, struct state_sealed out[STATE_SEALED_MAX]);

/* A secret that all members share: the number of the key under which it is
 * sealed, 0 and zeros when there is none. The caller wipes *out. */
uint32_t state_secret(struct state *state, const char *name, uint8_t out[SECRET_OCTETS]);

/* The row key that the peer of a change has in the store, or would have. Any thread. */
void state_place_of_change(struct state *state, const struct change *change,
                           struct row_octets *out);

/* Seal the key of a CHANGE_ADD_ASSOCIATION for where it will stand; the key is
 * wiped from the change. Errors of keyring_seal. */
enum ha_error state_seal(struct state *state, struct change *change);

/* Settings in the store, in order of their names. Changes with each apply. */
typedef void state_setting_visitor(void *context, const char *name, const char *value);
void state_settings(struct state *state, state_setting_visitor *visit, void *context);
/* Setting number i (0 first) in order of names; a secret without name and value.
 * false past the last. */
bool state_setting_at(struct state *state, unsigned i, struct setting_row *out);
/* Index of the command that wrote it; 0 = it is not there. */
uint64_t state_setting_version(struct state *state, const char *name);

#endif
