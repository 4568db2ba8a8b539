/* agent.c - the agent's life: open, listen, start, reload, stop. Between opening
 * and closing its store and log there is a run; a member that got the store of
 * another one ends its run and begins the next, with the same sockets. */
#include "agentd/flow/internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "agentd/base/arena.h"
#include "agentd/base/log.h"
#include "agentd/base/random_seed.h"
#include "agentd/flow/chores.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/donor.h"
#include "agentd/flow/features.h"
#include "agentd/flow/forwarding.h"
#include "agentd/flow/keys.h"
#include "agentd/flow/refill.h"
#include "agentd/flow/rotation.h"
#include "agentd/flow/watch.h"
#include "replication/counters.h"

void agent_fail(struct agent *agent, enum ha_error why, const char *what)
{
	if (atomic_exchange(&agent->failed, true))
		return;
	if (agent->options.failed)
		agent->options.failed(agent->options.context, why, what);
}

const char *agent_speak(const struct agent *agent)
{
	return log_set_subject(*agent->name ? agent->name : NULL);
}

void agent_thread(const struct agent *agent, const char *name)
{
	pthread_setname_np(pthread_self(), name);
	agent_speak(agent);
}

uint32_t agent_group(const struct agent *agent)
{
	return agent->group;
}

uint32_t agent_realm(const struct agent *agent)
{
	return agent->realm;
}

static void make_checkpoint(struct checkpoint *c)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&c->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&c->lock, NULL);
}

/* The secret of nonces is in it. */
static struct agent *agent_new(const struct agent_options *options)
{
	struct agent *agent = arena_map(sizeof(*agent));

	if (!agent)
		return NULL;
	agent->options = *options;
	agent->member = options->member;
	agent->group = options->config->group;
	if (options->several)
		snprintf(agent->name, sizeof(agent->name), "group %u", agent->group);
	agent->socket = -1;
	agent->config = *options->config;
	agent->realm = options->config->home_agent_realm;
	agent->witness = config_is_witness(options->config);
	agent->started_ms = clock_wall_ms();
	pthread_mutex_init(&agent->config_lock, NULL);
	pthread_mutex_init(&agent->applied_lock, NULL);
	pthread_mutex_init(&agent->clock_lock, NULL);
	pthread_mutex_init(&agent->policy_lock, NULL);
	pthread_mutex_init(&agent->jobs_lock, NULL);
	pthread_mutex_init(&agent->keys_lock, NULL);
	pthread_mutex_init(&agent->answer_lock, NULL);
	pthread_mutex_init(&agent->peak.lock, NULL);
	make_checkpoint(&agent->checkpoint);
	traces_init(&agent->traces);
	violations_init(&agent->violations, random_seed("the table of violations"));
	counters_register(&flow_counters);
	counters_register(&request_counters);
	figures_begin();
	counters_register(&mip_code_counters);
	counters_register(&replication_counters);
	return agent;
}

/* ---- a run ---- */

static void begin_checkpoint(struct checkpoint *c)
{
	c->jobs.first = NULL;
	c->jobs.last = &c->jobs.first;
	c->stopping = false;
	c->stored_index = 0;
	c->dirty_since_ns = c->taken_since_ns = 0;
	c->failing = false;
}

static enum ha_error open_run(struct agent *agent, char *report, size_t size)
{
	enum ha_error error;

	agent->stopping = agent->finished = false;
	agent->led = false;
	agent->prepared = false;
	reign_init(&agent->reign, agent->config.cluster_node != 0);
	begin_checkpoint(&agent->checkpoint);
	agent->revoker = revoker_new();
	agent->rotation = rotation_new(agent);
	agent->refill = refill_new(agent);
	if (!agent->revoker || !agent->rotation || !agent->refill) {
		snprintf(report, size, "%s", ha_strerror(HA_E_NOMEM));
		return HA_E_NOMEM;
	}
	error = recovery_run(agent, report, size);
	if (error != HA_OK)
		return error;
	policy_refresh(agent);
	figures_note_bindings(agent);
	figures_show_bindings(agent);
	return HA_OK;
}

