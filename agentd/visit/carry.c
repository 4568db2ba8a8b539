/* carry.c - the packets of visitors: the data plane has the links that are there, and the paths
 * of those in the visitor list. */
#include "agentd/visit/internal.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/visit/counters.h"

#define AGAIN_MS 10000u /* after it could not be opened */

/* ---- one visitor ---- */

static uint8_t word_of(const struct foreign_registration *asked)
{
	if (asked->features & FOREIGN_HAS_PROVED)
		return VISIT_WORD_OWN;
	return asked->features & FOREIGN_HAS_SIGNED ? VISIT_WORD_HOME_AGENTS : VISIT_WORD_ANYBODYS;
}

static struct visit_path path_of(const struct foreign_visitor *visitor)
{
	const struct foreign_registration *asked = &visitor->asked;
	struct visit_path path = {
		.home = visitor->home,
		.home_agent = visitor->home_agent,
		.care_of = asked->care_of,
		.udp_port = visitor->features & FOREIGN_HAS_UDP ? MIP_PORT : 0,
		.encapsulation = visitor->encapsulation,
		.reverse = asked->flags & MIP_REQUEST_REVERSE,
		.delivery = visitor->features & FOREIGN_HAS_DELIVERY,
		.udp = visitor->features & FOREIGN_HAS_UDP,
		.broadcast = asked->flags & MIP_REQUEST_BROADCAST,
		.keepalive_s = visitor->keepalive_s,
		.interface = asked->interface,
		.word = word_of(asked),
		.since_ms = visitor->granted_ms,
		.began_ms = visitor->began_ms,
	};

	memcpy(path.link, asked->link, sizeof(path.link));
	return path;
}

/* Who decapsulates himself has no tunnel that ends here, and who is on a link that is not here
 * now no way from it. */
static bool is_carried(const struct visit *visit, const struct foreign_visitor *visitor)
{
	return visit->plane && visitor->asked.interface &&
	       !(visitor->asked.flags & MIP_REQUEST_DECAPSULATES);
}

static void tell_not_carried(const struct foreign_visitor *visitor, enum ha_error why)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	visiting_count(VISITING_NOT_CARRIED);
	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_warning("visitor %s: its packets are not carried: %s",
		            address_format(visitor->home).text, ha_strerror(why));
}

/* What was agreed on before is over in any case. */
void carry_put(struct visit *visit, const struct foreign_visitor *visitor)
{
	const struct visit_path path = path_of(visitor);
	enum ha_error why = HA_OK;
	bool carried = is_carried(visit, visitor);

	if (carried)
		why = visit_plane_put(visit->plane, &path);
	if (!carried || why != HA_OK)
		carry_remove(visit, visitor);
	if (why != HA_OK)
		tell_not_carried(visitor, why);
}

void carry_remove(struct visit *visit, const struct foreign_visitor *visitor)
{
	if (visit->plane)
		(void)visit_plane_remove(visit->plane, visitor->home, visitor->home_agent);
}

/* ---- all of it ---- */

/* Its addresses can have changed while the first one did not. */
static struct address_prefixes networks_of(const struct interface *interface)
{
	struct address_prefixes networks = { 0 };

	for (size_t i = 0; i < interface->address_count && i < ADDRESS_PREFIXES_MAX; i++)
		networks.at[networks.count++] = (struct address_prefix){
			.network = interface->addresses[i].address,
			.length = interface->addresses[i].prefix_length
		};
	return networks;
}

static bool are_same_networks(const struct address_prefixes *a, const struct address_prefixes *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; i < a->count && same; i++)
		same = a->at[i].length == b->at[i].length &&
		       address_equal(a->at[i].network, b->at[i].network);
	return same;
}

