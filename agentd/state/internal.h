/* internal.h - the tables behind state.h; nobody outside agentd/state includes
 * this. A peer, its associations and its bindings are guarded by the lock of
 * the peer's slot; lists, totals and the wheel belong to the applying thread. */
#ifndef AGENTD_STATE_INTERNAL_H
#define AGENTD_STATE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/expiry.h"
#include "agentd/state/index.h"
#include "agentd/state/pools.h"
#include "agentd/state/seal.h"
#include "agentd/state/state.h"

#define LOCKS 1024u
#define SETTINGS_MAX 1024u

struct peer {
	uint64_t id; /* 0 = the slot is free */
	uint64_t created;
	uint64_t version;
	struct replay_state replay;
	uint64_t paced_ms; /* when its next registration is due, by this process's clock */
	struct name_digest name;
	uint32_t realm;
	struct in_addr address; /* 0 = none yet, or no more */
	uint32_t group;
	uint32_t associations; /* first, or SLOT_NONE */
	uint32_t bindings;     /* first, or SLOT_NONE */
	uint8_t kind;
	uint8_t limit;
	uint8_t reserved;
	uint8_t binding_count;
	uint8_t pool;   /* LABEL_NONE: the address is its own */
	uint8_t policy; /* or LABEL_NONE */
	bool leased;    /* the address of the pool belongs to it */
	bool sticky;    /* and goes on doing so without bindings */
	bool dirty;
	bool in_flight; /* a proposal of it is under way */
	bool lost;      /* in the chain of those that lost an address (lost.c) */
};

/* Of the peer in the slot of the same number; beside it, so that a look at a node
 * touches as few lines of memory as before. */
struct service_slot {
	uint64_t since_ms, served_ms; /* as struct service has them, and the next */
	uint32_t accepted;
	uint32_t next_lost; /* of the chain in lost.c */
};

/* Denials of one node by this process. */
struct denial {
	uint64_t last_ms; /* clock_monotonic_ms() */
	uint32_t count;   /* wraps */
	uint8_t code;
	/* Of denied.c. Under the lock of the order, but for the first. */
	bool listed;             /* at `place`; under that of the peer */
	uint64_t place;          /* place_of_home */
	uint32_t before, behind; /* slots */
};

/* Denied nodes that have an address, in the order of realm and address. */
struct denied {
	pthread_mutex_t lock;
	uint32_t root; /* a slot, or SLOT_NONE */
};

#define DENIALS_OF_PAGE 256u /* slots to a page, which is taken when one of them is denied */

struct association {
	uint32_t next; /* of the same peer, or of the free list */
	uint32_t spi;
	uint64_t created;      /* index of the command that made or replaced it */
	uint64_t last_used_ms; /* cluster time; 0 = not known */
	uint16_t tolerance_s;
	uint8_t use;
	uint8_t replay;
	uint8_t sealed; /* in sealed_keys: under which key its row is sealed */
	struct mip_key_state key;
};

struct binding_slot {
	struct binding binding;
	uint64_t version;
	uint32_t next; /* of the same peer, or of the free list */
	uint32_t peer;
	struct expiry_link link;
};

/* A table of fixed size with a free list through `next`. */
struct pool {
	uint32_t capacity;
	uint32_t free;  /* first of the free list, or SLOT_NONE */
	uint32_t fresh; /* slots at and above were never used */
};

struct setting {
	char name[64];
	char value[256];
	uint64_t version; /* index of the command that wrote it */
};

/* Names of policies as numbers of this process: nodes refer to them. A number is
 * used again when nothing is left of its policy, and no other is left. */
struct labels {
	char names[LABEL_NONE][LABEL_MAX];
	_Atomic uint32_t users[LABEL_NONE];
	_Atomic unsigned count;
};

#define SEALED_KEYS_MAX STATE_SEALED_MAX
#define SEALED_NONE 0xffu
#define SECRETS_MAX 4u

