/* cluster_loop.c - the engine's thread. In each turn: messages that came, what
 * the log stored, commands that were put, time-outs, requests of other threads,
 * what is committed; then others are shown what holds now, and only then packets
 * leave: nobody answers mobile nodes on what a packet gives up. */
#include "replication/cluster_internal.h"

#include "agentd/base/clock.h"

#define SUBMIT_OCTETS (512u << 10) /* at once, after the first command */
#define SHOW_MS 5u                 /* between copies of the status */
#define APPLY_MAX 256u             /* entries applied before the clock is read again */
#define APPLY_MS 2u                /* after which messages come first, and what they promise */

/* ---- commands ---- */

static void tell_lost(struct cluster *c, const struct replication_command *commands, size_t count)
{
	uint64_t tickets[CLUSTER_SUBMIT_MAX];

	for (size_t i = 0; i < count; i++)
		tickets[i] = commands[i].ticket;
	if (c->machine.lost)
		c->machine.lost(c->machine.context, tickets, count);
}

/* false: nothing more can be taken now. */
static bool submit_some(struct cluster *c, uint64_t now_ns, enum ha_error *error)
{
	const struct replication_command *commands;
	uint64_t reign;
	size_t count = queue_look(&c->queue, CLUSTER_SUBMIT_MAX, SUBMIT_OCTETS, &commands, &reign);
	struct cluster_group *group = count ? group_find(c, commands[0].group) : NULL;

	*error = HA_OK;
	if (count == 0)
		return false;
	/* What was decided before leadership was lost is not put in order after it was
	 * won again. */
	*error = group && reign == atomic_load(&c->reign)
	                 ? consensus_submit(group->core, now_ns, commands, count)
	                 : HA_E_NOTLEADER;
	if (*error == HA_E_BUSY || *error == HA_E_CAPACITY) {
		*error = HA_OK; /* they wait */
		return false;
	}
	if (*error == HA_E_NOTLEADER) {
		tell_lost(c, commands, count);
		*error = HA_OK;
	}
	queue_drop(&c->queue, count);
	return true;
}

static enum ha_error submit_all(struct cluster *c, uint64_t now_ns)
{
	enum ha_error error = HA_OK;

	while (error == HA_OK && submit_some(c, now_ns, &error))
		;
	return error;
}

/* ---- requests ---- */

static enum ha_error drain(struct cluster *c, uint64_t now_ns, bool drain)
{
	struct consensus *core = c->groups[0].core;
	enum ha_error error = HA_OK;

	if (drain && c->groups[0].role == REPLICATION_LEADER)
		error = consensus_transfer(core, now_ns, 0);
	if (error != HA_OK && error != HA_E_BUSY)
		return error;
	c->drained = drain;
	identity_tell(c);
	c->timed_ns = 0; /* it is looked at in this turn */
	return HA_OK;
}

static enum ha_error fulfil(struct cluster *c, uint64_t now_ns)
{
	struct consensus *core = c->groups[0].core;
	uint8_t member = c->request.member;

	switch (c->request.wish) {
	case WISH_TRANSFER:
		return consensus_transfer(core, now_ns, member);
	case WISH_DRAIN:
		return drain(c, now_ns, true);
	case WISH_UNDRAIN:
		return drain(c, now_ns, false);
	case WISH_ADMIT:
		return c->refused[member] && c->knocks[member]
		               ? consensus_admit(core, now_ns, member, c->knocks[member])
		               : HA_E_NOTFOUND;
	case WISH_NONE:
		break;
	}
	return HA_E_UNSUPPORTED;
}

static void serve_request(struct cluster *c, uint64_t now_ns)
{
	pthread_mutex_lock(&c->request_mutex);
	if (c->request.wish != WISH_NONE && !c->request.done) {
		c->request.result = fulfil(c, now_ns);
		c->request.done = true;
		pthread_cond_broadcast(&c->request_done);
	}
	pthread_mutex_unlock(&c->request_mutex);
}

/* ---- a turn ---- */

/* Whoever submits is told so at once. */
static void look_for_room(struct cluster *c)
{
	bool full = journal_room(c->journal, 1, 0) == HA_E_CAPACITY;

	for (size_t i = 0; i < c->group_count; i++)
		full = full || consensus_is_full(c->groups[i].core);
	atomic_store(&c->full, full);
}

