// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* tc.bpf.c - the data plane of the home agent as a filter at the ingress of its
 * interfaces: packets for bound home addresses into their tunnels, packets out of
 * reverse tunnels, and requests of ARP for who is away.
 *
 * It does what is common and leaves the rest to user space (../forward.h), which does
 * all of it and is the reference: what comes out here must be what comes out there. */
#include "agentd/dataplane/bpf/arp.h"
#include "agentd/dataplane/bpf/home.h"
#include "agentd/dataplane/bpf/reverse.h"

char tc_license[] SEC("license") = "Dual BSD/GPL";

/* Kept apart for the sake of the stack, of which a function has 512 octets. */
static __noinline int on_tunnel(struct __sk_buff *skb, struct tc_link *link,
                                struct tc_config *settings)
{
	struct arrival arrival = { .at = 0 };

	if (!settings || !link || bpf_skb_load_bytes(skb, IP_AT, &arrival.outer, IP_SIZE) < 0)
		return leave();
	return take_reverse(skb, &arrival, link, settings);
}

static __noinline int on_arp(struct __sk_buff *skb, struct tc_link *link,
                             struct tc_config *settings)
{
	return link && settings ? answer_arp(skb, link, settings) : leave();
}

static __always_inline int on_home(struct __sk_buff *skb, const struct iphdr *ip,
                                   const struct tc_home *home, const struct tc_binding *binding,
                                   const struct tc_config *settings)
{
	struct errand errand;

	errand.settings = settings;
	errand.packet.ip = *ip;
	return forward_home(skb, &errand, home, binding);
}

static __always_inline int on_ip(struct __sk_buff *skb, struct tc_link *link,
                                 struct tc_config *settings)
{
	struct tc_home home = { .realm = link->realm };
	const struct tc_range *range;
	const struct tc_binding *binding;
	const struct iphdr *ip = (void *)(long)skb->data + IP_AT;
	int verdict = leave();

	if ((void *)(ip + 1) > (void *)(long)skb->data_end) {
		if (bpf_skb_pull_data(skb, ROOM(IP_SIZE)) < 0)
			return leave();
		ip = (void *)(long)skb->data + IP_AT;
		if ((void *)(ip + 1) > (void *)(long)skb->data_end)
			return leave();
	}
	home.address = ip->daddr;
	range = find_range(settings, &home);
	binding = find_binding_in(settings, range, &home);
	if (binding)
		return on_home(skb, ip, &home, binding, settings);
	if (copy_number(skb, settings))
		return leave_but_copies(skb, settings);
	if (is_nested(ip->protocol) || ip->protocol == IPPROTO_UDP)
		verdict = on_tunnel(skb, link, settings);
	return range && verdict == leave() ? leave_at_home(skb, range, &home, settings) : verdict;
}

SEC("tc")
int hearth_ingress(struct __sk_buff *skb)
{
	__u32 interface = skb->ifindex, zero = 0;
	struct tc_link *link = bpf_map_lookup_elem(&links, &interface);
	struct tc_config *settings = bpf_map_lookup_elem(&config, &zero);

	if (!link || !link->in_use || !settings || skb->vlan_present)
		return leave();
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return on_ip(skb, link, settings);
	return skb->protocol == bpf_htons(ETH_P_ARP) ? on_arp(skb, link, settings) : leave();
}
