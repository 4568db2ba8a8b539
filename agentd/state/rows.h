/* rows.h - the rows of the store: keys whose order is the order of operators'
 * tables, and values with a format octet. Encoding cannot fail; decoding
 * refuses what it does not understand.
 *
 * Keys are in network order throughout (docs/architecture.md, "Store").
 *
 * May include: proto, agentd/base, agentd/state/change.h. */
#ifndef AGENTD_STATE_ROWS_H
#define AGENTD_STATE_ROWS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/binding.h"
#include "agentd/base/error.h"
#include "agentd/base/revocable.h"
#include "agentd/state/change.h"

#define ROW_KEY_MAX 32u
#define ROW_VALUE_MAX 448u

/* Octets of one encoded key or value. */
struct row_octets {
	size_t size;
	uint8_t at[ROW_VALUE_MAX];
};

/* peers: kind, realm, address -> ; a node that gets its address from a pool:
 * kind, realm, digest of its name -> */
struct peer_row {
	enum peer_kind kind;
	uint32_t realm;
	struct in_addr address; /* 0 = from the pool */
	uint64_t id;            /* stable node id, never used twice */
	uint8_t bindings;       /* limit when it was added; memory is reserved for them */
	uint64_t created;       /* index of the command that made it */
	uint32_t group;
	char nai[MIP_NAI_MAX + 1]; /* "" = none */
	char pool[LABEL_MAX];
};

/* nodes: peer id -> what may change about a mobile node; none while its peer's
 * row says all */
struct node_row {
	uint64_t peer;
	uint8_t bindings;       /* limit */
	uint8_t reserved;       /* bindings that memory is reserved for; never below the limit */
	char policy[LABEL_MAX]; /* "" = none */
};

/* associations: peer id, SPI, use unless 0 -> the key, sealed (seal.h) */
struct association_row {
	uint64_t peer;
	uint32_t spi;
	uint8_t use;    /* enum association_use */
	uint8_t replay; /* enum replay_style */
	uint8_t algorithm;
	uint8_t key_size; /* not 0 only in a row that an earlier program wrote; wipe it */
	uint16_t tolerance_s;
	uint8_t key[MIP_KEY_SIZE_MAX];
	uint64_t created;
	struct keyring_blob sealed; /* of size 0 only in a row that an earlier program wrote */
};

/* What protects a node against replays, and what it holds from a pool. */
struct replay_state {
	uint64_t identification;        /* newest accepted timestamp */
	uint64_t nonced;                /* newest identification accepted under nonces */
	uint64_t digest;                /* of the newest accepted request of either kind */
	uint32_t spi;                   /* of the association that authenticated it */
	struct revocation_mark revoked; /* newest revocation by a foreign agent */
	uint64_t used_ms;               /* when the request was accepted, in cluster time */
};

/* What came of a node's requests, as all members count it alike. All zeros while
 * nothing is counted yet (state.h, FEATURE_NODE_COUNTERS). */
struct service {
	uint64_t since_ms;  /* bound since then, cluster time; 0 = it is not, as far as known */
	uint64_t served_ms; /* bound for so long before */
	uint32_t accepted;  /* requests; wraps */
};

/* replay: peer id -> what a node without a binding was last granted; of a node
 * with a pool also while it has bindings, which others may take with the address */
struct replay_row {
	uint64_t peer;
	struct replay_state state;
	struct in_addr home; /* of a node with a pool: the address it has or had; 0 = none */
	bool leased;         /* it has it */
	bool sticky;         /* leased, and without bindings too */
	uint64_t version;
	struct service service;
};

/* bindings: realm, family, home address, care-of address, endpoint, port -> */
struct binding_row {
	uint32_t realm;
	struct in_addr home;
	struct binding binding;
	uint64_t node; /* peer id */
	struct replay_state replay;
	uint64_t version; /* index of the command that wrote it */
	uint32_t group;
	struct service service;
};

/* settings: name -> ; not for secrets, whose rows are their own matter */
struct setting_row {
	char name[64];
	char value[256];
	uint64_t version; /* index of the command that wrote it; 1 in rows of earlier programs */
};

void peer_row_key(const struct peer_row *row, struct row_octets *out);
void peer_row_key_of_address(uint8_t kind, uint32_t realm, struct in_addr address,
                             struct row_octets *out);
void peer_row_key_of_name(uint8_t kind, uint32_t realm, const struct name_digest *name,
                          struct row_octets *out);
void peer_row_value(const struct peer_row *row, struct row_octets *out);
/* What a peer's row key says. */
struct peer_key {
	enum peer_kind kind;
	uint32_t realm;
	bool by_name;
	struct in_addr address;
	struct name_digest name;
};
enum ha_error peer_row_key_decode(struct span key, struct peer_key *out);
void node_row_key(const struct node_row *row, struct row_octets *out);
void node_row_value(const struct node_row *row, struct row_octets *out);
void association_row_key(const struct association_row *row, struct row_octets *out);
void association_row_value(const struct association_row *row, struct row_octets *out);
void replay_row_key(const struct replay_row *row, struct row_octets *out);
void replay_row_value(const struct replay_row *row, struct row_octets *out);
void binding_row_key(const struct binding_row *row, struct row_octets *out);
void binding_row_value(const struct binding_row *row, struct row_octets *out);

bool setting_is_feature(const char *name);
void setting_row_key(const struct setting_row *row, struct row_octets *out);
void setting_row_value(const struct setting_row *row, struct row_octets *out);

/* The common start of the keys of all bindings of one home address. */
void binding_row_prefix(uint32_t realm, struct in_addr home, struct row_octets *out);

/* HA_E_TRUNCATED, HA_E_TRAILING, HA_E_MALFORMED; HA_E_NEWER for a value format
 * above ours. *out is zeroed on failure. */
enum ha_error peer_row_decode(struct span key, struct span value, struct peer_row *out);
enum ha_error node_row_decode(struct span key, struct span value, struct node_row *out);
enum ha_error association_row_decode(struct span key, struct span value,
                                     struct association_row *out);
enum ha_error replay_row_decode(struct span key, struct span value, struct replay_row *out);
enum ha_error binding_row_decode(struct span key, struct span value, struct binding_row *out);
enum ha_error setting_row_decode(struct span key, struct span value, struct setting_row *out);

#endif