/* Whoever catches up, or has a long import before it, is heard meanwhile. Any left? */
static bool apply_some(struct cluster_group *group)
{
	uint64_t until_ns = clock_monotonic_ns() + APPLY_MS * MS;
	bool more;

	do
		more = consensus_apply(group->core, APPLY_MAX);
	while (more && clock_monotonic_ns() < until_ns);
	return more;
}

static enum ha_error work_on(struct cluster *c, struct cluster_group *group, bool *more)
{
	uint64_t now_ns = clock_monotonic_ns();
	enum ha_error error = consensus_stored(group->core, now_ns, atomic_load(&c->durable));

	if (error == HA_OK && consensus_due_ns(group->core) <= now_ns)
		error = consensus_tick(group->core, now_ns);
	if (error == HA_OK)
		*more |= apply_some(group);
	if (error == HA_OK)
		error = group_trim(group, now_ns);
	status_sample(group, now_ns);
	return error;
}

static void tick_machine(struct cluster *c, uint64_t now_ns)
{
	if (now_ns < c->ticked_ns + c->tick_ms * MS)
		return;
	c->ticked_ns = now_ns;
	if (c->machine.tick)
		c->machine.tick(c->machine.context);
}

static void work(struct cluster *c, bool *more)
{
	enum ha_error error = submit_all(c, clock_monotonic_ns());

	*more = false;
	for (size_t i = 0; i < c->group_count && error == HA_OK; i++)
		error = work_on(c, &c->groups[i], more);
	if (error != HA_OK) {
		cluster_fail(c, error, "replication cannot go on");
		return;
	}
	serve_request(c, clock_monotonic_ns());
	timing_look(c, clock_monotonic_ns());
	look_for_room(c);
	tick_machine(c, clock_monotonic_ns());
}

/* ---- what others see ---- */

static bool accepts(const struct cluster *c)
{
	return c->groups[0].role == REPLICATION_LEADER && atomic_load(&c->answer_until_ns) > 0;
}

static void show_status(struct cluster *c, uint64_t now_ns)
{
	struct replication_status status;

	status_fill(c, now_ns, &status);
	pthread_mutex_lock(&c->status_mutex);
	c->status = status;
	pthread_mutex_unlock(&c->status_mutex);
	c->published_ns = now_ns;
}

/* Time had run out, and lies ahead again? */
static bool returns(const struct cluster *c, uint64_t now_ns, uint64_t until_ns)
{
	return c->groups[0].role == REPLICATION_LEADER && until_ns > now_ns &&
	       atomic_load(&c->answer_until_ns) <= now_ns;
}

void cluster_publish(struct cluster *c, uint64_t now_ns)
{
	uint64_t until_ns = consensus_lease_ns(c->groups[0].core);
	bool accepted = atomic_load(&c->accepting), again = returns(c, now_ns, until_ns);

	atomic_store(&c->answer_until_ns, until_ns);
	if (again && c->machine.answers)
		c->machine.answers(c->machine.context);
	atomic_store(&c->accepting, accepts(c));
	if (accepted != accepts(c) || c->status.role != c->groups[0].role ||
	    now_ns >= c->published_ns + SHOW_MS * MS)
		show_status(c, now_ns);
}

/* ---- the thread ---- */

static uint64_t next_ns(const struct cluster *c, bool more)
{
	uint64_t until_ns = c->ticked_ns + c->tick_ms * MS;

	if (more)
		return 0;
	for (size_t i = 0; i < c->group_count; i++) {
		uint64_t due_ns = consensus_due_ns(c->groups[i].core);

		until_ns = due_ns < until_ns ? due_ns : until_ns;
	}
	return until_ns;
}

void *cluster_main(void *argument)
{
	struct cluster *c = argument;
	bool more = false;

	pthread_setname_np(pthread_self(), "engine");
	while (!atomic_load(&c->stopping) && !atomic_load(&c->failed)) {
		enum ha_error error = transport_wait(c->transport, c->event, next_ns(c, more));

		atomic_store(&c->awake, false);
		if (error != HA_OK)
			cluster_fail(c, error, "the cluster's sockets failed");
		else
			work(c, &more);
		cluster_publish(c, clock_monotonic_ns());
		transport_flush(c->transport);
	}
	atomic_store(&c->answer_until_ns, 0);
	atomic_store(&c->accepting, false);
	if (atomic_load(&c->failed) && !atomic_exchange(&c->failure_told, true))
		c->machine.failed(c->machine.context, c->why, c->what);
	return NULL;
}
