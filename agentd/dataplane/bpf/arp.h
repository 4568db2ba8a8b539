/* arp.h - requests of ARP for a bound home address, answered in place for the mobile
 * node (RFC 5944 section 4.6) under the rules of ../home_arp_decide.c. Where one of them
 * speaks against an answer, or cannot be known here, user space hears the request. */
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

static __always_inline int is_for_ipv4(const struct arp_frame *arp)
{
	return arp->hardware == bpf_htons(ARP_ETHERNET) && arp->protocol == bpf_htons(ETH_P_IP) &&
	       arp->hardware_size == ETH_ALEN && arp->protocol_size == 4;
}

/* Can a frame be sent to it, to one host? */
static __always_inline int is_host_mac(const __u8 *mac)
{
	return !(mac[0] & 1) && is_mac(mac);
}

#define HEARD_NS (30 * 1000000000ULL) /* as long as user space remembers it */
#define HEARD_AGAIN_NS 1000000000ULL

/* Somebody says that it has an address of this link. */
static __always_inline void note_sender(const struct arp_frame *arp, const struct tc_home *sender)
{
	struct tc_heard now = { .at_ns = bpf_ktime_get_boot_ns() };
	const struct tc_heard *before = bpf_map_lookup_elem(&heard, sender);

	if (before && now.at_ns - before->at_ns < HEARD_AGAIN_NS &&
	    is_same_mac(before->mac, arp->sender_mac))
		return;
	__builtin_memcpy(now.mac, arp->sender_mac, ETH_ALEN);
	bpf_map_update_elem(&heard, sender, &now, BPF_ANY);
}

/* Was it the one who asks that had the address a short while ago? */
static __always_inline int is_by_the_node(const struct arp_frame *arp, const struct tc_home *target)
{
	const struct tc_heard *before = bpf_map_lookup_elem(&heard, target);

	return before && bpf_ktime_get_boot_ns() - before->at_ns < HEARD_NS &&
	       is_same_mac(before->mac, arp->sender_mac);
}

/* Not answered: probes (RFC 5227), announcements, and what was not asked of us. */
static __always_inline int wants_answer(const struct arp_frame *arp, const __u8 *ours)
{
	__be32 sender = address_of(arp->sender);

	return arp->operation == bpf_htons(ARP_REQUEST) && is_unicast(sender) &&
	       sender != address_of(arp->target) && !is_same_mac(arp->sender_mac, ours) &&
	       !is_same_mac(arp->from, ours) && (arp->to[0] & 1 || is_same_mac(arp->to, ours));
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

static __always_inline int is_on_link(const struct tc_range *range, const struct tc_link *link)
{
	return range && range->place == link->place;
}

static __always_inline int send_answer(struct __sk_buff *skb, struct arp_frame *arp,
                                       const __u8 *ours)
{
	turn_round(arp, ours);
	if (bpf_skb_store_bytes(skb, 0, arp, sizeof(*arp), 0) < 0)
		return leave();
	count(TC_ARP_ANSWERED);
	return (int)bpf_redirect(skb->ifindex, 0);
}

/* Under which the link knows the home agent. */
static __always_inline const __u8 *mac_of(const struct tc_link *link, const struct tc_group *group)
{
	return link->has_agents && is_mac(group->mac) ? group->mac : link->mac;
}

/* For a node that is away. The MAC comes before the deadline is opened and goes after it
 * was closed: if it is the same before and after the look at that, it is the right one. */
static __always_inline int answer_for(struct __sk_buff *skb, struct arp_frame *arp,
                                      const struct tc_link *link, const struct tc_group *group,
                                      const struct tc_home *target)
{
	__u8 ours[ETH_ALEN];

	__builtin_memcpy(ours, mac_of(link, group), ETH_ALEN);
	if (!wants_answer(arp, ours))
		return leave();
	if (is_past(group->attract_until_ns)) {
		count(TC_ARP_FENCED);
		return leave();
	}
	return is_own(target->address) || is_by_the_node(arp, target) ||
	                       !is_same_mac(ours, mac_of(link, group))
	               ? leave()
	               : send_answer(skb, arp, ours);
}

/* What somebody says who is bound is user space's to hear: it may have come home. */
static __always_inline int answer_arp(struct __sk_buff *skb, const struct tc_link *link,
                                      const struct tc_config *settings)
{
	struct tc_home target = { .realm = link->realm }, sender = { .realm = link->realm };
	const struct tc_range *range;
	const struct tc_binding *binding;
	const struct tc_group *group;
	struct arp_frame arp;

	if (bpf_skb_load_bytes(skb, 0, &arp, sizeof(arp)) < 0 || !is_for_ipv4(&arp) ||
	    !is_host_mac(arp.sender_mac))
		return leave();
	sender.address = address_of(arp.sender);
	range = find_range(settings, &sender);
	if (is_on_link(range, link))
		note_sender(&arp, &sender);
	if (range && find_binding_in(settings, range, &sender))
		return leave();
	target.address = address_of(arp.target);
	range = find_range(settings, &target);
	binding = is_on_link(range, link) ? find_binding_in(settings, range, &target) : 0;
	group = binding ? group_of(binding) : 0;
	return group ? answer_for(skb, &arp, link, group, &target) : leave();
}

#endif
