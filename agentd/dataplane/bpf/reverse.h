/* reverse.h - packets from a mobile node through a reverse tunnel (RFC 3024): taken out
 * of it, and sent on by the kernel's routes.
 *
 * Only what is certain is done here: the tunnel was agreed on with the node that sent
 * what is inside, and the header of the tunnel has no optional parts. Everything else,
 * and everything that must be dropped, goes up as it came, to the sockets of user space. */
#ifndef AGENTD_DATAPLANE_BPF_REVERSE_H
#define AGENTD_DATAPLANE_BPF_REVERSE_H

#include "agentd/dataplane/bpf/home.h"

/* A packet from a tunnel, as far as it is understood. */
struct arrival {
	struct iphdr outer;
	struct packet inner;
	__u32 at; /* where the inner packet stands in the buffer */
	__be16 port;
	__u8 encapsulation;
	__u8 udp;
};

/* What fills a frame up behind the outer packet is not inside of it. */
static __always_inline int read_inner(struct __sk_buff *skb, struct arrival *arrival)
{
	__u32 end = IP_AT + bpf_ntohs(arrival->outer.tot_len);

	return end >= arrival->at + IP_SIZE &&
	       bpf_skb_load_bytes(skb, arrival->at, &arrival->inner.ip, IP_SIZE) == 0 &&
	       header_is_plain(&arrival->inner.ip, end - arrival->at);
}

static __always_inline int read_gre(struct __sk_buff *skb, struct arrival *arrival)
{
	struct gre_header gre;

	arrival->at = ROOM(IP_SIZE + GRE_SIZE);
	arrival->encapsulation = GRE;
	return bpf_skb_load_bytes(skb, ROOM(IP_SIZE), &gre, sizeof(gre)) == 0 && gre.flags == 0 &&
	       gre.protocol == bpf_htons(ETH_P_IP);
}

/* With a checksum it is for those who can compute one. */
static __always_inline int read_udp(struct __sk_buff *skb, struct arrival *arrival, __be16 port)
{
	struct udp_data data;

	arrival->at = ROOM(IP_SIZE + UDP_DATA_SIZE);
	arrival->udp = 1;
	if (bpf_skb_load_bytes(skb, ROOM(IP_SIZE), &data, sizeof(data)) < 0)
		return 0;
	arrival->port = data.udp.source;
	return data.udp.dest == port && data.type == UDP_DATA && data.next == IPPROTO_IPIP &&
	       data.udp.check == 0 &&
	       bpf_ntohs(data.udp.len) == bpf_ntohs(arrival->outer.tot_len) - IP_SIZE;
}

/* The original header comes of both. Without a source of its own it would be the tunnel's
 * entry itself, which no home address is. */
static __always_inline int read_minimal(struct __sk_buff *skb, struct arrival *arrival)
{
	struct minimal_header minimal;
	const __u16 *words = (const void *)&minimal;
	struct iphdr *ip = &arrival->inner.ip;
	__u32 sum = 0;

	arrival->at = ROOM(MINIMAL_SIZE);
	arrival->encapsulation = MINIMAL;
	if (bpf_ntohs(arrival->outer.tot_len) < IP_SIZE + MINIMAL_SIZE ||
	    bpf_skb_load_bytes(skb, ROOM(IP_SIZE), &minimal, MINIMAL_SIZE) < 0 ||
	    !(minimal.flags & MINIMAL_HAS_SOURCE))
		return 0;
	for (int i = 0; i < MINIMAL_SIZE / 2; i++)
		sum += words[i];
	*ip = arrival->outer;
	ip->protocol = minimal.protocol;
	ip->tot_len = bpf_htons((__u16)(bpf_ntohs(arrival->outer.tot_len) - MINIMAL_SIZE));
	ip->saddr = minimal.source;
	ip->daddr = minimal.destination;
	header_seal(ip);
	return fold(sum) == 0xffff;
}

/* Is it a tunnel's packet that is understood here? */
static __always_inline int read_arrival(struct __sk_buff *skb, struct arrival *arrival, __be16 port)
{
	if (arrival->outer.protocol == PROTOCOL_MINIMAL)
		return read_minimal(skb, arrival);
	arrival->at = ROOM(IP_SIZE);
	if (arrival->outer.protocol == IPPROTO_GRE) {
		if (!read_gre(skb, arrival))
			return 0;
	} else if (arrival->outer.protocol == IPPROTO_UDP) {
		if (!read_udp(skb, arrival, port))
			return 0;
	} else if (arrival->outer.protocol != IPPROTO_IPIP) {
		return 0;
	}
	return read_inner(skb, arrival);
}

/* A UDP tunnel whose port is not known yet has none that a packet could come from. */
static __always_inline int is_end_of(const struct tc_end *end, const struct arrival *arrival)
{
	return end->remote == arrival->outer.saddr &&
	       end->encapsulation == arrival->encapsulation &&
	       !(end->flags & TC_END_UDP) == !arrival->udp &&
	       (!arrival->udp || (end->port && end->port == arrival->port));
}

