/* cluster.c - life of a cluster's member, and what other threads ask of it. */
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
#define ANSWER_MS 2000u          /* and whoever asks something of the engine's thread */

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

static struct cluster *of(struct replication *r)
{
	return (struct cluster *)r;
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
		.identity = { c->state.cluster, c->state.incarnation },
		.queue_max = 10000,
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

	if (!options->reset && !c->witness)
		return error;
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

static enum ha_error open_parts(struct cluster *c, const struct journal_io *io,
                                const struct replication_options *options, char *report,
                                size_t size)
{
	enum ha_error error = check_options(options, report, size);

	if (error == HA_OK && (c->event < 0 || queue_init(&c->queue) != HA_OK))
		error = ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	if (error == HA_OK)
		error = identity_open(c, options, io, report, size);
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

static void cluster_close(struct replication *r);

static struct replication *cluster_open(const struct journal_io *io,
                                        const struct replication_options *options,
                                        const struct replication_machine *machine,
                                        enum ha_error *why, char *report, size_t size)
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

static enum ha_error cluster_start(struct replication *r)
{
	struct cluster *c = of(r);
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < c->group_count && error == HA_OK; i++) {
		consensus_set_eligible(c->groups[i].core, c->state.cluster != 0);
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

/* One at a time; the engine's thread answers within a turn. */
static enum ha_error ask(struct cluster *c, enum cluster_wish wish, uint8_t member)
{
	const struct timespec until = clock_condition_time(clock_monotonic_ns() + ANSWER_MS * MS);
	enum ha_error result = HA_E_CLOSED;
	int error = 0;

	if (!c->started || atomic_load(&c->failed))
		return HA_E_CLOSED;
	pthread_mutex_lock(&c->caller_mutex);
	pthread_mutex_lock(&c->request_mutex);
	c->request = (struct cluster_request){ .wish = wish, .member = member };
	cluster_wake(c);
	while (!c->request.done && error == 0)
		error = pthread_cond_timedwait(&c->request_done, &c->request_mutex, &until);
	if (c->request.done)
		result = c->request.result;
	c->request.wish = WISH_NONE;
	pthread_mutex_unlock(&c->request_mutex);
	pthread_mutex_unlock(&c->caller_mutex);
	return result;
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

	if (!leads(c) || ask(c, WISH_TRANSFER, 0) != HA_OK)
		return;
	while (leads(c) && !atomic_load(&c->failed) && clock_monotonic_ns() < until_ns) {
		const struct timespec until = clock_condition_time(clock_monotonic_ns() + 20 * MS);

		pthread_mutex_lock(&c->request_mutex);
		pthread_cond_timedwait(&c->request_done, &c->request_mutex, &until);
		pthread_mutex_unlock(&c->request_mutex);
	}
}

static void cluster_stop(struct replication *r)
{
	struct cluster *c = of(r);

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

static void cluster_close(struct replication *r)
{
	struct cluster *c = of(r);

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

/* ---- what other threads ask ---- */

static enum ha_error cluster_submit(struct replication *r,
                                    const struct replication_command *commands, size_t count)
{
	struct cluster *c = of(r);
	bool first;
	enum ha_error error;

	if (atomic_load(&c->stopping) || atomic_load(&c->failed))
		return HA_E_CLOSED;
	for (size_t i = 0; i < count; i++)
		if (commands[i].size == 0 || commands[i].size > REPLICATION_COMMAND_MAX)
			return HA_E_RANGE;
	if (!atomic_load(&c->accepting))
		return HA_E_NOTLEADER;
	if (atomic_load(&c->full))
		return HA_E_CAPACITY;
	error = queue_put(&c->queue, commands, count, &first);
	if (error == HA_OK && first)
		cluster_wake(c);
	return error;
}

static void raise_to(_Atomic uint64_t *to, uint64_t value)
{
	uint64_t was = atomic_load(to);

	while (was < value && !atomic_compare_exchange_weak(to, &was, value))
		;
}

static void cluster_trim(struct replication *r, uint64_t index)
{
	struct cluster *c = of(r);

	raise_to(&c->trim, index);
	cluster_wake(c);
}

static void cluster_hold(struct replication *r, uint64_t index)
{
	atomic_store(&of(r)->hold, index);
}

static uint64_t cluster_may_answer_until(const struct replication *r)
{
	return atomic_load(&((const struct cluster *)r)->answer_until_ns);
}

static uint64_t cluster_answer_begin(struct replication *r)
{
	atomic_fetch_add(&of(r)->answering, 1);
	return cluster_may_answer_until(r);
}

static void cluster_answer_end(struct replication *r)
{
	atomic_fetch_sub(&of(r)->answering, 1);
}

static void cluster_status(struct replication *r, struct replication_status *out)
{
	struct cluster *c = of(r);

	pthread_mutex_lock(&c->status_mutex);
	*out = c->status;
	pthread_mutex_unlock(&c->status_mutex);
	/* These are asked for on what was acknowledged a moment ago. */
	out->applied_index = atomic_load(&c->applied);
	if (out->commit_index < atomic_load(&c->committed))
		out->commit_index = atomic_load(&c->committed);
}

static void cluster_flush_histogram(struct replication *r,
                                    uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	journal_flush_histogram(of(r)->journal, counts);
}

static enum ha_error cluster_transfer(struct replication *r, uint8_t member)
{
	return member > REPLICATION_MEMBERS_MAX ? HA_E_NOTFOUND : ask(of(r), WISH_TRANSFER, member);
}

static enum ha_error cluster_drain(struct replication *r, bool drain)
{
	return ask(of(r), drain ? WISH_DRAIN : WISH_UNDRAIN, 0);
}

static enum ha_error cluster_admit(struct replication *r, uint8_t number)
{
	if (number < 1 || number > REPLICATION_MEMBERS_MAX)
		return HA_E_NOTFOUND;
	return ask(of(r), WISH_ADMIT, number);
}

const struct replication_engine replication_engine_cluster = {
	.open = cluster_open,
	.start = cluster_start,
	.submit = cluster_submit,
	.may_answer_until = cluster_may_answer_until,
	.answer_begin = cluster_answer_begin,
	.answer_end = cluster_answer_end,
	.transfer = cluster_transfer,
	.drain = cluster_drain,
	.admit = cluster_admit,
	.hold = cluster_hold,
	.trim = cluster_trim,
	.status = cluster_status,
	.flush_histogram = cluster_flush_histogram,
	.stop = cluster_stop,
	.close = cluster_close,
};
