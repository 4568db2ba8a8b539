/* extension.h - the extensions that follow the fixed part of a message on port
 * 434 (RFC 5944 sections 1.9 to 1.11), as borrowed spans and small structs.
 *
 * The chain is walked by the layout that the type's row in extension_rules.c
 * gives it; a type without a row is simple (type, length, data) when it is
 * 128 to 255, and ends the matter when it is 0 to 127: the message must then be
 * discarded without an answer. A decoder rejects what cannot be represented;
 * whether an extension may stand where it stands is judged elsewhere, with
 * mip_authentication_covers().
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
	MIP_EXTENSION_GENERALIZED = 36,   /* authentication by subtype, RFC 4721 */
	MIP_EXTENSION_CVSE_OLD = 37,      /* vendor's, critical: an older number */
	MIP_EXTENSION_CVSE = 38,          /* vendor's, critical: RFC 3115 */
	MIP_EXTENSION_UDP_REPLY = 44,     /* RFC 3519 */
	MIP_EXTENSION_FA_ERROR = 45,      /* RFC 4636 */
	MIP_EXTENSION_GFA = 46,           /* RFC 4857 */
	MIP_EXTENSION_DELIVERY = 130,     /* encapsulating delivery style, RFC 3024 */
	MIP_EXTENSION_NAI = 131,          /* RFC 2794 */
	MIP_EXTENSION_CHALLENGE = 132,    /* RFC 4721 */
	MIP_EXTENSION_NVSE_OLD = 133,     /* vendor's, normal: an older number */
	MIP_EXTENSION_NVSE = 134,         /* vendor's, normal: RFC 3115 */
	MIP_EXTENSION_CARRIED_NAI = 136,  /* of an agent, RFC 3846 */
	MIP_EXTENSION_REVOCATION = 137,   /* RFC 3543 */
	MIP_EXTENSION_DYNAMIC_HA = 139,   /* RFC 4433 */
	MIP_EXTENSION_HIERARCHICAL = 140, /* RFC 4857 */
	MIP_EXTENSION_UDP_REQUEST = 144,  /* RFC 3519 */
	MIP_EXTENSION_MESSAGE = 145,      /* RFC 4917 */
};

enum mip_generalized_subtype {
	MIP_GENERALIZED_MOBILE_AAA = 1,
};

enum mip_dynamic_ha_subtype {
	MIP_DYNAMIC_HA_REQUESTED = 1,
	MIP_DYNAMIC_HA_REDIRECTED = 2,
};

enum mip_message_subtype {
	MIP_MESSAGE_FROM_HOME = 1,
	MIP_MESSAGE_FROM_FOREIGN = 2,
};

enum mip_udp_reply_code {
	MIP_UDP_ACCEPTED = 0,
	MIP_UDP_DECLINED = 64, /* this and all above */
};

#define MIP_NAI_MAX 253u     /* octets */
#define MIP_MESSAGE_MAX 250u /* octets that we send */

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
 * (RFC 5944 section 3.5.1, RFC 4721 section 6). */
struct mip_authentication {
	uint32_t spi;
	struct span covered;
	struct span authenticator;
};

/* What the structs below have in common: `at` is the extension from its type to
 * its last octet, borrowed; addresses are in network order, numbers in host
 * order; reserved fields are ignored unless a member says so. */

/* 137, RFC 3543 section 3.2. */
struct mip_revocation_support {
	bool inform; /* I: supports the I bit of revocations */
	uint32_t timestamp;
	struct span at;
};

/* 139, RFC 4433 section 3.4: only subtypes 1 and 2. */
struct mip_dynamic_ha {
	uint8_t subtype; /* enum mip_dynamic_ha_subtype */
	struct in_addr address;
	bool rfc4433_form; /* type, subtype, length in two octets; else type, length, subtype */
	struct span at;
};

/* 144, RFC 3519 section 3.1: only subtype 0. */
struct mip_udp_tunnel_request {
	bool forced;                /* F */
	bool registration_required; /* R */
	uint8_t encapsulation;      /* an IP protocol: 4, 47 or 55; 0 = as M and G say */
	bool reserved_set;          /* "reserved 3", which must be verified to be zero */
	struct span at;
};

/* 44, RFC 3519 section 3.2: only subtype 0. */
struct mip_udp_tunnel_reply {
	uint8_t code;         /* enum mip_udp_reply_code */
	bool forced;          /* F */
	uint16_t keepalive_s; /* 0 = the mobile node's own */
	struct span at;
};

/* 46 and 140, RFC 4857 sections 9.1 and 9.2. */
struct mip_address_extension {
	struct in_addr address;
	struct span at;
};

/* 145, RFC 4917: for people. Whether it is UTF-8 is not checked. */
struct mip_message_string {
	uint8_t subtype;  /* enum mip_message_subtype */
	struct span text; /* at least one octet */
};

/* 45, RFC 4636. */
struct mip_fa_error {
	uint8_t status; /* a reply code of a foreign agent, 64 to 127 */
};

/* What one walk over the chain found. The first of each kind is kept, all are
 * counted: rules differ on what a second one means. */
struct mip_extensions {
	struct mip_authentication mobile_home;
	struct mip_authentication mobile_foreign;
	struct mip_authentication foreign_home;
	struct mip_authentication mobile_aaa; /* 36 subtype 1 */
	struct span nai;                      /* 131: the octets of the NAI */
	struct span challenge;                /* 132: the octets of the challenge */
	struct mip_revocation_support revocation;
	struct mip_dynamic_ha dynamic_ha;
	struct mip_udp_tunnel_request udp_request;
	struct mip_udp_tunnel_reply udp_reply;
	struct mip_address_extension gfa;          /* 46 */
	struct mip_address_extension hierarchical; /* 140 */
	struct mip_message_string message;
	struct mip_fa_error fa_error;
	struct span delivery; /* 130, whole; for foreign agents */
	struct span cvse;     /* 37 or 38, whole: by its place it is the node's or the agent's */
	unsigned mobile_home_count;
	unsigned mobile_foreign_count;
	unsigned foreign_home_count;
	unsigned mobile_aaa_count;
	unsigned nai_count;
	unsigned challenge_count;
	unsigned revocation_count;
	unsigned dynamic_ha_count;
	unsigned udp_request_count;
	unsigned udp_reply_count;
	unsigned gfa_count;
	unsigned hierarchical_count;
	unsigned message_count;
	unsigned fa_error_count;
	unsigned delivery_count;
	unsigned cvse_count;
	unsigned skipped_count; /* 128-255 of which nothing is kept */
};

/* Walk the whole chain. `message` is the UDP payload from its first octet,
 * `in` stands at its first extension.
 *
 * HA_E_TRUNCATED          a length runs past the end
 * HA_E_MALFORMED          a known extension of a size that it cannot have, or a
 *                         NAI that is none
 * HA_E_UNKNOWN_EXTENSION  discard the message
 * On failure *out holds what was found before the fault: a broken message can
 * still be answered to whom it authenticates. */
enum ha_error mip_extensions_decode(struct span message, struct reader *in,
                                    struct mip_extensions *out);

/* `octets` of the same message lie within what this authentication protects. An
 * extension behind the authenticator does not. A zeroed authentication, or no
 * octets at all: false. */
bool mip_authentication_covers(const struct mip_authentication *authentication, struct span octets);

/* 1 to MIP_NAI_MAX octets of printable ASCII. */
bool mip_nai_is_valid(struct span nai);

#endif