static void drop_jobs(struct checkpoint *c)
{
	struct configure_job *job;

	while ((job = c->jobs.first)) {
		c->jobs.first = job->next;
		if (job->done)
			job->done(job->context, NULL, 0);
		job_free(job);
	}
}

static void keep_seen(struct agent *agent)
{
	struct replication_status status;

	replication_status(agent->replication, &status);
	agent->seen = status.reign;
}

/* Also of a run that could not be opened, or not be started. No thread is left then that
 * knows of it: the watch looks at what is closed here, and asks for chores. */
static void close_run(struct agent *agent)
{
	watch_stop(agent->watch);
	if (agent->replication)
		keep_seen(agent);
	refill_free(agent->refill);
	chores_free(agent->chores);
	rotation_free(agent->rotation);
	replication_close(agent->replication);
	drop_jobs(&agent->checkpoint);
	store_close(agent->store);
	state_free(agent->state);
	revoker_free(agent->revoker);
	keyring_free(agent->keyring);
	agent->refill = NULL;
	agent->chores = NULL;
	agent->rotation = NULL;
	agent->replication = NULL;
	agent->store = NULL;
	agent->state = NULL;
	agent->revoker = NULL;
	agent->keyring = NULL;
}

struct agent *agent_open(const struct agent_options *options, enum ha_error *why, char *report,
                         size_t size)
{
	struct agent *agent = agent_new(options);
	const char *before;

	*why = HA_E_NOMEM;
	snprintf(report, size, "%s", ha_strerror(HA_E_NOMEM));
	if (!agent)
		return NULL;
	before = agent_speak(agent);
	agent->watch = watch_new(agent);
	if (agent->watch)
		*why = open_run(agent, report, size);
	log_set_subject(before);
	if (*why == HA_OK)
		return agent;
	agent_close(agent);
	return NULL;
}

enum ha_error agent_listen(struct agent *agent, char *report, size_t size)
{
	unsigned count = agent->config.network_threads;
	enum ha_error error;

	if (agent->witness)
		return HA_OK; /* it answers nobody */
	if (count > RECEIVERS_MAX)
		count = RECEIVERS_MAX;
	for (unsigned i = 0; i < count; i++) {
		error = receiver_open(agent, i, &agent->receivers[i], report, size);

		if (error != HA_OK)
			return error;
	}
	agent->receiver_count = count;
	error = leadership_open(agent, report, size);
	return error == HA_OK ? forwarding_open(agent, report, size) : error;
}

static enum ha_error start_receivers(struct agent *agent)
{
	enum ha_error error = HA_OK;

	for (unsigned i = 0; error == HA_OK && i < agent->receiver_count; i++)
		error = receiver_start(agent->receivers[i]);
	return error;
}

/* The watch asks for chores, so these come first. */
static enum ha_error start_watch(struct agent *agent)
{
	enum ha_error error = HA_E_NOMEM;

	agent->chores = chores_new(agent);
	if (agent->chores)
		error = watch_start(agent->watch);
	return error == HA_OK ? chores_start(agent->chores) : error;
}

static enum ha_error start_alone(struct agent *agent)
{
	char report[512];
	enum ha_error error = seed_run(agent, report, sizeof(report));

	if (error == HA_OK)
		error = secret_run(agent, report, sizeof(report));
	if (error != HA_OK) {
		log_error("%s", report);
		return error;
	}
	rotation_go_on(agent->rotation);
	features_run(agent);
	leadership_alone(agent);
	return start_watch(agent);
}

/* Who leads does what start_alone does. */
static enum ha_error start_member(struct agent *agent)
{
	enum ha_error error = start_watch(agent);

	if (error == HA_OK && agent->member && !agent->witness)
		error = donor_begin(agent);
	return error;
}

enum ha_error agent_start(struct agent *agent)
{
	enum ha_error error = checkpoint_start(agent);

	if (error == HA_OK)
		error = rotation_start(agent->rotation);
	forwarding_start(agent);
	if (error == HA_OK && agent->reign.shared)
		error = start_member(agent);
	if (error == HA_OK)
		error = replication_start(agent->replication);
	if (error == HA_OK && !agent->reign.shared)
		error = start_alone(agent);
	return error == HA_OK ? start_receivers(agent) : error;
}

