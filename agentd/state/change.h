/* change.h - one change of the replicated configuration: plain data.
 *
 * What agentctl, an import, the seed file and later SNMP all become before it
 * is put in order. Borrowed text and octets; the key is wiped by its owner.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_STATE_CHANGE_H
#define AGENTD_STATE_CHANGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/keyring.h"
#include "proto/authenticator.h"
#include "proto/name.h"

enum peer_kind {
	PEER_MOBILE_NODE = 1,
	PEER_FOREIGN_AGENT = 2,
};

enum change_kind {
	CHANGE_ADD_ASSOCIATION,    /* and its peer, when that is new */
	CHANGE_REMOVE_ASSOCIATION, /* with its last one the peer and its bindings go */
	CHANGE_REMOVE_PEER,        /* with all its associations and bindings */
	CHANGE_SET,                /* a cluster setting */
	CHANGE_UNSET,              /* it goes back to its default, or goes */
	CHANGE_SET_NODE,           /* policy and limit of a mobile node */
	CHANGE_RESEAL,             /* an association's key under another of the cluster's keys */
	CHANGE_SECRET,             /* a secret of the cluster, new or sealed again */
};

/* Whose authenticators an association makes. Stored on disk: append only. */
enum association_use {
	ASSOCIATION_HOME = 0, /* Mobile-Home or Foreign-Home, by the kind of peer */
	ASSOCIATION_AAA = 1,  /* MN-AAA, RFC 4721 */
};

/* Stored on disk: append only. */
enum replay_style {
	REPLAY_TIMESTAMP = 0, /* RFC 5944 section 5.7.1 */
	REPLAY_NONCE = 1,     /* section 5.7.2 */
};

/* A secret that all members share is a row of the settings of such a name. It is
 * never listed, nor set by name. */
#define SECRET_PREFIX "secret."
#define SECRET_NONCE SECRET_PREFIX "nonce" /* nonces are derived from it */
#define SECRET_OCTETS 32u

/* What changes what is stored begins for the whole cluster at one entry of the log:
 * the command that makes a setting of such a name, put in order by a leader whose
 * members all have a program that knows it, and refused by programs that do not. It
 * is made once and never goes. */
#define FEATURE_PREFIX "feature."
#define FEATURE_NODE_COUNTERS FEATURE_PREFIX "node-counters" /* struct state_service */

#define PLACE_MAX 32u /* octets of the row key of a peer */
#define LABEL_MAX 32u /* octets of the name of a pool or policy, with its NUL */

/* A change that was made: the command's index in the log, and which of its changes. */
struct change_place {
	uint64_t index; /* 0 = none */
	uint16_t number;
};

/* A change that is made only if what it is about is still as it was seen. */
struct change_guard {
	bool set;
	/* Of a setting or an association the command that made it; 0 = it is not there. */
	uint64_t version;
	uint8_t bindings; /* CHANGE_SET_NODE: of limit and policy those that it sets */
	char policy[LABEL_MAX];
};

struct change {
	enum change_kind kind;
	enum peer_kind peer;
	uint32_t realm;
	struct in_addr address;    /* home address, or the foreign agent's; 0 = by name */
	char nai[MIP_NAI_MAX + 1]; /* of a mobile node; "" = none */
	char pool[LABEL_MAX];      /* gives a node without an address its own; "" = none */
	char policy[LABEL_MAX];    /* "" = the cluster's settings alone */
	uint32_t spi;
	uint32_t algorithm; /* enum mip_algorithm */
	uint8_t key[MIP_KEY_SIZE_MAX];
	uint8_t key_size;
	uint8_t use;          /* enum association_use */
	uint8_t replay;       /* enum replay_style */
	uint8_t bindings;     /* mobile node's limit; 0 = the setting bindings-per-node */
	uint16_t tolerance_s; /* of timestamps; 0 = the setting replay-tolerance */
	bool set_bindings;    /* `bindings` was asked for, and is not the setting's */
	bool replace;         /* overwrite an association that exists */
	bool keep_key;        /* the same with its own algorithm and key, under a guard */
	bool known_peer;      /* add an association only to a peer that is there */
	bool set_policy;      /* CHANGE_SET_NODE: `policy` is to be taken over */
	char name[64];        /* CHANGE_SET: full option name */
	char value[256];      /* CHANGE_SET */
	struct change_guard guard;
	struct change_place undoes; /* for the audit trail */
	/* What is put in order instead of `key`, which is empty then (state_seal). */
	struct keyring_blob sealed;
	uint8_t place[PLACE_MAX]; /* row key of the peer for which it was sealed */
	uint8_t place_size;
	/* CHANGE_RESEAL, CHANGE_SECRET: only if it is still so. */
	uint64_t created;  /* of the association's row */
	uint32_t replaces; /* number of the key under which it was sealed; 0 = there is none */
};

/* How many of each a node has room for. */
struct state_capacity {
	uint32_t peers;
	uint32_t associations;
	uint32_t bindings; /* sum of the peers' limits */
};

/* Most changes put in order at once: whoever applies them is heard by the other
 * members of a cluster before and after, not in between. */
#define CHANGES_MAX 256u

#endif
