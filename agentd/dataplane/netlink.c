/* netlink.c - requests of rtnetlink and their answers, by libmnl; links and
 * addresses. */
#include "agentd/dataplane/netlink_internal.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define HOST_PREFIX 32u /* bits: the address alone */
#define ANSWER_S 5      /* for the kernel; it is held up only by other programs' changes */
#define LIST_TRIES 5u

/* ---- requests and answers ---- */

static const struct {
	int number;
	enum ha_error error;
} translations[] = {
	{ ENODEV, HA_E_NOTFOUND },
	{ EADDRNOTAVAIL, HA_E_NOTFOUND },
	{ EOPNOTSUPP, HA_E_UNSUPPORTED },
	{ EAFNOSUPPORT, HA_E_UNSUPPORTED },
};

enum ha_error netlink_fail(struct netlink *netlink, int number)
{
	netlink->trouble = number;
	for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]); i++)
		if (translations[i].number == number)
			return translations[i].error;
	return ha_error_of_errno(number);
}

const char *netlink_trouble(const struct netlink *netlink)
{
	return strerror(netlink->trouble);
}

struct nlmsghdr *netlink_begin(struct netlink *netlink, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(netlink->buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = ++netlink->sequence;
	return request;
}

/* Answers bear the number of their request. Those of one that was given up, since they
 * did not come in time, come all the same. */
static bool is_late(const struct netlink *netlink, size_t size)
{
	struct nlmsghdr first;

	if (size < sizeof(first))
		return false;
	memcpy(&first, netlink->buffer, sizeof(first));
	return first.nlmsg_seq != netlink->sequence;
}

enum ha_error netlink_ask(struct netlink *netlink, const struct nlmsghdr *request, mnl_cb_t note,
                          void *context)
{
	unsigned port = mnl_socket_get_portid(netlink->socket);
	int more = MNL_CB_OK;

	if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
		return netlink_fail(netlink, errno);
	while (more == MNL_CB_OK) {
		ssize_t size = mnl_socket_recvfrom(netlink->socket, netlink->buffer,
		                                   sizeof(netlink->buffer));

		if (size < 0)
			return netlink_fail(netlink, errno);
		if (!is_late(netlink, (size_t)size))
			more = mnl_cb_run(netlink->buffer, (size_t)size, netlink->sequence, port,
			                  note, context);
	}
	return more == MNL_CB_STOP ? HA_OK : netlink_fail(netlink, errno);
}

enum ha_error netlink_tell(struct netlink *netlink, struct nlmsghdr *request)
{
	request->nlmsg_flags |= NLM_F_ACK;
	return netlink_ask(netlink, request, NULL, NULL);
}

enum ha_error netlink_list(struct netlink *netlink,
                           enum ha_error (*read)(struct netlink *netlink, void *context),
                           void *context)
{
	unsigned tries = LIST_TRIES;
	enum ha_error why;

	do
		why = read(netlink, context);
	while (why != HA_OK && netlink->trouble == EINTR && --tries > 0);
	return why;
}

struct netlink *netlink_open(enum ha_error *why)
{
	const struct timeval wait = { .tv_sec = ANSWER_S };
	struct netlink *netlink = calloc(1, sizeof(*netlink));

	*why = HA_E_NOMEM;
	if (!netlink)
		return NULL;
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (netlink->socket && mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    setsockopt(mnl_socket_get_fd(netlink->socket), SOL_SOCKET, SO_RCVTIMEO, &wait,
	               sizeof(wait)) == 0) {
		*why = HA_OK;
		return netlink;
	}
	*why = ha_error_of_errno(errno);
	netlink_close(netlink);
	return NULL;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink && netlink->socket)
		mnl_socket_close(netlink->socket);
	free(netlink);
}

/* ---- links ---- */

