/* cluster_face.c - what other threads ask of a cluster's member: answered from
 * what the engine's thread published, or by that thread itself. */
#include "replication/cluster_internal.h"

#include "agentd/base/clock.h"

#define ANSWER_MS 2000u /* patience with the engine's thread */

/* A machine comes and goes for certain; what else is asked is given up. */
static bool is_patient(enum cluster_wish wish)
{
	return wish == WISH_ATTACH || wish == WISH_RUN || wish == WISH_PAUSE;
}

static void await_answer(struct cluster *c)
{
	const struct timespec until = clock_condition_time(clock_monotonic_ns() + ANSWER_MS * MS);
	int error = 0;

	while (!c->request.done && !c->ended && error == 0)
		error = is_patient(c->request.wish)
		                ? pthread_cond_wait(&c->request_done, &c->request_mutex)
		                : pthread_cond_timedwait(&c->request_done, &c->request_mutex,
		                                         &until);
}

/* One at a time; the engine's thread answers within a turn, or when the log has moved
 * on. Once it has ended it calls nobody. */
enum ha_error cluster_ask(struct cluster_group *group, enum cluster_wish wish, uint8_t member)
{
	struct cluster *c = group->cluster;
	enum ha_error result = HA_E_CLOSED;

	if (!c->started || (atomic_load(&c->failed) && !is_patient(wish)))
		return HA_E_CLOSED;
	pthread_mutex_lock(&c->caller_mutex);
	pthread_mutex_lock(&c->request_mutex);
	c->request = (struct cluster_request){ .wish = wish, .group = group, .member = member };
	cluster_wake(c);
	await_answer(c);
	if (c->request.done)
		result = c->request.result;
	c->request.wish = WISH_NONE;
	pthread_mutex_unlock(&c->request_mutex);
	pthread_mutex_unlock(&c->caller_mutex);
	return result;
}

static enum ha_error cluster_submit(struct replication *r,
                                    const struct replication_command *commands, size_t count)
{
	struct cluster_group *group = group_of(r);
	uint64_t reign = atomic_load(&group->reign); /* before it is asked who leads */
	bool first;
	enum ha_error error;

	if (atomic_load(&group->stopping) || atomic_load(&group->cluster->failed))
		return HA_E_CLOSED;
	for (size_t i = 0; i < count; i++)
		if (commands[i].size == 0 || commands[i].size > REPLICATION_COMMAND_MAX ||
		    commands[i].group != group->id)
			return HA_E_RANGE;
	if (!atomic_load(&group->accepting))
		return HA_E_NOTLEADER;
	if (atomic_load(&group->full))
		return HA_E_CAPACITY;
	error = queue_put(&group->queue, commands, count, reign, &first);
	if (error == HA_OK && first)
		cluster_wake(group->cluster);
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
	raise_to(&group_of(r)->trim, index);
	cluster_wake(group_of(r)->cluster);
}

static void cluster_hold(struct replication *r, uint64_t index)
{
	atomic_store(&group_of(r)->hold, index);
}

static uint64_t cluster_may_answer_until(const struct replication *r)
{
	return atomic_load(&((const struct cluster_group *)r)->answer_until_ns);
}

static uint64_t cluster_answer_begin(struct replication *r)
{
	atomic_fetch_add(&group_of(r)->answering, 1);
	return cluster_may_answer_until(r);
}

static void cluster_answer_end(struct replication *r)
{
	atomic_fetch_sub(&group_of(r)->answering, 1);
}

static void cluster_status(struct replication *r, struct replication_status *out)
{
	struct cluster_group *group = group_of(r);

	pthread_mutex_lock(&group->status_mutex);
	*out = group->status;
	pthread_mutex_unlock(&group->status_mutex);
	/* These are asked for on what was acknowledged a moment ago. */
	out->applied_index = atomic_load(&group->applied);
	if (out->commit_index < atomic_load(&group->committed))
		out->commit_index = atomic_load(&group->committed);
}

static void cluster_flush_histogram(struct replication *r,
                                    uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	journal_flush_histogram(group_of(r)->cluster->journal, counts);
}

static enum ha_error cluster_transfer(struct replication *r, uint8_t member)
{
	return member > REPLICATION_MEMBERS_MAX ? HA_E_NOTFOUND
	                                        : cluster_ask(group_of(r), WISH_TRANSFER, member);
}

static enum ha_error cluster_drain(struct replication *r, bool drain)
{
	return cluster_ask(group_of(r), drain ? WISH_DRAIN : WISH_UNDRAIN, 0);
}

static enum ha_error cluster_admit(struct replication *r, uint8_t number)
{
	if (number < 1 || number > REPLICATION_MEMBERS_MAX)
		return HA_E_NOTFOUND;
	return cluster_ask(group_of(r), WISH_ADMIT, number);
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
