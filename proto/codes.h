/* codes.h - reply codes of a Registration Reply: number, name, text, counter
 * and MIB object are one row of one table (RFC 5944 section 3.4 and the RFCs
 * named in the rows). A reply cannot be sent without being counted: the
 * counter of a code is its row.
 *
 * May include: agentd/base. */
#ifndef PROTO_CODES_H
#define PROTO_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/counters.h"

/* X(symbol, number, counter name, MIB arc, text)
 * MIB arc: last arc under haRegistration (1.3.6.1.2.1.44.1.6.3), 0 = none.
 * Text follows a colon in a log line. */
#define MIP_CODES(X)                                                                               \
	X(MIP_ACCEPTED, 0, "accepted", 3, "accepted")                                              \
	X(MIP_ACCEPTED_ONE_BINDING, 1, "accepted-one-binding", 4,                                  \
	  "accepted, simultaneous bindings are not supported")                                     \
	X(MIP_UNSPECIFIED, 128, "denied-unspecified", 5, "denied, reason unspecified")             \
	X(MIP_PROHIBITED, 129, "denied-prohibited", 6, "denied, administratively prohibited")      \
	X(MIP_NO_RESOURCES, 130, "denied-no-resources", 7, "denied, insufficient resources")       \
	X(MIP_MN_AUTH_FAILED, 131, "denied-mn-auth", 8,                                            \
	  "denied, mobile node failed authentication")                                             \
	X(MIP_FA_AUTH_FAILED, 132, "denied-fa-auth", 9,                                            \
	  "denied, foreign agent failed authentication")                                           \
	X(MIP_ID_MISMATCH, 133, "denied-id-mismatch", 10, "denied, identification mismatch")       \
	X(MIP_POORLY_FORMED, 134, "denied-poorly-formed", 11, "denied, poorly formed request")     \
	X(MIP_TOO_MANY_BINDINGS, 135, "denied-too-many-bindings", 12,                              \
	  "denied, too many simultaneous bindings")                                                \
	X(MIP_UNKNOWN_HA, 136, "denied-unknown-ha", 13, "denied, unknown home agent address")      \
	X(MIP_REVERSE_UNAVAILABLE, 137, "denied-reverse-unavailable", 0,                           \
	  "denied, reverse tunnel unavailable")                                                    \
	X(MIP_REVERSE_MANDATORY, 138, "denied-reverse-mandatory", 0,                               \
	  "denied, reverse tunnel is mandatory")                                                   \
	X(MIP_ENCAPSULATION_UNAVAILABLE, 139, "denied-encapsulation", 0,                           \
	  "denied, requested encapsulation unavailable")                                           \
	X(MIP_CVSE_MOBILE, 140, "denied-cvse-mobile", 0,                                           \
	  "denied, vendor's extension of the mobile node is not supported")                        \
	X(MIP_CVSE_FOREIGN, 141, "denied-cvse-foreign", 0,                                         \
	  "denied, vendor's extension of the foreign agent is not supported")                      \
	X(MIP_UDP_UNAVAILABLE, 142, "denied-udp-encapsulation", 0,                                 \
	  "denied, requested UDP tunnel encapsulation unavailable")                                \
	X(MIP_REDIRECTED, 143, "redirected", 0, "denied, register with the redirected home agent") \
	X(MIP_AAA_AUTH_FAILED, 144, "denied-aaa-auth", 0,                                          \
	  "denied, mobile node failed authentication towards AAA")                                 \
	X(MIP_ZERO_CARE_OF, 145, "denied-zero-care-of", 0,                                         \
	  "denied, care-of address is zero and no agent filled it in")                             \
	X(MIP_DYNAMIC_GFA_UNSUPPORTED, 146, "denied-dynamic-gfa", 0,                               \
	  "denied, dynamic gateway foreign agent is not supported")                                \
	X(MIP_PREFIX_ERROR, 147, "denied-prefix", 0, "denied, mobile network prefix error")        \
	X(MIP_ROUTER_NOT_PERMITTED, 148, "denied-mobile-router", 0,                                \
	  "denied, mobile router operation is not permitted")

/* Values are the RFC's, on the wire as they are here. */
enum mip_code {
#define X(symbol, number, name, arc, text) symbol = number,
	MIP_CODES(X)
#undef X
	MIP_SILENCE = 256, /* no reply at all; never on the wire */
};

struct mip_code_info {
	const char *name; /* of the counter */
	const char *text;
	uint8_t number;
	uint32_t mib_arc;
};

/* The row of a code; NULL for a number that is in no row. Static. */
const struct mip_code_info *mip_code_info(unsigned number);

/* Accepted in either form. */
static inline bool mip_code_is_accepted(unsigned number)
{
	return number <= MIP_ACCEPTED_ONE_BINDING;
}

/* One counter per row, in table order. */
extern struct counter_set mip_code_counters;

/* Count one reply with this code; a code without a row counts nowhere. */
void mip_code_count(enum mip_code code);

#endif
