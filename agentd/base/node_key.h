/* node_key.h - the key pair by which a member of a cluster proves to the others
 * who it is, in a file of its own:
 *
 *     # a comment
 *     secret <64 hexadecimal digits>
 *
 * The public key follows from the secret one (Curve25519). Only node_key.c and
 * keyring.c know the cryptographic library.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_NODE_KEY_H
#define AGENTD_BASE_NODE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/cluster_member.h"
#include "agentd/base/error.h"
#include "agentd/base/keyring.h"

struct node_key {
	uint8_t public_key[CLUSTER_KEY_OCTETS];
	uint8_t secret_key[CLUSTER_KEY_OCTETS]; /* wipe after use */
};

/* Of the text of a file; `name` is for errors. HA_E_SYNTAX (no key, or more than
 * one), HA_E_RANGE (zeros), HA_E_UNSUPPORTED (the library does not work here).
 * *out is zeroed on failure. */
enum ha_error node_key_parse(const char *name, const char *text, size_t size, struct node_key *out,
                             struct keyring_error *error);

/* Of a file that nobody else can open. `any_owner`: root may look into a file of
 * another user. HA_E_NOTFOUND, HA_E_PERMISSION, HA_E_IO, HA_E_NOMEM, and those of
 * node_key_parse. */
enum ha_error node_key_load(const char *path, bool any_owner, struct node_key *out,
                            struct keyring_error *error);

/* A new file with a new key, on the disk when this returns; never in the place of
 * another file. HA_E_EXISTS, HA_E_RANGE, HA_E_PERMISSION, HA_E_NODISK, HA_E_IO,
 * HA_E_UNSUPPORTED. */
enum ha_error node_key_create(const char *path, uint8_t public_key[CLUSTER_KEY_OCTETS],
                              struct keyring_error *error);

void node_key_wipe(struct node_key *key);

#endif
