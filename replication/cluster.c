/* cluster.c - life of a cluster's member: open, start, stop. */
#include "replication/cluster_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

#define SEGMENT_LEAST (2u << 20) /* octets: the largest message must fit into a batch */
#define HAND_OVER_MS 1000u       /* an orderly end waits so long for somebody to take over */

/* ---- called by the log and by the transport ---- */

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
		atomic_store(&c->answer_until_ns, 0);
		atomic_store(&c->failed, true);
	}
	pthread_mutex_unlock(&first);
	cluster_wake(c);
}

static void on_replay(void *context, const struct journal_entry *entries, size_t count)
{
	struct cluster *c = context;

	for (size_t i = 0; i < count; i++) {
		struct cluster_group *group = group_find(c, entries[i].group);

		if (group)
			group_restore(group, &entries[i]);
		if (entries[i].serial > atomic_load(&c->durable))
			atomic_store(&c->durable, entries[i].serial);
	}
}

static void on_durable(void *context, struct journal_batch *batch)
{
	struct cluster *c = context;
	uint64_t serial = batch->header.first_serial + batch->header.entries - 1;

	journal_release(c->journal, batch); /* entries are in memory of the core's */
	atomic_store(&c->durable, serial);
	cluster_wake(c);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	cluster_fail(context, why, what);
}

static void on_message(void *context, uint8_t from, uint32_t id, const void *octets, size_t size)
{
	struct cluster *c = context;
	struct cluster_group *group = group_find(c, id);
	enum ha_error error;

	if (!group || atomic_load(&c->failed))
		return;
	/* The clock is read for each: a promise begins when it is made. */
	error = consensus_receive(group->core, clock_monotonic_ns(), from, octets, size);
	if (error != HA_OK && error != HA_E_MALFORMED)
		cluster_fail(c, error, "a message of a member cannot be followed");
}

static void tell_connected(struct cluster *c)
{
	for (size_t i = 0; i < c->group_count; i++)
		consensus_set_connected(c->groups[i].core, c->connected);
}

static void on_connected(void *context, uint8_t member)
{
	struct cluster *c = context;

	c->connected |= 1u << member;
	log_debug("member %u is connected", member);
	tell_connected(c);
}

static void on_disconnected(void *context, uint8_t member)
{
	struct cluster *c = context;

	c->connected &= ~(1u << member);
	log_debug("member %u is out of reach", member);
	tell_connected(c);
	for (size_t i = 0; i < c->group_count; i++)
		consensus_disconnected(c->groups[i].core, clock_monotonic_ns(), member);
}

/* ---- open ---- */

