/* cluster.c - life of a cluster's member: open, start, stop; as a node of several
 * groups, and as one that has a single group and is held through it. */
#include "replication/cluster_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

#define HAND_OVER_MS 1000u /* an orderly end waits so long for somebody to take over */

void cluster_wake(struct cluster *c)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&c->awake, true) && write(c->event, &one, sizeof(one)) < 0)
		log_error("the engine's thread cannot be woken: %s", strerror(errno));
}

void cluster_fail(struct cluster *c, enum ha_error why, const char *what)
{
	static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&first);
	if (!atomic_load(&c->failed)) {
		c->why = why;
		snprintf(c->what, sizeof(c->what), "%s", what);
		for (size_t i = 0; i < c->group_count; i++)
			atomic_store(&c->groups[i]->answer_until_ns, 0);
		atomic_store(&c->failed, true);
	}
	pthread_mutex_unlock(&first);
	cluster_wake(c);
}

void cluster_pause(struct cluster *c, int ms)
{
	struct pollfd wait = { .fd = c->event, .events = POLLIN };
	uint64_t count;

	atomic_store(&c->awake, false);
	if (poll(&wait, 1, ms) > 0 && read(c->event, &count, sizeof(count)) < 0)
		log_error("the engine's event cannot be read: %s", strerror(errno));
}

/* ---- open ---- */

static struct cluster *cluster_new(const struct journal_io *io,
                                   const struct replication_node_options *options)
{
	struct cluster *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->io = io;
	c->options = *options;
	c->config = *options->cluster;
	for (size_t i = 0; i < c->config.member_count; i++)
		if (c->config.members[i].number == c->config.self)
			c->witness = c->config.members[i].witness;
	pthread_mutex_init(&c->request_mutex, NULL);
	pthread_mutex_init(&c->caller_mutex, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&c->request_done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return c;
}

static void cluster_free(struct cluster *c)
{
	transport_close(c->transport);
	for (size_t i = 0; i < c->group_count; i++)
		group_free(c->groups[i]);
	journal_close(c->journal);
	ballot_close(c->ballot);
	if (c->event >= 0)
		close(c->event);
	pthread_cond_destroy(&c->request_done);
	explicit_bzero(c->config.secret_key, sizeof(c->config.secret_key));
	free(c);
}

static enum ha_error check_options(const struct replication_node_options *options, char *report,
                                   size_t size)
{
	if (options->segment_octets >= SEGMENT_LEAST)
		return HA_OK;
	return ha_refuse(report, size, HA_E_RANGE,
	                 "a segment of the log must have at least %u MiB in a cluster",
	                 SEGMENT_LEAST >> 20);
}

static struct cluster *open_empty(const struct journal_io *io,
                                  const struct replication_node_options *options,
                                  enum ha_error *why, char *report, size_t size)
{
	struct cluster *c;

	*why = check_options(options, report, size);
	if (*why != HA_OK)
		return NULL;
	c = cluster_new(io, options);
	if (c && c->event >= 0)
		*why = identity_open(c, report, size);
	else
		*why = ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	if (*why == HA_OK)
		return c;
	if (c)
		cluster_free(c);
	return NULL;
}

struct replication_node *cluster_node_open(const struct journal_io *io,
                                           const struct replication_node_options *options,
                                           enum ha_error *why, char *report, size_t size)
{
	return (struct replication_node *)open_empty(io, options, why, report, size);
}

static struct cluster *cluster_of(struct replication_node *node)
{
	return (struct cluster *)node;
}

/* Known already, or a new one while that can be. */
static struct cluster_group *lend(struct cluster *c, uint32_t id, enum ha_error *why)
{
	struct cluster_group *group = group_find(c, id);

	*why = HA_OK;
	if (!group && c->started)
		*why = HA_E_NOTFOUND;
	else if (!group)
		group = group_new(c, id, why);
	else if (group->lent)
		*why = HA_E_INUSE;
	return *why == HA_OK ? group : NULL;
}

static struct replication *open_group(struct cluster *c, const struct replication_options *options,
                                      const struct replication_machine *machine, enum ha_error *why,
                                      char *report, size_t size)
{
	struct cluster_group *group = lend(c, options->group, why);

	if (!group) {
		ha_refuse(report, size, *why, "group %u cannot be opened: %s", options->group,
		          ha_strerror(*why));
		return NULL;
	}
	if (c->options.store_id == 0 && options->group == 0)
		c->options.store_id = options->store_id;
	*why = again_open(group, options, machine, report, size);
	return *why == HA_OK ? &group->face : NULL;
}

static struct replication *open_alone(struct cluster *c, const struct replication_options *options,
                                      const struct replication_machine *machine, enum ha_error *why,
                                      char *report, size_t size)
{
	struct replication *r = open_group(c, options, machine, why, report, size);

	c->alone = true;
	if (r)
		*why = cluster_load(c, report, size);
	return *why == HA_OK ? r : NULL;
}

struct replication *cluster_open(const struct journal_io *io,
                                 const struct replication_options *options,
                                 const struct replication_machine *machine, enum ha_error *why,
                                 char *report, size_t size)
{
	const struct replication_node_options of_node = {
		.directory = options->directory,
		.store_id = options->store_id,
		.segment_octets = options->segment_octets,
		.segments_max = options->segments_max,
		.cluster = options->cluster,
	};
	struct replication *r;
	struct cluster *c;

	if (options->node)
		return open_group(cluster_of(options->node), options, machine, why, report, size);
	c = open_empty(io, &of_node, why, report, size);
	if (!c)
		return NULL;
	r = open_alone(c, options, machine, why, report, size);
	if (!r)
		cluster_free(c);
	return r;
}

/* ---- start, stop ---- */

static enum ha_error start_cores(struct cluster *c)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < c->group_count && error == HA_OK; i++) {
		struct cluster_group *group = c->groups[i];

