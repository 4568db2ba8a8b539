/* netlink_node.c - what a host that moves asks of the kernel and tells it: addresses of a
 * link, neighbours, routes by a router, and word of changes; by libmnl. */
#include "agentd/dataplane/netlink_internal.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OURS 0x4du /* who told of a neighbour, among the protocols of routes */
#define NEIGHBOURS_PASS 16u

/* ---- addresses ---- */

struct collection {
	unsigned link;
	struct netlink_address *out;
	size_t max, count;
};

static int collect(const struct nlmsghdr *answer, void *context)
{
	const struct netlink_address address = netlink_address_read(answer);
	struct collection *into = context;

	if (address.link == into->link && into->count < into->max)
		into->out[into->count++] = address;
	return MNL_CB_OK;
}

static enum ha_error list_addresses(struct netlink *netlink, void *context)
{
	struct collection *into = context;

	into->count = 0;
	return netlink_ask_addresses(netlink, collect, into);
}

enum ha_error netlink_addresses(struct netlink *netlink, unsigned link, struct netlink_address *out,
                                size_t max, size_t *count)
{
	struct collection into = { .link = link, .out = out, .max = max };
	enum ha_error why = netlink_list(netlink, list_addresses, &into);

	*count = into.count;
	return why;
}

static struct nlmsghdr *begin_address(struct netlink *netlink, uint16_t type, uint16_t flags,
                                      unsigned link, struct in_addr address, uint8_t prefix_length)
{
	struct nlmsghdr *request = netlink_begin(netlink, type, flags);
	struct ifaddrmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->ifa_family = AF_INET;
	about->ifa_prefixlen = prefix_length;
	about->ifa_scope = RT_SCOPE_UNIVERSE;
	about->ifa_index = link;
	mnl_attr_put(request, IFA_LOCAL, sizeof(address), &address);
	mnl_attr_put(request, IFA_ADDRESS, sizeof(address), &address);
	return request;
}

enum ha_error netlink_address_join(struct netlink *netlink, unsigned link, struct in_addr address,
                                   uint8_t prefix_length)
{
	return netlink_tell(netlink,
	                    begin_address(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, link,
	                                  address, prefix_length));
}

enum ha_error netlink_address_leave(struct netlink *netlink, unsigned link, struct in_addr address,
                                    uint8_t prefix_length)
{
	return netlink_tell(netlink,
	                    begin_address(netlink, RTM_DELADDR, 0, link, address, prefix_length));
}

enum ha_error netlink_address_inside(struct netlink *netlink, unsigned link, struct in_addr address)
{
	struct nlmsghdr *request = begin_address(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
	                                         link, address, 32);
	struct ifaddrmsg *about = mnl_nlmsg_get_payload(request);

	about->ifa_scope = RT_SCOPE_HOST;
	return netlink_tell(netlink, request);
}

/* ---- neighbours ---- */

static struct ndmsg *begin_neighbour(struct netlink *netlink, uint16_t type, uint16_t flags,
                                     unsigned link, struct in_addr address,
                                     struct nlmsghdr **request)
{
	struct ndmsg *about;

	*request = netlink_begin(netlink, type, flags);
	about = mnl_nlmsg_put_extra_header(*request, sizeof(*about));
	about->ndm_family = AF_INET;
	about->ndm_ifindex = (int)link;
	mnl_attr_put(*request, NDA_DST, sizeof(address), &address);
	return about;
}

enum ha_error netlink_neighbour_put(struct netlink *netlink, unsigned link, struct in_addr address,
                                    struct mac mac)
{
	struct nlmsghdr *request;
	struct ndmsg *about = begin_neighbour(netlink, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
	                                      link, address, &request);

	about->ndm_state = NUD_PERMANENT;
	mnl_attr_put(request, NDA_LLADDR, sizeof(mac.octets), mac.octets);
	mnl_attr_put_u8(request, NDA_PROTOCOL, OURS);
	return netlink_tell(netlink, request);
}

struct neighbour {
	unsigned link;
	struct in_addr address;
	bool ours;
};

struct neighbours {
	size_t count;
	struct neighbour at[NEIGHBOURS_PASS];
};

static int note_neighbour_attribute(const struct nlattr *at, void *context)
{
	struct neighbour *out = context;

	if (mnl_attr_get_type(at) == NDA_DST &&
	    mnl_attr_get_payload_len(at) == sizeof(out->address))
		memcpy(&out->address, mnl_attr_get_payload(at), sizeof(out->address));
	if (mnl_attr_get_type(at) == NDA_PROTOCOL)
		out->ours = mnl_attr_get_u8(at) == OURS;
	return MNL_CB_OK;
}

static int note_neighbour(const struct nlmsghdr *answer, void *context)
{
	const struct ndmsg *about = mnl_nlmsg_get_payload(answer);
	struct neighbours *into = context;
	struct neighbour one = { .link = (unsigned)about->ndm_ifindex };

	mnl_attr_parse(answer, sizeof(*about), note_neighbour_attribute, &one);
	if (one.ours && into->count < NEIGHBOURS_PASS)
		into->at[into->count++] = one;
	return MNL_CB_OK;
}

