/* foreign_codes.h - the reply codes of foreign agents (64 to 127, and 194), as codes.h
 * has those of home agents: number, name, text, counter and MIB object are one row of
 * one table (RFC 5944 section 3.4 and the RFCs named in the rows).
 *
 * May include: agentd/base. */
#ifndef PROTO_FOREIGN_CODES_H
#define PROTO_FOREIGN_CODES_H

#include <stdint.h>

#include "agentd/base/counters.h"

/* X(symbol, number, counter name, MIB arc, text)
 * MIB arc: last arc under faRegistration (1.3.6.1.2.1.44.1.5.3), 0 = none; several rows
 * may have the same one, whose object is their sum. Text follows a colon in a log line. */
#define FOREIGN_CODES(X)                                                                           \
	X(FOREIGN_UNSPECIFIED, 64, "foreign-denied-unspecified", 4, "denied, reason unspecified")  \
	X(FOREIGN_PROHIBITED, 65, "foreign-denied-prohibited", 5,                                  \
	  "denied, administratively prohibited")                                                   \
	X(FOREIGN_NO_RESOURCES, 66, "foreign-denied-no-resources", 6,                              \
	  "denied, insufficient resources")                                                        \
	X(FOREIGN_MN_AUTH_FAILED, 67, "foreign-denied-mn-auth", 7,                                 \
	  "denied, mobile node failed authentication")                                             \
	X(FOREIGN_HA_AUTH_FAILED, 68, "foreign-denied-ha-auth", 15,                                \
	  "denied, home agent failed authentication")                                              \
	X(FOREIGN_LIFETIME_TOO_LONG, 69, "foreign-denied-lifetime", 8,                             \
	  "denied, requested lifetime too long")                                                   \
	X(FOREIGN_POORLY_FORMED_REQUEST, 70, "foreign-denied-poorly-formed", 9,                    \
	  "denied, poorly formed request")                                                         \
	X(FOREIGN_POORLY_FORMED_REPLY, 71, "foreign-denied-poorly-formed-reply", 16,               \
	  "denied, poorly formed reply")                                                           \
	X(FOREIGN_ENCAPSULATION_UNAVAILABLE, 72, "foreign-denied-encapsulation", 10,               \
	  "denied, requested encapsulation unavailable")                                           \
	X(FOREIGN_REVERSE_UNAVAILABLE, 74, "foreign-denied-reverse-unavailable", 0,                \
	  "denied, reverse tunnel unavailable")                                                    \
	X(FOREIGN_REVERSE_MANDATORY, 75, "foreign-denied-reverse-mandatory", 0,                    \
	  "denied, reverse tunnel is mandatory")                                                   \
	X(FOREIGN_TOO_DISTANT, 76, "foreign-denied-too-distant", 0,                                \
	  "denied, mobile node too distant")                                                       \
	X(FOREIGN_INVALID_CARE_OF, 77, "foreign-denied-care-of", 0,                                \
	  "denied, invalid care-of address")                                                       \
	X(FOREIGN_TIMEOUT, 78, "foreign-denied-timeout", 0, "denied, registration timeout")        \
	X(FOREIGN_DELIVERY_UNSUPPORTED, 79, "foreign-denied-delivery-style", 0,                    \
	  "denied, delivery style not supported")                                                  \
	X(FOREIGN_NETWORK_UNREACHABLE, 80, "foreign-denied-network-unreachable", 12,               \
	  "denied, home network unreachable")                                                      \
	X(FOREIGN_HOST_UNREACHABLE, 81, "foreign-denied-host-unreachable", 12,                     \
	  "denied, home agent host unreachable")                                                   \
	X(FOREIGN_PORT_UNREACHABLE, 82, "foreign-denied-port-unreachable", 12,                     \
	  "denied, home agent port unreachable")                                                   \
	X(FOREIGN_UNREACHABLE, 88, "foreign-denied-unreachable", 12,                               \
	  "denied, home agent unreachable")                                                        \
	X(FOREIGN_HOME_AGENT_REQUIRED, 90, "foreign-denied-zero-home-agent", 0,                    \
	  "denied, non-zero home agent address required")                                          \
	X(FOREIGN_HOME_REQUIRED, 96, "foreign-denied-zero-home", 0,                                \
	  "denied, non-zero home address required")                                                \
	X(FOREIGN_MISSING_NAI, 97, "foreign-denied-missing-nai", 0, "denied, missing NAI")         \
	X(FOREIGN_MISSING_HOME_AGENT, 98, "foreign-denied-missing-home-agent", 0,                  \
	  "denied, missing home agent")                                                            \
	X(FOREIGN_MISSING_HOME, 99, "foreign-denied-missing-home", 0,                              \
	  "denied, missing home address")                                                          \
	X(FOREIGN_CVSE_MOBILE, 100, "foreign-denied-cvse-mobile", 0,                               \
	  "denied, vendor's extension of the mobile node is not supported")                        \
	X(FOREIGN_CVSE_HOME, 101, "foreign-denied-cvse-home", 0,                                   \
	  "denied, vendor's extension of the home agent is not supported")                         \
	X(FOREIGN_UNKNOWN_CHALLENGE, 104, "foreign-denied-unknown-challenge", 0,                   \
	  "denied, unknown challenge")                                                             \
	X(FOREIGN_MISSING_CHALLENGE, 105, "foreign-denied-missing-challenge", 0,                   \
	  "denied, missing challenge")                                                             \
	X(FOREIGN_STALE_CHALLENGE, 106, "foreign-denied-stale-challenge", 0,                       \
	  "denied, stale challenge")                                                               \
	X(FOREIGN_MISSING_KEY, 107, "foreign-denied-missing-key", 0,                               \
	  "denied, missing key material for mobile node and foreign agent")                        \
	X(FOREIGN_AAA_AUTH_FAILED, 108, "foreign-denied-aaa-auth", 0,                              \
	  "denied, mobile node failed authentication towards AAA")                                 \
	X(FOREIGN_WRONG_CHALLENGE, 109, "foreign-denied-wrong-challenge", 0,                       \
	  "denied, home agent returned a wrong challenge")                                         \
	X(FOREIGN_REPLAY_STYLE, 110, "foreign-denied-replay-style", 0,                             \
	  "denied, replay protection style unavailable")                                           \
	X(FOREIGN_ZERO_CARE_OF, 111, "foreign-denied-zero-care-of", 0,                             \
	  "denied, zero care-of address is not supported")                                         \
	X(FOREIGN_UNKNOWN_GATEWAY, 112, "foreign-denied-unknown-gateway", 0,                       \
	  "denied, unknown gateway foreign agent")                                                 \
	X(FOREIGN_GATEWAY_UNREACHABLE, 113, "foreign-denied-gateway-unreachable", 0,               \
	  "denied, gateway foreign agent unreachable")                                             \
	X(FOREIGN_GATEWAY_HOST, 114, "foreign-denied-gateway-host", 0,                             \
	  "denied, gateway foreign agent host unreachable")                                        \
	X(FOREIGN_GATEWAY_PORT, 115, "foreign-denied-gateway-port", 0,                             \
	  "denied, gateway foreign agent port unreachable")                                        \
	X(FOREIGN_INVALID_HOME_AGENT, 194, "foreign-denied-invalid-home-agent", 0,                 \
	  "denied, invalid home agent address")

/* Values are the RFC's, on the wire as they are here. */
enum foreign_code {
	FOREIGN_NO_CODE = 0, /* nothing is denied */
#define X(symbol, number, name, arc, text) symbol = number,
	FOREIGN_CODES(X)
#undef X
	FOREIGN_SILENCE = 256, /* no reply at all; never on the wire */
};

struct foreign_code_info {
	const char *name; /* of the counter */
	const char *text;
	uint8_t number;
	uint32_t mib_arc;
};

/* The row of a code; NULL for a number that is in no row. Static. */
const struct foreign_code_info *foreign_code_info(unsigned number);

/* One counter per row, in table order. */
extern struct counter_set foreign_code_counters;

/* Count one denial with this code; a code without a row counts nowhere. */
void foreign_code_count(enum foreign_code code);

#endif
