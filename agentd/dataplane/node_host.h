/* node_host.h - what a mobile node changes on its host: a device that has the home address
 * while it is away, routes in a table of their own, two rules that lead there, and on the
 * link how ARP is answered, and that redirects are ignored (RFC 5944 sections 4.2.1 and 4.6).
 *
 * All of it can be told apart from what others made, and is taken away at the end, or at the
 * next beginning when there was none. The home address itself is ours alone: it must not be
 * configured otherwise. Not for two threads at once.
 *
 * May include: agentd/dataplane, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_NODE_HOST_H
#define AGENTD_DATAPLANE_NODE_HOST_H

#include "agentd/base/address.h"
#include "agentd/dataplane/netlink.h"

/* Borrowed for the open, but for the texts: until the close. */
struct node_host_options {
	const char *device; /* name of the TUN device, which is there */
	const char *link;   /* name of the interface by which the host is attached */
	const char *memory; /* path of a file for what the next start must know after a kill */
	uint32_t table;
	uint32_t priority;
	uint32_t mark; /* of what goes where everything goes */
	uint32_t mtu;  /* of the device */
	bool all;      /* also what has no source yet is sent from the home address */
	struct address_prefixes direct; /* but to these */
};

/* Where the host is. */
enum node_place {
	NODE_NOWHERE,   /* nothing of ours is there, but how ARP is answered */
	NODE_UNTOUCHED, /* nor that: the host is as if there were no mobile node */
	NODE_AT_HOME,   /* the home address is on the link, */
	NODE_DIRECT,    /* on the device; what it sends leaves by a router of the link, */
	NODE_TUNNELLED, /* or by the device */
};

struct node_position {
	enum node_place place;
	struct in_addr home;
	uint8_t home_length;   /* AT_HOME: of the home network */
	struct in_addr router; /* AT_HOME, DIRECT; 0: the one that the host has */
	bool has_router_mac;   /* it is not to be asked for */
	struct mac router_mac;
};

struct node_host;

/* Take away what an earlier process left, and set the device up. On failure NULL with a
 * sentence. HA_E_NOTFOUND: no such interface. */
struct node_host *node_host_open(const struct node_host_options *options, enum ha_error *why,
                                 char *report, size_t size);

/* Take away all that was made. NULL is fine. */
void node_host_close(struct node_host *host);

/* The index of the link, and its link address. */
unsigned node_host_link(const struct node_host *host);
struct mac node_host_mac(const struct node_host *host);

/* Whether it is up and connected, as it is now; *changes differs from what it was if it was not in
 * between, or has another link address. */
bool node_host_running(struct node_host *host, uint32_t *changes);

/* Whether another interface had the name of the link when that was asked: all that is open is for
 * one that is no more. */
bool node_host_replaced(const struct node_host *host);

/* The addresses of the link, but for the home address. */
enum ha_error node_host_addresses(struct node_host *host, struct in_addr home,
                                  struct netlink_address *out, size_t max, size_t *count);

/* Be there from now on; what was made for another place goes. An error leaves what could be
 * done, with a sentence. */
enum ha_error node_host_place(struct node_host *host, const struct node_position *position,
                              char *report, size_t size);

#endif
