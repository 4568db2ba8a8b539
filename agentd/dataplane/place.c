/* place.c - the device, the address on it, and ARP for it.
 *
 * With a virtual MAC the kernel answers no ARP for the address: not on the device
 * (arp_ignore 8), because it would go on while agentd is stopped; not on the
 * interface below (arp_ignore 1), because that answer would tell the interface's
 * own MAC; nor does the interface name the address as the sender of its own
 * requests (arp_announce 2), for the same reason. What leaves from the address
 * leaves by the interface, so the device takes packets whose sender is reached by
 * another one (rp_filter 2). */
#include "agentd/dataplane/place.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/dataplane/arp_socket.h"
#include "agentd/dataplane/netlink.h"

#define ANSWER_NOTHING 8u  /* of arp_ignore */
#define ANSWER_OWN 1u      /* only for addresses of the interface itself */
#define ANNOUNCE_OWN 2u    /* of arp_announce */
#define SENDER_ANYWHERE 2u /* of rp_filter */

struct place {
	struct in_addr address;
	char interface[NETLINK_NAME_MAX];
	char device[NETLINK_NAME_MAX]; /* the interface, or ours over it */
	unsigned index;                /* of the device */
	struct mac mac; /* of the device; the virtual one is known before it is made */
	bool virtual_mac;
	struct netlink *netlink;
	int arp;            /* -1 = the link has none */
	const char *option; /* that names the address, where it is not the home agent's */
	char *report;       /* of the open; NULL after it */
	size_t report_size;
};

const char *place_device(const struct place *place)
{
	return place->device;
}

struct mac place_mac(const struct place *place)
{
	return place->mac;
}

int place_arp(const struct place *place)
{
	return place->arp;
}

const char *place_trouble(const struct place *place)
{
	return netlink_trouble(place->netlink);
}

/* ---- the device ---- */

/* The name says whose it is: a later process of ours knows it again. */
static void name_device(struct place *place)
{
	if (place->virtual_mac)
		snprintf(place->device, sizeof(place->device), "ha-%08x",
		         address_host(place->address));
	else
		snprintf(place->device, sizeof(place->device), "%s", place->interface);
}

/* Whatever had the name before goes, but for what cannot be ours. */
static enum ha_error free_name(struct place *place)
{
	struct netlink_link link;
	enum ha_error why = netlink_find(place->netlink, place->device, &link);

	if (why == HA_E_NOTFOUND)
		return HA_OK;
	if (why != HA_OK)
		return why;
	return link.macvlan ? netlink_remove(place->netlink, link.index) : HA_E_EXISTS;
}

/* Find the device of an earlier process, or make one. */
static enum ha_error make_device(struct place *place, const struct netlink_link *interface)
{
	struct netlink_link link;
	enum ha_error why = netlink_macvlan_find(place->netlink, interface->index, place->mac,
	                                         &link);

	if (why == HA_OK && strcmp(link.name, place->device) != 0)
		return HA_E_INUSE;
	if (why == HA_OK) {
		place->index = link.index;
		return netlink_up(place->netlink, link.index, false);
	}
	if (why == HA_E_NOTFOUND)
		why = free_name(place);
	if (why == HA_OK)
		why = netlink_macvlan_add(place->netlink, place->device, interface->index,
		                          place->mac);
	if (why == HA_OK)
		why = netlink_find(place->netlink, place->device, &link);
	if (why == HA_OK)
		place->index = link.index;
	return why;
}

/* Both are only raised: what the administrator wants stricter stays so. */
static enum ha_error hush_interface(struct place *place, const struct netlink_link *interface)
{
	enum ha_error why = HA_OK;

	if (interface->arp_ignore < ANSWER_OWN)
		why = netlink_set(place->netlink, interface->index, NETLINK_ARP_IGNORE, ANSWER_OWN);
	if (why == HA_OK && interface->arp_announce < ANNOUNCE_OWN)
		why = netlink_set(place->netlink, interface->index, NETLINK_ARP_ANNOUNCE,
		                  ANNOUNCE_OWN);
	return why;
}