/* Slot of the binding that the packet came by, or TC_NO_SLOT: RFC 3024 section 4. */
static __always_inline __u32 find_end(const struct arrival *arrival, const struct tc_home *home,
                                      const struct tc_binding *binding)
{
	const struct tc_more_ends *more;

	if (is_end_of(&binding->end, arrival))
		return binding->end.slot;
	more = binding->count > 1 ? bpf_map_lookup_elem(&more_ends, home) : 0;
	if (!more)
		return TC_NO_SLOT;
	for (__u32 i = 0; i < TC_ENDS_MAX - 1; i++)
		if (i + 1 < binding->count && is_end_of(&more->ends[i], arrival))
			return more->ends[i].slot;
	return TC_NO_SLOT;
}

/* Is it a packet that goes on by the kernel's routes alone: not into another tunnel, not
 * out of one of the mobile node's own, not to this host? */
static __always_inline int is_elsewhere(const struct arrival *arrival, const struct tc_link *link,
                                        const struct tc_config *settings)
{
	const struct tc_home other = { .realm = link->realm, .address = arrival->inner.ip.daddr };

	if (is_nested(arrival->inner.ip.protocol))
		return 0;
	if (arrival->encapsulation == GRE && other.address == arrival->outer.saddr)
		return 0; /* back to where it came from: RFC 2784 section 3.1 */
	return is_unicast(other.address) && !is_own(other.address) &&
	       other.address != arrival->outer.daddr && !find_binding(settings, &other);
}

static __always_inline int unwrap(struct __sk_buff *skb, const struct arrival *arrival)
{
	__s32 size = (__s32)(arrival->at - IP_AT);
	__u32 mode = arrival->encapsulation == MINIMAL ? BPF_ADJ_ROOM_NET : BPF_ADJ_ROOM_MAC;
	struct iphdr header = arrival->inner.ip;

	if (skb->len != arrival->at + arrival->inner.length &&
	    bpf_skb_change_tail(skb, arrival->at + arrival->inner.length, 0) < 0)
		return -1;
	if (bpf_skb_adjust_room(skb, -size, mode, BPF_F_ADJ_ROOM_FIXED_GSO) < 0)
		return -1;
	header_age(&header);
	return bpf_skb_store_bytes(skb, IP_AT, &header, IP_SIZE, BPF_F_INVALIDATE_HASH) < 0 ? -2
	                                                                                    : 0;
}

static __always_inline int find_way_on(struct __sk_buff *skb, struct way *way,
                                       const struct arrival *arrival, const struct tc_link *link,
                                       const struct tc_config *settings)
{
	const struct iphdr *ip = &arrival->inner.ip;
	const struct journey journey = { ip->saddr, ip->daddr, arrival->inner.length, ip->tos };
	const struct tc_home other = { .realm = link->realm, .address = ip->daddr };
	const struct tc_range *range = find_range(settings, &other);

	return find_way(skb, way, &journey, settings->user,
	                range && may_be_at_home(range, &other) ? settings->home_mark : 0);
}

static __always_inline int send_on(struct __sk_buff *skb, struct arrival *arrival, __u32 slot,
                                   const struct tc_link *link, const struct tc_config *settings)
{
	struct tc_row *row;
	struct way way;
	int failed;

	if (find_way_on(skb, &way, arrival, link, settings)) {
		count(TC_USER_REVERSE);
		return leave();
	}
	failed = unwrap(skb, arrival);
	if (failed) {
		count(failed == -1 ? TC_USER_REVERSE : TC_LOST);
		return failed == -1 ? leave() : TC_ACT_SHOT;
	}
	count(TC_REVERSED);
	row = bpf_map_lookup_elem(&rows, &slot);
	if (row) {
		__sync_fetch_and_add(&row->in_packets, 1);
		__sync_fetch_and_add(&row->in_octets, arrival->inner.length);
	}
	return go(skb, &way);
}

/* The outer header is in `arrival`, not looked at. */
static __always_inline int take_reverse(struct __sk_buff *skb, struct arrival *arrival,
                                        const struct tc_link *link,
                                        const struct tc_config *settings)
{
	struct tc_home home = { .realm = link->realm };
	const struct tc_binding *binding;
	const struct tc_group *group;
	__u32 slot;

	if (arrival->outer.frag_off & bpf_htons(IP_FRAGMENT) ||
	    !header_is_plain(&arrival->outer, skb->len - IP_AT) ||
	    !read_arrival(skb, arrival, settings->port))
		return leave();
	home.address = arrival->inner.ip.saddr;
	binding = find_binding(settings, &home);
	group = binding ? group_of(binding) : 0;
	if (!group || group->address != arrival->outer.daddr || !is_for_us(skb, group))
		return leave();
	slot = find_end(arrival, &home, binding);
	if (slot == TC_NO_SLOT || is_past(group->forward_until_ns) || skb->gso_size ||
	    arrival->inner.ip.ttl <= 1 || !is_elsewhere(arrival, link, settings)) {
		count(TC_USER_REVERSE);
		return leave();
	}
	arrival->inner.length = bpf_ntohs(arrival->inner.ip.tot_len);
	return send_on(skb, arrival, slot, link, settings);
}

#endif