/* Only what is read afresh each time changes; the rest waits for a restart. */
void agent_reload(struct agent *agent, const struct config *config)
{
	pthread_mutex_lock(&agent->config_lock);
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);
		char value[CONFIG_TEXT_MAX], name[128];
		struct config_error error;

		if (option->reload != RELOAD_LIVE ||
		    config_option_equal(&agent->config, config, option))
			continue;
		snprintf(name, sizeof(name), "%s.%s", option->section, option->name);
		config_format(config, option, value, sizeof(value));
		config_set(&agent->config, name, value, &error);
	}
	pthread_mutex_unlock(&agent->config_lock);
	if (agent->keyring)
		keys_reload(agent);
	policy_refresh(agent);
}

void agent_halt(struct agent *agent)
{
	agent->stopping = true;
	refill_stop(agent->refill);
	donor_end(agent);
	rotation_stop(agent->rotation);
	if (agent->chores)
		chores_stop(agent->chores);
	for (unsigned i = 0; i < agent->receiver_count; i++)
		completions_wake(receiver_completions(agent->receivers[i]));
}

/* Requests first, then the log, then the replies that follow from it, then the
 * store: what was acknowledged is in it, or in the log. */
void agent_stop(struct agent *agent)
{
	agent_halt(agent);
	replication_stop(agent->replication);
	agent->finished = true;
	for (unsigned i = 0; i < agent->receiver_count; i++)
		receiver_join(agent->receivers[i]);
	leadership_stop(agent);
	watch_stop(agent->watch);
	forwarding_stop(agent);
	checkpoint_stop(agent);
	configure_abandon(agent);
	drop_abandon(agent);
	waiters_abandon(&agent->checkpoint);
}

enum ha_error agent_again(struct agent *agent, char *report, size_t size)
{
	enum ha_error error;

	agent_stop(agent);
	close_run(agent);
	error = open_run(agent, report, size);
	if (error != HA_OK)
		return error;
	error = agent_start(agent);
	if (error != HA_OK)
		snprintf(report, size, "the agent cannot be started again: %s", ha_strerror(error));
	return error;
}

void agent_close(struct agent *agent)
{
	if (!agent)
		return;
	leadership_leave(agent);
	forwarding_close(agent);
	leadership_close(agent);
	close_run(agent);
	for (unsigned i = 0; i < RECEIVERS_MAX; i++)
		receiver_close(agent->receivers[i]);
	watch_free(agent->watch);
	traces_destroy(&agent->traces);
	arena_unmap(agent, sizeof(*agent));
}

struct store *agent_store(struct agent *agent)
{
	return agent->store;
}

void agent_flush_histogram(struct agent *agent, uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	replication_flush_histogram(agent->replication, counts);
}

static uint64_t store_lag_ms(const struct checkpoint *c)
{
	uint64_t since_ns = c->taken_since_ns ? c->taken_since_ns : c->dirty_since_ns;
	uint64_t now_ns = clock_monotonic_ns();

	return since_ns && now_ns > since_ns ? (now_ns - since_ns) / 1000000u : 0;
}

void agent_status(struct agent *agent, struct agent_status *out)
{
	const struct checkpoint *c = &agent->checkpoint;
	struct state_totals totals;
	struct state_capacity capacity;

	state_totals(agent->state, &totals);
	state_capacity(agent->state, &capacity);
	*out = (struct agent_status){
		.started_ms = agent->started_ms,
		.cluster_time_ms = agent_cluster_ms(agent),
		.mobile_nodes = totals.mobile_nodes,
		.foreign_agents = totals.foreign_agents,
		.associations = totals.associations,
		.bindings = totals.bindings,
		.bindings_committed = totals.bindings_committed,
		.bindings_capacity = capacity.bindings,
		.nodes_capacity = capacity.peers,
		.associations_capacity = capacity.associations,
		.store_index = c->stored_index,
		.store_lag_ms = store_lag_ms(c),
		.checkpoints = c->passes,
		.checkpoint_rows = c->rows,
		.checkpoint_ms = c->duration_ms,
		.store_failing = c->failing,
		.address = ownership_status(agent->ownership),
		.witness = agent->witness,
	};
	replication_status(agent->replication, &out->replication);
}
