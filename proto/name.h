/* name.h - the Network Access Identifier of a mobile node (RFC 2794) as a key
 * of fixed size, so that tables need not hold names.
 *
 * May include: proto, agentd/base. */
#ifndef PROTO_NAME_H
#define PROTO_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/extension.h"

#define NAME_DIGEST_SIZE 16u

/* Half of a SHA-256 of realm number and name: nobody makes two of them alike.
 * All zero is no name. */
struct name_digest {
	uint8_t octets[NAME_DIGEST_SIZE];
};

/* What stands after the last '@' counts without regard to case (RFC 4282
 * section 2.4 compares it as a domain name), what stands before it as it is. */
struct name_digest name_digest_of(uint32_t realm, struct span nai);

bool name_digest_equal(const struct name_digest *a, const struct name_digest *b);
bool name_digest_is_none(const struct name_digest *digest);

#endif
