/* pass.c - the store of a replica: loaded at a start, written in passes whose
 * transactions are events. The transactions and the loading are agentd's own;
 * the order of a pass is that of checkpoint.c's pass(). */
#include <stdlib.h>

/* First: nobody else has these names here. */
#include "agentd/flow/checkpoint.c"

#include "agentd/flow/trace.h"
#include "tests/sim/world.h"

#define PEERS_OF_A_STEP 2u
#define STEP_US 3000u /* at most, between two transactions */
#define CAPACITY_PEERS (WORLD_MOBILES + 2)

static const struct state_capacity capacity = {
	.peers = CAPACITY_PEERS,
	.associations = 2 * CAPACITY_PEERS,
	.bindings = 4 * CAPACITY_PEERS,
};

/* ---- the parts of an agent that are there ---- */

struct agent *pass_agent_new(struct replica *replica)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	enum ha_error why;

	if (!agent)
		abort();
	pthread_mutex_init(&agent->policy_lock, NULL);
	pthread_mutex_init(&agent->checkpoint.lock, NULL);
	pthread_cond_init(&agent->checkpoint.wake, NULL);
	agent->checkpoint.jobs.last = &agent->checkpoint.jobs.first;
	agent->store = replica->store;
	agent->state = state_new(&capacity, replica->world->ring, &why);
	traces_init(&agent->traces);
	if (!agent->state)
		abort();
	return agent;
}

void pass_agent_free(struct agent *agent)
{
	if (!agent)
		return;
	while (agent->checkpoint.jobs.first) {
		struct configure_job *job = agent->checkpoint.jobs.first;

		agent->checkpoint.jobs.first = job->next;
		job_free(job);
	}
	state_free(agent->state);
	free(agent);
}

/* ---- loading ---- */

static uint64_t number_of(const struct store *store, const char *name)
{
	struct store_reader reader;
	uint64_t number = 0;

	store_read_open((struct store *)store, &reader);
	meta_get_number(&reader, name, &number);
	store_read_close(&reader);
	return number;
}

uint64_t pass_stored_index(const struct store *store)
{
	return number_of(store, META_APPLIED);
}

uint64_t pass_stored_term(const struct store *store)
{
	return number_of(store, META_TERM);
}

bool pass_load(struct replica *replica)
{
	struct store *store = replica->store;
	struct store_reader reader;
	char report[512] = "";
	enum ha_error error;

	rows_crash(store);
	replica->agent = pass_agent_new(replica);
	store_read_open(store, &reader);
	error = load_run(replica->agent, &reader, report, sizeof(report));
	store_read_close(&reader);
	if (error != HA_OK)
		judge_violation(replica->world, VIOLATION_FAILED, "the store of member %u: %s",
		                replica->member->number, report);
	state_set_configured(replica->agent->state, number_of(store, META_CONFIGURED),
	                     number_of(store, META_NEXT_ID));
	cluster_clock_start(&replica->agent->clock, number_of(store, META_TIME),
	                    member_wall_ms(replica->member), member_monotonic_ns(replica->member));
	replica->even_from = store->even_at;
	return error == HA_OK;
}

/* ---- writing ---- */

static enum ha_error write_step(struct replica *replica, const uint32_t *slots, size_t count,
                                const struct applied *applied)
{
	struct store *store = replica->store;
	enum ha_error error = write_some(replica->agent, slots, count, applied);

	if (error != HA_OK)
		return error;
	if (replica->applied > store->even_at)
		store->even_at = replica->applied;
	if (applied)
		judge_based(replica, applied->index);
	return HA_OK;
}

/* The next of its transactions; the last one says what the store holds. */
static enum ha_error write_next(struct replica *replica, bool *last)
{
	struct pass *pass = &replica->pass;
	size_t left = pass->count - pass->done;
	size_t some = left < PEERS_OF_A_STEP ? left : PEERS_OF_A_STEP;
	enum ha_error error;

	*last = some == left;
	error = write_step(replica, pass->slots + pass->done, some, *last ? &pass->applied : NULL);
	if (error == HA_OK)
		pass->done += some;
	return error;
}

static void end(struct replica *replica)
{
	free(replica->pass.slots);
	replica->pass = (struct pass){ 0 };
}

