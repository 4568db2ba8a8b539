/* arp.c - octets of ARP to structs and back. */
#include "proto/arp.h"

#include <stdio.h>

#define ETHERNET_TYPE_ARP 0x0806u
#define HARDWARE_ETHERNET 1u
#define PROTOCOL_IPV4 0x0800u

static const struct mac everybody = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

struct mac_text mac_format(struct mac mac)
{
	struct mac_text text;
	const uint8_t *at = mac.octets;

	snprintf(text.text, sizeof(text.text), "%02x:%02x:%02x:%02x:%02x:%02x", at[0], at[1], at[2],
	         at[3], at[4], at[5]);
	return text;
}

static struct mac get_mac(struct reader *in)
{
	struct mac mac = { { 0 } };
	const uint8_t *octets = reader_take(in, sizeof(mac.octets));

	if (octets)
		memcpy(mac.octets, octets, sizeof(mac.octets));
	return mac;
}

static void put_mac(struct writer *out, struct mac mac)
{
	put_octets(out, mac.octets, sizeof(mac.octets));
}

enum ha_error arp_decode(struct reader *in, struct arp *out)
{
	*out = (struct arp){ 0 };
	out->to = get_mac(in);
	out->from = get_mac(in);
	if (get_u16(in) != ETHERNET_TYPE_ARP || get_u16(in) != HARDWARE_ETHERNET ||
	    get_u16(in) != PROTOCOL_IPV4 || get_u8(in) != MAC_OCTETS ||
	    get_u8(in) != sizeof(struct in_addr))
		reader_fail(in, HA_E_MALFORMED);
	out->operation = get_u16(in);
	out->sender_mac = get_mac(in);
	out->sender = get_address(in);
	out->target_mac = get_mac(in);
	out->target = get_address(in);
	if (in->error != HA_OK)
		*out = (struct arp){ 0 };
	return in->error;
}

void arp_encode(struct writer *out, const struct arp *arp)
{
	put_mac(out, arp->to);
	put_mac(out, arp->from);
	put_u16(out, ETHERNET_TYPE_ARP);
	put_u16(out, HARDWARE_ETHERNET);
	put_u16(out, PROTOCOL_IPV4);
	put_u8(out, MAC_OCTETS);
	put_u8(out, sizeof(struct in_addr));
	put_u16(out, arp->operation);
	put_mac(out, arp->sender_mac);
	put_address(out, arp->sender);
	put_mac(out, arp->target_mac);
	put_address(out, arp->target);
}

struct arp arp_announcement(struct mac mac, struct in_addr address, enum arp_operation operation)
{
	return (struct arp){
		.to = everybody,
		.from = mac,
		.operation = (uint16_t)operation,
		.sender_mac = mac,
		.sender = address,
		.target_mac = operation == ARP_REPLY ? everybody : (struct mac){ { 0 } },
		.target = address,
	};
}

struct arp arp_answer(const struct arp *request, struct mac mac)
{
	return (struct arp){
		.to = request->sender_mac,
		.from = mac,
		.operation = ARP_REPLY,
		.sender_mac = mac,
		.sender = request->target,
		.target_mac = request->sender_mac,
		.target = request->sender,
	};
}