		consensus_set_eligible(group->core, group->runs && identity_may_lead(group));
		error = consensus_start(group->core, clock_monotonic_ns());
	}
	return error;
}

static enum ha_error start_all(struct cluster *c)
{
	enum ha_error error = journal_start(c->journal);

	if (error == HA_OK)
		error = cluster_write_begins(c);
	if (error == HA_OK)
		error = start_cores(c);
	if (error != HA_OK)
		return error;
	for (size_t i = 0; i < c->group_count; i++)
		cluster_publish(c->groups[i], clock_monotonic_ns());
	if (pthread_create(&c->thread, NULL, cluster_main, c) != 0)
		return HA_E_NOMEM;
	c->started = true;
	return HA_OK;
}

enum ha_error cluster_node_start(struct replication_node *node, char *report, size_t size)
{
	struct cluster *c = cluster_of(node);
	enum ha_error error = cluster_load(c, report, size);

	if (error != HA_OK)
		return error;
	error = start_all(c);
	return error == HA_OK ? HA_OK
	                      : ha_refuse(report, size, error, "replication cannot be started: %s",
	                                  ha_strerror(error));
}

enum ha_error cluster_start(struct replication *r)
{
	struct cluster_group *group = group_of(r);

	if (group->cluster->started)
		return cluster_ask(group, WISH_RUN, 0);
	group->runs = true;
	return group->cluster->alone ? start_all(group->cluster) : HA_OK;
}

static bool leads(struct cluster_group *group)
{
	uint8_t leader;

	pthread_mutex_lock(&group->status_mutex);
	leader = group->status.leader;
	pthread_mutex_unlock(&group->status_mutex);
	return leader == group->cluster->config.self;
}

static bool leads_any(struct cluster *c, struct cluster_group *group, const bool *asked)
{
	for (size_t i = 0; i < c->group_count; i++)
		if ((!group || group == c->groups[i]) && asked[i] && leads(c->groups[i]))
			return true;
	return false;
}

/* Who leads gives it away first, if there is somebody: nobody has to wait for
 * promises to lapse. */
void cluster_hand_over(struct cluster *c, struct cluster_group *group)
{
	uint64_t until_ns = clock_monotonic_ns() + HAND_OVER_MS * MS;
	bool asked[REPLICATION_GROUPS_MAX] = { false };

	for (size_t i = 0; i < c->group_count; i++)
		asked[i] = (!group || group == c->groups[i]) && leads(c->groups[i]) &&
		           cluster_ask(c->groups[i], WISH_TRANSFER, 0) == HA_OK;
	while (leads_any(c, group, asked) && !atomic_load(&c->failed) &&
	       clock_monotonic_ns() < until_ns) {
		const struct timespec until = clock_condition_time(clock_monotonic_ns() + 20 * MS);

		pthread_mutex_lock(&c->request_mutex);
		pthread_cond_timedwait(&c->request_done, &c->request_mutex, &until);
		pthread_mutex_unlock(&c->request_mutex);
	}
}

static void stop_all(struct cluster *c)
{
	for (size_t i = 0; i < c->group_count; i++)
		atomic_store(&c->groups[i]->stopping, true);
	if (c->started) {
		cluster_hand_over(c, NULL);
		atomic_store(&c->stopping, true);
		cluster_wake(c);
		pthread_join(c->thread, NULL);
		c->started = false;
	}
	if (c->journal)
		journal_stop(c->journal);
}

void cluster_node_stop(struct replication_node *node)
{
	stop_all(cluster_of(node));
}

void cluster_node_close(struct replication_node *node)
{
	stop_all(cluster_of(node));
	cluster_free(cluster_of(node));
}

void cluster_stop(struct replication *r)
{
	struct cluster_group *group = group_of(r);
	struct cluster *c = group->cluster;

	if (c->alone) {
		stop_all(c);
	} else if (!atomic_exchange(&group->stopping, true)) {
		cluster_hand_over(c, group);
		if (cluster_ask(group, WISH_PAUSE, 0) != HA_OK)
			group->runs = false; /* there is no thread that could call it */
	}
}

void cluster_close(struct replication *r)
{
	struct cluster_group *group = group_of(r);

	cluster_stop(r);
	group->lent = false;
	if (group->cluster->alone)
		cluster_free(group->cluster);
}
