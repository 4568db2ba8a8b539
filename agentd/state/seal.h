/* seal.h - secrets of the replicated state as they are on a disk: sealed under
 * one of the cluster's keys, for one place. A blob that is moved to another
 * row, or to another peer, does not open there.
 *
 * May include: proto, agentd/base, agentd/state/rows.h. */
#ifndef AGENTD_STATE_SEAL_H
#define AGENTD_STATE_SEAL_H

#include "agentd/base/keyring.h"
#include "agentd/state/rows.h"
#include "proto/cursor.h"

/* Whose key: an association by the row key of its peer, its SPI and its use. */
struct seal_place {
	struct span peer; /* borrowed */
	uint32_t spi;
	uint8_t use;
};

/* Errors of keyring_seal. */
enum ha_error seal_key(struct keyring *ring, const struct seal_place *place, struct span key,
                       struct keyring_blob *out);
enum ha_error seal_secret(struct keyring *ring, const char *name,
                          const uint8_t secret[SECRET_OCTETS], struct keyring_blob *out);

/* Errors of keyring_open; HA_E_RANGE for a secret of another size. The caller
 * wipes *out. */
enum ha_error seal_open_key(struct keyring *ring, const struct seal_place *place,
                            const struct keyring_blob *blob, struct keyring_plain *out);
enum ha_error seal_open_secret(struct keyring *ring, const char *name,
                               const struct keyring_blob *blob, uint8_t out[SECRET_OCTETS]);

/* Octets of a command or row as a blob. HA_E_RANGE: they can be none. HA_E_NEWER. */
enum ha_error seal_blob_of(struct span octets, struct keyring_blob *out);

static inline uint32_t seal_blob_key(const struct keyring_blob *blob)
{
	return keyring_blob_key((struct keyring_octets){ blob->at, blob->size });
}

#endif
