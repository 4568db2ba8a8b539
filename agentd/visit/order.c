/* order.c - the visitor list that members of a cluster have in common: changes of it go to them
 * first, and come back like those of others. */
#include "agentd/visit/internal.h"

#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/binding.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/visit/counters.h"

#define PLACES 256u /* of tickets, in their lowest octet */
_Static_assert(ORDERS_MAX <= PLACES, "a ticket names its place");

/* ---- this host's numbers, and everybody's ---- */

static uint32_t number_of(const struct visit *visit, unsigned interface)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (interface && visit->links[i].interface.index == interface)
			return visit->links[i].settings->number;
	return 0;
}

static unsigned interface_of(const struct visit *visit, uint32_t number)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (visit->links[i].settings->number == number)
			return visit->links[i].interface.index;
	return 0;
}

static uint64_t moved(uint64_t at_ms, uint64_t from_ms, uint64_t to_ms)
{
	if (at_ms == BINDING_NEVER_EXPIRES)
		return at_ms;
	if (at_ms >= from_ms)
		return to_ms + (at_ms - from_ms);
	return from_ms - at_ms < to_ms ? to_ms - (from_ms - at_ms) : 0;
}

static void move_times(struct foreign_visitor *visitor, uint64_t from_ms, uint64_t to_ms)
{
	visitor->began_ms = moved(visitor->began_ms, from_ms, to_ms);
	visitor->granted_ms = moved(visitor->granted_ms, from_ms, to_ms);
	visitor->expires_ms = moved(visitor->expires_ms, from_ms, to_ms);
	visitor->asked.since_ms = visitor->granted_ms;
}

static void to_members(const struct visit *visit, struct foreign_visitor *visitor)
{
	move_times(visitor, clock_monotonic_ms(), visit->members->time_ms(visit->members->context));
	visitor->asked.interface = number_of(visit, visitor->asked.interface);
}

static void to_here(const struct visit *visit, struct foreign_visitor *visitor)
{
	move_times(visitor, visit->members->time_ms(visit->members->context), clock_monotonic_ms());
	visitor->asked.interface = interface_of(visit, visitor->asked.interface);
}

/* ---- what changes here ---- */

enum ha_error visitor_change(struct visit *visit, enum visitor_command_kind kind,
                             const struct foreign_visitor *visitor)
{
	const struct visitor_command command = { .kind = kind, .visitor = *visitor };
	enum ha_error why = visitors_apply(visit->visitors, &command);

	if (why == HA_OK && kind == VISITOR_PUT) {
		carry_put(visit, visitor);
		letters_cancel(visit->letters, visitor);
	} else if (why == HA_OK) {
		carry_remove(visit, visitor);
	}
	return why;
}

enum ha_error visitor_end(struct visit *visit, const struct foreign_visitor *visitor)
{
	const struct visitors_members *members = visit->members;
	const struct visitor_command command = { .kind = VISITOR_GONE, .visitor = *visitor };

	return members ? members->submit(members->context, &command, VISITORS_TICKET_NOBODY)
	               : visitor_change(visit, VISITOR_GONE, visitor);
}

/* It stays among those of the members, with a mark by which nobody serves it. */
enum ha_error visitor_end_owing(struct visit *visit, const struct foreign_visitor *visitor,
                                uint64_t deadline_ms)
{
	const struct visitors_members *members = visit->members;
	struct visitor_command command = { .kind = VISITOR_PUT, .visitor = *visitor };

	if (!members)
		return visitor_end(visit, visitor);
	command.visitor.features |= FOREIGN_HAS_LEFT;
	command.visitor.expires_ms = deadline_ms;
	to_members(visit, &command.visitor);
	return members->submit(members->context, &command, VISITORS_TICKET_NOBODY);
}

/* Is it being put there anew? */
static bool is_ordered(const struct visit *visit, struct in_addr home, struct in_addr home_agent)
{
	const struct orders *orders = visit->orders;

	for (size_t i = 0; i < ORDERS_MAX && orders->count; i++)
		if (orders->at[i].ticket && address_equal(orders->at[i].visitor.home, home) &&
		    address_equal(orders->at[i].visitor.home_agent, home_agent))
			return true;
	return false;
}

/* What cannot be ordered now is over at its deadline. */
void visitor_settle_owed(struct visit *visit, struct in_addr home, struct in_addr home_agent)
{
	const struct foreign_visitor gone = { .home = home, .home_agent = home_agent };

	if (visit->members && !visitors_find(visit->visitors, home, home_agent) &&
	    !is_ordered(visit, home, home_agent))
		(void)visitor_end(visit, &gone);
}

