/* keys.h - the security associations of a mobile node, from their file.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_MOBILE_KEYS_H
#define AGENTD_MOBILE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "proto/authenticator.h"

struct mobile_association {
	bool given;
	uint32_t spi;
	struct mip_key_state key;
};

struct mobile_keys {
	struct mobile_association home, foreign, aaa;
	bool nonces; /* of the one with the home agent */
};

/* The file is a regular one that belongs to us or to root, and that nobody else can open; its
 * lines are as the option mobile-node.keys says, with comments behind #. One with the home
 * agent must be there. HA_E_NOTFOUND, HA_E_PERMISSION, HA_E_IO, HA_E_SYNTAX with a sentence that
 * repeats nothing of a key; then *out holds none. */
enum ha_error mobile_keys_load(const char *path, struct mobile_keys *out, char *report,
                               size_t size);

void mobile_keys_wipe(struct mobile_keys *keys);

#endif
