/* arp.h - ARP for IPv4 on Ethernet (RFC 826), the whole frame.
 *
 * May include: proto/cursor.h, agentd/base. */
#ifndef PROTO_ARP_H
#define PROTO_ARP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "proto/cursor.h"

#define ARP_FRAME_OCTETS 42u /* without padding; a frame may be longer */
#define MAC_OCTETS 6u

struct mac {
	uint8_t octets[MAC_OCTETS];
};

struct mac_text {
	char text[18];
};

/* "00:00:5e:00:01:0a", by value, for use inside one expression. */
struct mac_text mac_format(struct mac mac);

static inline bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

enum arp_operation {
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
};

struct arp {
	struct mac to, from; /* of the frame */
	uint16_t operation;  /* enum arp_operation; others are decoded too */
	struct mac sender_mac;
	struct in_addr sender;
	struct mac target_mac;
	struct in_addr target;
};

/* HA_E_TRUNCATED; HA_E_MALFORMED (not ARP for IPv4 on Ethernet). *out is zeroed
 * then. What follows the message is padding and not looked at. */
enum ha_error arp_decode(struct reader *in, struct arp *out);

/* HA_E_NOSPACE sticks to the writer. */
void arp_encode(struct writer *out, const struct arp *arp);

/* Gratuitous ARP: says to everybody on the link that `address` is at `mac`. Both
 * operations are in use; either alone is not heeded everywhere. */
struct arp arp_announcement(struct mac mac, struct in_addr address, enum arp_operation operation);

/* The answer to a request for an address that is at `mac`. */
struct arp arp_answer(const struct arp *request, struct mac mac);

#endif
