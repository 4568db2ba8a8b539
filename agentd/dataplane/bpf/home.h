/* home.h - packets for home addresses (RFC 5944 section 4.2.3). Bound: a copy to each of
 * the care-of addresses. Everything is decided before anything is changed, for all copies;
 * what cannot be done here goes whole to user space. Not bound: a node at home is the
 * business of the kernel's routes alone. */
#ifndef AGENTD_DATAPLANE_BPF_HOME_H
#define AGENTD_DATAPLANE_BPF_HOME_H

#include "agentd/dataplane/bpf/tunnel.h"

/* What one packet's copies have in common. */
struct errand {
	struct packet packet;
	const struct tc_config *settings;
	struct way way;
	__be32 from;
};

/* Octets on the wire that the exit is known to take, or UINT32_MAX. */
static __always_inline __u32 limit_of(const struct tc_config *settings, __be32 remote)
{
	const __u32 *limit = settings->has_exits ? bpf_map_lookup_elem(&exits, &remote) : 0;

	return limit ? *limit : 0xffffffffu;
}

/* Can the packet go through that tunnel as it is? 0, or why not; its way is in `errand`. */
static __noinline int plan(struct __sk_buff *skb, struct errand *errand, const struct tc_end *end)
{
	const struct packet *packet = &errand->packet;
	const struct tc_config *settings = errand->settings;
	__u32 overhead = overhead_of(end);
	__u32 size = packet->segment + overhead;
	const struct journey journey = { errand->from, end->remote, size, packet->ip.tos };

	if (!overhead || !settings)
		return TC_USER_KIND;
	if (packet->ip.saddr == end->remote ||
	    packet->ip.daddr == end->remote) /* RFC 2003 section 3.2 */
		return TC_USER_SOURCE;
	if (end->encapsulation == MINIMAL &&
	    (skb->gso_size || packet->ip.frag_off & bpf_htons(IP_FRAGMENT)))
		return TC_USER_KIND;
	if (size > 0xffff || size > limit_of(settings, end->remote))
		return TC_USER_SIZE;
	return find_way(skb, &errand->way, &journey, settings->user, settings->home_mark);
}

/* Ask for the row of a binding's counters early: with a million of them it comes from main
 * memory, and adding to it would wait for that. */
static __always_inline void fetch_row(__u32 slot)
{
	const struct tc_row *row = bpf_map_lookup_elem(&rows, &slot);

	if (row)
		(void)*(const volatile __u64 *)&row->out_packets;
}

static __always_inline void count_out(__u32 slot, const struct packet *packet)
{
	struct tc_row *row = bpf_map_lookup_elem(&rows, &slot);

	count(TC_TUNNELLED);
	if (!row)
		return;
	__sync_fetch_and_add(&row->out_packets, packet->segments);
	__sync_fetch_and_add(&row->out_octets, packet->length);
}

/* Encapsulate and send. `whole`: the packet can still go to user space if this fails. */
static __always_inline int send_copy(struct __sk_buff *skb, struct errand *errand,
                                     const struct tc_end *end, int whole)
{
	const struct packet *packet = &errand->packet;
	const struct tc_config *settings = errand->settings;
	int failed = -1;

	/* What an Ethernet frame was filled up with does not belong to the packet. */
	if (skb->gso_size || skb->len == IP_AT + packet->length ||
	    bpf_skb_change_tail(skb, IP_AT + packet->length, 0) == 0)
		failed = end->encapsulation == MINIMAL
		                 ? wrap_minimal(skb, packet, end, errand->from)
		                 : wrap_whole(skb, packet, end, errand->from, settings);
	if (failed == -1 && whole)
		return to_user(TC_USER_KERNEL);
	if (failed) {
		count(TC_LOST);
		return TC_ACT_SHOT;
	}
	count_out(end->slot, packet);
	return go(skb, &errand->way);
}

/* A copy came round: it has one further end as its own. What was possible a moment ago
 * may be no more; then this copy is lost, as on any way. */
static __always_inline int send_further(struct __sk_buff *skb, struct errand *errand,
                                        const struct tc_home *home, __u32 number, __u32 ends)
{
	struct tc_more_ends *more = bpf_map_lookup_elem(&more_ends, home);
	__u32 at = number - 1;

	skb->mark = 0;
	if (!more || number >= ends || at >= TC_ENDS_MAX - 1 ||
	    plan(skb, errand, &more->ends[at]) != 0) {
		count(TC_LOST);
		return TC_ACT_SHOT;
	}
	return send_copy(skb, errand, &more->ends[at], 0);
}

/* Put a copy for each further end before this program again. 0, or the reason for which
 * there are none and the packet is user space's. */
