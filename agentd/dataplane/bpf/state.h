/* state.h - the maps of the BPF programs, and the short ways to them. */
#ifndef AGENTD_DATAPLANE_BPF_STATE_H
#define AGENTD_DATAPLANE_BPF_STATE_H

#include "agentd/dataplane/bpf/packet.h"

/* Maps whose size is the daemon's choice have 1 here. What it writes at any moment, and
 * without a call of the kernel, is in memory that it shares with the program. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct tc_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TC_GROUPS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct tc_group);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TC_LINKS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct tc_link);
} links SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TC_OWN_BITS / 64);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} own_filter SEC(".maps");

/* Jiffies, by next hop: when its neighbour entry was last used in the kernel's way. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TC_FRESH_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} fresh SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TC_RANGES_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct tc_range);
} ranges SEC(".maps");

/* Bindings of the home addresses in the ranges. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct tc_binding);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TC_OWN_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __be32);
	__type(value, __u8);
} own SEC(".maps");

/* Octets that a tunnel to there takes on its way; 0: ask user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TC_EXITS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __be32);
	__type(value, __u32);
} exits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TC_HEARD_MAX);
	__type(key, struct tc_home);
	__type(value, struct tc_heard);
} heard SEC(".maps");

/* Of all others. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tc_home);
	__type(value, struct tc_binding);
} bindings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tc_home);
	__type(value, struct tc_more_ends);
} more_ends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct tc_row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TC_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} reasons SEC(".maps");

static __always_inline void count(__u32 reason)
{
	__u64 *counter = bpf_map_lookup_elem(&reasons, &reason);

	if (counter)
		*counter += 1;
}

/* Not for us to touch: the next filter decides, or nobody. */
static __always_inline int leave(void)
{
	return TC_ACT_UNSPEC;
}

/* A packet for a bound home address that the program does not forward itself. The
 * kernel's rules bring it to user space: on that way its header is checked, its source,
 * and its hop is counted. */
static __always_inline int to_user(__u32 reason)
{
	count(reason);
	return TC_ACT_UNSPEC;
}

/* Of copies that this program makes; others pass theirs by it. */
static __always_inline __u32 copy_mark(const struct tc_config *settings)
{
	return TC_COPY_MARK | (__u32)settings->instance << TC_COPY_INSTANCE_SHIFT;
}

/* Was the frame put before us again, for one copy of the packet? Its number. */
static __always_inline __u32 copy_number(const struct __sk_buff *skb,
                                         const struct tc_config *settings)
{
	return (skb->mark & TC_COPY_MASK) == copy_mark(settings) ? skb->mark & ~TC_COPY_MASK : 0;
}

/* As `leave`, but not for a copy: the packet itself is on its way already. */
static __always_inline int leave_but_copies(const struct __sk_buff *skb,
                                            const struct tc_config *settings)
{
	if (!copy_number(skb, settings))
		return leave();
	count(TC_LOST);
	return TC_ACT_SHOT;
}

/* The home network that an address is of; else NULL. */
static __always_inline const struct tc_range *find_range(const struct tc_config *settings,
                                                         const struct tc_home *home)
{
	__u32 address = bpf_ntohl(home->address);

	for (__u32 i = 0; i < TC_RANGES_MAX; i++) {
		const struct tc_range *range;
		__u32 number = i;

		if (i >= settings->ranges)
			break;
		range = bpf_map_lookup_elem(&ranges, &number);
		if (!range)
			break;
		if ((address & range->mask) == range->first && home->realm == range->realm)
			return range;
	}
	return 0;
}

/* Of a home address that is bound; else NULL. `range`: its home network. */
static __always_inline struct tc_binding *find_binding_in(const struct tc_config *settings,
                                                          const struct tc_range *range,
                                                          const struct tc_home *home)
{
	struct tc_binding *binding;
	__u32 at;

	if (!range || range->at == TC_NO_TABLE)
		return settings->has_hashed ? bpf_map_lookup_elem(&bindings, home) : 0;
	at = range->at + (bpf_ntohl(home->address) - range->first);
	binding = bpf_map_lookup_elem(&table, &at);
	return binding && binding->count ? binding : 0;
}

static __always_inline struct tc_binding *find_binding(const struct tc_config *settings,
                                                       const struct tc_home *home)
{
	return find_binding_in(settings, find_range(settings, home), home);
}

/* Is it an address of this host? */
static __always_inline int is_own(__be32 address)
{
	__u32 bit = tc_own_bit(address), word = bit / 64;
	const __u64 *bits = bpf_map_lookup_elem(&own_filter, &word);

	return bits && *bits >> (bit % 64) & 1 && bpf_map_lookup_elem(&own, &address);
}

