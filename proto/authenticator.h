/* authenticator.h - keys and authenticators of mobility security associations
 * (RFC 5944 sections 3.5.1 and 5.1; RFC 2002 section 3.5.1; RFC 4721).
 *
 * A key becomes a key state once, when the association is made; a message
 * then costs as many hash compressions as it has blocks, and no allocation. The
 * state of HMAC is the two hash states behind its paddings, of keyed MD5 and CHAP
 * the key itself: it is as secret as the key. Only this file's .c knows the hash
 * library.
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
	  "the same without the SPI, as RFC 2002 has it")                                          \
	X(MIP_HMAC_SHA1, 4, "hmac-sha1", "HMAC-SHA1, 20 octets")                                   \
	X(MIP_HMAC_SHA256, 5, "hmac-sha256", "HMAC-SHA-256, 32 octets")                            \
	X(MIP_CHAP, 6, "chap", "MD5 in the style of CHAP, RFC 4721: towards AAA, with SPI 2 only")

enum mip_algorithm {
#define X(symbol, value, name, help) symbol = value,
	MIP_ALGORITHMS(X)
#undef X
};

#define MIP_KEY_SIZE_MIN 16u /* octets */
#define MIP_KEY_SIZE_MAX 64u
#define MIP_AUTHENTICATOR_SIZE_MAX 32u
#define MIP_CHAP_SIZE 16u /* octets of an authenticator */
#define MIP_SPI_MIN 256u  /* 0 to 255 are reserved */
#define MIP_SPI_CHAP 2u   /* the reserved one of CHAP, RFC 4721 section 8 */

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

/* Octets of an authenticator of this state; 0 for a zeroed one and for CHAP, which
 * is no algorithm of authentications 32 to 34. */
size_t mip_authenticator_size(const struct mip_key_state *state);

/* Compute over `covered` as struct mip_authentication has it (the SPI is left
 * out here where the algorithm wants that). Writes mip_authenticator_size()
 * octets. A zeroed state and CHAP write nothing. */
void mip_authenticator_compute(const struct mip_key_state *state, struct span covered,
                               uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX]);

/* In constant time for a given size. A zeroed state, CHAP or a wrong size verify
 * nothing. */
bool mip_authenticator_verify(const struct mip_key_state *state, struct span covered,
                              struct span authenticator);

/* CHAP (RFC 4721 section 8). `covered` is as struct mip_authentication has it,
 * `challenge` what the extension 132 holds. An empty challenge stands for the
 * value 0 that a node with a co-located care-of address uses, having got none
 * (section 3.5): one octet of zero. */

/* Writes MIP_CHAP_SIZE octets. A state that is not of CHAP writes nothing. */
void mip_chap_compute(const struct mip_key_state *state, struct span covered, struct span challenge,
                      uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX]);

/* In constant time for given sizes. A state that is not of CHAP or a wrong size
 * verify nothing. */
bool mip_chap_verify(const struct mip_key_state *state, struct span covered, struct span challenge,
                     struct span authenticator);

/* Append an authentication extension (type 32, 33 or 34) that protects all
 * that `out` holds so far. Failure is in out->error. */
void mip_authentication_append(struct writer *out, uint8_t type, uint32_t spi,
                               const struct mip_key_state *state);

/* Append a generalized authentication extension (type 36, RFC 4721 section 5) of a
 * subtype that protects all that `out` holds so far. `challenge` matters to CHAP
 * only. HA_E_MALFORMED: CHAP with another subtype than MN-AAA or another SPI than
 * MIP_SPI_CHAP, or that SPI without CHAP. Failure is in out->error. */
void mip_generalized_append(struct writer *out, uint8_t subtype, uint32_t spi,
                            const struct mip_key_state *state, struct span challenge);

/* Overwrite a secret so that the compiler keeps the writes. */
void mip_wipe(void *secret, size_t size);

#endif
