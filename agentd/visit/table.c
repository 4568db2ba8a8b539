/* table.c - copies of what the thread has, a batch under its lock at a time. */
#include "agentd/visit/table.h"

#include <string.h>

#include "agentd/visit/internal.h"

#define BATCH 1024u /* visitors that are looked at while the thread waits */
#define MS 1000u

void visit_link_of(const struct visit *visit, const struct served_link *link,
                   struct visit_link *out)
{
	const struct advertised_link *of = &link->settings->of;
	const struct advertise_settings *advertise = &link->settings->advertise;

	*out = (struct visit_link){
		.address = served_address(link),
		.roles = of->roles,
		.max_lifetime_s = visit_lifetime_s(visit, link),
		.least_s = (uint16_t)(advertise->min_interval_ms / MS),
		.most_s = (uint16_t)(advertise->max_interval_ms / MS),
		.lifetime_s = advertise->lifetime_s,
		.prefix_lengths = of->prefix_lengths,
		.broadcast = of->broadcast,
		.solicited = advertise->solicited_only,
		.state = link->settings->state,
	};
	memcpy(out->interface, link->interface.name, sizeof(out->interface));
}

size_t visit_place_of_link(const struct visit *visit, struct in_addr address)
{
	size_t i = 0;

	while (i < visit->link_count && (visit->links[i].interface.index == 0 ||
	                                 !address_equal(served_address(&visit->links[i]), address)))
		i++;
	return i;
}

struct violations *visit_violations(struct visit *visit)
{
	return visit ? &visit->violations : NULL;
}

/* They stay as they were read. */
bool visit_association(struct visit *visit, struct in_addr peer, uint32_t spi, bool after,
                       struct keys_entry *out)
{
	return visit && visit->keys && keys_next(visit->keys, peer, spi, after, out);
}

bool visit_link_at(struct visit *visit, struct in_addr address, struct visit_link *out)
{
	size_t place;

	pthread_mutex_lock(&visit->lock);
	place = visit_place_of_link(visit, address);
	if (place < visit->link_count)
		visit_link_of(visit, &visit->links[place], out);
	pthread_mutex_unlock(&visit->lock);
	return place < visit->link_count;
}

/* Two interfaces may have the same address: the first of them is shown. */
static bool is_shown(const struct visit_agent *agent, const struct served_link *link)
{
	if (link->interface.index == 0 || link->settings->state == LINK_GONE)
		return false;
	for (size_t i = 0; i < agent->link_count; i++)
		if (address_equal(agent->links[i].address, served_address(link)))
			return false;
	return true;
}

static void copy_agent(const struct visit *visit, struct visit_agent *out)
{
	const struct foreign_policy *policy = &visit->settings.policy;

	out->foreign = visit->settings.foreign;
	out->enabled = !visit->settings.disabled;
	out->busy = visit_is_busy(visit);
	out->offers = policy->offers;
	out->care_of_count = policy->care_of_count;
	memcpy(out->care_of, policy->care_of, sizeof(out->care_of));
	for (size_t i = 0; i < visit->link_count; i++) {
		const struct served_link *link = &visit->links[i];

		out->required = out->required || link->settings->of.required;
		if (is_shown(out, link))
			visit_link_of(visit, link, &out->links[out->link_count++]);
	}
}

void visit_agent(struct visit *visit, struct visit_agent *out)
{
	*out = (struct visit_agent){ .foreign = false };
	if (!visit)
		return;
	pthread_mutex_lock(&visit->lock);
	copy_agent(visit, out);
	pthread_mutex_unlock(&visit->lock);
}

/* ---- visitors ---- */

static struct visit_row row_of_visitor(const struct foreign_visitor *visitor)
{
	return (struct visit_row){
		.source = visitor->asked.source,
		.home = visitor->home,
		.home_agent = visitor->home_agent,
		.identification = visitor->asked.identification,
		.expires_ms = visitor->expires_ms,
		.granted_s = visitor->granted_s,
		.flags = visitor->asked.flags,
		.accepted = true,
	};
}

static struct visit_row row_of_request(const struct foreign_registration *asked)
{
	return (struct visit_row){
		.source = asked->source,
		.home = asked->home,
		.home_agent = asked->relayed_to,
		.identification = asked->identification,
		.flags = asked->flags,
	};
}

size_t visit_row_count(struct visit *visit)
{
	size_t count = 0;

	if (!visit || !visit->visitors)
		return 0;
	pthread_mutex_lock(&visit->lock);
	count = visitors_count(visit->visitors) + foreign_pendings_count(visit->pendings);
	pthread_mutex_unlock(&visit->lock);
	return count;
}

static size_t copy_requests(const struct visit *visit, struct visit_row *out, size_t max)
{
	const struct foreign_registration *asked = foreign_pendings_at(visit->pendings, 0);
	size_t count = 0;

	for (; asked && count < max; asked = foreign_pendings_after(visit->pendings, asked))
		out[count++] = row_of_request(asked);
	return count;
}

/* Of `max`, from place *place on; fewer: there are no more. */
static size_t copy_visitors(const struct visit *visit, uint32_t *place, struct visit_row *out,
                            size_t max)
{
	const struct foreign_visitor *visitor;
	size_t count = 0;

	for (; count < max; (*place)++) {
		visitor = visitors_next(visit->visitors, place);
		if (!visitor)
			break;
		out[count++] = row_of_visitor(visitor);
	}
	return count;
}

size_t visit_rows(struct visit *visit, struct visit_row *out, size_t max)
{
	size_t count, wanted, got;
	uint32_t place = 0;

	if (!visit || !visit->visitors)
		return 0;
	pthread_mutex_lock(&visit->lock);
	count = copy_requests(visit, out, max);
	pthread_mutex_unlock(&visit->lock);
	do {
		wanted = max - count < BATCH ? max - count : BATCH;
		pthread_mutex_lock(&visit->lock);
		got = copy_visitors(visit, &place, &out[count], wanted);
		pthread_mutex_unlock(&visit->lock);
		count += got;
	} while (got && got == wanted);
	return count;
}
