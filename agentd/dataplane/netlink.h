/* netlink.h - links, addresses, routes and rules of this host, asked of and told to
 * the kernel (rtnetlink). The files behind it, netlink*.c, know the netlink library.
 *
 * Each call waits for the kernel's answer, which comes as soon as nobody else
 * changes links. Not for two threads at once.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_NETLINK_H
#define AGENTD_DATAPLANE_NETLINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/address.h"
#include "agentd/base/error.h"
#include "proto/arp.h"

#define NETLINK_NAME_MAX 16u /* octets of an interface's name with its end */

struct netlink;

/* What of a link matters here. */
struct netlink_link {
	char name[NETLINK_NAME_MAX];
	unsigned index;
	unsigned below; /* index of the link it stands on; 0 = none */
	bool ethernet;
	bool macvlan;
	bool running;             /* up, and connected */
	uint32_t carrier_changes; /* times that it was connected, or was not any more */
	struct mac mac;
	uint32_t arp_ignore, arp_announce, rp_filter, redirects; /* of the link itself */
};

/* One address of this host. */
struct netlink_address {
	unsigned link; /* index */
	struct in_addr address;
	uint8_t prefix_length;
	bool permanent; /* has no lifetime */
};

/* Settings of IPv4 that belong to a link, as in /proc/sys/net/ipv4/conf. */
enum netlink_setting {
	NETLINK_ARP_IGNORE,
	NETLINK_ARP_ANNOUNCE,
	NETLINK_RP_FILTER,
	NETLINK_FORWARDING,
	NETLINK_REDIRECTS, /* accept_redirects */
};

/* Besides what is listed, any call may return the errno's nearest. HA_E_NOTFOUND:
 * no such link or address. HA_E_UNSUPPORTED: the kernel cannot. HA_E_PERMISSION. */

struct netlink *netlink_open(enum ha_error *why);
void netlink_close(struct netlink *netlink); /* NULL is fine */

/* What the kernel said about the last failure; static. */
const char *netlink_trouble(const struct netlink *netlink);

enum ha_error netlink_find(struct netlink *netlink, const char *name, struct netlink_link *out);

/* The macvlan over a link that has this MAC. */
enum ha_error netlink_macvlan_find(struct netlink *netlink, unsigned below, struct mac mac,
                                   struct netlink_link *out);

/* HA_E_EXISTS: a link has that name. It is down, and will not make itself an
 * address of IPv6. */
enum ha_error netlink_macvlan_add(struct netlink *netlink, const char *name, unsigned below,
                                  struct mac mac);
enum ha_error netlink_remove(struct netlink *netlink, unsigned link);
enum ha_error netlink_up(struct netlink *netlink, unsigned link, bool up);
enum ha_error netlink_mtu(struct netlink *netlink, unsigned link, uint32_t mtu);
/* How many packets wait at most to be sent. */
enum ha_error netlink_queue(struct netlink *netlink, unsigned link, uint32_t packets);
enum ha_error netlink_set(struct netlink *netlink, unsigned link, enum netlink_setting setting,
                          uint32_t value);

/* Add the address, alone of its prefix, or give it a new lifetime. */
enum ha_error netlink_address_put(struct netlink *netlink, unsigned link, struct in_addr address,
                                  uint32_t lifetime_s);
enum ha_error netlink_address_remove(struct netlink *netlink, unsigned link,
                                     struct in_addr address);

/* The first place where the host has the address. */
enum ha_error netlink_address_find(struct netlink *netlink, struct in_addr address,
                                   struct netlink_address *out);

/* ---- of a host that moves ---- */

/* The addresses of a link: at most `max` of them, *count. */
enum ha_error netlink_addresses(struct netlink *netlink, unsigned link, struct netlink_address *out,
                                size_t max, size_t *count);

/* As netlink_address_put and _remove, with the network that it is of, for as long as nobody
 * takes it away. */
enum ha_error netlink_address_join(struct netlink *netlink, unsigned link, struct in_addr address,
                                   uint8_t prefix_length);
enum ha_error netlink_address_leave(struct netlink *netlink, unsigned link, struct in_addr address,
                                    uint8_t prefix_length);

/* The address alone, for as long as nobody takes it away, and never the source of what leaves
 * this host (scope host). */
