/* steer.c - changes are tried on a copy of the settings. When all of them fit, the agent has what
 * they need, and only then it is as the copy says. All of it happens on the agent's thread, which
 * has the rights. */
#include "agentd/visit/steer.h"

#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/visit/internal.h"

#define MS 1000u
#define ALL_SYSTEMS UINT32_C(0xe0000001) /* 224.0.0.1 */

/* ---- on the copy ---- */

struct trial {
	const struct visit *visit;
	struct foreign_settings next;
};

typedef enum ha_error try_change(struct trial *trial, const struct visit_change *change,
                                 struct visit_change *undo);

static enum ha_error try_enabled(struct trial *trial, const struct visit_change *change,
                                 struct visit_change *undo)
{
	undo->on = !trial->next.disabled;
	trial->next.disabled = !change->on;
	return HA_OK;
}

static enum ha_error try_required(struct trial *trial, const struct visit_change *change,
                                  struct visit_change *undo)
{
	for (size_t i = 0; i < trial->next.link_count; i++) {
		struct advertised_link *of = &trial->next.links[i].of;

		if (!(of->roles & ADVERTISED_FOREIGN))
			continue;
		undo->except |= (uint32_t)of->required << i;
		of->required = change->on != (change->except >> i & 1);
	}
	return HA_OK;
}

static size_t place_of_care_of(const struct foreign_policy *policy, struct in_addr address)
{
	size_t i = 0;

	while (i < policy->care_of_count && !address_equal(policy->care_of[i], address))
		i++;
	return i;
}

static bool is_used(const struct visit *visit, struct in_addr care_of)
{
	const struct foreign_registration *asked = foreign_pendings_at(visit->pendings, 0);
	const struct foreign_visitor *visitor;
	uint32_t place = 0;

	for (; asked; asked = foreign_pendings_after(visit->pendings, asked))
		if (address_equal(asked->care_of, care_of))
			return true;
	for (; (visitor = visitors_next(visit->visitors, &place)); place++)
		if (address_equal(visitor->asked.care_of, care_of))
			return true;
	return false;
}

static enum ha_error add_care_of(struct trial *trial, struct in_addr address)
{
	struct foreign_policy *policy = &trial->next.policy;

	if (!trial->next.foreign || !address_is_unicast(address) ||
	    address_equal(address, trial->next.home_agent))
		return HA_E_MALFORMED;
	if (place_of_care_of(policy, address) < policy->care_of_count)
		return HA_E_EXISTS;
	if (policy->care_of_count == FOREIGN_CARE_OF_MAX)
		return HA_E_CAPACITY;
	policy->care_of[policy->care_of_count++] = address;
	return HA_OK;
}

static enum ha_error try_care_of(struct trial *trial, const struct visit_change *change,
                                 struct visit_change *undo)
{
	struct foreign_policy *policy = &trial->next.policy;
	size_t place = place_of_care_of(policy, change->address);

	/* Other members of the cluster know nothing of it. */
	if (trial->visit->members)
		return change->on ? HA_E_MALFORMED : HA_E_IN_USE;
	undo->on = !change->on;
	if (change->on)
		return add_care_of(trial, change->address);
	if (place == policy->care_of_count)
		return HA_E_NOTFOUND;
	if (policy->care_of_count == 1 || is_used(trial->visit, change->address))
		return HA_E_IN_USE;
	policy->care_of_count--;
	memmove(&policy->care_of[place], &policy->care_of[place + 1],
	        (policy->care_of_count - place) * sizeof(policy->care_of[0]));
	return HA_OK;
}

static enum ha_error set_lifetime(struct served_link_settings *link, uint16_t is_s,
                                  uint16_t wanted_s)
{
	if (is_s == wanted_s)
		return HA_OK;
	if (!(link->of.roles & ADVERTISED_FOREIGN))
		return HA_E_RANGE;
	link->own_lifetime = true;
	link->max_lifetime_s = wanted_s;
	return HA_OK;
}

static void set_times(struct advertise_settings *to, const struct visit_link *wanted)
{
	if (to->min_interval_ms / MS != wanted->least_s)
		to->min_interval_ms = wanted->least_s * MS;
	if (to->max_interval_ms / MS != wanted->most_s)
		to->max_interval_ms = wanted->most_s * MS;
	to->lifetime_s = wanted->lifetime_s;
	to->solicited_only = wanted->solicited;
	to->everybody.s_addr = htonl(wanted->broadcast ? INADDR_BROADCAST : ALL_SYSTEMS);
}

static enum ha_error try_link(struct trial *trial, const struct visit_change *change,
                              struct visit_change *undo)
{
	size_t place = visit_place_of_link(trial->visit, change->address);
	struct served_link_settings *to = &trial->next.links[place];
	enum ha_error why;

	if (place == trial->visit->link_count)
		return HA_E_NOTFOUND;
	/* What an earlier change of the same link made of it is not seen: there is one at most. */
	visit_link_of(trial->visit, &trial->visit->links[place], &undo->link);
	why = set_lifetime(to, undo->link.max_lifetime_s, change->link.max_lifetime_s);
	to->of.prefix_lengths = change->link.prefix_lengths;
	to->of.broadcast = change->link.broadcast;
	to->state = change->link.state;
	set_times(&to->advertise, &change->link);
	if (why == HA_OK && advertise_settings_check(&to->advertise) != HA_OK)
		why = HA_E_RANGE;
	return why;
}

static try_change *const tries[] = {
	[VISIT_ENABLED] = try_enabled,
	[VISIT_REQUIRED] = try_required,
	[VISIT_CARE_OF] = try_care_of,
	[VISIT_LINK] = try_link,
};

/* Under the lock. The last change is the first to be taken back. */
static enum ha_error try_all(struct trial *trial, const struct visit_change *changes, size_t count,
                             struct visit_change *undo, size_t *refused)
{
	enum ha_error why = HA_OK;