/* How much is sealed under one of the cluster's keys. Number 0: not sealed, in
 * a store of an earlier program that is being loaded. */
struct sealed_key {
	_Atomic uint32_t id;
	_Atomic uint32_t associations, secrets;
};

struct secret {
	char name[32];
	uint8_t sealed; /* in sealed_keys */
	uint8_t plain[SECRET_OCTETS];
};

/* Why bindings go while a command is applied. */
enum farewell_cause {
	FAREWELL_SILENT, /* nobody is to be told */
	FAREWELL_MOVED,  /* the node is elsewhere; the agent that said so knows */
	FAREWELL_TAKEN,  /* we took it away */
};

/* Where revocable bindings are noted that go. Applying thread. */
struct farewell {
	struct state_outcome *out; /* of the command; NULL between commands */
	uint64_t time_ms;
	enum farewell_cause cause;
	struct in_addr knowing; /* FAREWELL_MOVED: the source of the request */
};

struct state {
	struct state_capacity capacity;
	struct keyring *ring;
	enum ha_error unopened; /* something sealed that this member cannot open */
	uint32_t unopened_key;
	struct sealed_key sealed_keys[SEALED_KEYS_MAX];
	struct secret *secrets; /* SECRETS_MAX, in an arena; read under settings_lock */
	bool too_small;         /* a command was accepted where there is more room */
	struct peer_index index;
	struct peer_index names; /* of peers that have one */
	struct peer *peers;
	struct association *associations;
	struct binding_slot *bindings;
	struct service_slot *services;
	_Atomic(struct denial *) *denials; /* pages */
	size_t denial_pages;
	struct denied denied;
	struct pool peer_pool, association_pool, binding_pool;
	struct expiry expiry;
	pthread_mutex_t locks[LOCKS];

	pthread_mutex_t dirty_lock;
	uint32_t *dirty; /* room for every peer */
	size_t dirty_count;
	uint32_t lost; /* first of the chain, or SLOT_NONE; under dirty_lock */

	pthread_mutex_t settings_lock;
	struct setting *settings; /* SETTINGS_MAX, in order of names */
	size_t setting_count;
	struct labels policies;

	pthread_mutex_t pools_lock; /* taken before a peer's lock, never after it */
	struct address_pools pools;
	_Atomic uint64_t sticky_pools; /* a bit for each, for those who have a peer's lock */

	uint32_t *by_id; /* from id to slot by hash, while rows are loaded */
	uint64_t by_id_mask;

	struct farewell farewell;
	state_moved *moved; /* NULL: nobody is to know */
	void *moved_context;

	uint64_t counted_from; /* index of what made FEATURE_NODE_COUNTERS; 0 = not yet */
	uint64_t counting_ms;  /* cluster time of the command at hand; 0 = it is not counted */

	uint64_t configured; /* configuration up to here is in the store */
	uint64_t next_id;
	_Atomic uint32_t mobile_nodes, foreign_agents, association_count, binding_count, committed;
	_Atomic uint64_t time_ms;
	size_t arena_octets[5];
};

/* names.c */
uint32_t name_find(struct state *state, const struct name_digest *name);
uint32_t name_lock_found(struct state *state, const struct name_digest *name);
void name_insert(struct state *state, uint32_t slot);
void name_remove(struct state *state, uint32_t slot);

/* lease.c: addresses of pools. Applying thread, no peer's lock held. */
/* Whoever but the peer of that id has the address by an older entry than that of
 * `index` loses it, with bindings. */
void lease_evict(struct state *state, uint32_t realm, struct in_addr home, uint64_t but,
                 uint64_t index);
/* HA_E_EXISTS: somebody has it, and may. */
enum ha_error lease_take(struct state *state, uint32_t slot, uint32_t realm, struct in_addr home,
                         bool sticky);