/* Of a home agent that is to be told. */
static void take_owed(struct visit *visit, const struct foreign_visitor *owed)
{
	(void)visitor_change(visit, VISITOR_GONE, owed);
	if (!letters_keep(visit->letters, owed, clock_monotonic_ms()) && visit->serves)
		visiting_count(VISITING_REVOCATIONS_OVERFLOW);
	visit->expire_ms = 0; /* it may be due */
}

static void forget_all(struct visit *visit)
{
	const struct foreign_visitor *found;
	struct foreign_visitor visitor;
	uint32_t place = 0;

	for (found = visitors_next(visit->visitors, &place); found;
	     found = visitors_next(visit->visitors, &place)) {
		visitor = *found;
		(void)visitor_change(visit, VISITOR_GONE, &visitor);
	}
	if (!visit->serves)
		letters_drop_all(visit->letters);
}

static void forget(struct visit *visit, const struct foreign_visitor *gone)
{
	const struct foreign_visitor *found = visitors_find(visit->visitors, gone->home,
	                                                    gone->home_agent);

	if (found && found->expires_ms <= clock_monotonic_ms())
		visiting_count(VISITING_VISITORS_EXPIRED);
	(void)visitor_change(visit, VISITOR_GONE, gone);
	if (!visit->serves) /* whoever serves was acknowledged, or has given up */
		letters_drop(visit->letters, gone->home, gone->home_agent);
}

/* As it is now. */
static void take(struct visit *visit, struct foreign_visitor *visitor)
{
	to_here(visit, visitor);
	if (visitor->features & FOREIGN_HAS_LEFT)
		take_owed(visit, visitor);
	/* There is room for all of them at once, but perhaps not on the way. */
	else if (visitor_change(visit, VISITOR_PUT, visitor) == HA_E_CAPACITY)
		visit->members->again(visit->members->context);
}

void order_news(struct visit *visit)
{
	const struct visitors_members *members = visit->members;
	struct foreign_visitor visitor;
	enum visitors_news news;

	if (!members)
		return;
	while ((news = members->news(members->context, &visitor)) != VISITORS_NONE) {
		if (news == VISITORS_ANEW) {
			forget_all(visit);
		} else if (news == VISITORS_WENT) {
			forget(visit, &visitor);
		} else {
			take(visit, &visitor);
		}
	}
}

void order_links_changed(struct visit *visit)
{
	if (!visit->members)
		return;
	visit->members->again(visit->members->context);
	order_news(visit);
}

/* ---- whether this member is the foreign agent ---- */

bool order_serves(const struct visit *visit, const struct served_link *link)
{
	if (!visit->members)
		return true;
	return visit->serves && interface_has_address(&link->interface, link->settings->shared);
}

bool order_awaits_address(const struct visit *visit, uint64_t now_ms)
{
	if (!visit->members || !visit->serves || now_ms >= visit->served_ms + ORDER_ADDRESS_MS)
		return false;
	for (size_t i = 0; i < visit->link_count; i++)
		if (visit->links[i].settings->of.roles & ADVERTISED_FOREIGN &&
		    !order_serves(visit, &visit->links[i]))
			return true;
	return false;
}

static void look_who_serves(struct visit *visit, uint64_t now_ms)
{
	const struct visitors_members *members = visit->members;
	bool serves = members->until_ns(members->context) > clock_monotonic_ns();

	/* What was safe when the lead began is known here before anybody is served. */
	order_news(visit);
	if (serves == visit->serves)
		return;
	visit->serves = serves;
	visit->served_ms = now_ms;
	visit->look_ms = 0;
	if (serves) /* whoever did before may have sent one a moment ago */
		letters_hold_all(visit->letters, now_ms + LETTER_PACE_MS);
}

/* ---- replies ---- */

/* What a reply does to the list, the counter, and how it is said. */
static const struct {
	enum visiting_counter counter;
	const char *text;
} changes[] = {
	[FOREIGN_VISITOR_CREATED] = { VISITING_VISITORS_BEGUN, "is served" },
	[FOREIGN_VISITOR_REFRESHED] = { VISITING_VISITORS_RENEWED, "goes on" },
	[FOREIGN_VISITOR_ENDED] = { VISITING_VISITORS_ENDED, "has deregistered" },
};

