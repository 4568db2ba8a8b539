/* transport_packet.h - the octets of a packet between members: a header that says
 * who sends it and measures, and messages of groups behind it. Pure.
 *
 *   0   magic u32           4 format u16            6 feature level u16
 *   8   sender u8           9 members u8         10 witnesses u8   11 flags u8
 *  12   groups u32
 *  16   cluster u64        24 incarnation u64
 *  32   session u64        40 sequence u64
 *  48   sent u64           56 echo u64             64 held u64      72 wall u64
 *  80   messages, each: group u32, size u32, octets; up to the end
 *
 * Integers are little-endian. A packet of a format to come has the same magic
 * and format in the same place.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_TRANSPORT_PACKET_H
#define REPLICATION_TRANSPORT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/consensus.h"
#include "replication/octets.h"

#define PACKET_HEADER 80u
#define PACKET_MESSAGE_HEADER 8u
/* A message of the largest size fits, whatever else there is. */
#define PACKET_MAX (CONSENSUS_MESSAGE_MAX + (1u << 16))
/* What this program can do that its cluster might not; raised when entries or
 * messages change their meaning: agentd/flow/features.h has what came with which. */
#define PACKET_FEATURE_LEVEL 2u

/* What a sender says of itself to the one whom the packet goes to. */
#define PACKET_REFUSES 1u   /* it takes no messages of that one */
#define PACKET_DRAINED 2u   /* an operator wants others to lead */
#define PACKET_UNWILLING 4u /* it would not lead, for this reason or another */

struct packet_header {
	uint16_t feature_level;
	uint8_t sender;       /* 1 .. REPLICATION_MEMBERS_MAX */
	uint64_t cluster;     /* struct transport_identity; 0 = not known */
	uint64_t incarnation; /* 0 = not known */
	uint8_t members, witnesses;
	uint8_t flags;   /* PACKET_... */
	uint32_t groups; /* struct replication_node_options */
	/* Order: those of a session come one after another, and a later start of
	 * the same member has a higher session. */
	uint64_t session;
	uint64_t sequence; /* from 1 */
	/* Round trips: when it was sent, by a clock of the sender's; `sent` of the
	 * newest packet it had of the receiver, and how long ago that came. */
	uint64_t sent_ns;
	uint64_t echo_ns; /* 0 = none came */
	uint64_t held_ns;
	uint64_t wall_us; /* the sender's wall clock, Unix time */
};

/* Exactly PACKET_HEADER octets. */
void packet_write_header(const struct packet_header *header, uint8_t out[PACKET_HEADER]);
void packet_write_message_header(uint32_t group, uint32_t size, uint8_t out[PACKET_MESSAGE_HEADER]);

/* *in is over a whole packet, and over its messages afterwards. HA_E_NEWER (a
 * format that we do not know), HA_E_MALFORMED (also when a message in it does
 * not end where it should: then none of them counts). */
enum ha_error packet_read_header(struct octets_in *in, struct packet_header *out);

struct packet_message {
	uint32_t group;
	uint32_t size;
	const uint8_t *octets; /* borrowed of the packet */
};

/* The next message; false when there is none. */
bool packet_next(struct octets_in *in, struct packet_message *out);

#endif