/* As a row says, unless a newer one says otherwise. */
void lease_load(struct state *state, uint32_t slot, const struct replay_row *row);
/* The address goes back to its pool. */
void lease_forget(struct state *state, uint32_t slot);
/* The same, unless bindings need it. Did it? */
bool lease_release(struct state *state, uint32_t slot, uint64_t index);
/* The same after bindings went, unless it is kept without. */
void lease_settle(struct state *state, uint32_t slot, uint64_t index);
/* Any thread: what was kept for a proposal is taken only if it belongs to somebody now. */
void lease_resolve(struct state *state, uint32_t realm, struct in_addr home);

/* apply.c: commands that change bindings */
struct Hearth__Register;
struct Hearth__Drop;
struct Hearth__Expire;
struct Hearth__Complete;
enum ha_error apply_registration(struct state *state, uint64_t index,
                                 const struct Hearth__Register *registration, uint64_t time_ms);
enum ha_error apply_drop(struct state *state, uint64_t index, const struct Hearth__Drop *drop,
                         struct state_outcome *out);
void apply_expiry(struct state *state, uint64_t index, const struct Hearth__Expire *expire,
                  uint64_t time_ms);
enum ha_error apply_completion(struct state *state, uint64_t index,
                               const struct Hearth__Complete *complete);

/* peers.c: slots of peers and associations */
uint32_t pool_take(struct pool *pool, uint32_t (*next)(struct state *, uint32_t),
                   struct state *state);
void peer_lock(struct state *state, uint32_t slot);
void peer_unlock(struct state *state, uint32_t slot);
/* Any thread: find a peer and return with its lock held, or SLOT_NONE. */
uint32_t peer_lock_found(struct state *state, enum peer_kind kind, uint32_t realm,
                         struct in_addr address);
/* Applying thread: needs no lock to find its own peers. SLOT_NONE. */
uint32_t peer_find(struct state *state, enum peer_kind kind, uint32_t realm,
                   struct in_addr address);
enum ha_error peer_add(struct state *state, const struct peer_row *row, uint32_t *slot);
void peer_remove(struct state *state, uint32_t slot);
/* Change what node_row says of a mobile node. */
enum ha_error peer_set_node(struct state *state, uint32_t slot, const struct node_row *row);
uint32_t association_find(struct state *state, const struct peer *peer, uint32_t spi,
                          enum association_use use);
/* The key state is computed before the lock is taken. */
enum ha_error association_add(struct state *state, uint32_t slot,
                              const struct association_row *row);
enum ha_error association_put(struct state *state, uint32_t slot, const struct association_row *row,
                              const struct mip_key_state *key);
void association_remove(struct state *state, uint32_t slot, uint32_t spi, enum association_use use);
/* With the peer's lock held: it authenticated something. */
void association_note_use(struct state *state, uint32_t slot, uint32_t spi, uint64_t time_ms);

/* bindings.c: with the peer's lock held */
uint32_t binding_find(struct state *state, const struct peer *peer, const struct binding *like);
enum ha_error binding_put(struct state *state, uint32_t slot, const struct binding *binding,
                          uint64_t version);
/* The port of the UDP tunnel of a binding that has none yet. HA_E_NOTFOUND. */
enum ha_error binding_complete(struct state *state, uint32_t slot, const struct binding *like,
                               uint16_t port, uint64_t version);
/* Removes those for which `drop` says so; returns how many. */
typedef bool binding_predicate(const struct binding *binding, const void *argument);
unsigned bindings_remove(struct state *state, uint32_t slot, binding_predicate *drop,
                         const void *argument);

/* service.c: what is counted of a node; with its lock held. Nothing happens but while
 * a command is applied that counts. */
void service_begin(struct state *state, uint64_t index, uint64_t time_ms); /* a command */
void service_end(struct state *state);
void service_accepted(struct state *state, uint32_t slot);
void service_bound(struct state *state, uint32_t slot);
/* The last binding went; `latest_ms`: when it would have ended by itself at the latest. */
void service_unbound(struct state *state, uint32_t slot, uint64_t latest_ms);
struct service service_copy(const struct state *state, uint32_t slot);
/* As a row says; all zeros for a new peer. */
void service_load(struct state *state, uint32_t slot, const struct service *service);

