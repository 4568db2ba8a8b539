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

#include "proto/authenticator.h"

enum peer_kind {
	PEER_MOBILE_NODE = 1,
	PEER_FOREIGN_AGENT = 2,
};

enum change_kind {
	CHANGE_ADD_ASSOCIATION,    /* and its peer, when that is new */
	CHANGE_REMOVE_ASSOCIATION, /* with its last one the peer and its bindings go */
	CHANGE_REMOVE_PEER,        /* with all its associations and bindings */
	CHANGE_SET,                /* a cluster setting */
};

struct change {
	enum change_kind kind;
	enum peer_kind peer;
	uint32_t realm;
	struct in_addr address; /* home address, or the foreign agent's */
	uint32_t spi;
	uint32_t algorithm; /* enum mip_algorithm */
	uint8_t key[MIP_KEY_SIZE_MAX];
	uint8_t key_size;
	uint8_t bindings;     /* mobile node's limit; 0 = the setting bindings-per-node */
	uint16_t tolerance_s; /* of timestamps; 0 = the setting replay-tolerance */
	bool set_bindings;    /* `bindings` was asked for, and is not the setting's */
	bool replace;         /* overwrite an association that exists */
	char name[64];        /* CHANGE_SET: full option name */
	char value[256];
};

/* How many of each a node has room for. */
struct state_capacity {
	uint32_t peers;
	uint32_t associations;
	uint32_t bindings; /* sum of the peers' limits */
};

/* Most changes put in order at once. */
#define CHANGES_MAX 2048u

#endif
