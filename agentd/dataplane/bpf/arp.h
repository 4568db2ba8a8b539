/* arp.h - requests of ARP for a bound home address, answered in place for the mobile
 * node (RFC 5944 section 4.6). */
#ifndef AGENTD_DATAPLANE_BPF_ARP_H
#define AGENTD_DATAPLANE_BPF_ARP_H

#include "agentd/dataplane/bpf/state.h"

#define ARP_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

struct arp_frame {
	__u8 to[ETH_ALEN];
	__u8 from[ETH_ALEN];
	__be16 type;
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_size;
	__u8 protocol_size;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target[4];
};
_Static_assert(sizeof(struct arp_frame) == 42, "arp_frame");

static __always_inline __be32 address_of(const __u8 *octets)
{
	__be32 address;

	__builtin_memcpy(&address, octets, 4);
	return address;
}

static __always_inline int is_request(const struct arp_frame *arp)
{
	return arp->hardware == bpf_htons(ARP_ETHERNET) && arp->protocol == bpf_htons(ETH_P_IP) &&
	       arp->hardware_size == ETH_ALEN && arp->protocol_size == 4 &&
	       arp->operation == bpf_htons(ARP_REQUEST);
}

/* Not answered: probes (RFC 5227), announcements, and the node itself, which asks with
 * its home address before it is known to be at home. */
static __always_inline int wants_answer(const struct arp_frame *arp)
{
	__be32 sender = address_of(arp->sender);

	return is_request(arp) && is_unicast(sender) && sender != address_of(arp->target) &&
	       !(arp->sender_mac[0] & 1);
}

static __always_inline void turn_round(struct arp_frame *arp, const __u8 *mac)
{
	const struct arp_frame asked = *arp;

	__builtin_memcpy(arp->to, asked.sender_mac, ETH_ALEN);
	__builtin_memcpy(arp->from, mac, ETH_ALEN);
	arp->operation = bpf_htons(ARP_REPLY);
	__builtin_memcpy(arp->sender_mac, mac, ETH_ALEN);
	__builtin_memcpy(arp->sender, asked.target, 4);
	__builtin_memcpy(arp->target_mac, asked.sender_mac, ETH_ALEN);
	__builtin_memcpy(arp->target, asked.sender, 4);
}

static __always_inline int answer_arp(struct __sk_buff *skb, const struct tc_link *link,
                                      const struct tc_config *settings)
{
	struct tc_home home = { .realm = link->realm };
	const struct tc_binding *binding;
	const struct tc_group *group;
	struct arp_frame arp;

	if (!link->answers_arp || bpf_skb_load_bytes(skb, 0, &arp, sizeof(arp)) < 0 ||
	    !wants_answer(&arp))
		return leave();
	home.address = address_of(arp.target);
	binding = find_binding(settings, &home);
	group = binding ? group_of(binding) : 0;
	if (!group)
		return leave();
	if (is_past(group->attract_until_ns)) {
		count(TC_ARP_FENCED);
		return leave();
	}
	turn_round(&arp, is_mac(group->mac) ? group->mac : link->mac);
	if (bpf_skb_store_bytes(skb, 0, &arp, sizeof(arp), 0) < 0)
		return leave();
	count(TC_ARP_ANSWERED);
	return (int)bpf_redirect(skb->ifindex, 0);
}

#endif
