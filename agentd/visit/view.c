/* view.c - copies of what the thread has. */
#include "agentd/visit/view.h"

#include <string.h>

#include "agentd/base/binding.h"
#include "agentd/base/clock.h"
#include "agentd/visit/internal.h"

static void copy_link(const struct visit *visit, const struct served_link *link,
                      struct visit_advertised *out)
{
	uint64_t now_ms = clock_monotonic_ms(), due_ms = link->advertise.due_ms;

	*out = (struct visit_advertised){
		.present = link->interface.index != 0,
		.advertises = link->advertise.on,
		.flags = advertiser_flags(visit, link),
		.sequence = link->advertise.sequence,
		.lifetime_s = link->settings->advertise.lifetime_s,
		.sent = link->sent,
		.sent_ago_ms = link->sent ? now_ms - link->sent_ms : UINT64_MAX,
		.due_in_ms = UINT64_MAX,
	};
	memcpy(out->interface, link->interface.name, sizeof(out->interface));
	if (out->present)
		out->address = visit_address(visit, link);
	if (out->advertises && due_ms != ADVERTISE_NEVER)
		out->due_in_ms = due_ms > now_ms ? due_ms - now_ms : 0;
}

bool visit_advertised_at(struct visit *visit, size_t i, struct visit_advertised *out)
{
	bool found = visit && i < visit->link_count;

	if (!found)
		return false;
	pthread_mutex_lock(&visit->lock);
	copy_link(visit, &visit->links[i], out);
	pthread_mutex_unlock(&visit->lock);
	return true;
}

static void name_interface(const struct visit *visit, unsigned index,
                           char out[HOME_NETWORK_INTERFACE_MAX])
{
	memset(out, 0, HOME_NETWORK_INTERFACE_MAX);
	for (size_t i = 0; i < visit->link_count; i++)
		if (visit->links[i].interface.index == index)
			memcpy(out, visit->links[i].interface.name, HOME_NETWORK_INTERFACE_MAX);
}

static void add_standing(const struct visit *visit, struct visit_figures *out)
{
	struct visitors_standing standing;

	out->serves = true;
	if (!visit->members)
		return;
	visit->members->standing(visit->members->context, &standing);
	out->shared = true;
	out->serves = visit->serves;
	out->failing = standing.failing;
	out->leader = standing.leader;
}

bool visit_figures(struct visit *visit, struct visit_figures *out)
{
	struct visit_plane_status status;

	if (!visit || !visit->visitors)
		return false;
	pthread_mutex_lock(&visit->lock);
	*out = (struct visit_figures){
		.visitors = visitors_count(visit->visitors),
		.visitors_max = visit->settings.visitors_max,
		.pending = foreign_pendings_count(visit->pendings),
		.pending_max = visit->settings.pending.total,
		.associations = keys_count(visit->keys),
		.busy = visit_is_busy(visit),
		.carries = visit->plane != NULL,
	};
	add_standing(visit, out);
	if (visit->plane) {
		visit_plane_status(visit->plane, &status);
		memcpy(out->doubt, status.doubt, sizeof(out->doubt));
	}
	addresses_doubt(visit, out->doubt, sizeof(out->doubt));
	pthread_mutex_unlock(&visit->lock);
	return true;
}

static void copy_visitor(const struct visit *visit, const struct foreign_visitor *visitor,
                         uint64_t now_ms, struct visitor_seen *out)
{
	uint64_t ends_ms = visitor->expires_ms;

	out->visitor = *visitor;
	out->since_ms = now_ms - visitor->granted_ms;
	out->left_ms = ends_ms == BINDING_NEVER_EXPIRES ? UINT64_MAX
	               : ends_ms > now_ms               ? ends_ms - now_ms
	                                                : 0;
	name_interface(visit, visitor->asked.interface, out->interface);
	memset(&out->traffic, 0, sizeof(out->traffic));
	out->carried = visit->plane && visit_plane_traffic(visit->plane, visitor->home,
	                                                   visitor->home_agent, &out->traffic);
}

size_t visit_seen_from(struct visit *visit, uint32_t *place, struct visitor_seen *out, size_t max)
{
	uint64_t now_ms = clock_monotonic_ms();
	const struct foreign_visitor *visitor;
	size_t count = 0;

	if (!visit || !visit->visitors)
		return 0;
	pthread_mutex_lock(&visit->lock);
	for (; count < max; count++, (*place)++) {
		visitor = visitors_next(visit->visitors, place);
		if (!visitor)
			break;
		copy_visitor(visit, visitor, now_ms, &out[count]);
	}
	pthread_mutex_unlock(&visit->lock);
	return count;
}

/* Number `place` of those that foreign_pendings_after() goes through. */
static const struct foreign_registration *waiting_at(const struct foreign_pendings *pendings,
                                                     uint32_t place)
{
	const struct foreign_registration *asked = foreign_pendings_at(pendings, 0);

	while (asked && place-- > 0)
		asked = foreign_pendings_after(pendings, asked);
	return asked;
}

size_t visit_waiting_from(struct visit *visit, uint32_t *place, struct visit_waiting *out,
                          size_t max)
{
	uint64_t now_ms = clock_monotonic_ms();
	const struct foreign_registration *asked;
	size_t count = 0;

	if (!visit || !visit->pendings)
		return 0;
	pthread_mutex_lock(&visit->lock);
	asked = waiting_at(visit->pendings, *place);
	for (; asked && count < max; asked = foreign_pendings_after(visit->pendings, asked)) {
		out[count].asked = *asked;
		out[count].since_ms = now_ms - asked->since_ms;
		name_interface(visit, asked->interface, out[count].interface);
		count++;
	}
	pthread_mutex_unlock(&visit->lock);
	*place += (uint32_t)count;
	return count;
}
