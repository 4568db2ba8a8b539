/* keyring.h - the cluster's keys, and secrets sealed under them before they
 * reach a disk.
 *
 * A key has a number, so that what was sealed says what opens it. The first key
 * seals; all of them open. Sealing is XChaCha20-Poly1305 with a random nonce,
 * over a context that is not in the blob: what was sealed for one place opens
 * nowhere else. A blob, integers in network order:
 *
 *     format (1 octet), number of the key (4), nonce (24), ciphertext and tag
 *
 * The keys live in locked memory that no core dump holds, and are wiped. Only
 * keyring.c knows the cryptographic library.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_KEYRING_H
#define AGENTD_BASE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define KEYRING_KEYS_MAX 16u
#define KEYRING_KEY_OCTETS 32u
#define KEYRING_PLAIN_MAX 128u   /* octets of a secret */
#define KEYRING_OVERHEAD 45u     /* octets that a blob has more than its secret */
#define KEYRING_CONTEXT_MAX 512u /* octets */
#define KEYRING_BLOB_MAX (KEYRING_PLAIN_MAX + KEYRING_OVERHEAD)

/* Any thread; its functions exclude each other where they must. */
struct keyring;

/* Borrowed octets. */
struct keyring_octets {
	const void *at;
	size_t size;
};

struct keyring_blob {
	size_t size;
	uint8_t at[KEYRING_BLOB_MAX];
};

struct keyring_plain {
	size_t size;
	uint8_t at[KEYRING_PLAIN_MAX]; /* wipe after use */
};

/* An empty one. NULL: no memory, or the library does not work here. */
struct keyring *keyring_new(void);
void keyring_free(struct keyring *ring); /* accepts NULL; wipes */

/* Add behind those that are there. HA_E_RANGE (0 is no number; a key of zeros
 * is none), HA_E_EXISTS (the number, or the key under another number),
 * HA_E_CAPACITY. The key is copied. */
enum ha_error keyring_add(struct keyring *ring, uint32_t id, const uint8_t key[KEYRING_KEY_OCTETS]);

/* Give `ring` the keys of `from`, in one step, instead of its own. Nobody else
 * may use `from` meanwhile. */
void keyring_take(struct keyring *ring, struct keyring *from);

/* What may be shown of a key. Equal fingerprints are equal keys; nothing about
 * the key follows from one. */
struct keyring_entry {
	uint32_t id;
	char fingerprint[17]; /* hexadecimal digits */
};

/* In the ring's order; returns how many. */
size_t keyring_list(struct keyring *ring, struct keyring_entry out[KEYRING_KEYS_MAX]);
bool keyring_has(struct keyring *ring, uint32_t id);
uint32_t keyring_sealing_id(struct keyring *ring); /* 0 when the ring is empty */

/* HA_E_RANGE (secret or context too long), HA_E_NO_KEY (the ring is empty). */
enum ha_error keyring_seal(struct keyring *ring, struct keyring_octets context,
                           struct keyring_octets plain, struct keyring_blob *out);

/* HA_E_MALFORMED  no blob
 * HA_E_NEWER      a format that a newer program made
 * HA_E_NO_KEY     sealed under a key that the ring does not have
 * HA_E_OTHER_KEY  it was sealed for another place, under another key of the same
 *                 number, or it was altered
 * *out is zeroed on failure. */
enum ha_error keyring_open(struct keyring *ring, struct keyring_octets context,
                           struct keyring_octets blob, struct keyring_plain *out);

/* Can these octets be a blob, whoever can open it? Says nothing about its key.
 * HA_E_MALFORMED, HA_E_NEWER. */
enum ha_error keyring_blob_check(struct keyring_octets blob);
/* Number of the key that opens it; 0 for octets that are no blob. */
uint32_t keyring_blob_key(struct keyring_octets blob);

/* Octets that nobody can foretell. */
void keyring_random(void *out, size_t size);

/* ---- key files (keyring_file.c, keyring_make.c) ----
 *
 *     # a comment
 *     key 2 <64 hexadecimal digits>
 *     key 1 <64 hexadecimal digits>
 *
 * A file is a regular one that belongs to us or to root and that nobody else can
 * open. An error never repeats what stands in it. */

struct keyring_error {
	char text[512]; /* one sentence with file, line, and what is allowed */
};

/* `name` is for errors. HA_E_SYNTAX, HA_E_RANGE, HA_E_EXISTS, HA_E_CAPACITY;
 * `into` must be empty and may hold some of the keys then. */
enum ha_error keyring_parse(const char *name, const char *text, size_t size, struct keyring *into,
                            struct keyring_error *error);

/* A new ring. HA_E_NOTFOUND (no such file), HA_E_PERMISSION, HA_E_IO, HA_E_NOMEM,
 * and those of keyring_parse. */
enum ha_error keyring_load(const char *path, struct keyring **out, struct keyring_error *error);

/* A new file with one new key, number 1, on the disk when this returns.
 * HA_E_EXISTS, HA_E_PERMISSION, HA_E_NODISK, HA_E_IO. */
enum ha_error keyring_create(const char *path, struct keyring_error *error);

/* Put a new key before all others of a file, or make the file. The file is
 * replaced in one step and keeps its owner. *made is what was added. Errors of
 * keyring_load and keyring_create, HA_E_BUSY (somebody else does it now). */
enum ha_error keyring_extend(const char *path, struct keyring_entry *made,
                             struct keyring_error *error);

#endif