void visitor_log(const struct foreign_visitor *visitor, const char *what)
{
	static struct log_limit limit = { .per_second = 10 };
	uint64_t held_back;

	if (log_enabled(LOG_LEVEL_INFO) && log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_info("visitor %s of home agent %s: %s", address_format(visitor->home).text,
		         address_format(visitor->home_agent).text, what);
}

static enum visitor_command_kind kind_of(const struct order *order)
{
	return order->change == FOREIGN_VISITOR_ENDED ? VISITOR_GONE : VISITOR_PUT;
}

/* It holds now. */
static void tell(struct visit *visit, const struct order *order)
{
	if (order->change != FOREIGN_VISITOR_KEPT) {
		visiting_count(changes[order->change].counter);
		visitor_log(&order->visitor, changes[order->change].text);
	}
	visiting_count(order->relayed ? VISITING_REPLIES_RELAYED : VISITING_REPLIES_DENIED);
	foreign_code_count(order->code);
	node_tell(visit, &order->asked, order->visitor.home,
	          (struct span){ order->message, order->size });
}

static void refuse(struct visit *visit, const struct order *order, enum ha_error why)
{
	if (why == HA_E_NOTLEADER || why == HA_E_CLOSED) {
		visiting_count(VISITING_REPLIES_DROPPED);
		return;
	}
	visiting_count(VISITING_NOT_SAFE);
	if (order->change == FOREIGN_VISITOR_CREATED &&
	    order->visitor.features & FOREIGN_HAS_REVOCATION &&
	    !letters_add(visit->letters, &order->visitor, clock_monotonic_ms()))
		visiting_count(VISITING_REVOCATIONS_OVERFLOW);
	node_deny(visit, &order->asked, FOREIGN_NO_RESOURCES,
	          "the visitor list cannot be changed now", order->asked.lifetime_s,
	          clock_monotonic_ms());
}

static struct order *place_of(struct orders *orders)
{
	for (size_t i = 0; i < ORDERS_MAX && orders->count < ORDERS_MAX; i++)
		if (!orders->at[i].ticket)
			return &orders->at[i];
	return NULL;
}

/* To the members; it waits then. */
static enum ha_error submit(struct visit *visit, const struct order *order)
{
	const struct visitors_members *members = visit->members;
	struct visitor_command command = { .kind = kind_of(order), .visitor = order->visitor };
	struct orders *orders = visit->orders;
	struct order *place = place_of(orders);
	enum ha_error why;

	if (!place)
		return HA_E_BUSY;
	to_members(visit, &command.visitor);
	*place = *order;
	place->ticket = ++orders->serial * PLACES + (uint64_t)(place - orders->at);
	why = members->submit(members->context, &command, place->ticket);
	if (why == HA_OK)
		orders->count++;
	else
		place->ticket = 0;
	return why;
}

void order_begin(struct visit *visit, const struct order *order)
{
	enum ha_error why = HA_OK;

	if (order->change == FOREIGN_VISITOR_KEPT) {
		tell(visit, order);
		return;
	}
	if (visit->members) {
		why = submit(visit, order);
		if (why != HA_OK)
			refuse(visit, order, why);
		return;
	}
	/* There is room for it, which was kept free when it asked. */
	if (visitor_change(visit, kind_of(order), &order->visitor) == HA_OK)
		tell(visit, order);
	else
		visiting_count(VISITING_SEND_FAILED);
}

uint32_t orders_waiting(const struct visit *visit)
{
	return visit->orders ? visit->orders->count : 0;
}

static void settle(struct visit *visit, const struct visitors_outcome *outcome)
{
	struct orders *orders = visit->orders;
	struct order *order = &orders->at[outcome->ticket % PLACES];

	if (order->ticket != outcome->ticket)
		return;
	/* Who was gone by then is not there, as the reply says. */
	if (outcome->error == HA_OK ||
	    (outcome->error == HA_E_NOTFOUND && kind_of(order) == VISITOR_GONE))
		tell(visit, order);
	else
		refuse(visit, order, outcome->error);
	order->ticket = 0;
	orders->count--;
}

void order_hear(struct visit *visit, uint64_t now_ms)
{
	const struct visitors_members *members = visit->members;
	struct visitors_outcome outcomes[ORDERS_MAX];
	uint64_t ignored;
	size_t count = 0;

	if (!members)
		return;
	(void)!read(members->ready, &ignored, sizeof(ignored));
	while (count < ORDERS_MAX && members->outcome(members->context, &outcomes[count]))
		count++;
	look_who_serves(visit, now_ms);
	for (size_t i = 0; i < count; i++)
		settle(visit, &outcomes[i]);
}
