/* tc_map.h - what the BPF program and the daemon share: the one declaration of every
 * map's key and value. Addresses and ports are in network order, all else in host
 * order; all padding has a name and is 0.
 *
 * Whoever changes anything here raises TC_LAYOUT: it stands in the name under which
 * programs and maps are pinned, and a daemon adopts only what bears its own. The same
 * holds for the program itself, by a checksum of it.
 *
 * Included on both sides; may include nothing but <linux/types.h>. */
#ifndef AGENTD_DATAPLANE_BPF_TC_MAP_H
#define AGENTD_DATAPLANE_BPF_TC_MAP_H

#include <linux/types.h>

#define TC_LAYOUT 6
#define TC_ENDS_MAX 8     /* BINDING_LIMIT_MAX */
#define TC_GROUPS_MAX 256 /* TUNNELS_GROUPS_MAX */
#define TC_LINKS_MAX 4096 /* interfaces have lower indexes */
#define TC_RANGES_MAX 16  /* home networks with a table of their own */
#define TC_OWN_BITS 4096  /* of the filter before the map of own addresses */
#define TC_FRESH_SLOTS 256
#define TC_OWN_MAX 1024    /* addresses of this host */
#define TC_HEARD_MAX 8192  /* addresses of home networks of which somebody spoke lately */
#define TC_EXITS_MAX 16384 /* exits of tunnels with a limit of their own */
#define TC_NO_SLOT 0xffffffffu
#define TC_NO_TABLE 0xffffffffu

/* Which bit of the filter an address of this host sets: what is not set is none. */
static inline __u32 tc_own_bit(__be32 address)
{
	return (address * 2654435761u) >> 20;
}

/* Beside the number of a copy and that of the instance, in the mark of a packet that was
 * put before the programs again. No stranger can set a mark. */
#define TC_COPY_MARK 0x08410050u
#define TC_COPY_MASK 0xfffffff0u
#define TC_COPY_INSTANCE_SHIFT 8

/* One, at index 0. */
struct tc_config {
	__u32 user;      /* index of the device whose reader takes what is not done here; 0: none */
	__u32 has_exits; /* something is in the map of exits */
	__u32 home_mark; /* of packets that the kernel's rules leave to its own routes; 0: none */
	__u8 ttl;        /* of outer headers */
	__u8 always_df;  /* outer DF whatever the inner one is */
	__u8 ranges;     /* in use */
	__u8 has_hashed; /* bindings may be outside of all tables */
	__be16 port;     /* of our end of tunnels in UDP */
	__u8 instance;   /* which of several programs on the same interfaces */
	__u8 reserved[5];
};

enum tc_range_flag {
	TC_RANGE_LINK = 1, /* nodes can be at home there */
};

/* A home network, the longest prefix first. The bindings of its home addresses stand one
 * after the other in the table. */
struct tc_range {
	__u32 realm;
	__u32 first; /* address, host order */
	__u32 mask;
	__u32 at;   /* place of the first one in the table; TC_NO_TABLE: it is too large */
	__u8 group; /* whose network it is */
	__u8 flags; /* enum tc_range_flag */
	__u8 place; /* of the link on which ARP is answered for its nodes; 0: none */
	__u8 reserved[5];
};

#define TC_PATIENCE_NS 100000000ULL

/* A home agent address, by its number. Deadlines are of CLOCK_BOOTTIME, in ns; past
 * them, nothing is forwarded, and nothing answered. For TC_PATIENCE_NS after the first
 * packets are left to user space, which waits whether it is put off. */
struct tc_group {
	__u64 forward_until_ns;
	__u64 attract_until_ns;
	__be32 address;
	__u8 mac[6]; /* virtual, of the address; 0: none */
	__u8 reserved[6];
};

/* An interface where the program is, by its index. */
struct tc_link {
	__u32 realm;
	__u8 mac[6];
	__u8 in_use;
	__u8 place;       /* number of the interface, from 1 */
	__u8 has_agents;  /* home agent addresses are there, under their virtual MACs */
	__u8 reserved[3]; /* entries of shared arrays are multiples of 8 octets */
};

struct tc_home {
	__u32 realm;
	__be32 address;
};

