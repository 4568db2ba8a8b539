/* keys.h - the mobility security associations of a foreign agent: with visitors
 * (Mobile-Foreign) and with home agents (Foreign-Home), read from a file once and kept in
 * memory. Lines are those of agentd/state/association_file.h, where home-agent may stand for
 * foreign-agent: it is the agent at the other end.
 *
 * May include: agentd/state/association_file.h, proto, agentd/base. */
#ifndef AGENTD_VISIT_KEYS_H
#define AGENTD_VISIT_KEYS_H

#include <netinet/in.h>

#include "agentd/base/error.h"
#include "agentd/state/change.h"
#include "proto/cursor.h"

struct keys;

/* `path` empty: none. HA_E_IO, HA_E_PERMISSION, HA_E_SYNTAX, HA_E_RANGE, HA_E_EXISTS (the
 * same twice), HA_E_NOMEM, with a sentence that names file and line and never a key. */
enum ha_error keys_load(const char *path, struct keys **out, char *report, size_t size);

/* Whom a message names; of a mobile node the name counts where the address is 0. */
struct keys_peer {
	enum peer_kind kind; /* PEER_FOREIGN_AGENT: a home agent */
	struct in_addr address;
	struct span nai;
};

/* `spi` 0: the peer's first. Key and SPI are borrowed; NULL: there is none. */
const struct mip_key_state *keys_find(const struct keys *keys, const struct keys_peer *peer,
                                      uint32_t spi, uint32_t *found_spi);

size_t keys_count(const struct keys *keys);

/* What may be shown of one whose peer has an address. */
struct keys_entry {
	struct in_addr address;
	uint32_t spi;
	uint8_t algorithm; /* enum mip_algorithm */
};

/* The first of them in the order of addresses as numbers, then SPIs, at or behind this place, or
 * with `after` behind it; where a mobile node and a home agent have the same, that of the former
 * comes first. false: there is none. */
bool keys_next(const struct keys *keys, struct in_addr address, uint32_t spi, bool after,
               struct keys_entry *out);

/* Wipes. NULL is fine. */
void keys_free(struct keys *keys);

#endif
