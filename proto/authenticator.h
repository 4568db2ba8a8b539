/* authenticator.h - keys and authenticators of mobility security associations
 * (RFC 5944 sections 3.5.1 and 5.1; RFC 2002 section 3.5.1).
 *
 * A key becomes a key state once, when the association is made; a message
 * then costs two hash compressions and no allocation. The state of HMAC is
 * the two inner hash states, of keyed MD5 the key itself: it is as secret as
 * the key. Only this file's .c knows the hash library.
 *
 * May include: proto, agentd/base. */
#ifndef PROTO_AUTHENTICATOR_H
#define PROTO_AUTHENTICATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/cursor.h"

/* X(symbol, value, name, help). Values are stored on disk: append only. */
#define MIP_ALGORITHMS(X)                                                                          \
	X(MIP_HMAC_MD5, 1, "hmac-md5", "HMAC-MD5, the default of RFC 5944")                        \
	X(MIP_KEYED_MD5, 2, "keyed-md5", "MD5 over key, message and key, with the SPI covered")    \
	X(MIP_KEYED_MD5_RFC2002, 3, "keyed-md5-rfc2002",                                           \
	  "the same without the SPI, as RFC 2002 has it")

enum mip_algorithm {
#define X(symbol, value, name, help) symbol = value,
	MIP_ALGORITHMS(X)
#undef X
};

#define MIP_KEY_SIZE_MIN 16u /* octets */
#define MIP_KEY_SIZE_MAX 64u
#define MIP_AUTHENTICATOR_SIZE_MAX 32u
#define MIP_SPI_MIN 256u /* 0 to 255 are reserved */

struct mip_key_state {
	uint8_t algorithm; /* enum mip_algorithm; 0 = none */
	uint8_t key_size;  /* octets in `secret` that are a key; 0 for HMAC */
	uint8_t secret[MIP_KEY_SIZE_MAX];
};

/* Name to algorithm and back. false / NULL for one that is in no row. */
bool mip_algorithm_parse(const char *name, enum mip_algorithm *out);
const char *mip_algorithm_name(unsigned algorithm);

/* HA_E_RANGE        key shorter or longer than the limits above
 * HA_E_UNSUPPORTED  no such algorithm
 * On failure *out is zeroed. The key is not kept. */
enum ha_error mip_key_state_init(struct mip_key_state *out, unsigned algorithm, const void *key,
                                 size_t key_size);

/* Octets of an authenticator of this state; 0 for a zeroed one. */
size_t mip_authenticator_size(const struct mip_key_state *state);

/* Compute over `covered` as struct mip_authentication has it (the SPI is left
 * out here where the algorithm wants that). Writes mip_authenticator_size()
 * octets. A zeroed state writes nothing. */
void mip_authenticator_compute(const struct mip_key_state *state, struct span covered,
                               uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX]);

/* In constant time for a given size. A zeroed state or a wrong size verifies nothing. */
bool mip_authenticator_verify(const struct mip_key_state *state, struct span covered,
                              struct span authenticator);

/* Append an authentication extension (type 32, 33 or 34) that protects all
 * that `out` holds so far. Failure is in out->error. */
void mip_authentication_append(struct writer *out, uint8_t type, uint32_t spi,
                               const struct mip_key_state *state);

/* Overwrite a secret so that the compiler keeps the writes. */
void mip_wipe(void *secret, size_t size);

#endif
