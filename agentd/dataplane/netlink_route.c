/* netlink_route.c - routes and rules of IPv4, by libmnl. */
#include "agentd/dataplane/netlink_internal.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netconf.h>
#include <string.h>
#include <sys/socket.h>

#define LAST_RESORT UINT32_MAX /* metric of a route that any other one goes before */
#define FLUSH_PASS 64u         /* rules or routes that are taken away after one listing */
#define FLUSH_PASSES 1000u

/* ---- forwarding ---- */

static int note_forwarding_attribute(const struct nlattr *at, void *context)
{
	struct netlink_forwarding *out = context;

	if (mnl_attr_get_payload_len(at) != sizeof(uint32_t))
		return MNL_CB_OK;
	if (mnl_attr_get_type(at) == NETCONFA_FORWARDING)
		out->forwards = mnl_attr_get_u32(at) != 0;
	if (mnl_attr_get_type(at) == NETCONFA_RP_FILTER)
		out->rp_filter = mnl_attr_get_u32(at);
	return MNL_CB_OK;
}

static int note_forwarding(const struct nlmsghdr *answer, void *context)
{
	mnl_attr_parse(answer, sizeof(struct netconfmsg), note_forwarding_attribute, context);
	return MNL_CB_STOP;
}

enum ha_error netlink_forwarding(struct netlink *netlink, unsigned link,
                                 struct netlink_forwarding *out)
{
	struct nlmsghdr *request = netlink_begin(netlink, RTM_GETNETCONF, 0);
	struct netconfmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	*out = (struct netlink_forwarding){ 0 };
	about->ncm_family = AF_INET;
	mnl_attr_put_u32(request, NETCONFA_IFINDEX, link ? link : (uint32_t)NETCONFA_IFINDEX_ALL);
	return netlink_ask(netlink, request, note_forwarding, out);
}

/* ---- rules ---- */

static struct fib_rule_hdr *begin_rule(struct netlink *netlink, uint16_t type, uint16_t flags,
                                       struct nlmsghdr **request)
{
	struct fib_rule_hdr *about;

	*request = netlink_begin(netlink, type, flags);
	about = mnl_nlmsg_put_extra_header(*request, sizeof(*about));
	about->family = AF_INET;
	return about;
}

enum ha_error netlink_rule_add(struct netlink *netlink, const struct netlink_rule *rule)
{
	struct nlmsghdr *request;
	struct fib_rule_hdr *about = begin_rule(netlink, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL,
	                                        &request);