static enum ha_error prepare_device(struct place *place, const struct netlink_link *interface)
{
	enum ha_error why = make_device(place, interface);

	if (why == HA_OK)
		why = netlink_set(place->netlink, place->index, NETLINK_ARP_IGNORE, ANSWER_NOTHING);
	if (why == HA_OK)
		why = netlink_set(place->netlink, place->index, NETLINK_RP_FILTER, SENDER_ANYWHERE);
	if (why == HA_OK)
		why = hush_interface(place, interface);
	return why;
}

/* From the interface's name to a device that the address can be put on. Also when
 * somebody took either away and brought it back. */
static enum ha_error prepare(struct place *place)
{
	struct netlink_link interface;
	enum ha_error why = netlink_find(place->netlink, place->interface, &interface);

	if (why != HA_OK)
		return why;
	if (place->virtual_mac && !interface.ethernet)
		return HA_E_UNSUPPORTED;
	name_device(place);
	if (place->virtual_mac) {
		why = prepare_device(place, &interface);
	} else {
		place->index = interface.index;
		place->mac = interface.mac;
	}
	if (why == HA_OK && place->arp >= 0)
		why = arp_socket_bind(place->arp, place->index);
	return why;
}

/* ---- coming up and going down ---- */

static enum ha_error refuse(struct place *place, enum ha_error why, const char *what)
{
	return ha_refuse(place->report, place->report_size, why, "%s: %s: %s",
	                 place->option ? place->option : "home-agent.interface", place->interface,
	                 what);
}

/* Why the address cannot be managed, in words for who configured it. */
static enum ha_error explain(struct place *place, enum ha_error why)
{
	char text[128];

	switch (why) {
	case HA_OK:
		return HA_OK;
	case HA_E_NOTFOUND:
		return refuse(place, why, "there is no such interface on this host");
	case HA_E_PERMISSION:
		return refuse(place, why, "needs CAP_NET_ADMIN and CAP_NET_RAW, or root");
	case HA_E_UNSUPPORTED:
		return refuse(place, why,
		              "cannot have a virtual MAC; set home-agent.virtual-mac "
		              "to no, or name an Ethernet interface");
	case HA_E_INUSE:
		snprintf(text, sizeof(text),
		         "%s is in use on it; set home-agent.virtual-router to a number of its own",
		         mac_format(place->mac).text);
		return refuse(place, why, text);
	case HA_E_EXISTS:
		snprintf(text, sizeof(text), "there is another interface named %s", place->device);
		return refuse(place, why, text);
	default:
		return refuse(place, why, place_trouble(place));
	}
}

static void read_options(struct place *place, const struct ownership_options *options)
{
	uint32_t number = options->virtual_router;

	if (number == 0)
		number = address_host(options->address) & 0xffu;
	if (number == 0)
		number = 0xffu;
	place->address = options->address;
	place->option = options->option;
	place->virtual_mac = options->virtual_mac;
	snprintf(place->interface, sizeof(place->interface), "%s", options->interface);
	if (options->virtual_mac) /* the range of VRRP, RFC 5798 section 7.3 */
		place->mac = (struct mac){ { 0x00, 0x00, 0x5e, 0x00, 0x01, (uint8_t)number } };
}

/* What an earlier process left ends with its lifetime; we need not wait. Whatever
 * else has the address would answer for it on a standby, too. */
static enum ha_error clear_address(struct place *place)
{
	struct netlink_address found;
	char name[IF_NAMESIZE] = "?";
	enum ha_error why = netlink_address_find(place->netlink, place->address, &found);

	if (why == HA_E_NOTFOUND)
		return HA_OK;
	if (why != HA_OK)
		return explain(place, why);
	if (found.link == place->index && !found.permanent)
		return explain(place, place_give(place));
	if_indextoname(found.link, name);
	return ha_refuse(place->report, place->report_size, HA_E_EXISTS,
	                 "%s: %s is an address of this host already, on %s; take "
	                 "it away there, since the node that leads puts it on %s",
	                 place->option ? place->option : "home-agent.address",
	                 address_format(place->address).text, name, place->interface);
}

static enum ha_error open_arp(struct place *place)
{
	struct netlink_link interface;
	enum ha_error why = netlink_find(place->netlink, place->interface, &interface);