/* The links that are there, for visitors. Returns how many. */
static size_t list_links(const struct visit *visit, struct visit_plane_link *out)
{
	size_t count = 0;

	memset(out, 0, VISIT_LINKS_MAX * sizeof(*out));
	for (size_t i = 0; i < visit->link_count && count < VISIT_LINKS_MAX; i++) {
		const struct served_link *link = &visit->links[i];
		struct visit_plane_link *to = &out[count];

		if (!(link->settings->of.roles & ADVERTISED_FOREIGN) || !link->interface.index ||
		    !order_serves(visit, link))
			continue;
		to->index = link->interface.index;
		memcpy(to->name, link->interface.name, sizeof(to->name));
		to->address = served_address(link);
		to->routes = link->settings->of.router;
		to->networks = networks_of(&link->interface);
		count++;
	}
	return count;
}

static bool are_same(const struct visit *visit, const struct visit_plane_link *links, size_t count)
{
	bool same = count == visit->carried_count;

	for (size_t i = 0; i < count && same; i++)
		same = links[i].index == visit->carried[i].index &&
		       strcmp(links[i].name, visit->carried[i].name) == 0 &&
		       address_equal(links[i].address, visit->carried[i].address) &&
		       are_same_networks(&links[i].networks, &visit->carried[i].networks);
	return same;
}

static void put_all(struct visit *visit)
{
	const struct foreign_visitor *visitor;
	uint32_t place = 0;

	for (visitor = visitors_next(visit->visitors, &place); visitor;
	     place++, visitor = visitors_next(visit->visitors, &place))
		carry_put(visit, visitor);
}

enum ha_error carry_begin(struct visit *visit, char *report, size_t size)
{
	const struct foreign_settings *settings = &visit->settings;
	struct visit_guard_options options = { .table = settings->table,
		                               .priority = settings->priority,
		                               .mark = settings->mark };

	for (size_t i = 0; i < settings->link_count && options.link_count < VISIT_LINKS_MAX; i++)
		if (settings->links[i].of.roles & ADVERTISED_FOREIGN)
			options.links[options.link_count++] = settings->links[i].of.interface;
	if (settings->carries)
		return visit_guard_open(&options, &visit->guard, report, size);
	visit_guard_clear();
	return HA_OK;
}

void carry_end(struct visit *visit)
{
	visit_plane_close(visit->plane);
	visit_guard_close(visit->guard);
	visit->plane = NULL;
	visit->guard = NULL;
}

bool carry_fails(const struct visit *visit)
{
	return visit->carried_count > 0 && !visit->plane;
}

static enum ha_error open_plane(struct visit *visit, char *report, size_t size)
{
	const struct foreign_settings *settings = &visit->settings;
	const struct visit_plane_options options = {
		.links = visit->carried,
		.link_count = visit->carried_count,
		.care_of = settings->policy.care_of,
		.care_of_count = settings->policy.care_of_count,
		.guard = visit->guard,
		.device = settings->device,
		.table = settings->table,
		.mark = settings->mark,
		.capacity = settings->visitors_max,
	};

	return visit_plane_open(&options, &visit->plane, report, size);
}

void carry_fence(struct visit *visit)
{
	const struct visitors_members *members = visit->members;

	if (members && visit->plane)
		visit_plane_fence(visit->plane, members->until_ns(members->context));
}

/* Another link, or one of another number: it begins anew with those that there are. */
enum ha_error carry_look(struct visit *visit, uint64_t now_ms, char *report, size_t size)
{
	struct visit_plane_link links[VISIT_LINKS_MAX];
	size_t count = list_links(visit, links);
	bool same = are_same(visit, links, count);
	enum ha_error why = HA_OK;

	if (visit->guard && !visit->plane) /* which looks itself */
		visit_guard_look(visit->guard);
	if (!visit->settings.carries || (same && (visit->plane || count == 0)) ||
	    (same && now_ms < visit->carry_ms))
		return HA_OK;
	visit_plane_close(visit->plane);
	visit->plane = NULL;
	memcpy(visit->carried, links, sizeof(links));
	visit->carried_count = count;
	visit->carry_ms = now_ms + AGAIN_MS;
	if (count)
		why = open_plane(visit, report, size);
	carry_fence(visit);
	if (why == HA_OK && visit->plane)
		put_all(visit);
	return why;
}