enum ha_error netlink_address_inside(struct netlink *netlink, unsigned link,
                                     struct in_addr address);

/* The link address of a neighbour, which is then never asked for; and forget all that were
 * told in this way, of every link, by whatever process. */
enum ha_error netlink_neighbour_put(struct netlink *netlink, unsigned link, struct in_addr address,
                                    struct mac mac);
enum ha_error netlink_neighbours_flush(struct netlink *netlink, unsigned *removed);

/* A descriptor that can be read when links or addresses of this host have changed, or may
 * have; or -1. It does not block. */
int netlink_watch_open(enum ha_error *why);
/* Whether anything had come; it can be read no more until the next change. */
bool netlink_watch_take(int fd);

/* ---- routes and rules ---- */

/* What this host does with packets that it forwards. */
struct netlink_forwarding {
	bool forwards;
	uint32_t rp_filter; /* 0 = no, 1 = strict, 2 = loose */
};

/* As it is set for a link; link 0: for all of them (net.ipv4.conf.all). */
enum ha_error netlink_forwarding(struct netlink *netlink, unsigned link,
                                 struct netlink_forwarding *out);

/* What is routed by a table of its own: packets from `from` to `to` that have none of the
 * bits of `mark`; those that have them go where everything goes. From 0.0.0.0/32 are those of
 * this host whose source is still to be chosen. */
struct netlink_rule {
	struct address_prefix from; /* length 0: from anywhere */
	struct address_prefix to;
	const char *from_link; /* what came in by it alone, by name; NULL: whatever comes */
	uint32_t priority;
	uint32_t table;
	uint32_t mark;
	uint8_t protocol; /* who made it, as in rtnetlink(7); 0: not said */
};

/* HA_E_EXISTS: there is the same one. */
enum ha_error netlink_rule_add(struct netlink *netlink, const struct netlink_rule *rule);

/* How many rules lead to the table, and how many routes it has; at most some dozens of each
 * are counted. */
enum ha_error netlink_table_count(struct netlink *netlink, uint32_t table, unsigned *rules,
                                  unsigned *routes);

/* Take away every rule that leads to the table. *removed: how many. */
enum ha_error netlink_rules_flush(struct netlink *netlink, uint32_t table, unsigned *removed);

/* Take away all rules and routes of that protocol, of whatever table, and say how many. */
enum ha_error netlink_protocol_flush(struct netlink *netlink, uint8_t protocol, unsigned *removed);

/* A route of the table, of packets to `to` through a link. */
enum ha_error netlink_route_put(struct netlink *netlink, uint32_t table, struct address_prefix to,
                                unsigned link);

/* There is no way for packets to `to`, and who sends such a packet is told (host unreachable),
 * unless another route of the table leads there. `protocol`: as of a rule. */
enum ha_error netlink_route_nowhere(struct netlink *netlink, uint32_t table,
                                    struct address_prefix to, uint8_t protocol);

/* To this address the table leads nowhere: the rules after the one that led here are
 * asked. */
enum ha_error netlink_route_aside(struct netlink *netlink, uint32_t table, struct in_addr to);

/* The link by which this host would send a packet of its own to `to`, which has no mark;
 * 0: there is no way. */
enum ha_error netlink_way(struct netlink *netlink, struct in_addr to, unsigned *link);

/* A route by a router, for a host that moves. */
struct netlink_route {
	uint32_t table;
	struct address_prefix to;
	unsigned link;
	struct in_addr gateway; /* on that link, whatever other routes say; 0: none */
	struct in_addr source;  /* of packets that have none yet; 0: as the kernel chooses */
};

enum ha_error netlink_route_by(struct netlink *netlink, const struct netlink_route *route);

/* Packets to `to` are left to the rules after the one that led to this table. */
enum ha_error netlink_route_aside_network(struct netlink *netlink, uint32_t table,
                                          struct address_prefix to);

/* How a packet of this host to `to`, sent by that link with that mark, would go: *gateway is 0
 * where it needs none. HA_E_NOTFOUND: there is no way. */
enum ha_error netlink_gateway(struct netlink *netlink, struct in_addr to, unsigned link,
                              uint32_t mark, struct in_addr *gateway);

/* Take away every route of the table. */
enum ha_error netlink_routes_flush(struct netlink *netlink, uint32_t table, unsigned *removed);

#endif
