/* message.h - Registration Request and Reply (RFC 5944 sections 3.3, 3.4):
 * octets to struct and back. No policy, no I/O, no allocation.
 *
 * A decoder rejects what cannot be represented; what is not allowed is judged
 * by agentd/registration. Addresses are in network order, every other number
 * is in host order.
 *
 * May include: proto, agentd/base. */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <netinet/in.h>
#include <stdint.h>

#include "proto/cursor.h"

#define MIP_PORT 434u
#define MIP_REQUEST_SIZE 24u /* fixed part */
#define MIP_REPLY_SIZE 20u   /* fixed part */

enum mip_type {
	MIP_TYPE_REQUEST = 1,
	MIP_TYPE_REPLY = 3,
	MIP_TYPE_REVOCATION = 7,      /* revocation.h */
	MIP_TYPE_REVOCATION_ACK = 15, /* revocation.h */
};

enum mip_request_flag {
	MIP_REQUEST_SIMULTANEOUS = 0x80, /* S: keep the prior bindings */
	MIP_REQUEST_BROADCAST = 0x40,    /* B: forward broadcasts */
	MIP_REQUEST_DECAPSULATES = 0x20, /* D: co-located care-of address */
	MIP_REQUEST_MINIMAL = 0x10,      /* M: minimal encapsulation */
	MIP_REQUEST_GRE = 0x08,          /* G: GRE encapsulation */
	MIP_REQUEST_R = 0x04,            /* r: sent as zero, ignored (was V) */
	MIP_REQUEST_REVERSE = 0x02,      /* T: reverse tunnel, RFC 3024 */
	MIP_REQUEST_X = 0x01,            /* x: sent as zero, ignored */
};

struct mip_request {
	uint8_t flags;       /* enum mip_request_flag */
	uint16_t lifetime_s; /* 0 deregisters, 0xffff is infinity */
	struct in_addr home;
	struct in_addr home_agent;
	struct in_addr care_of;
	uint64_t identification;
};

struct mip_reply {
	uint8_t code;        /* enum mip_code */
	uint16_t lifetime_s; /* granted; meaningful for accepted ones */
	struct in_addr home;
	struct in_addr home_agent;
	uint64_t identification;
};

/* Decode the fixed part and leave `in` at the first extension.
 *
 * HA_E_TRUNCATED  fewer octets than the fixed part
 * HA_E_MALFORMED  another type of message
 * On failure *out is zeroed. */
enum ha_error mip_request_decode(struct reader *in, struct mip_request *out);
enum ha_error mip_reply_decode(struct reader *in, struct mip_reply *out);

/* Append the fixed part. Never fail themselves: see writer.error. */
void mip_request_encode(struct writer *out, const struct mip_request *request);
void mip_reply_encode(struct writer *out, const struct mip_reply *reply);

#endif
