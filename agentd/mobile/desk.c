/* desk.c - a copy under a lock, and one who waits at most. */
#include "agentd/mobile/desk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/random_seed.h"

struct order {
	const struct mobile_wish *wishes;
	size_t count;
	struct mobile_wish *undo;
	size_t *refused;
	enum ha_error outcome;
};

struct mobile_desk {
	pthread_mutex_t lock;
	pthread_cond_t done; /* `order` is NULL again */
	struct order *order;
	struct mobile_shown shown;
	int asked; /* eventfd */
	struct violations violations;
};

struct mobile_desk *mobile_desk_open(void)
{
	struct mobile_desk *desk = calloc(1, sizeof(*desk));
	pthread_condattr_t attributes;

	if (!desk)
		return NULL;
	pthread_mutex_init(&desk->lock, NULL);
	violations_init(&desk->violations, random_seed("the table of violations"));
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&desk->done, &attributes);
	pthread_condattr_destroy(&attributes);
	desk->asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (desk->asked >= 0)
		return desk;
	mobile_desk_close(desk);
	return NULL;
}

void mobile_desk_close(struct mobile_desk *desk)
{
	if (!desk)
		return;
	if (desk->asked >= 0)
		close(desk->asked);
	pthread_cond_destroy(&desk->done);
	pthread_mutex_destroy(&desk->lock);
	free(desk);
}

/* ---- what is shown ---- */

static void show_pairs(const struct mobile *mobile, struct mobile_shown *out)
{
	for (size_t i = 0; i < mobile->heard.count; i++) {
		const struct heard_agent *agent = &mobile->heard.at[i];

		for (size_t c = 0; agent->flags & AGENT_FOREIGN && c < agent->care_of_count; c++)
			out->pairs[out->pair_count++] = (struct mobile_heard_pair){
				.agent = agent->source,
				.care_of = agent->care_of[c],
				.expires_ms = agent->expires_ms,
			};
	}
}

static bool is_shown(const struct mobile_shown *shown, struct in_addr agent, struct in_addr care_of)
{
	for (size_t i = 0; i < shown->attempt_count; i++)
		if (address_equal(shown->attempts[i].as.agent, agent) &&
		    address_equal(shown->attempts[i].as.care_of, care_of))
			return true;
	return false;
}

/* What is renewed is shown as it holds. */
static void show_attempts(const struct mobile *mobile, struct mobile_shown *out)
{
	const struct mobile_plan *plan = &mobile->plan;

	for (size_t i = 0; i < mobile->held_count; i++)
		if (!is_shown(out, mobile->held[i].agent, mobile->held[i].care_of))
			out->attempts[out->attempt_count++] = (struct mobile_attempt){
				mobile->held[i], true
			};
	if (!mobile->pending || is_shown(out, plan->destination, plan->fixed.care_of))
		return;
	out->attempts[out->attempt_count++].as = (struct mobile_held){
		.care_of = plan->fixed.care_of,
		.agent = plan->destination,
		.identification = plan->fixed.identification,
		.sent_ms = mobile->sent_ms,
		.granted_s = plan->fixed.lifetime_s,
		.flags = plan->fixed.flags,
		.own = mobile->at.way != MOBILE_BY_AGENT,
	};
}

static void show_association(struct mobile_shown *out, struct in_addr peer,
                             const struct mobile_key *key, bool of_home)
{
	if (key->key)
		out->associations[out->association_count++] = (struct mobile_association_shown){
			peer, key->spi, key->key->algorithm, of_home
		};
}

/* Of foreign agents all have the same. */
static void show_associations(const struct mobile *mobile, struct mobile_shown *out)
{
	for (size_t i = 0; i < mobile->home_agent_count; i++)
		show_association(out, mobile->home_agents[i], &mobile->node.mobile_home, true);
	for (size_t i = 0; i < mobile->heard.count; i++)
		if (mobile->heard.at[i].flags & AGENT_FOREIGN)
			show_association(out, mobile->heard.at[i].source,
			                 &mobile->settings->foreign, false);
}

void mobile_shown_of(const struct mobile *mobile, struct mobile_shown *out)
{
	*out = (struct mobile_shown){
		.state = mobile->state,
		.off = mobile->off,
		.attached = mobile->stay.attached,
		.bound = mobile->stay.bound,
		.home = mobile->node.home,
		.home_agent = mobile->node.home_agent,
		.home_agent_count = mobile->home_agent_count,
		.nonces = mobile->settings->nonces,
		.last = mobile->last,
		.counts = mobile->counts,
	};
	memcpy(out->home_agents, mobile->home_agents, sizeof(out->home_agents));
	show_pairs(mobile, out);
	show_associations(mobile, out);
	show_attempts(mobile, out);
}