static struct ifinfomsg *begin_link(struct netlink *netlink, uint16_t type, uint16_t flags,
                                    unsigned link, struct nlmsghdr **request)
{
	struct ifinfomsg *about;

	*request = netlink_begin(netlink, type, flags);
	about = mnl_nlmsg_put_extra_header(*request, sizeof(*about));
	about->ifi_family = AF_UNSPEC;
	about->ifi_index = (int)link;
	return about;
}

static uint32_t setting_of(const struct nlattr *values, unsigned number)
{
	uint32_t value = 0;

	if (mnl_attr_get_payload_len(values) >= number * sizeof(value))
		memcpy(&value,
		       (const char *)mnl_attr_get_payload(values) + (number - 1) * sizeof(value),
		       sizeof(value));
	return value;
}

/* Each of these is given one attribute; attributes nest: link, family, settings. */

static int note_settings(const struct nlattr *at, void *context)
{
	struct netlink_link *out = context;

	if (mnl_attr_get_type(at) == IFLA_INET_CONF) {
		out->arp_ignore = setting_of(at, IPV4_DEVCONF_ARP_IGNORE);
		out->arp_announce = setting_of(at, IPV4_DEVCONF_ARP_ANNOUNCE);
		out->rp_filter = setting_of(at, IPV4_DEVCONF_RP_FILTER);
		out->redirects = setting_of(at, IPV4_DEVCONF_ACCEPT_REDIRECTS);
	}
	return MNL_CB_OK;
}

static int note_family(const struct nlattr *at, void *context)
{
	if (mnl_attr_get_type(at) == AF_INET)
		return mnl_attr_parse_nested(at, note_settings, context);
	return MNL_CB_OK;
}

static int note_kind(const struct nlattr *at, void *context)
{
	struct netlink_link *out = context;

	if (mnl_attr_get_type(at) == IFLA_INFO_KIND)
		out->macvlan = strcmp(mnl_attr_get_str(at), "macvlan") == 0;
	return MNL_CB_OK;
}

static int note_link_attribute(const struct nlattr *at, void *context)
{
	struct netlink_link *out = context;

	switch (mnl_attr_get_type(at)) {
	case IFLA_IFNAME:
		snprintf(out->name, sizeof(out->name), "%s", mnl_attr_get_str(at));
		return MNL_CB_OK;
	case IFLA_LINK:
		out->below = mnl_attr_get_u32(at);
		return MNL_CB_OK;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(at) == sizeof(out->mac))
			memcpy(&out->mac, mnl_attr_get_payload(at), sizeof(out->mac));
		return MNL_CB_OK;
	case IFLA_CARRIER_CHANGES:
		out->carrier_changes = mnl_attr_get_u32(at);
		return MNL_CB_OK;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(at, note_kind, context);
	case IFLA_AF_SPEC:
		return mnl_attr_parse_nested(at, note_family, context);
	default:
		return MNL_CB_OK;
	}
}

static int note_link(const struct nlmsghdr *answer, void *context)
{
	const struct ifinfomsg *about = mnl_nlmsg_get_payload(answer);
	struct netlink_link *out = context;

	out->index = (unsigned)about->ifi_index;
	out->ethernet = about->ifi_type == ARPHRD_ETHER;
	out->running = (about->ifi_flags & IFF_RUNNING) != 0;
	mnl_attr_parse(answer, sizeof(*about), note_link_attribute, out);
	return MNL_CB_STOP;
}

enum ha_error netlink_find(struct netlink *netlink, const char *name, struct netlink_link *out)
{
	struct nlmsghdr *request;

	*out = (struct netlink_link){ 0 };
	if (strlen(name) >= NETLINK_NAME_MAX)
		return netlink_fail(netlink, ENODEV);
	begin_link(netlink, RTM_GETLINK, 0, 0, &request);
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	return netlink_ask(netlink, request, note_link, out);
}

struct link_search {
	unsigned below;
	struct mac mac;
	struct netlink_link found; /* index 0 = not yet */
};

static int compare_link(const struct nlmsghdr *answer, void *context)
{
	struct link_search *search = context;
	struct netlink_link link = { 0 };

	note_link(answer, &link);
	if (link.macvlan && link.below == search->below && mac_equal(link.mac, search->mac))
		search->found = link;
	return MNL_CB_OK;
}