/* Who said by ARP that it has an address of a home network, and when last. */
struct tc_heard {
	__u64 at_ns; /* CLOCK_BOOTTIME */
	__u8 mac[6];
	__u8 reserved[2];
};

enum tc_end_flag {
	TC_END_UDP = 1,
};

struct tc_end {
	__be32 remote;      /* exit of the tunnel */
	__u32 slot;         /* row of its counters */
	__be16 port;        /* of UDP */
	__u8 encapsulation; /* enum encapsulation */
	__u8 flags;         /* enum tc_end_flag */
};

/* A home address. Its further ends, where it has more than one, are in another map, under
 * its key. In the table it is written by two stores of 64 bits while it is read: for a
 * moment the first half may be new and the second old, which can cost one packet. */
struct tc_binding {
	__u8 group;
	__u8 count; /* of ends; 0: not bound */
	__u8 reserved[2];
	struct tc_end end;
};

struct tc_more_ends {
	struct tc_end ends[TC_ENDS_MAX - 1];
};

/* struct tunnels_counters. */
struct tc_row {
	__u64 in_packets, in_octets, out_packets, out_octets;
};

_Static_assert(sizeof(struct tc_config) == 24, "tc_config");
_Static_assert(sizeof(struct tc_range) == 24, "tc_range");
_Static_assert(sizeof(struct tc_group) == 32, "tc_group");
_Static_assert(sizeof(struct tc_link) == 16, "tc_link");
_Static_assert(sizeof(struct tc_home) == 8, "tc_home");
_Static_assert(sizeof(struct tc_end) == 12, "tc_end");
_Static_assert(sizeof(struct tc_binding) == 16, "tc_binding");
_Static_assert(sizeof(struct tc_row) == 32, "tc_row");

/* X(id, name, mib_arc, help), as all counters: what the program did with packets that concern a mobile node, one
 * counter each, per processor. Those to user space say why the program did not do it. */
#define TC_REASONS(X)                                                                              \
	X(TUNNELLED, "tc-tunnelled", 0, "copies of packets that were put into a tunnel by BPF")    \
	X(REVERSED, "tc-reversed", 0, "packets that BPF took out of a reverse tunnel")             \
	X(FENCED, "tc-fenced", 0, "packets dropped by BPF since the deadline had passed")          \
	X(LOST, "tc-lost", 0, "copies dropped by BPF since their way was gone meanwhile")          \
	X(AT_HOME, "tc-at-home", 0,                                                                \
	  "packets to home addresses without a binding, left to the routes to their link")         \
	X(ARP_ANSWERED, "tc-arp-answered", 0, "requests of ARP for a mobile node answered by BPF") \
	X(ARP_FENCED, "tc-arp-fenced", 0, "the same, not answered since the deadline had passed")  \
	X(USER_HEADER, "tc-user-header", 0,                                                        \
	  "packets left to user space: broken IP header, or one with options")                     \
	X(USER_TTL, "tc-user-ttl", 0, "packets left to user space: their TTL ends here")           \
	X(USER_SOURCE, "tc-user-source", 0,                                                        \
	  "packets left to user space: from an address of our own, the tunnel's exit or nobody")   \
	X(USER_NESTED, "tc-user-nested", 0, "packets left to user space: encapsulated already")    \
	X(USER_KIND, "tc-user-kind", 0,                                                            \
	  "packets left to user space: not of a kind that the tunnel carries as they are")         \
	X(USER_SIZE, "tc-user-size", 0,                                                            \
	  "packets left to user space: they do not fit in the tunnel")                             \
	X(USER_ROUTE, "tc-user-route", 0,                                                          \
	  "packets left to user space: no route to the tunnel's exit")                             \
	X(USER_KERNEL, "tc-user-kernel", 0,                                                        \
	  "packets left to user space: the kernel refused to change them")                         \
	X(USER_FENCED, "tc-user-fenced", 0,                                                        \
	  "packets left to user space: the deadline has just passed, and may be put off")          \
	X(USER_REVERSE, "tc-user-reverse", 0,                                                      \
	  "packets from a tunnel left to user space: it has to judge them, or can do more")

enum tc_reason {
#define X(id, name, mib_arc, help) TC_##id,
	TC_REASONS(X)
#undef X
	TC_REASON_COUNT
};

#endif
