/* cluster_loop.c - the engine's thread. In each turn: messages that came, what
 * the log stored, commands that were put, time-outs, requests of other threads,
 * what is committed; then others are shown what holds now, and only then packets
 * leave: nobody answers mobile nodes on what a packet gives up. */
#include "replication/cluster_internal.h"

#include "agentd/base/clock.h"

#define SUBMIT_OCTETS (512u << 10) /* at once, after the first command */
#define SUBMIT_SHARES 4u           /* of a group in a turn */
#define SHOW_MS 5u                 /* between copies of the status */
#define APPLY_MS 2u                /* after which messages come first, and what they promise */
#define LOOK_MS 10u                /* between turns, at most */

/* ---- commands ---- */

static void tell_lost(struct cluster_group *group, const struct replication_command *commands,
                      size_t count)
{
	uint64_t tickets[CLUSTER_SUBMIT_MAX];

	for (size_t i = 0; i < count; i++)
		tickets[i] = commands[i].ticket;
	if (group->runs && group->machine.lost)
		group->machine.lost(group->machine.context, tickets, count);
}

void cluster_empty_queue(struct cluster_group *group)
{
	const struct replication_command *commands;
	uint64_t reign;
	size_t count;

	while ((count = queue_look(&group->queue, CLUSTER_SUBMIT_MAX, SUBMIT_OCTETS, &commands,
	                           &reign)) > 0) {
		tell_lost(group, commands, count);
		queue_drop(&group->queue, count);
	}
}

/* false: nothing more can be taken now. */
static bool submit_some(struct cluster_group *group, uint64_t now_ns, enum ha_error *error)
{
	const struct replication_command *commands;
	uint64_t reign;
	size_t count = queue_look(&group->queue, CLUSTER_SUBMIT_MAX, SUBMIT_OCTETS, &commands,
	                          &reign);

	*error = HA_OK;
	group->starves = false;
	if (count == 0)
		return false;
	/* What was decided before leadership was lost is not put in order after it was
	 * won again. */
	*error = reign == atomic_load(&group->reign)
	                 ? consensus_submit(group->core, now_ns, commands, count)
	                 : HA_E_NOTLEADER;
	group->starves = *error == HA_E_CAPACITY;
	if (*error == HA_E_BUSY || *error == HA_E_CAPACITY) {
		*error = HA_OK; /* they wait */
		return false;
	}
	if (*error == HA_E_NOTLEADER) {
		tell_lost(group, commands, count);
		*error = HA_OK;
	}
	queue_drop(&group->queue, count);
	return true;
}

/* Whoever has much to say is heard in shares: the others have their turn. */
static enum ha_error submit_share(struct cluster_group *group, uint64_t now_ns, bool *more)
{
	enum ha_error error = HA_OK;
	unsigned shares = 0;

	while (shares < SUBMIT_SHARES && submit_some(group, now_ns, &error) && error == HA_OK)
		shares++;
	*more |= shares == SUBMIT_SHARES;
	return error;
}

/* ---- requests ---- */

static void hand_over_all(struct cluster *c, uint64_t now_ns, enum ha_error *error)
{
	for (size_t i = 0; i < c->group_count && *error == HA_OK; i++) {
		if (c->groups[i]->role == REPLICATION_LEADER)
			*error = consensus_transfer(c->groups[i]->core, now_ns, 0);
		if (*error == HA_E_BUSY)
			*error = HA_OK; /* it is at it */
	}
}

static enum ha_error drain(struct cluster *c, uint64_t now_ns, bool drain)
{
	enum ha_error error = HA_OK;

	if (drain)
		hand_over_all(c, now_ns, &error);
	if (error != HA_OK)
		return error;
	c->drained = drain;
	identity_tell(c);
	c->timed_ns = 0; /* it is looked at in this turn */
	return HA_OK;
}

static enum ha_error run(struct cluster_group *group, bool runs)
{
	if (runs)
		again_run(group);
	else
		again_pause(group);
	return HA_OK;
}

static enum ha_error fulfil(struct cluster *c, uint64_t now_ns)
{
	struct cluster_group *group = c->request.group;
	uint8_t member = c->request.member;