/* denials.c; with the peer's lock held */
bool denials_new(struct state *state);
void denials_free(struct state *state);
void denials_forget(struct state *state, uint32_t slot);
struct denial *denials_at(const struct state *state, uint32_t slot); /* NULL: never denied */

/* denied.c: whether a node was denied, its address, or whether it has one may be other
 * than before; with the peer's lock held */
void denied_follow(struct state *state, uint32_t slot);

/* lost.c: the peer is about to lose the address that it has, or had; with its lock held */
void lost_mark(struct state *state, uint32_t slot);

/* farewell.c: a binding goes; with the peer's lock held */
void farewell_say(struct state *state, const struct peer *peer, const struct binding *binding);

/* bound.c: the bindings at the peer's address change; with the peer's lock held */
void moved_note(struct state *state, const struct peer *peer);

/* dirty.c: with the peer's lock held */
void dirty_mark(struct state *state, uint32_t slot);
/* All are as the store has them. Before other threads look. */
void dirty_forget(struct state *state);

/* settings.c */
enum ha_error setting_put(struct state *state, const char *name, const char *value,
                          uint64_t version);
enum ha_error setting_remove(struct state *state, const char *name);
/* Applying thread. NULL when it is not there. */
const struct setting *setting_find(const struct state *state, const char *name);
bool setting_is_secret(const char *name);
/* The number of a policy, which gets one when it is known only now. */
uint8_t policy_label(struct state *state, const char *name);
/* "" for LABEL_NONE. Applying thread. */
const char *policy_name(const struct state *state, uint8_t policy);
bool policy_exists(struct state *state, const char *name);
/* The first mobile node, from `slot` on, with an address of its own in the range: a pool
 * must not give it away. Rows of an earlier program are loaded all the same, pools
 * first. SLOT_NONE. */
uint32_t owner_next(const struct state *state, const struct address_range *range, uint32_t slot);

/* load.c: the slot of a peer's id while rows are loaded, or SLOT_NONE */
enum ha_error loaded_slot(struct state *state, uint64_t id, uint32_t *slot);

/* sealed.c */
struct Hearth__AddAssociation;
struct Hearth__Reseal;
struct Hearth__Secret;
/* Where a key of this number is counted; SEALED_NONE when too many are in use. */
uint8_t sealed_index(struct state *state, uint32_t id);
/* The key of a row of this peer. HA_E_RANGE, HA_E_UNSUPPORTED; HA_E_NO_KEY,
 * HA_E_OTHER_KEY and HA_E_NEWER are noted in state->unopened. */
enum ha_error sealed_open(struct state *state, uint32_t slot, const struct association_row *row,
                          struct mip_key_state *out);
/* Returns `error`; one of opening is kept, for it must end this process. */
enum ha_error sealed_note_unopened(struct state *state, enum ha_error error,
                                   const struct keyring_blob *blob);
/* What stands in the row of an association that is added; errors as above, and
 * HA_E_CONFLICT when it was sealed for another peer. */
enum ha_error sealed_of_command(struct state *state, uint32_t slot,
                                const struct Hearth__AddAssociation *add, struct keyring_blob *out);
enum ha_error apply_reseal(struct state *state, const struct Hearth__Reseal *reseal,
                           struct row_log *rows);
enum ha_error apply_secret(struct state *state, const struct Hearth__Secret *secret,
                           struct row_log *rows);
bool secrets_new(struct state *state);
void secrets_free(struct state *state);

/* configure.c, configure_command.c */
void association_note(struct row_log *rows, enum row_operation operation,
                      const struct association_row *row);
struct Hearth__Configure;
enum ha_error configure_apply(struct state *state, uint64_t index,
                              const struct Hearth__Configure *configure, struct state_outcome *out);

#endif
