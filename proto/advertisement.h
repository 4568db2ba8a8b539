/* advertisement.h - agent advertisements and solicitations: ICMP router advertisements
 * with the extension of a mobility agent, and router solicitations (RFC 1256; RFC 5944
 * sections 2.1 and 2.2; RFC 4721 section 2 for challenges).
 *
 * A message is the payload of an IP packet, from the ICMP type to its last octet. The
 * TTL of 1, the addresses of the packet and those of the link are its sender's business.
 * Addresses are in network order, numbers in host order.
 *
 * May include: proto/cursor.h, proto/ip4.h, agentd/base. */
#ifndef PROTO_ADVERTISEMENT_H
#define PROTO_ADVERTISEMENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/cursor.h"

#define ADVERTISEMENT_TYPE 9u
#define SOLICITATION_TYPE 10u
#define SOLICITATION_SIZE 8u

#define ADVERTISEMENT_ROUTERS_MAX 255u /* the count is one octet */
#define ADVERTISEMENT_CARE_OF_MAX 62u  /* and so is the length of the extension */
#define ADVERTISEMENT_CHALLENGE_MIN 4u /* octets; what we send, RFC 4721 section 2 */
#define ADVERTISEMENT_CHALLENGE_MAX 255u
#define ADVERTISEMENT_MAX 2818u /* octets of the longest that is written */

/* A preference: no default router, RFC 1256 section 4.1. */
#define ADVERTISEMENT_NOT_A_ROUTER INT32_MIN

enum advertisement_code {
	ADVERTISEMENT_ROUTES = 0,      /* acts as a router for everybody */
	ADVERTISEMENT_ROUTES_NOT = 16, /* only for registered mobile nodes */
};

enum advertisement_extension {
	ADVERTISEMENT_PAD = 0,
	ADVERTISEMENT_AGENT = 16,
	ADVERTISEMENT_PREFIX_LENGTHS = 19,
	ADVERTISEMENT_CHALLENGE = 24,
};

/* X(symbol, letter, mask, what is offered or asked for). The letters of RFC 5944 section
 * 2.1.1; where bit 9 and bit 10 are concerned that section is followed, and not the older
 * figure in RFC 4857, which has I at bit 9. */
#define AGENT_FLAGS(X)                                                                             \
	X(AGENT_REGISTRATION_REQUIRED, 'R', 0x8000, "registration required")                       \
	X(AGENT_BUSY, 'B', 0x4000, "busy")                                                         \
	X(AGENT_HOME, 'H', 0x2000, "home agent")                                                   \
	X(AGENT_FOREIGN, 'F', 0x1000, "foreign agent")                                             \
	X(AGENT_MINIMAL, 'M', 0x0800, "minimal encapsulation")                                     \
	X(AGENT_GRE, 'G', 0x0400, "GRE")                                                           \
	X(AGENT_REVERSE_TUNNEL, 'T', 0x0100, "reverse tunnels, RFC 3024")                          \
	X(AGENT_UDP_TUNNEL, 'U', 0x0080, "tunnels in UDP, RFC 3519")                               \
	X(AGENT_REVOCATION, 'X', 0x0040, "revocation, RFC 3543")                                   \
	X(AGENT_REGIONAL, 'I', 0x0020, "regional registration, RFC 4857")

enum agent_flag {
#define X(symbol, letter, mask, text) symbol = mask,
	AGENT_FLAGS(X)
#undef X
};

/* All of them. What else the word has is reserved: sent as zero and ignored. */
#define AGENT_FLAGS_KNOWN 0xfde0u

struct agent_flags_text {
	char text[11]; /* a letter for each flag, and the final zero */
};

/* "HFMG", by value, in the order of the bits; "" for none. */
struct agent_flags_text agent_flags_format(uint16_t flags);

struct advertisement_router {
	struct in_addr address;
	int32_t preference;
	uint8_t prefix_length; /* 0 where the message has no prefix-lengths extension */
};

