/* home_route.c - a plan and a hook for each virtual home network, in one thread. */
#include "agentd/dataplane/home_route.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/hook.h"
#include "agentd/dataplane/ownership_plan.h"
#include "agentd/dataplane/thread_begin.h"
#include "agentd/dataplane/thread_rights.h"

#define MS UINT64_C(1000000)
#define PROGRAM_MAX 256u
#define LOOK_AGAIN_MS 100u /* whether a hook is dead, and who leads */

COUNTERS_DEFINE(home_route_counters, "home-route", HOME_ROUTE_COUNTERS, HOME_ROUTE_COUNTER_COUNT);

struct route {
	uint8_t group;
	char name[sizeof("255.255.255.255/255")];
	struct ownership_plan plan; /* to have a route is to own it */
	struct hook hook;
	enum ownership_step running;
	uint64_t began_ns;
};

struct home_route {
	char program[PROGRAM_MAX];
	uint64_t (*until)(void *context, uint8_t group);
	void *context;
	struct route routes[HOME_ROUTES_MAX];
	size_t count;
	_Atomic size_t announced;
	_Atomic bool stopping;
	int wake; /* eventfd */
	pthread_t thread;
	bool started;
};

/* ---- one route ---- */

static void count(enum home_route_counter counter)
{
	counter_add(&home_route_counters, counter, 1);
}

/* A leader that comes and goes would fill the log. */
static void tell(const struct home_route *all, const struct route *route, enum ownership_step step,
                 const char *trouble)
{
	static struct log_limit limit = { .per_second = 5 };
	const char *what = step == OWNERSHIP_TAKE ? "announced" : "withdrawn";
	uint64_t now_ns = clock_monotonic_ns(), held_back;

	if (!log_limit_pass(&limit, now_ns, &held_back))
		return;
	if (trouble)
		log_error("home network %s: cannot be %s: %s", route->name, what, trouble);
	else
		log_notice("home network %s: %s by %s (%u ms)", route->name, what, all->program,
		           (unsigned)((now_ns - route->began_ns) / MS));
}

static void finish(struct home_route *all, struct route *route, enum ownership_step step,
                   const char *trouble)
{
	bool was_held = route->plan.held;

	route->running = OWNERSHIP_WAIT;
	ownership_plan_done(&route->plan, step, !trouble, route->began_ns, clock_monotonic_ns());
	if (route->plan.held && !was_held)
		atomic_fetch_add(&all->announced, 1);
	if (!route->plan.held && was_held)
		atomic_fetch_sub(&all->announced, 1);
	if (trouble)
		count(HOME_ROUTE_FAILURES);
	else
		count(step == OWNERSHIP_TAKE ? HOME_ROUTE_ANNOUNCED : HOME_ROUTE_WITHDRAWN);
	tell(all, route, step, trouble);
}

static void do_step(struct home_route *all, struct route *route, enum ownership_step step)
{
	enum ha_error why;

	route->began_ns = clock_monotonic_ns();
	why = hook_start(&route->hook, all->program,
	                 step == OWNERSHIP_TAKE ? "announce" : "withdraw", route->name, NULL,
	                 route->began_ns);
	if (why == HA_OK)
		route->running = step;
	else
		finish(all, route, step, ha_strerror(why));
}

static void look_at_hook(struct home_route *all, struct route *route)
{
	bool well;

	if (!route->running || !hook_ended(&route->hook, clock_monotonic_ns(), &well))
		return;
	if (route->hook.killed)
		count(HOME_ROUTE_TIMEOUTS);
	finish(all, route, route->running,
	       well                 ? NULL
	       : route->hook.killed ? "the hook did not end in time"
	                            : "the hook failed");
}

/* Until when the route is to be there. */
static uint64_t until_of(const struct home_route *all, const struct route *route)
{
	uint64_t until_ns = atomic_load(&all->stopping) ? 0
	                                                : all->until(all->context, route->group);
	uint64_t silence_ns = HOME_ROUTE_SILENCE_MS * MS;

	if (until_ns == 0 || until_ns > UINT64_MAX - silence_ns)
		return until_ns;
	/* Who has it may keep it for a moment; who has it not begins only when he leads. */
	return route->plan.held ? until_ns + silence_ns : until_ns;
}

/* Do what is due, and say when to look again. */
static uint64_t act(struct home_route *all, struct route *route)
{
	uint64_t now_ns, until_ns, next_ns;
	enum ownership_step step;

	look_at_hook(all, route);
	now_ns = clock_monotonic_ns();
	until_ns = until_of(all, route);
	step = route->running ? OWNERSHIP_WAIT
	                      : ownership_plan_step(&route->plan, now_ns, until_ns);
	if (step != OWNERSHIP_WAIT)
		do_step(all, route, step);
	if (route->running && !route->hook.killed)
		return route->hook.deadline_ns;
	next_ns = ownership_plan_next(&route->plan, now_ns, until_ns);
	return now_ns + LOOK_AGAIN_MS * MS < next_ns ? now_ns + LOOK_AGAIN_MS * MS : next_ns;
}