static enum ha_error search_links(struct netlink *netlink, void *search)
{
	struct nlmsghdr *request;

	begin_link(netlink, RTM_GETLINK, NLM_F_DUMP, 0, &request);
	return netlink_ask(netlink, request, compare_link, search);
}

enum ha_error netlink_macvlan_find(struct netlink *netlink, unsigned below, struct mac mac,
                                   struct netlink_link *out)
{
	struct link_search search = { .below = below, .mac = mac };
	enum ha_error why = netlink_list(netlink, search_links, &search);

	*out = search.found;
	if (why == HA_OK && search.found.index == 0)
		why = netlink_fail(netlink, ENODEV);
	return why;
}

/* A link that stands on another one would tell all the link of its own address. */
static enum ha_error without_ipv6(struct netlink *netlink, const char *name)
{
	struct nlattr *families, *family;
	struct nlmsghdr *request;
	enum ha_error why;

	begin_link(netlink, RTM_NEWLINK, 0, 0, &request);
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
	family = mnl_attr_nest_start(request, AF_INET6);
	mnl_attr_put_u8(request, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(request, family);
	mnl_attr_nest_end(request, families);
	why = netlink_tell(netlink, request);
	return why == HA_E_UNSUPPORTED ? HA_OK : why; /* a kernel without IPv6 */
}

enum ha_error netlink_macvlan_add(struct netlink *netlink, const char *name, unsigned below,
                                  struct mac mac)
{
	struct nlattr *information, *data;
	struct nlmsghdr *request;
	enum ha_error why;

	begin_link(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0, &request);
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_u32(request, IFLA_LINK, below);
	mnl_attr_put(request, IFLA_ADDRESS, sizeof(mac.octets), mac.octets);
	information = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "macvlan");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	mnl_attr_put_u32(request, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, information);
	why = netlink_tell(netlink, request);
	return why == HA_OK ? without_ipv6(netlink, name) : why;
}

enum ha_error netlink_remove(struct netlink *netlink, unsigned link)
{
	struct nlmsghdr *request;

	begin_link(netlink, RTM_DELLINK, 0, link, &request);
	return netlink_tell(netlink, request);
}

enum ha_error netlink_mtu(struct netlink *netlink, unsigned link, uint32_t mtu)
{
	struct nlmsghdr *request;

	begin_link(netlink, RTM_NEWLINK, 0, link, &request);
	mnl_attr_put_u32(request, IFLA_MTU, mtu);
	return netlink_tell(netlink, request);
}

enum ha_error netlink_queue(struct netlink *netlink, unsigned link, uint32_t packets)
{
	struct nlmsghdr *request;

	begin_link(netlink, RTM_NEWLINK, 0, link, &request);
	mnl_attr_put_u32(request, IFLA_TXQLEN, packets);
	return netlink_tell(netlink, request);
}

enum ha_error netlink_up(struct netlink *netlink, unsigned link, bool up)
{
	struct nlmsghdr *request;
	struct ifinfomsg *about = begin_link(netlink, RTM_NEWLINK, 0, link, &request);

	about->ifi_change = IFF_UP;
	about->ifi_flags = up ? IFF_UP : 0;
	return netlink_tell(netlink, request);
}

enum ha_error netlink_set(struct netlink *netlink, unsigned link, enum netlink_setting setting,
                          uint32_t value)
{
	static const uint16_t numbers[] = {
		[NETLINK_ARP_IGNORE] = IPV4_DEVCONF_ARP_IGNORE,
		[NETLINK_ARP_ANNOUNCE] = IPV4_DEVCONF_ARP_ANNOUNCE,
		[NETLINK_RP_FILTER] = IPV4_DEVCONF_RP_FILTER,
		[NETLINK_FORWARDING] = IPV4_DEVCONF_FORWARDING,
		[NETLINK_REDIRECTS] = IPV4_DEVCONF_ACCEPT_REDIRECTS,
	};
	struct nlattr *families, *family, *values;
	struct nlmsghdr *request;

	begin_link(netlink, RTM_NEWLINK, 0, link, &request);
	families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
	family = mnl_attr_nest_start(request, AF_INET);
	values = mnl_attr_nest_start(request, IFLA_INET_CONF);
	mnl_attr_put_u32(request, numbers[setting], value);
	mnl_attr_nest_end(request, values);
	mnl_attr_nest_end(request, family);
	mnl_attr_nest_end(request, families);
	return netlink_tell(netlink, request);
}