	trial->next = trial->visit->settings;
	for (*refused = 0; *refused < count; ++*refused) {
		const struct visit_change *change = &changes[*refused];
		struct visit_change *back = &undo[count - 1 - *refused];

		*back = (struct visit_change){ .kind = change->kind, .address = change->address };
		why = tries[change->kind](trial, change, back);
		if (why != HA_OK)
			return why;
	}
	return HA_OK;
}

enum ha_error visit_steer_check(struct visit *visit, const struct visit_change *changes,
                                size_t count, size_t *refused)
{
	struct visit_change undo[VISIT_CHANGES_MAX];
	struct trial trial = { .visit = visit };
	enum ha_error why;

	*refused = VISIT_CHANGES_MAX;
	if (count > VISIT_CHANGES_MAX)
		return HA_E_CAPACITY;
	pthread_mutex_lock(&visit->lock);
	why = try_all(&trial, changes, count, undo, refused);
	pthread_mutex_unlock(&visit->lock);
	return why;
}

/* ---- in the agent ---- */

/* Care-of addresses come first, addresses.c. */
static void sort_ports(struct visit *visit, const struct foreign_policy *policy)
{
	struct ports *ports = &visit->ports;
	size_t first = 0;

	for (size_t i = 0; i < ports->count; i++) {
		struct port port = ports->at[i];

		if (place_of_care_of(policy, port.address) == policy->care_of_count)
			continue;
		ports->at[i] = ports->at[first];
		ports->at[first++] = port;
	}
}

/* All that are new, or none. */
static enum ha_error open_ports(struct visit *visit, const struct foreign_policy *policy)
{
	size_t before = visit->ports.count;
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < policy->care_of_count && why == HA_OK; i++)
		why = ports_open(&visit->ports, policy->care_of[i]);
	while (why != HA_OK && visit->ports.count > before)
		ports_drop(&visit->ports, 0, visit->ports.count - 1);
	return why;
}

/* The data plane is made anew with the others; visitors are in it again at once. */
static void use_care_of(struct visit *visit)
{
	sort_ports(visit, &visit->settings.policy);
	visit_plane_close(visit->plane);
	visit->plane = NULL;
	visit->carried_count = 0;
	visit->carry_ms = 0;
}

static bool are_same_care_of(const struct foreign_policy *one, const struct foreign_policy *other)
{
	return one->care_of_count == other->care_of_count &&
	       memcmp(one->care_of, other->care_of, one->care_of_count * sizeof(one->care_of[0])) ==
	               0;
}

/* Those who were told of it hear the farewell under the settings of before. */
static void say_farewells(struct visit *visit, const struct foreign_settings *next, uint64_t now_ms)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (next->disabled || next->links[i].state == LINK_GONE)
			advertiser_end(visit, &visit->links[i], now_ms);
}

static enum ha_error install(struct visit *visit, const struct foreign_settings *next,
                             uint64_t now_ms)
{
	bool other_care_of = !are_same_care_of(&visit->settings.policy, &next->policy);
	enum ha_error why = other_care_of ? open_ports(visit, &next->policy) : HA_OK;

	if (why != HA_OK)
		return why;
	say_farewells(visit, next, now_ms);
	visit->settings = *next;
	if (other_care_of)
		use_care_of(visit);
	for (size_t i = 0; i < visit->link_count; i++) {
		struct served_link *link = &visit->links[i];

		advertiser_update(visit, link, now_ms);
		advertise_changed(&link->advertise, &link->settings->advertise, now_ms,
		                  visit_random());
	}
	visit->look_ms = 0;
	return HA_OK;
}

/* ---- whoever waits ---- */

struct visit_order {
	const struct visit_change *changes;
	size_t count;
	struct visit_change *undo;
	size_t *refused;
	enum ha_error outcome;
	pthread_cond_t done; /* with visit->order NULL */
};

void steer_work(struct visit *visit, uint64_t now_ms)
{
	struct visit_order *order = visit->order;
	struct trial trial = { .visit = visit };

	if (!order)
		return;
	order->outcome = try_all(&trial, order->changes, order->count, order->undo, order->refused);
	if (order->outcome == HA_OK)
		order->outcome = install(visit, &trial.next, now_ms);
	visit->order = NULL;
	pthread_cond_signal(&order->done);
}

static void open_order(struct visit_order *order)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&order->done, &attributes);
	pthread_condattr_destroy(&attributes);
}

/* What it had no time for is not done later. */
static enum ha_error await_order(struct visit *visit, struct visit_order *order)
{
	const struct timespec end = clock_condition_time(clock_monotonic_ns() +
	                                                 VISIT_WAIT_MS * UINT64_C(1000000));

	pthread_mutex_lock(&visit->lock);
	if (!visit->order && atomic_load(&visit->running)) {
		visit->order = order;
		visit_wake(visit);
		while (visit->order == order &&
		       pthread_cond_timedwait(&order->done, &visit->lock, &end) == 0)
			;
		if (visit->order == order)
			visit->order = NULL;
	}
	pthread_mutex_unlock(&visit->lock);
	return order->outcome;
}

enum ha_error visit_steer(struct visit *visit, const struct visit_change *changes, size_t count,
                          struct visit_change *undo, size_t *refused)
{
	struct visit_order order = { .changes = changes,
		                     .count = count,
		                     .undo = undo,
		                     .refused = refused,
		                     .outcome = HA_E_BUSY };
	enum ha_error why;

	*refused = count;
	if (count > VISIT_CHANGES_MAX)
		return HA_E_CAPACITY;
	open_order(&order);
	why = await_order(visit, &order);
	pthread_cond_destroy(&order.done);
	return why;
}
