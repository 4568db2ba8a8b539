/* visit_guard.c - see the header. */
#include "agentd/dataplane/visit_guard.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/steering.h"
#include "agentd/dataplane/visit_plane_counters.h"

#define REPORT_MAX 200u
#define OURS 0x4eu /* who made rules and routes, among the protocols of these */

struct visit_guard {
	struct netlink *netlink;
	char links[VISIT_LINKS_MAX][NETLINK_NAME_MAX];
	size_t link_count;
	uint32_t table, priority, mark;
	int alone;             /* held while it lives, unless another one holds it: -1 */
	bool begun;            /* there is something to be taken away */
	pthread_mutex_t mutex; /* guards netlink */
};

/* A name that one process of a network namespace can have, and that the kernel takes from one
 * that was killed. */
static int take_name(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0hearth-visit-guard" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof(name)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What is of our protocol is of nobody who lives. */
static void clear_others(struct netlink *netlink)
{
	unsigned removed = 0;
	enum ha_error why = netlink_protocol_flush(netlink, OURS, &removed);

	if (why != HA_OK)
		log_warning("rules and routes of an earlier foreign agent cannot be taken away: %s",
		            netlink_trouble(netlink));
	if (removed)
		log_notice("%u rules and routes of an earlier foreign agent were cleared away",
		           removed);
}

static enum ha_error add_rule(struct visit_guard *guard, const char *link)
{
	const struct netlink_rule rule = { .from_link = link,
		                           .priority = guard->priority,
		                           .table = guard->table,
		                           .mark = guard->mark,
		                           .protocol = OURS };
	enum ha_error why = netlink_rule_add(guard->netlink, &rule);

	return why == HA_E_EXISTS ? HA_OK : why;
}

/* The route first, for a rule to an empty table is passed over. */
static enum ha_error make(struct visit_guard *guard, char *report, size_t size)
{
	const struct address_prefix everywhere = { .length = 0 };
	enum ha_error why = netlink_route_nowhere(guard->netlink, guard->table, everywhere, OURS);

	if (why != HA_OK)
		return ha_refuse(report, size, why, "a route of table %u cannot be made: %s",
		                 guard->table, netlink_trouble(guard->netlink));
	for (size_t i = 0; i < guard->link_count && why == HA_OK; i++) {
		why = add_rule(guard, guard->links[i]);
		if (why != HA_OK)
			ha_refuse(report, size, why, "a rule for the link %s cannot be made: %s",
			          guard->links[i], netlink_trouble(guard->netlink));
	}
	return why;
}

static bool is_whole(struct visit_guard *guard, unsigned others)
{
	unsigned rules = 0, routes = 0;

	return netlink_table_count(guard->netlink, guard->table, &rules, &routes) != HA_OK ||
	       (rules >= guard->link_count && routes >= others + 1);
}

static enum ha_error begin(struct visit_guard *guard, char *report, size_t size)
{
	enum ha_error why;

	guard->netlink = netlink_open(&why);
	if (!guard->netlink)
		return ha_refuse(report, size, why, "no connection to rtnetlink: %s",
		                 ha_strerror(why));
	guard->alone = take_name();
	if (guard->alone >= 0)
		clear_others(guard->netlink);
	why = steering_clear(guard->netlink, guard->table, true, report, size);
	guard->begun = why == HA_OK;
	return why == HA_OK ? make(guard, report, size) : why;
}

enum ha_error visit_guard_open(const struct visit_guard_options *options, struct visit_guard **out,
                               char *report, size_t size)
{
	struct visit_guard *guard = calloc(1, sizeof(*guard));
	enum ha_error why;

	*out = NULL;
	if (!guard)
		return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	pthread_mutex_init(&guard->mutex, NULL);
	guard->alone = -1;
	guard->table = options->table;
	guard->priority = options->priority;
	guard->mark = options->mark;
	for (size_t i = 0; i < options->link_count && i < VISIT_LINKS_MAX; i++)
		snprintf(guard->links[guard->link_count++], NETLINK_NAME_MAX, "%s",
		         options->links[i]);
	why = begin(guard, report, size);
	if (why == HA_OK)
		*out = guard;
	else
		visit_guard_close(guard);
	return why;
}

bool visit_guard_is_whole(struct visit_guard *guard, unsigned routes)
{
	bool is;

	pthread_mutex_lock(&guard->mutex);
	is = is_whole(guard, routes);
	pthread_mutex_unlock(&guard->mutex);
	return is;
}

enum ha_error visit_guard_make(struct visit_guard *guard, char *report, size_t size)
{
	enum ha_error why;

	pthread_mutex_lock(&guard->mutex);
	why = make(guard, report, size);
	pthread_mutex_unlock(&guard->mutex);
	return why;
}

void visit_guard_look(struct visit_guard *guard)
{
	static struct log_limit limit = { .per_second = 1 };
	char report[REPORT_MAX] = "";
	uint64_t held_back;
	enum ha_error why;

	if (visit_guard_is_whole(guard, 0))
		return;
	why = visit_guard_make(guard, report, sizeof(report));
	if (why == HA_OK)
		visit_plane_count(VISIT_PLANE_HEALED);
	if (!log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		return;
	if (why == HA_OK)
		log_warning("rules to table %u or its route to nowhere were missing, by which the "
		            "kernel forwards nothing of visited links; it was put right",
		            guard->table);
	else
		log_warning("the kernel may forward what comes by visited links: %s", report);
}

void visit_guard_close(struct visit_guard *guard)
{
	if (!guard)
		return;
	if (guard->begun)
		steering_end(guard->netlink, guard->table);
	if (guard->alone >= 0)
		close(guard->alone);
	netlink_close(guard->netlink);
	pthread_mutex_destroy(&guard->mutex);
	free(guard);
}

void visit_guard_clear(void)
{
	enum ha_error why;
	int alone = take_name();
	struct netlink *netlink = alone >= 0 ? netlink_open(&why) : NULL;

	if (netlink)
		clear_others(netlink);
	netlink_close(netlink);
	if (alone >= 0)
		close(alone);
}
