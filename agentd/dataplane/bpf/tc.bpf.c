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

static __always_inline int is_tunnel(__u8 protocol)
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_GRE || protocol == IPPROTO_UDP ||
	       protocol == PROTOCOL_MINIMAL;
}

/* Kept apart for the sake of the stack, of which a function has 512 octets. */
static __noinline int on_tunnel(struct __sk_buff *skb, struct tc_link *link)
{
	struct arrival arrival = { .at = 0 };
	__u32 zero = 0;
	const struct tc_config *settings = bpf_map_lookup_elem(&config, &zero);

	if (!settings || !link || bpf_skb_load_bytes(skb, IP_AT, &arrival.outer, IP_SIZE) < 0)
		return leave();
	return take_reverse(skb, &arrival, link, settings);
}

static __noinline int on_arp(struct __sk_buff *skb, struct tc_link *link)
{
	return link ? answer_arp(skb, link) : leave();
}

static __noinline int on_home(struct __sk_buff *skb, struct tc_home *home,
                              struct tc_binding *binding)
{
	struct errand errand = { .from = 0 };
	__u32 zero = 0;

	errand.settings = bpf_map_lookup_elem(&config, &zero);
	if (!binding || !errand.settings ||
	    bpf_skb_load_bytes(skb, IP_AT, &errand.packet.ip, IP_SIZE) < 0)
		return leave();
	return forward_home(skb, &errand, home, binding);
}

static __always_inline int on_ip(struct __sk_buff *skb, struct tc_link *link)
{
	struct tc_home home = { .realm = link->realm };
	struct tc_binding *binding;
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, IP_AT, &ip, IP_SIZE) < 0)
		return leave();
	home.address = ip.daddr;
	binding = bpf_map_lookup_elem(&bindings, &home);
	if (binding)
		return on_home(skb, &home, binding);
	return is_tunnel(ip.protocol) ? on_tunnel(skb, link) : leave();
}

SEC("tc")
int ingress(struct __sk_buff *skb)
{
	__u32 interface = skb->ifindex;
	struct tc_link *link = bpf_map_lookup_elem(&links, &interface);

	if (!link || skb->vlan_present)
		return leave();
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return on_ip(skb, link);
	return skb->protocol == bpf_htons(ETH_P_ARP) ? on_arp(skb, link) : leave();
}