static void again(struct replica *replica)
{
	uint32_t pass_ms = replica->world->plan.pass_ms;

	member_event(replica->member,
	             (pass_ms / 2 + dice_below(&replica->world->dice, pass_ms)) * MS, pass_begin,
	             replica->group, 0);
}

static void fail(struct replica *replica)
{
	struct pass *pass = &replica->pass;
	size_t left = pass->count - pass->done;

	state_return_dirty(replica->agent->state, pass->slots + pass->done, left,
	                   left < PEERS_OF_A_STEP ? left : PEERS_OF_A_STEP);
	end(replica);
	again(replica);
}

static void go_on(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];
	bool last;

	if (write_next(replica, &last) != HA_OK) {
		fail(replica);
	} else if (!last) {
		member_event(replica->member, dice_below(&world->dice, STEP_US) * US, go_on,
		             replica->group, 0);
	} else {
		end(replica);
		replica_trim(replica);
		again(replica);
	}
}

/* Configuration that waits goes first and alone; then what changed. */
static bool take(struct replica *replica)
{
	struct pass *pass = &replica->pass;
	struct consensus_status status;

	if (replica->agent->checkpoint.jobs.first && write_step(replica, NULL, 0, NULL) != HA_OK)
		return false;
	consensus_status(replica->consensus, &status);
	pass->applied = (struct applied){ status.applied_index, status.applied_term };
	if (state_take_dirty(replica->agent->state, &pass->slots, &pass->count) != HA_OK)
		abort();
	pass->under_way = true;
	return true;
}

#define WITNESS_STEP 200u /* entries: how much further before it is worth a flush */

/* What a witness lets go: what is committed, now and then, and when memory or the
 * log are filling. Its ballot says so first. */
static void let_go(struct replica *replica)
{
	struct ballot_group *ballot = disk_ballot_of(replica->member, replica->group);
	struct consensus_status status;

	consensus_status(replica->consensus, &status);
	if (status.applied_index > ballot->base_index &&
	    (status.applied_index >= ballot->base_index + WITNESS_STEP ||
	     status.memory > replica->world->plan.memory_max / 2 ||
	     disk_is_filling(replica->member))) {
		ballot->base_index = status.applied_index;
		ballot->base_term = status.applied_term;
		if (ballot_save(replica->member->ballot, &replica->member->ballot_state) != HA_OK) {
			replica->member->dying = true;
			return;
		}
		judge_based(replica, ballot->base_index);
	}
	replica_trim(replica);
}

static bool lags(const struct replica *replica)
{
	struct consensus_status status;

	consensus_status(replica->consensus, &status);
	return status.applied_index > pass_stored_index(replica->store);
}

void pass_begin(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];

	if (replica->pass.under_way)
		return;
	if (replica->member->witness) {
		let_go(replica);
		again(replica);
	} else if (lags(replica) && take(replica)) {
		go_on(world, event);
	} else {
		replica_trim(replica);
		again(replica);
	}
}

void pass_abandon(struct replica *replica)
{
	if (replica->store)
		rows_crash(replica->store);
	end(replica);
}

void pass_finish(struct replica *replica)
{
	bool last = false;

	if (replica->member->witness || !replica->consensus)
		return;
	if (replica->pass.under_way) {
		state_return_dirty(replica->agent->state, replica->pass.slots + replica->pass.done,
		                   replica->pass.count - replica->pass.done, 0);
		end(replica);
	}
	if (!take(replica))
		return;
	while (!last && write_next(replica, &last) == HA_OK)
		;
	end(replica);
}

/* ---- configuration ---- */

/* As configure.c has it, without anybody who waits. */
void pass_configured(struct replica *replica, uint64_t index, struct state_outcome *outcome)
{
	struct configure_job *job = calloc(1, sizeof(*job));

	if (!job)
		abort();
	job->agent = replica->agent;
	replica->agent->configuring++;
	job->index = index;
	job->next_id = outcome->next_id;
	job->rows = outcome->rows;
	job->results = outcome->results;
	job->count = outcome->result_count;
	outcome->rows = (struct row_log){ 0 };
	outcome->results = NULL;
	checkpoint_write_through(replica->agent, job);
}