static __always_inline int multiply(struct __sk_buff *skb, struct errand *errand,
                                    const struct tc_home *home, __u32 ends)
{
	struct tc_more_ends *more = bpf_map_lookup_elem(&more_ends, home);
	__u32 mark = skb->mark;

	if (!more || ends > TC_ENDS_MAX)
		return TC_USER_KIND;
	for (__u32 i = 0; i < TC_ENDS_MAX - 1; i++) {
		int why = i + 1 < ends ? plan(skb, errand, &more->ends[i]) : 0;

		if (why)
			return why;
	}
	for (__u32 i = 1; i < TC_ENDS_MAX; i++) {
		if (i >= ends)
			break;
		skb->mark = copy_mark(errand->settings) | i;
		if (bpf_clone_redirect(skb, skb->ifindex, BPF_F_INGRESS) < 0)
			count(TC_LOST);
	}
	skb->mark = mark;
	return 0;
}

/* Does it come from, or go to, our end of a tunnel in UDP, or another agent's like it? */
static __always_inline int is_nested_in_udp(struct __sk_buff *skb, const struct iphdr *ip,
                                            __be16 port)
{
	const __be16 *ports = (void *)(long)skb->data + ROOM(IP_SIZE);
	__be16 loaded[2];

	if (ip->protocol != IPPROTO_UDP || ip->frag_off & bpf_htons(IP_OFFSET))
		return 0;
	if ((void *)(ports + 2) <= (void *)(long)skb->data_end)
		return ports[0] == port || ports[1] == port;
	return bpf_skb_load_bytes(skb, ROOM(IP_SIZE), loaded, sizeof(loaded)) == 0 &&
	       (loaded[0] == port || loaded[1] == port);
}

/* RFC 2003 section 3.2, RFC 1812 section 5: what a packet must be to be forwarded by us.
 * 0, or why user space has to see it. */
static __always_inline int judge(struct __sk_buff *skb, struct packet *packet,
                                 const struct tc_group *group, const struct tc_config *settings)
{
	const struct iphdr *ip = &packet->ip;
	__be32 source = ip->saddr;

	if (!header_is_plain(ip, skb->len - IP_AT))
		return TC_USER_HEADER;
	if (ip->ttl <= 1)
		return TC_USER_TTL;
	if (!is_unicast(source) || source == group->address || is_own(source))
		return TC_USER_SOURCE;
	if (is_nested(ip->protocol) || is_nested_in_udp(skb, ip, settings->port))
		return TC_USER_NESTED;
	return measure(skb, packet, IP_AT) ? 0 : TC_USER_KIND;
}

/* An address of a home network's own link that is not bound. All ones and all zeros are no
 * node's. */
static __always_inline int may_be_at_home(const struct tc_range *range, const struct tc_home *home)
{
	__u32 host = bpf_ntohl(home->address) & ~range->mask;

	return range->flags & TC_RANGE_LINK &&
	       (~range->mask <= 1 || (host != 0 && host != ~range->mask));
}

/* The packet goes on by the kernel's routes, and past its rules that would bring it to
 * user space, where it would be sent on to the link as it is. */
static __always_inline int leave_at_home(struct __sk_buff *skb, const struct tc_range *range,
                                         const struct tc_home *home,
                                         const struct tc_config *settings)
{
	__u32 number = range->group;
	const struct tc_group *group = bpf_map_lookup_elem(&groups, &number);

	if (!group || !group->address || is_past(group->forward_until_ns) ||
	    !may_be_at_home(range, home) || is_own(home->address))
		return leave();
	if (settings->home_mark) {
		skb->mark |= settings->home_mark;
		count(TC_AT_HOME);
	}
	return leave();
}

static __always_inline int forward_home(struct __sk_buff *skb, struct errand *errand,
                                        const struct tc_home *home,
                                        const struct tc_binding *binding)
{
	struct tc_group *group = group_of(binding);
	__u32 copy = copy_number(skb, errand->settings);
	int why;

	/* What is for this host stays here, whoever is bound to its address. */
	if (!group || !is_for_us(skb, group) || home->address == group->address ||
	    is_own(home->address))
		return leave_but_copies(skb, errand->settings);
	if (!group->address)
		return to_user(TC_USER_ROUTE);
	if (is_past(group->forward_until_ns)) {
		if (!copy && !is_past(group->forward_until_ns + TC_PATIENCE_NS))
			return to_user(TC_USER_FENCED);
		count(TC_FENCED);
		return TC_ACT_SHOT;
	}
	errand->from = group->address;
	fetch_row(binding->end.slot);
	why = judge(skb, &errand->packet, group, errand->settings);
	if (copy && why) { /* the packet itself is with user space, or was sent */
		count(TC_LOST);
		return TC_ACT_SHOT;
	}
	if (copy)
		return send_further(skb, errand, home, copy, binding->count);
	if (!why)
		why = plan(skb, errand, &binding->end);
	if (!why && binding->count > 1) {
		struct way first = errand->way;

		why = multiply(skb, errand, home, binding->count);
		errand->way = first;
	}
	return why ? to_user((__u32)why)
	           : send_copy(skb, errand, &binding->end, binding->count == 1);
}

#endif