struct advertisement {
	uint8_t code;        /* enum advertisement_code */
	uint16_t lifetime_s; /* of the advertisement; 0: not valid any more */
	uint16_t sequence;
	uint16_t registration_lifetime_s; /* 0xffff is infinity */
	uint16_t flags;                   /* enum agent_flag, or-ed */
	bool has_prefix_lengths;          /* the extension is there, of all routers or of none */
	uint8_t router_count;
	uint8_t care_of_count;
	uint16_t skipped_count; /* unknown extensions that were skipped; not written */
	struct span challenge;  /* borrowed; size 0 where there is none */
	struct in_addr care_of[ADVERTISEMENT_CARE_OF_MAX];
	struct advertisement_router routers[ADVERTISEMENT_ROUTERS_MAX];
};

/* X(symbol, word, text): what can be wrong with a message, each with the word of its
 * counter and a sentence that can follow a colon. All of them mean: discard in silence. */
#define DISCOVERY_FAULTS(X)                                                                        \
	X(DISCOVERY_SOUND, "sound", "nothing is wrong")                                            \
	X(DISCOVERY_SHORT, "short", "shorter than the 8 octets that every message has")            \
	X(DISCOVERY_OTHER_TYPE, "other-type", "another type of ICMP message")                      \
	X(DISCOVERY_CHECKSUM, "checksum", "wrong checksum")                                        \
	X(DISCOVERY_CODE, "code", "a code that is not defined")                                    \
	X(DISCOVERY_ENTRY_SIZE, "entry-size", "an entry for a router is less than two words")      \
	X(DISCOVERY_ROUTERS, "routers", "ends before the routers do that it counts")               \
	X(DISCOVERY_CUT, "cut", "an extension reaches beyond the end")                             \
	X(DISCOVERY_UNKNOWN, "unknown", "an unknown extension that must not be skipped")           \
	X(DISCOVERY_AGENT_SIZE, "agent-size", "the agent's extension has a length it cannot have") \
	X(DISCOVERY_PREFIX_COUNT, "prefix-count", "not one prefix length for each router")         \
	X(DISCOVERY_PREFIX_LENGTH, "prefix-length", "a prefix length above 32")                    \
	X(DISCOVERY_CHALLENGE, "challenge", "an empty challenge")                                  \
	X(DISCOVERY_NO_AGENT, "no-agent", "an ordinary router's: it has no agent's extension")

enum discovery_fault {
#define X(symbol, word, text) symbol,
	DISCOVERY_FAULTS(X)
#undef X
	DISCOVERY_FAULT_COUNT
};

/* Static, never NULL, also for numbers that are no fault. */
const char *discovery_fault_word(enum discovery_fault fault);
const char *discovery_fault_text(enum discovery_fault fault);

/* Read a whole message; the first fault wins, and *out is zeroed then. Of an extension
 * that comes twice the first counts, but each must be sound. Pads may stand anywhere.
 * Unknown extensions below 128 are a fault, those from 128 on are skipped (RFC 5944
 * section 1.8). Reserved bits and what an entry has beyond two words are ignored. What
 * flags and care-of addresses mean together is not judged: advertisement_check. The
 * challenge is borrowed from `message`. */
enum discovery_fault advertisement_read(struct span message, struct advertisement *out);

/* Whether an agent may send it. HA_E_MALFORMED: neither H nor F; R, B without F; F
 * without a care-of address (RFC 5944 section 2.1.1); flags that are reserved; a code
 * that is not defined; a prefix length above 32. HA_E_RANGE: more routers or care-of
 * addresses than there is room for, or a challenge of 1 to 3 or more than 255 octets. */
enum ha_error advertisement_check(const struct advertisement *advertisement);

/* Octets that advertisement_write would append, the pad included that makes them even
 * (RFC 5944 section 2.1.3). */
size_t advertisement_size(const struct advertisement *advertisement);

/* Append the whole message with its checksum; extensions in the order 16, 19, 24, pad.
 * Sticks to the writer, and nothing is written then: HA_E_NOSPACE, and what
 * advertisement_check says. */
void advertisement_write(struct writer *out, const struct advertisement *advertisement);

/* Whether a message is a valid solicitation (RFC 1256 section 4.2): only type, code,
 * checksum and size matter. Whom it comes from does not (RFC 5944 section 2.3). */
enum discovery_fault solicitation_read(struct span message);

/* Append one. HA_E_NOSPACE sticks to the writer. */
void solicitation_write(struct writer *out);

#endif