static enum ha_error list_neighbours(struct netlink *netlink, void *context)
{
	struct neighbours *into = context;
	struct nlmsghdr *request = netlink_begin(netlink, RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->ndm_family = AF_INET;
	into->count = 0;
	return netlink_ask(netlink, request, note_neighbour, into);
}

/* More than these nobody has told: one at a time is used. */
enum ha_error netlink_neighbours_flush(struct netlink *netlink, unsigned *removed)
{
	struct neighbours found;
	enum ha_error why = netlink_list(netlink, list_neighbours, &found);

	*removed = 0;
	for (size_t i = 0; i < found.count && why == HA_OK; i++) {
		struct nlmsghdr *request;

		begin_neighbour(netlink, RTM_DELNEIGH, 0, found.at[i].link, found.at[i].address,
		                &request);
		why = netlink_tell(netlink, request);
		*removed += why == HA_OK;
		if (netlink->trouble == ENOENT)
			why = HA_OK;
	}
	return why;
}

/* ---- routes ---- */

static struct rtmsg *begin_route(struct netlink *netlink, uint32_t table, struct address_prefix to,
                                 uint8_t type, struct nlmsghdr **request)
{
	struct rtmsg *about;

	*request = netlink_begin(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	about = mnl_nlmsg_put_extra_header(*request, sizeof(*about));
	about->rtm_family = AF_INET;
	about->rtm_dst_len = to.length;
	about->rtm_protocol = RTPROT_STATIC;
	about->rtm_type = type;
	about->rtm_scope = RT_SCOPE_UNIVERSE;
	if (to.length)
		mnl_attr_put(*request, RTA_DST, sizeof(to.network), &to.network);
	mnl_attr_put_u32(*request, RTA_TABLE, table);
	return about;
}

enum ha_error netlink_route_by(struct netlink *netlink, const struct netlink_route *route)
{
	struct nlmsghdr *request;
	struct rtmsg *about = begin_route(netlink, route->table, route->to, RTN_UNICAST, &request);

	mnl_attr_put_u32(request, RTA_OIF, route->link);
	if (route->gateway.s_addr) {
		about->rtm_flags |= RTNH_F_ONLINK;
		mnl_attr_put(request, RTA_GATEWAY, sizeof(route->gateway), &route->gateway);
	} else {
		about->rtm_scope = RT_SCOPE_LINK;
	}
	if (route->source.s_addr)
		mnl_attr_put(request, RTA_PREFSRC, sizeof(route->source), &route->source);
	return netlink_tell(netlink, request);
}

enum ha_error netlink_route_aside_network(struct netlink *netlink, uint32_t table,
                                          struct address_prefix to)
{
	struct nlmsghdr *request;

	begin_route(netlink, table, to, RTN_THROW, &request);
	return netlink_tell(netlink, request);
}

static int note_gateway_attribute(const struct nlattr *at, void *context)
{
	struct in_addr *gateway = context;

	if (mnl_attr_get_type(at) == RTA_GATEWAY &&
	    mnl_attr_get_payload_len(at) == sizeof(*gateway))
		memcpy(gateway, mnl_attr_get_payload(at), sizeof(*gateway));
	return MNL_CB_OK;
}

static int note_gateway(const struct nlmsghdr *answer, void *context)
{
	mnl_attr_parse(answer, sizeof(struct rtmsg), note_gateway_attribute, context);
	return MNL_CB_STOP;
}

enum ha_error netlink_gateway(struct netlink *netlink, struct in_addr to, unsigned link,
                              uint32_t mark, struct in_addr *gateway)
{
	struct nlmsghdr *request = netlink_begin(netlink, RTM_GETROUTE, 0);
	struct rtmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));
	enum ha_error why;

	*gateway = (struct in_addr){ 0 };
	about->rtm_family = AF_INET;
	about->rtm_dst_len = 32;
	mnl_attr_put(request, RTA_DST, sizeof(to), &to);
	mnl_attr_put_u32(request, RTA_OIF, link);
	if (mark)
		mnl_attr_put_u32(request, RTA_MARK, mark);
	why = netlink_ask(netlink, request, note_gateway, gateway);
	if (why != HA_OK && (netlink->trouble == ENETUNREACH || netlink->trouble == EHOSTUNREACH))
		why = HA_E_NOTFOUND;
	return why;
}

/* ---- word of changes ---- */

int netlink_watch_open(enum ha_error *why)
{
	const struct sockaddr_nl to = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	*why = HA_OK;
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	*why = ha_error_of_errno(errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What it was does not matter: who asks looks at everything again. More than the kernel kept
 * is a change too. */
bool netlink_watch_take(int fd)
{
	char octets[8192];
	bool any = false;

	while (recv(fd, octets, sizeof(octets), 0) >= 0 || errno == ENOBUFS)
		any = true;
	return any;
}