void mobile_desk_look(struct mobile_desk *desk, struct mobile_shown *out)
{
	pthread_mutex_lock(&desk->lock);
	*out = desk->shown;
	pthread_mutex_unlock(&desk->lock);
}

struct violations *mobile_desk_violations(struct mobile_desk *desk)
{
	return &desk->violations;
}

/* ---- what is asked ---- */

/* On a copy of the addresses. */
enum ha_error mobile_wishes_check(const struct mobile_shown *shown,
                                  const struct mobile_wish *wishes, size_t count, size_t *refused)
{
	struct in_addr left[MOBILE_HOME_AGENTS_MAX];
	size_t left_count = shown->home_agent_count, place;

	memcpy(left, shown->home_agents, sizeof(left));
	for (*refused = 0; *refused < count; ++*refused) {
		const struct mobile_wish *wish = &wishes[*refused];

		if (wish->kind != MOBILE_WISH_HOME_AGENT)
			continue;
		for (place = 0; place < left_count; place++)
			if (address_equal(left[place], wish->home_agent))
				break;
		if (wish->wanted && !address_is_unicast(wish->home_agent))
			return HA_E_MALFORMED;
		if (wish->wanted && place < left_count)
			return HA_E_EXISTS;
		if (wish->wanted && left_count == MOBILE_HOME_AGENTS_MAX)
			return HA_E_CAPACITY;
		if (!wish->wanted && place == left_count)
			return HA_E_NOTFOUND;
		if (wish->wanted)
			left[left_count++] = wish->home_agent;
		else
			left[place] = left[--left_count];
	}
	return HA_OK;
}

static enum ha_error fulfil(struct mobile *mobile, const struct mobile_wish *wish,
                            struct mobile_wish *undo)
{
	*undo = *wish;
	undo->wanted = wish->kind == MOBILE_WISH_ENABLED ? !mobile->off : !wish->wanted;
	if (wish->kind == MOBILE_WISH_ENABLED) {
		mobile_enable(mobile, wish->wanted);
		return HA_OK;
	}
	return wish->wanted ? mobile_add_home_agent(mobile, wish->home_agent)
	                    : mobile_remove_home_agent(mobile, wish->home_agent);
}

static void carry_out(struct mobile *mobile, struct order *order)
{
	struct mobile_shown shown;

	mobile_shown_of(mobile, &shown);
	order->outcome = mobile_wishes_check(&shown, order->wishes, order->count, order->refused);
	for (size_t i = 0; i < order->count && order->outcome == HA_OK; i++)
		order->outcome = fulfil(mobile, &order->wishes[i],
		                        &order->undo[order->count - 1 - i]);
}

int mobile_desk_descriptor(const struct mobile_desk *desk)
{
	return desk->asked;
}

void mobile_desk_work(struct mobile_desk *desk, struct mobile *mobile)
{
	uint64_t ignored;

	(void)!read(desk->asked, &ignored, sizeof(ignored));
	pthread_mutex_lock(&desk->lock);
	if (desk->order) {
		carry_out(mobile, desk->order);
		desk->order = NULL;
		pthread_cond_broadcast(&desk->done);
	}
	mobile_shown_of(mobile, &desk->shown);
	pthread_mutex_unlock(&desk->lock);
}

/* What the node had no time for is not done later. */
static enum ha_error await_order(struct mobile_desk *desk, struct order *order)
{
	const struct timespec end = clock_condition_time(clock_monotonic_ns() +
	                                                 MOBILE_DESK_WAIT_MS * UINT64_C(1000000));
	const uint64_t one = 1;

	pthread_mutex_lock(&desk->lock);
	if (!desk->order) {
		desk->order = order;
		(void)!write(desk->asked, &one, sizeof(one));
		while (desk->order == order &&
		       pthread_cond_timedwait(&desk->done, &desk->lock, &end) == 0)
			;
		if (desk->order == order)
			desk->order = NULL;
	}
	pthread_mutex_unlock(&desk->lock);
	return order->outcome;
}

enum ha_error mobile_desk_ask(struct mobile_desk *desk, const struct mobile_wish *wishes,
                              size_t count, struct mobile_wish *undo, size_t *refused)
{
	struct order order = { wishes, count, undo, refused, HA_E_BUSY };

	*refused = count;
	return await_order(desk, &order);
}