/* ---- addresses ---- */

static struct nlmsghdr *begin_address(struct netlink *netlink, uint16_t type, uint16_t flags,
                                      unsigned link, struct in_addr address)
{
	struct nlmsghdr *request = netlink_begin(netlink, type, flags);
	struct ifaddrmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->ifa_family = AF_INET;
	about->ifa_prefixlen = HOST_PREFIX;
	about->ifa_scope = RT_SCOPE_UNIVERSE;
	about->ifa_index = link;
	mnl_attr_put(request, IFA_LOCAL, sizeof(address), &address);
	mnl_attr_put(request, IFA_ADDRESS, sizeof(address), &address);
	return request;
}

enum ha_error netlink_address_put(struct netlink *netlink, unsigned link, struct in_addr address,
                                  uint32_t lifetime_s)
{
	const struct ifa_cacheinfo lifetime = {
		.ifa_prefered = lifetime_s,
		.ifa_valid = lifetime_s,
	};
	struct nlmsghdr *request = begin_address(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
	                                         link, address);

	mnl_attr_put(request, IFA_CACHEINFO, sizeof(lifetime), &lifetime);
	return netlink_tell(netlink, request);
}

enum ha_error netlink_address_remove(struct netlink *netlink, unsigned link, struct in_addr address)
{
	return netlink_tell(netlink, begin_address(netlink, RTM_DELADDR, 0, link, address));
}

struct search {
	struct in_addr address;
	struct netlink_address found; /* link 0 = not yet */
};

static int note_local(const struct nlattr *at, void *context)
{
	struct in_addr *local = context;

	if (mnl_attr_get_type(at) == IFA_LOCAL && mnl_attr_get_payload_len(at) == sizeof(*local))
		memcpy(local, mnl_attr_get_payload(at), sizeof(*local));
	return MNL_CB_OK;
}

struct netlink_address netlink_address_read(const struct nlmsghdr *answer)
{
	const struct ifaddrmsg *about = mnl_nlmsg_get_payload(answer);
	struct in_addr local = { 0 };

	mnl_attr_parse(answer, sizeof(*about), note_local, &local);
	return (struct netlink_address){
		.link = about->ifa_index,
		.address = local,
		.prefix_length = about->ifa_prefixlen,
		.permanent = about->ifa_flags & IFA_F_PERMANENT,
	};
}

enum ha_error netlink_ask_addresses(struct netlink *netlink, mnl_cb_t note, void *context)
{
	struct nlmsghdr *request = netlink_begin(netlink, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->ifa_family = AF_INET;
	return netlink_ask(netlink, request, note, context);
}

static int note_address(const struct nlmsghdr *answer, void *context)
{
	const struct netlink_address address = netlink_address_read(answer);
	struct search *search = context;

	if (search->found.link == 0 && address.address.s_addr == search->address.s_addr)
		search->found = address;
	return MNL_CB_OK;
}

static enum ha_error search_addresses(struct netlink *netlink, void *search)
{
	return netlink_ask_addresses(netlink, note_address, search);
}

enum ha_error netlink_address_find(struct netlink *netlink, struct in_addr address,
                                   struct netlink_address *out)
{
	struct search search = { .address = address };
	enum ha_error why = netlink_list(netlink, search_addresses, &search);

	*out = search.found;
	if (why == HA_OK && search.found.link == 0)
		why = netlink_fail(netlink, EADDRNOTAVAIL);
	return why;
}