static struct cluster *cluster_new(const struct replication_options *options,
                                   const struct replication_machine *machine)
{
	struct cluster *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->face.engine = &replication_engine_cluster;
	c->machine = *machine;
	c->config = *options->cluster;
	c->tick_ms = options->tick_ms > 0 ? options->tick_ms : 1;
	c->hold = UINT64_MAX;
	c->applied = options->applied;
	for (size_t i = 0; i < c->config.member_count; i++)
		if (c->config.members[i].number == c->config.self)
			c->witness = c->config.members[i].witness;
	pthread_mutex_init(&c->request_mutex, NULL);
	pthread_mutex_init(&c->caller_mutex, NULL);
	pthread_mutex_init(&c->status_mutex, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&c->request_done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return c;
}

static enum ha_error open_transport(struct cluster *c, char *report, size_t size)
{
	const struct transport_client client = {
		.context = c,
		.message = on_message,
		.admit = identity_admit,
		.connected = on_connected,
		.disconnected = on_disconnected,
	};
	const struct transport_options options = {
		.cluster = &c->config,
		.identity = identity_ours(c),
		.queue_max = 1000,
	};
	enum ha_error error;

	c->transport = transport_open(&options, &client, &error, report, size);
	return error;
}

static enum ha_error open_log(struct cluster *c, const struct journal_io *io,
                              const struct replication_options *options, char *report, size_t size)
{
	const struct journal_client client = {
		.context = c,
		.replay = on_replay,
		.durable = on_durable,
		.failed = on_failed,
	};
	const struct journal_options of_log = {
		.directory = options->directory,
		.store_id = options->store_id,
		.whole = true,
		.segment_octets = options->segment_octets,
		.segments_max = options->segments_max,
		.io = io,
	};
	enum ha_error error;

	c->journal = journal_open(&of_log, &client, &error, report, size);
	return error;
}

/* Over a store that came from another member: a log that goes on from it stays,
 * another one goes. */
static enum ha_error settle_log(struct cluster *c, const struct replication_options *options,
                                char *report, size_t size)
{
	struct cluster_group *group = &c->groups[0];
	uint64_t base_index = group->base_index, base_term = group->base_term;
	enum ha_error error = group->restore_error;

	if (error != HA_OK && (error != HA_E_DAMAGED || !options->reset))
		return error; /* a hole is no reason to forget what was promised */
	if (!options->reset && !c->witness)
		return HA_OK;
	if (error == HA_OK && consensus_goes_on(group->core, options->reset && !c->witness))
		return HA_OK;
	log_notice("the log does not go on from entry %" PRIu64 ": it is emptied", base_index);
	error = journal_erase(c->journal, report, size);
	group_close(group);
	return error == HA_OK ? group_open(c, group, 0, base_index, base_term) : error;
}

static enum ha_error check_options(const struct replication_options *options, char *report,
                                   size_t size)
{
	if (options->segment_octets >= SEGMENT_LEAST)
		return HA_OK;
	return ha_refuse(report, size, HA_E_RANGE,
	                 "a segment of the log must have at least %u MiB in a cluster",
	                 SEGMENT_LEAST >> 20);
}

/* A witness has no store, and lets entries go that a member with data needs. Who
 * was made the other kind of member would forget what it acknowledged. */
static enum ha_error check_kind(struct cluster *c, const struct replication_options *options,
                                char *report, size_t size)
{
	const struct ballot_group *row = group_ballot(c, 0);

	if (c->witness && options->applied > 0)
		return ha_refuse(report, size, HA_E_FOREIGN,
		                 "the data directory is that of a member with data, and this node "
		                 "is a witness: give it an empty directory, and have it admitted "
		                 "by the others ('agentctl cluster admit')");
	if (!c->witness && row && row->base_index > options->applied)
		return ha_refuse(report, size, HA_E_FOREIGN,
		                 "the data directory is that of a witness, and this node is a "
		                 "member with data: give it an empty directory, and have it "
		                 "admitted by the others ('agentctl cluster admit')");
	return HA_OK;
}

static enum ha_error open_parts(struct cluster *c, const struct journal_io *io,
                                const struct replication_options *options, char *report,
                                size_t size)
{
	enum ha_error error = check_options(options, report, size);

	if (error == HA_OK && (c->event < 0 || queue_init(&c->queue) != HA_OK))
		error = ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	if (error == HA_OK)
		error = identity_open(c, options, io, report, size);
	if (error == HA_OK)
		error = check_kind(c, options, report, size);
	if (error != HA_OK)
		return error;
	c->group_count = 1;
	error = group_open(c, &c->groups[0], 0, options->applied, options->applied_term);
	if (error != HA_OK)
		return ha_refuse(report, size, error, "replication cannot be set up: %s",
		                 ha_strerror(error));
	error = open_log(c, io, options, report, size);
	if (error == HA_OK)
		error = settle_log(c, options, report, size);
	if (error == HA_E_DAMAGED)
		ha_refuse(report, size, error,
		          "%s: the log has a hole; put it back from a backup, or "
		          "let this member begin with an empty data directory",
		          options->directory);
	return error == HA_OK ? open_transport(c, report, size) : error;
}

struct replication *cluster_open(const struct journal_io *io,
                                 const struct replication_options *options,
                                 const struct replication_machine *machine, enum ha_error *why,
                                 char *report, size_t size)
{
	struct cluster *c = cluster_new(options, machine);

	*why = c ? open_parts(c, io, options, report, size) : HA_E_NOMEM;
	if (*why == HA_OK) {
		explicit_bzero(c->config.secret_key, sizeof(c->config.secret_key));
		return &c->face;
	}
	if (c)
		cluster_close(&c->face);
	return NULL;
}

/* ---- start, stop ---- */

enum ha_error cluster_start(struct replication *r)
{
	struct cluster *c = cluster_of(r);
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < c->group_count && error == HA_OK; i++) {
		consensus_set_eligible(c->groups[i].core, identity_may_lead(c));
		error = consensus_start(c->groups[i].core, clock_monotonic_ns());
	}
	if (error == HA_OK)
		error = journal_start(c->journal);
	if (error != HA_OK)
		return error;
	cluster_publish(c, clock_monotonic_ns());
	if (pthread_create(&c->thread, NULL, cluster_main, c) != 0)
		return HA_E_NOMEM;
	c->started = true;
	return HA_OK;
}

static bool leads(struct cluster *c)
{
	uint8_t leader;

	pthread_mutex_lock(&c->status_mutex);
	leader = c->status.leader;
	pthread_mutex_unlock(&c->status_mutex);
	return leader == c->config.self;
}

/* Who leads gives it away first, if there is somebody: nobody has to wait for
 * promises to lapse. */
static void hand_over(struct cluster *c)
{
	uint64_t until_ns = clock_monotonic_ns() + HAND_OVER_MS * MS;

	if (!leads(c) || cluster_ask(c, WISH_TRANSFER, 0) != HA_OK)
		return;
	while (leads(c) && !atomic_load(&c->failed) && clock_monotonic_ns() < until_ns) {
		const struct timespec until = clock_condition_time(clock_monotonic_ns() + 20 * MS);

		pthread_mutex_lock(&c->request_mutex);
		pthread_cond_timedwait(&c->request_done, &c->request_mutex, &until);
		pthread_mutex_unlock(&c->request_mutex);
	}
}

void cluster_stop(struct replication *r)
{
	struct cluster *c = cluster_of(r);

	if (c->started) {
		hand_over(c);
		atomic_store(&c->stopping, true);
		cluster_wake(c);
		pthread_join(c->thread, NULL);
		c->started = false;
	}
	if (c->journal)
		journal_stop(c->journal);
}

void cluster_close(struct replication *r)
{
	struct cluster *c = cluster_of(r);

	cluster_stop(r);
	transport_close(c->transport);
	for (size_t i = 0; i < c->group_count; i++)
		group_close(&c->groups[i]);
	journal_close(c->journal);
	ballot_close(c->ballot);
	queue_destroy(&c->queue);
	if (c->event >= 0)
		close(c->event);
	pthread_cond_destroy(&c->request_done);
	explicit_bzero(c->config.secret_key, sizeof(c->config.secret_key));
	free(c);
}