	about->action = FR_ACT_TO_TBL;
	about->dst_len = rule->to.length;
	if (rule->to.length)
		mnl_attr_put(request, FRA_DST, sizeof(rule->to.network), &rule->to.network);
	if (rule->from_link)
		mnl_attr_put_strz(request, FRA_IIFNAME, rule->from_link);
	about->src_len = rule->from.length;
	if (rule->from.length)
		mnl_attr_put(request, FRA_SRC, sizeof(rule->from.network), &rule->from.network);
	mnl_attr_put_u32(request, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u32(request, FRA_TABLE, rule->table);
	mnl_attr_put_u32(request, FRA_FWMARK, 0);
	mnl_attr_put_u32(request, FRA_FWMASK, rule->mark);
	if (rule->protocol)
		mnl_attr_put_u8(request, FRA_PROTOCOL, rule->protocol);
	return netlink_tell(netlink, request);
}

/* ---- what is in the way ---- */

/* A rule or a route of the table, as much of it as it takes to remove it. */
struct listed {
	struct fib_rule_hdr rule;
	struct rtmsg route;
	struct in_addr to, from;
	uint32_t table, priority;
	uint8_t protocol;
};

struct listing {
	uint32_t table;   /* what is listed is of it; or, where that is not 0, */
	uint8_t protocol; /* of this protocol */
	size_t count;
	struct listed at[FLUSH_PASS];
};

static void take_number(const struct nlattr *at, void *number, size_t size)
{
	if (mnl_attr_get_payload_len(at) == size)
		memcpy(number, mnl_attr_get_payload(at), size);
}

static int note_rule_attribute(const struct nlattr *at, void *context)
{
	struct listed *out = context;

	switch (mnl_attr_get_type(at)) {
	case FRA_DST:
		take_number(at, &out->to, sizeof(out->to));
		break;
	case FRA_SRC:
		take_number(at, &out->from, sizeof(out->from));
		break;
	case FRA_TABLE:
		take_number(at, &out->table, sizeof(out->table));
		break;
	case FRA_PRIORITY:
		take_number(at, &out->priority, sizeof(out->priority));
		break;
	case FRA_PROTOCOL:
		take_number(at, &out->protocol, sizeof(out->protocol));
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int note_route_attribute(const struct nlattr *at, void *context)
{
	struct listed *out = context;

	switch (mnl_attr_get_type(at)) {
	case RTA_DST:
		take_number(at, &out->to, sizeof(out->to));
		break;
	case RTA_TABLE:
		take_number(at, &out->table, sizeof(out->table));
		break;
	case RTA_PRIORITY:
		take_number(at, &out->priority, sizeof(out->priority));
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static void keep(struct listing *listing, const struct listed *one)
{
	bool wanted = listing->protocol ? one->protocol == listing->protocol
	                                : one->table == listing->table;

	if (wanted && listing->count < FLUSH_PASS)
		listing->at[listing->count++] = *one;
}

static int note_rule(const struct nlmsghdr *answer, void *context)
{
	struct listed one = { 0 };

	memcpy(&one.rule, mnl_nlmsg_get_payload(answer), sizeof(one.rule));
	one.table = one.rule.table;
	mnl_attr_parse(answer, sizeof(one.rule), note_rule_attribute, &one);
	if (one.rule.action == FR_ACT_TO_TBL)
		keep(context, &one);
	return MNL_CB_OK;
}

static int note_route(const struct nlmsghdr *answer, void *context)
{
	struct listed one = { 0 };

	memcpy(&one.route, mnl_nlmsg_get_payload(answer), sizeof(one.route));
	one.table = one.route.rtm_table;
	one.protocol = one.route.rtm_protocol;
	mnl_attr_parse(answer, sizeof(one.route), note_route_attribute, &one);
	keep(context, &one);
	return MNL_CB_OK;
}

static enum ha_error list_rules(struct netlink *netlink, void *context)
{
	struct listing *listing = context;
	struct nlmsghdr *request;

	listing->count = 0;
	begin_rule(netlink, RTM_GETRULE, NLM_F_DUMP, &request);
	return netlink_ask(netlink, request, note_rule, listing);
}

static enum ha_error list_routes(struct netlink *netlink, void *context)
{
	struct listing *listing = context;
	struct nlmsghdr *request = netlink_begin(netlink, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->rtm_family = AF_INET;
	listing->count = 0;
	return netlink_ask(netlink, request, note_route, listing);
}

static enum ha_error remove_rule(struct netlink *netlink, const struct listed *one)
{
	struct nlmsghdr *request;
	struct fib_rule_hdr *about = begin_rule(netlink, RTM_DELRULE, 0, &request);

	about->action = one->rule.action;
	about->dst_len = one->rule.dst_len;
	if (one->rule.dst_len)
		mnl_attr_put(request, FRA_DST, sizeof(one->to), &one->to);
	about->src_len = one->rule.src_len;
	if (one->rule.src_len)
		mnl_attr_put(request, FRA_SRC, sizeof(one->from), &one->from);
	mnl_attr_put_u32(request, FRA_TABLE, one->table);
	mnl_attr_put_u32(request, FRA_PRIORITY, one->priority);
	if (one->protocol)
		mnl_attr_put_u8(request, FRA_PROTOCOL, one->protocol);
	return netlink_tell(netlink, request);
}

static enum ha_error remove_route(struct netlink *netlink, const struct listed *one)
{
	struct nlmsghdr *request = netlink_begin(netlink, RTM_DELROUTE, 0);
	struct rtmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->rtm_family = AF_INET;
	about->rtm_dst_len = one->route.rtm_dst_len;
	about->rtm_scope = RT_SCOPE_NOWHERE;
	about->rtm_type = one->route.rtm_type;
	about->rtm_protocol = one->protocol;
	mnl_attr_put(request, RTA_DST, sizeof(one->to), &one->to);
	mnl_attr_put_u32(request, RTA_TABLE, one->table);
	if (one->priority)
		mnl_attr_put_u32(request, RTA_PRIORITY, one->priority);
	return netlink_tell(netlink, request);
}

/* What somebody else took away meanwhile is away. */
static enum ha_error flush(struct netlink *netlink, struct listing listing, unsigned *removed,
                           enum ha_error (*list)(struct netlink *netlink, void *context),
                           enum ha_error (*remove)(struct netlink *netlink,
                                                   const struct listed *one))
{
	enum ha_error why = HA_OK;

	*removed = 0;
	for (unsigned pass = 0; pass < FLUSH_PASSES && why == HA_OK; pass++) {
		why = netlink_list(netlink, list, &listing);
		if (why != HA_OK || listing.count == 0)
			break;
		for (size_t i = 0; i < listing.count && why == HA_OK; i++) {
			why = remove(netlink, &listing.at[i]);
			*removed += why == HA_OK;
			if (why == HA_E_NOTFOUND || netlink->trouble == ESRCH)
				why = HA_OK;
		}
	}
	return why;
}

enum ha_error netlink_rules_flush(struct netlink *netlink, uint32_t table, unsigned *removed)
{
	return flush(netlink, (struct listing){ .table = table }, removed, list_rules, remove_rule);
}

/* ---- routes ---- */

static struct nlmsghdr *begin_route(struct netlink *netlink, uint32_t table,
                                    struct address_prefix to, uint8_t type, uint8_t scope)
{
	struct nlmsghdr *request = netlink_begin(netlink, RTM_NEWROUTE,
	                                         NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->rtm_family = AF_INET;
	about->rtm_dst_len = to.length;
	about->rtm_protocol = RTPROT_STATIC;
	about->rtm_type = type;
	about->rtm_scope = scope;
	mnl_attr_put(request, RTA_DST, sizeof(to.network), &to.network);
	mnl_attr_put_u32(request, RTA_TABLE, table);
	return request;
}

enum ha_error netlink_route_put(struct netlink *netlink, uint32_t table, struct address_prefix to,
                                unsigned link)
{
	struct nlmsghdr *request = begin_route(netlink, table, to, RTN_UNICAST, RT_SCOPE_LINK);

	mnl_attr_put_u32(request, RTA_OIF, link);
	return netlink_tell(netlink, request);
}

enum ha_error netlink_route_nowhere(struct netlink *netlink, uint32_t table,
                                    struct address_prefix to, uint8_t protocol)
{
	struct nlmsghdr *request = begin_route(netlink, table, to, RTN_UNREACHABLE,
	                                       RT_SCOPE_UNIVERSE);
	struct rtmsg *about = mnl_nlmsg_get_payload(request);

	if (protocol)
		about->rtm_protocol = protocol;
	mnl_attr_put_u32(request, RTA_PRIORITY, LAST_RESORT);
	return netlink_tell(netlink, request);
}

enum ha_error netlink_route_aside(struct netlink *netlink, uint32_t table, struct in_addr to)
{
	const struct address_prefix host = { .network = to, .length = 32 };

	return netlink_tell(netlink,
	                    begin_route(netlink, table, host, RTN_THROW, RT_SCOPE_UNIVERSE));
}

enum ha_error netlink_routes_flush(struct netlink *netlink, uint32_t table, unsigned *removed)
{
	return flush(netlink, (struct listing){ .table = table }, removed, list_routes,
	             remove_route);
}

enum ha_error netlink_protocol_flush(struct netlink *netlink, uint8_t protocol, unsigned *removed)
{
	const struct listing all = { .protocol = protocol };
	unsigned routes = 0;
	enum ha_error why = flush(netlink, all, removed, list_rules, remove_rule);

	if (why == HA_OK)
		why = flush(netlink, all, &routes, list_routes, remove_route);
	*removed += routes;
	return why;
}

enum ha_error netlink_table_count(struct netlink *netlink, uint32_t table, unsigned *rules,
                                  unsigned *routes)
{
	struct listing listing = { .table = table };
	enum ha_error why = netlink_list(netlink, list_rules, &listing);

	*rules = (unsigned)listing.count;
	*routes = 0;
	if (why == HA_OK)
		why = netlink_list(netlink, list_routes, &listing);
	if (why == HA_OK)
		*routes = (unsigned)listing.count;
	return why;
}

/* ---- ways ---- */

static int note_link_of_way(const struct nlattr *at, void *context)
{
	unsigned *link = context;

	if (mnl_attr_get_type(at) == RTA_OIF)
		*link = mnl_attr_get_u32(at);
	return MNL_CB_OK;
}

static int note_way(const struct nlmsghdr *answer, void *context)
{
	mnl_attr_parse(answer, sizeof(struct rtmsg), note_link_of_way, context);
	return MNL_CB_STOP;
}

/* What the kernel says where there is no way, or one that ends at once. */
static bool is_no_way(int number)
{
	return number == ENETUNREACH || number == EHOSTUNREACH || number == EACCES ||
	       number == EINVAL;
}

enum ha_error netlink_way(struct netlink *netlink, struct in_addr to, unsigned *link)
{
	struct nlmsghdr *request = netlink_begin(netlink, RTM_GETROUTE, 0);
	struct rtmsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));
	enum ha_error why;

	*link = 0;
	about->rtm_family = AF_INET;
	about->rtm_dst_len = 32;
	mnl_attr_put(request, RTA_DST, sizeof(to), &to);
	why = netlink_ask(netlink, request, note_way, link);
	return why != HA_OK && is_no_way(netlink->trouble) ? HA_OK : why;
}
