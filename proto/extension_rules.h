/* extension_rules.h - what extension.c asks the table of extension types. Nobody
 * else includes this.
 *
 * May include: proto, agentd/base. */
#ifndef PROTO_EXTENSION_RULES_H
#define PROTO_EXTENSION_RULES_H

#include "proto/extension.h"

#define EXTENSION_SKIPPABLE_MIN 128u

enum extension_layout {
	LAYOUT_UNKNOWN, /* no row */
	LAYOUT_PAD,     /* type */
	LAYOUT_SIMPLE,  /* type, length, data: section 1.9 */
	LAYOUT_LONG,    /* type, subtype, length in two octets, data: section 1.10 */
	LAYOUT_SHORT,   /* type, length, subtype, data; length counts the subtype: 1.11 */
	LAYOUT_EITHER,  /* long as RFC 4433 draws type 139, or short as it should be */
};

/* One extension of the walk. */
struct extension_found {
	struct span message;
	const struct mip_extension *extension;
};

/* Keep what is wanted of it.
 * HA_E_MALFORMED          not of a size that it can have
 * HA_E_UNKNOWN_EXTENSION  a subtype that is not known and may not be skipped */
typedef enum ha_error extension_keep(struct mip_extensions *out,
                                     const struct extension_found *found);

struct extension_rule {
	enum extension_layout layout;
	bool replies_only;    /* in other messages as if there were no row */
	extension_keep *keep; /* NULL: passed over */
};

/* By type. Static. */
extern const struct extension_rule extension_rules[UINT8_MAX + 1];

#endif