	switch (c->request.wish) {
	case WISH_TRANSFER:
		return consensus_transfer(group->core, now_ns, member);
	case WISH_DRAIN:
		return drain(c, now_ns, true);
	case WISH_UNDRAIN:
		return drain(c, now_ns, false);
	case WISH_ADMIT:
		return c->refused[member] && c->knocks[member]
		               ? consensus_admit(group->core, now_ns, member, c->knocks[member])
		               : HA_E_NOTFOUND;
	case WISH_ATTACH:
		return again_attach(group, now_ns);
	case WISH_RUN:
		return run(group, true);
	case WISH_PAUSE:
		return run(group, false);
	case WISH_NONE:
		break;
	}
	return HA_E_UNSUPPORTED;
}

static void show_status(struct cluster_group *group, uint64_t now_ns)
{
	struct replication_status status;

	status_fill(group, now_ns, &status);
	pthread_mutex_lock(&group->status_mutex);
	group->status = status;
	pthread_mutex_unlock(&group->status_mutex);
	group->published_ns = now_ns;
}

/* Who is answered finds it shown, of whichever group. */
static void serve_request(struct cluster *c, uint64_t now_ns)
{
	pthread_mutex_lock(&c->request_mutex);
	if (c->request.wish != WISH_NONE && !c->request.done) {
		c->request.result = fulfil(c, now_ns);
		for (size_t i = 0; i < c->group_count; i++)
			show_status(c->groups[i], now_ns);
		c->request.done = c->request.wish != WISH_ATTACH || c->request.result != HA_E_BUSY;
		if (c->request.done)
			pthread_cond_broadcast(&c->request_done);
	}
	pthread_mutex_unlock(&c->request_mutex);
}

/* ---- a turn ---- */

/* Whoever submits is told so at once. */
static void look_for_room(struct cluster *c)
{
	bool full = journal_room(c->journal, JOURNAL_USE_ORDER, 1, 0) == HA_E_CAPACITY;

	for (size_t i = 0; i < c->group_count; i++)
		atomic_store(&c->groups[i]->full, full || c->groups[i]->starves ||
		                                          consensus_is_full(c->groups[i]->core));
}

/* What a group needs so that the others in the cluster are not kept waiting. */
static enum ha_error attend(struct cluster_group *group, bool *more)
{
	uint64_t now_ns = clock_monotonic_ns();
	enum ha_error error = HA_OK;

	if (group->begins)
		return HA_OK;
	error = submit_share(group, now_ns, more);
	if (error == HA_OK)
		error = consensus_stored(group->core, now_ns,
		                         atomic_load(&group->cluster->durable));
	if (error == HA_OK && consensus_due_ns(group->core) <= now_ns)
		error = consensus_tick(group->core, now_ns);
	status_sample(group, now_ns);
	return error;
}

/* A machine that is slow gets little at once. What it did not fill says nothing. */
static bool apply_share(struct cluster_group *group)
{
	uint64_t begin_ns = clock_monotonic_ns(), took_ns;
	bool more = consensus_apply(group->core, group->share);

	took_ns = clock_monotonic_ns() - begin_ns;
	if (took_ns > APPLY_MS * MS)
		group->share = 1 + (group->share - 1) * (APPLY_MS * MS) / took_ns;
	else if (more && took_ns < APPLY_MS * MS / 4 && group->share < GROUP_SHARE_MAX)
		group->share *= 2;
	return more;
}

static bool may_apply(const struct cluster_group *group)
{
	return !group->begins && (group->runs || group->cluster->witness);
}

/* Whoever catches up, or has a long import before it, is heard meanwhile. Any left? */
static bool apply_some(struct cluster_group *group, uint64_t until_ns)
{
	bool more;

	do
		more = apply_share(group);
	while (more && clock_monotonic_ns() < until_ns);
	return more;
}

/* The time of a turn is for all; in the next one another group comes first. */
static enum ha_error apply_all(struct cluster *c, bool *more)
{
	uint64_t until_ns = clock_monotonic_ns() + APPLY_MS * MS;
	enum ha_error error = HA_OK;
	size_t i = 0;

