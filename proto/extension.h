/* extension.h - the extensions that follow the fixed part of a message on port
 * 434 (RFC 5944 sections 1.9 to 1.11), as borrowed spans.
 *
 * The chain is walked by the layout that the type's row in MIP_EXTENSIONS
 * gives it; a type without a row is simple (type, length, data) when it is
 * 128 to 255, and ends the matter when it is 0 to 127: the message must then be
 * discarded without an answer.
 *
 * May include: proto, agentd/base. */
#ifndef PROTO_EXTENSION_H
#define PROTO_EXTENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/cursor.h"

enum mip_extension_type {
	MIP_EXTENSION_PAD = 0,
	MIP_EXTENSION_MOBILE_HOME = 32,
	MIP_EXTENSION_MOBILE_FOREIGN = 33,
	MIP_EXTENSION_FOREIGN_HOME = 34,
};

/* One extension. Everything is borrowed from the message. */
struct mip_extension {
	uint8_t type;
	uint8_t subtype;    /* 0 where the layout has none */
	struct span header; /* type to the octet before the data */
	struct span data;
};

/* The next extension, or false at the end of the chain or at an error, which
 * is then in in->error:
 * HA_E_TRUNCATED          a length runs past the end of the message
 * HA_E_UNKNOWN_EXTENSION  type 0-127 that this program does not know
 * Pads are skipped. *out is zeroed when false. */
bool mip_extension_next(struct reader *in, struct mip_extension *out);

/* An authentication extension: which octets it protects, and by what.
 * `covered` runs from the first octet of the message to the end of the SPI
 * (RFC 5944 section 3.5.1). */
struct mip_authentication {
	uint32_t spi;
	struct span covered;
	struct span authenticator;
};

/* What one walk over the chain found. The first of each kind is kept, all are
 * counted: rules differ on what a second one means. */
struct mip_extensions {
	struct mip_authentication mobile_home;
	struct mip_authentication mobile_foreign;
	struct mip_authentication foreign_home;
	unsigned mobile_home_count;
	unsigned mobile_foreign_count;
	unsigned foreign_home_count;
	unsigned skipped_count; /* unknown 128-255 */
};

/* Walk the whole chain. `message` is the UDP payload from its first octet,
 * `in` stands at its first extension.
 *
 * HA_E_TRUNCATED          a length runs past the end
 * HA_E_MALFORMED          an authentication extension too short for its SPI
 * HA_E_UNKNOWN_EXTENSION  discard the message
 * On failure *out holds what was found before the fault: a broken message can
 * still be answered to whom it authenticates. */
enum ha_error mip_extensions_decode(struct span message, struct reader *in,
                                    struct mip_extensions *out);

#endif