/* ---- the thread ---- */

static void wait_for_news(struct home_route *all, uint64_t next_ns)
{
	struct pollfd about[1 + HOME_ROUTES_MAX];
	uint64_t now_ns = clock_monotonic_ns(), news;
	uint64_t wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
	const struct timespec wait = { .tv_sec = (time_t)(wait_ns / (1000u * MS)),
		                       .tv_nsec = (long)(wait_ns % (1000u * MS)) };

	about[0] = (struct pollfd){ .fd = all->wake, .events = POLLIN };
	for (size_t i = 0; i < all->count; i++)
		about[1 + i] = (struct pollfd){
			.fd = all->routes[i].running ? all->routes[i].hook.fd : -1,
			.events = POLLIN,
		};
	if (ppoll(about, 1 + all->count, &wait, NULL) > 0 && about[0].revents &&
	    read(all->wake, &news, sizeof(news)) > 0)
		for (size_t i = 0; i < all->count; i++) /* the end: a failure does not hold it up */
			ownership_plan_told(&all->routes[i].plan);
}

/* Nothing is left to withdraw, or it could not be. */
static bool has_finished(const struct home_route *all)
{
	if (!atomic_load(&all->stopping))
		return false;
	for (size_t i = 0; i < all->count; i++) {
		const struct route *route = &all->routes[i];

		if (route->running || route->plan.held ||
		    (route->plan.touched && route->plan.failures == 0))
			return false;
	}
	return true;
}

static void *run(void *context)
{
	struct home_route *all = context;

	thread_rights_keep(0, "routes to home networks");
	pthread_setname_np(pthread_self(), "home-route");
	while (!has_finished(all)) {
		uint64_t next_ns = OWNERSHIP_NEVER;

		for (size_t i = 0; i < all->count; i++) {
			uint64_t due_ns = act(all, &all->routes[i]);

			if (due_ns < next_ns)
				next_ns = due_ns;
		}
		if (!has_finished(all))
			wait_for_news(all, next_ns);
	}
	return NULL;
}

static enum ha_error start_thread(struct home_route *all)
{
	enum ha_error why;

	all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (all->wake < 0)
		return ha_error_of_errno(errno);
	why = thread_begin(&all->thread, run, all);
	all->started = why == HA_OK;
	return why;
}

/* ---- the face ---- */

static enum ha_error open_all(struct home_route *all, const struct home_route_options *options,
                              char *report, size_t size)
{
	enum ha_error why;

	if (options->count > HOME_ROUTES_MAX)
		return ha_refuse(report, size, HA_E_RANGE, "more than %u virtual home networks",
		                 HOME_ROUTES_MAX);
	if (access(options->hook, X_OK) != 0)
		return ha_refuse(report, size, ha_error_of_errno(errno),
		                 "dataplane.route-hook: %s: %s", options->hook, strerror(errno));
	snprintf(all->program, sizeof(all->program), "%s", options->hook);
	all->until = options->until;
	all->context = options->context;
	for (size_t i = 0; i < options->count; i++) {
		const struct home_route_network *network = &options->networks[i];
		struct route *route = &all->routes[all->count++];

		route->group = network->group;
		route->plan.touched = true; /* by a predecessor that was killed, perhaps */
		snprintf(route->name, sizeof(route->name), "%s/%u",
		         address_format(network->prefix.network).text,
		         (unsigned)network->prefix.length);
	}
	why = start_thread(all);
	if (why != HA_OK)
		ha_refuse(report, size, why, "the thread of virtual home networks: %s",
		          ha_strerror(why));
	return why;
}

enum ha_error home_route_open(const struct home_route_options *options, struct home_route **out,
                              char *report, size_t size)
{
	struct home_route *all;
	enum ha_error why;

	*out = NULL;
	if (options->count == 0)
		return HA_OK;
	all = calloc(1, sizeof(*all));
	if (!all)
		return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	all->wake = -1;
	why = open_all(all, options, report, size);
	if (why == HA_OK)
		*out = all;
	else
		home_route_close(all);
	return why;
}

size_t home_route_announced(const struct home_route *all)
{
	return all ? atomic_load(&all->announced) : 0;
}

void home_route_close(struct home_route *all)
{
	if (!all)
		return;
	if (all->started) {
		const uint64_t one = 1;

		atomic_store(&all->stopping, true);
		while (write(all->wake, &one, sizeof(one)) < 0 && errno == EINTR)
			;
		pthread_join(all->thread, NULL);
	}
	if (all->wake >= 0)
		close(all->wake);
	free(all);
}