/* Is the deadline past? The clock is read only where there is one. */
static __always_inline int is_past(__u64 deadline)
{
	return deadline != ~0ULL && bpf_ktime_get_boot_ns() >= deadline;
}

static __always_inline struct tc_group *group_of(const struct tc_binding *binding)
{
	__u32 number = binding->group;

	return bpf_map_lookup_elem(&groups, &number);
}

static __always_inline int is_mac(const __u8 *mac)
{
	return mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5];
}

static __always_inline int is_same_mac(const __u8 *a, const __u8 *b)
{
	int differs = 0;

	for (int i = 0; i < ETH_ALEN; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

/* Was the frame sent to this host: to the interface, or to the group's virtual MAC? What
 * a switch floods is not, and on a pair it would be forwarded twice. */
static __always_inline int is_for_us(struct __sk_buff *skb, const struct tc_group *group)
{
	__u8 to[ETH_ALEN];

	if (skb->pkt_type == PACKET_HOST)
		return 1;
	if (!is_mac(group->mac) || bpf_skb_load_bytes(skb, 0, to, ETH_ALEN) < 0)
		return 0;
	return is_same_mac(to, group->mac);
}

/* Where the packet's bits go next. */
struct way {
	struct bpf_fib_lookup fib;
	int has_neighbour;
};

#define FIB_BY_MARK (1u << 5) /* BPF_FIB_LOOKUP_MARK, of Linux 6.10; others refuse it */

/* What one packet asks of the kernel's routes. */
struct journey {
	__be32 from, to;
	__u32 size;
	__u8 tos;
};

static __always_inline long look_up(struct __sk_buff *skb, struct way *way,
                                    const struct journey *journey, __u32 mark)
{
	__builtin_memset(way, 0, sizeof(*way));
	way->fib.family = FAMILY_INET;
	way->fib.tos = journey->tos;
	way->fib.tot_len = (__u16)journey->size;
	way->fib.ipv4_src = journey->from;
	way->fib.ipv4_dst = journey->to;
	way->fib.ifindex = skb->ifindex;
	__builtin_memcpy(way->fib.smac, &mark, sizeof(mark)); /* where it is, going in */
	return bpf_fib_lookup(skb, &way->fib, sizeof(way->fib), mark ? FIB_BY_MARK : 0);
}

/* Is there a way by the kernel's routes that takes that size, and not into the device of
 * user space? Where it is for a home network's link, only who has the mark passes the
 * rules that lead there; 0: this packet must not. Neighbours are looked for when it is
 * gone. 0, or why not. */
static __always_inline int find_way(struct __sk_buff *skb, struct way *way,
                                    const struct journey *journey, __u32 user, __u32 mark)
{
	long said = look_up(skb, way, journey, 0);

	if (mark && way->fib.ifindex == user)
		said = look_up(skb, way, journey, mark);
	if (said == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return TC_USER_SIZE;
	if ((said != BPF_FIB_LKUP_RET_SUCCESS && said != BPF_FIB_LKUP_RET_NO_NEIGH) ||
	    way->fib.family != FAMILY_INET || way->fib.ifindex == user)
		return TC_USER_ROUTE;
	way->has_neighbour = said == BPF_FIB_LKUP_RET_SUCCESS;
	return 0;
}

#define FRESH_JIFFIES 128 /* from an eighth of a second to one and a quarter */

/* Has the kernel's neighbour entry been used in its own way a short while ago? What
 * answers from the table alone would never find out that a neighbour is gone. */
static __always_inline int is_fresh(__be32 next_hop)
{
	__u32 slot = (next_hop * 2654435761u) >> 24;
	__u64 *last = bpf_map_lookup_elem(&fresh, &slot), now = bpf_jiffies64();

	if (last && now - *last < FRESH_JIFFIES)
		return 1;
	if (last)
		*last = now;
	return 0;
}

/* Off it goes, to the neighbour that is known already or by way of the kernel's
 * neighbour table, which finds it and sees to it that it stays right. */
static __always_inline int go(struct __sk_buff *skb, struct way *way)
{
	struct bpf_redir_neigh next = { .nh_family = FAMILY_INET, .ipv4_nh = way->fib.ipv4_dst };
	struct ethhdr *ethernet = (void *)(long)skb->data;

	if (!way->has_neighbour || !is_fresh(way->fib.ipv4_dst) ||
	    (void *)(ethernet + 1) > (void *)(long)skb->data_end)
		return (int)bpf_redirect_neigh(way->fib.ifindex, &next, sizeof(next), 0);
	__builtin_memcpy(ethernet->h_dest, way->fib.dmac, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, way->fib.smac, ETH_ALEN);
	return (int)bpf_redirect(way->fib.ifindex, 0);
}

#endif
