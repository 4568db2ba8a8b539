/* home_route.h - routes to virtual home networks belong to whoever leads.
 *
 * A virtual home network has no link: packets for its addresses come to the home
 * agent because the routers of the site are told so (RFC 5944 section 1.7). How is
 * the administrator's business: a program of his is run with
 *
 *     announce|withdraw PREFIX
 *
 * as hook.h says. A thread announces each network while the moment of its group lies
 * ahead, and withdraws it when leadership is given up, or half a second after a
 * moment that passed in silence: routes that come and go disturb a site more than
 * packets to a leader that is doubted for an instant. What a process that died may
 * have announced is withdrawn at the start.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_HOME_ROUTE_H
#define AGENTD_DATAPLANE_HOME_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/address.h"
#include "agentd/base/counters.h"
#include "agentd/base/error.h"

#define HOME_ROUTES_MAX 32u
#define HOME_ROUTE_SILENCE_MS 500u

/* X(id, name, mib_arc, help) */
#define HOME_ROUTE_COUNTERS(X)                                                                     \
	X(ANNOUNCED, "home-route-announced", 0, "routes to virtual home networks announced")       \
	X(WITHDRAWN, "home-route-withdrawn", 0, "of them withdrawn")                               \
	X(FAILURES, "home-route-failures", 0, "runs of the hook that failed; they are repeated")   \
	X(TIMEOUTS, "home-route-timeouts", 0, "runs of the hook that were ended by force")

enum home_route_counter {
#define X(id, name, mib_arc, help) HOME_ROUTE_##id,
	HOME_ROUTE_COUNTERS(X)
#undef X
	HOME_ROUTE_COUNTER_COUNT
};

extern struct counter_set home_route_counters;

struct home_route_network {
	struct address_prefix prefix;
	uint8_t group; /* whose leader announces it */
};

/* Borrowed for the open. */
struct home_route_options {
	const struct home_route_network *networks;
	size_t count;
	const char *hook; /* absolute path of a program */
	/* clock_monotonic_ns() until which this node leads the group, 0 = it does not.
	 * Looked at several times a second, so that nobody need tell when that changes.
	 * The thread's; must not wait. */
	uint64_t (*until)(void *context, uint8_t group);
	void *context;
};

struct home_route;

/* *out is NULL and HA_OK returned where there is no network. Before privileges are
 * dropped; the thread gives up all it has, and the hook inherits nothing.
 * HA_E_NOTFOUND, HA_E_PERMISSION (of the program), HA_E_RANGE (too many networks), or
 * the errno's nearest; with a sentence. */
enum ha_error home_route_open(const struct home_route_options *options, struct home_route **out,
                              char *report, size_t size);

/* How many are announced now. Any thread; 0 for NULL. */
size_t home_route_announced(const struct home_route *route);

/* All are withdrawn; waits for the hook, at most until its time is up. NULL is fine. */
void home_route_close(struct home_route *route);

#endif