	if (why != HA_OK || !interface.ethernet)
		return explain(place, why);
	place->arp = arp_socket_open(place->address, &why);
	if (why != HA_OK && why != HA_E_PERMISSION)
		return refuse(place, why, "a packet socket for ARP cannot be opened");
	return explain(place, why);
}

static enum ha_error open_all(struct place *place)
{
	enum ha_error why;

	place->netlink = netlink_open(&why);
	if (!place->netlink)
		return refuse(place, why, "no netlink socket can be opened");
	why = open_arp(place);
	if (why == HA_OK)
		why = explain(place, prepare(place));
	if (why == HA_OK)
		why = clear_address(place);
	return why;
}

struct place *place_open(const struct ownership_options *options, enum ha_error *why, char *report,
                         size_t size)
{
	struct place *place = calloc(1, sizeof(*place));

	*why = HA_E_NOMEM;
	if (!place)
		return NULL;
	place->arp = -1;
	place->report = report;
	place->report_size = size;
	read_options(place, options);
	*why = strlen(options->interface) < sizeof(place->interface)
	               ? open_all(place)
	               : refuse(place, HA_E_NOTFOUND, "no interface has a name of that length");
	place->report = NULL;
	if (*why == HA_OK)
		return place;
	if (place->netlink)
		place_leave(place);
	place_close(place);
	return NULL;
}

void place_close(struct place *place)
{
	if (!place)
		return;
	netlink_close(place->netlink);
	if (place->arp >= 0)
		close(place->arp);
	free(place);
}

void place_leave(struct place *place)
{
	if (place->virtual_mac && place->index)
		(void)netlink_remove(place->netlink, place->index);
}

/* ---- taking and giving ---- */

/* Also what somebody put down or took away meanwhile is put right by it. */
enum ha_error place_renew(struct place *place, uint32_t lifetime_s)
{
	enum ha_error why = HA_OK;

	if (place->virtual_mac)
		why = netlink_up(place->netlink, place->index, true);
	if (why == HA_OK)
		why = netlink_address_put(place->netlink, place->index, place->address, lifetime_s);
	return why;
}

enum ha_error place_take(struct place *place, uint32_t lifetime_s)
{
	enum ha_error why = place_renew(place, lifetime_s);

	if (why != HA_E_NOTFOUND)
		return why;
	why = prepare(place);
	return why == HA_OK ? place_renew(place, lifetime_s) : why;
}

enum ha_error place_give(struct place *place)
{
	enum ha_error why = netlink_address_remove(place->netlink, place->index, place->address);

	return why == HA_E_NOTFOUND ? HA_OK : why;
}

enum ha_error place_rest(struct place *place)
{
	enum ha_error why = HA_OK;

	if (place->virtual_mac)
		why = netlink_up(place->netlink, place->index, false);
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

/* ---- ARP ---- */

bool place_announce(const struct place *place)
{
	static const enum arp_operation operations[] = { ARP_REQUEST, ARP_REPLY };
	bool well = true;

	for (size_t i = 0; i < 2 && place->arp >= 0; i++) {
		struct arp arp = arp_announcement(place->mac, place->address, operations[i]);

		well = arp_socket_send(place->arp, &arp) && well;
	}
	return well;
}

bool place_hear(const struct place *place, struct arp *out)
{
	return place->arp >= 0 && arp_socket_receive(place->arp, out);
}

/* Our own are never heard; so with a virtual MAC, which others may have too, the
 * sender is enough. */
bool place_is_conflict(const struct place *place, const struct arp *heard)
{
	return address_equal(heard->sender, place->address) &&
	       (place->virtual_mac || !mac_equal(heard->sender_mac, place->mac));
}

bool place_is_asked(const struct place *place, const struct arp *heard)
{
	return place->virtual_mac && heard->operation == ARP_REQUEST &&
	       address_equal(heard->target, place->address);
}

bool place_answer(const struct place *place, const struct arp *request)
{
	const struct arp answer = arp_answer(request, place->mac);

	return arp_socket_send(place->arp, &answer);
}