	for (; i < c->group_count && error == HA_OK; i++) {
		struct cluster_group *group = c->groups[(c->turn + i) % c->group_count];

		if (!may_apply(group))
			continue;
		if (i > 0 && clock_monotonic_ns() >= until_ns)
			break;
		*more |= apply_some(group, until_ns);
		error = group_trim(group, clock_monotonic_ns());
	}
	*more |= i < c->group_count;
	if (++c->turn >= c->group_count)
		c->turn = 0;
	return error;
}

static void tick_machine(struct cluster_group *group, uint64_t now_ns)
{
	if (!group->runs || now_ns < group->ticked_ns + group->tick_ms * MS)
		return;
	group->ticked_ns = now_ns;
	if (group->machine.tick)
		group->machine.tick(group->machine.context);
}

static void renew_all(struct cluster *c)
{
	for (size_t i = 0; c->renews && i < c->group_count; i++)
		consensus_renew(c->groups[i]->core);
	c->renews = false;
}

static void work(struct cluster *c, bool *more)
{
	enum ha_error error = HA_OK;

	*more = false;
	for (size_t i = 0; i < c->group_count && error == HA_OK; i++)
		error = attend(c->groups[i], more);
	if (error == HA_OK)
		error = apply_all(c, more);
	if (error != HA_OK) {
		cluster_fail(c, error, "replication cannot go on");
		return;
	}
	renew_all(c);
	serve_request(c, clock_monotonic_ns());
	timing_look(c, clock_monotonic_ns());
	look_for_room(c);
	for (size_t i = 0; i < c->group_count; i++)
		tick_machine(c->groups[i], clock_monotonic_ns());
}

/* ---- what others see ---- */

static bool accepts(const struct cluster_group *group)
{
	return group->role == REPLICATION_LEADER && atomic_load(&group->answer_until_ns) > 0;
}

/* Time had run out, and lies ahead again? */
static bool returns(const struct cluster_group *group, uint64_t now_ns, uint64_t until_ns)
{
	return group->role == REPLICATION_LEADER && until_ns > now_ns &&
	       atomic_load(&group->answer_until_ns) <= now_ns;
}

void group_may_answer(struct cluster_group *group, uint64_t until_ns)
{
	if (atomic_exchange(&group->answer_until_ns, until_ns) != until_ns && group->runs &&
	    group->machine.moment)
		group->machine.moment(group->machine.context);
}

void cluster_publish(struct cluster_group *group, uint64_t now_ns)
{
	uint64_t until_ns = group->runs && !group->begins ? consensus_lease_ns(group->core) : 0;
	bool accepted = atomic_load(&group->accepting), again = returns(group, now_ns, until_ns);

	group_may_answer(group, until_ns);
	if (again && group->machine.answers)
		group->machine.answers(group->machine.context);
	atomic_store(&group->accepting, accepts(group));
	if (accepted != accepts(group) || group->status.role != group->role ||
	    now_ns >= group->published_ns + SHOW_MS * MS)
		show_status(group, now_ns);
}

static void publish_all(struct cluster *c)
{
	for (size_t i = 0; i < c->group_count; i++)
		cluster_publish(c->groups[i], clock_monotonic_ns());
}

/* ---- the thread ---- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_ns(const struct cluster *c, bool more)
{
	uint64_t until_ns = clock_monotonic_ns() + LOOK_MS * MS;

	if (more)
		return 0;
	for (size_t i = 0; i < c->group_count; i++) {
		const struct cluster_group *group = c->groups[i];

		if (!group->begins)
			until_ns = sooner(until_ns, consensus_due_ns(group->core));
		if (group->runs)
			until_ns = sooner(until_ns, group->ticked_ns + group->tick_ms * MS);
	}
	return until_ns;
}

/* Nobody is called any more, and who waits for an answer gets none. */
static void end(struct cluster *c)
{
	for (size_t i = 0; i < c->group_count; i++) {
		struct cluster_group *group = c->groups[i];

		atomic_store(&group->answer_until_ns, 0);
		atomic_store(&group->accepting, false);
		if (atomic_load(&c->failed) && group->runs)
			group->machine.failed(group->machine.context, c->why, c->what);
	}
	pthread_mutex_lock(&c->request_mutex);
	c->ended = true;
	pthread_cond_broadcast(&c->request_done);
	pthread_mutex_unlock(&c->request_mutex);
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
		publish_all(c);
		transport_flush(c->transport);
	}
	end(c);
	return NULL;
}
