/* peers.h - the peers in the store of a group, in the order of tables: by kind, realm
 * and who they are, addresses before names. The store has it the other way round, so a
 * step may cost some seeks, and never a walk.
 *
 * A row that cannot be read is passed over and counted.
 *
 * May include: agentd/flow/inspect.h, agentd/state, replication/store.h, mib/index.h. */
#ifndef MIB_PEERS_H
#define MIB_PEERS_H

#include "agentd/flow/inspect.h"
#include "agentd/state/rows.h"
#include "mib/index.h"
#include "replication/store.h"

#define MIB_IDENTITY_MAX NAME_DIGEST_SIZE

/* HearthPeerIdentity: an address, or the digest of a name. */
struct mib_peer_identity {
	uint8_t size; /* 4 or 16; anything in a place to begin at */
	uint8_t at[MIB_IDENTITY_MAX];
};

struct mib_peer_place {
	uint8_t kind; /* enum peer_kind */
	uint32_t realm;
	struct mib_peer_identity identity;
};

/* A place from the octets of a key: those of a string with its length, which may end
 * early. */
struct mib_peer_identity mib_peer_identity_at(const struct mib_key *key, size_t at);
void mib_peer_identity_key(const struct mib_peer_identity *identity, struct mib_key *key);
bool mib_peer_place_equal(const struct mib_peer_place *one, const struct mib_peer_place *other);

/* Who it is for agentd/flow/inspect.h, which borrows *name. */
struct agent_whom mib_peer_whom(const struct mib_peer_place *place, const struct peer_row *peer,
                                struct name_digest *name);

/* The peer that has exactly this key. */
bool mib_peer_at(struct store_reader *reader, const struct row_octets *key, struct peer_row *out);

/* The first peer at or after `from`, strictly after it if `after`, and where it is.
 * false: there is none of this kind or a later one. */
bool mib_peer_find(struct store_reader *reader, const struct mib_peer_place *from, bool after,
                   struct mib_peer_place *place, struct peer_row *row);

/* The same among those of one kind and realm that are known by their address. */
bool mib_peer_address(struct store_reader *reader, const struct mib_peer_place *from, bool after,
                      struct mib_peer_place *place, struct peer_row *row);

/* The first association at or after SPI and use of that peer, strictly after it if `after`.
 * Without the key. false: there is none. */
struct mib_peer_spi {
	uint32_t spi;
	uint8_t use; /* enum association_use, or above */
};
bool mib_peer_association(struct store_reader *reader, uint64_t peer, struct mib_peer_spi from,
                          bool after, struct association_row *row);

#endif
