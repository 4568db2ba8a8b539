/* recovery.c - from disk to memory at start: the store's rows, then the log's
 * entries that the store lacks. What cannot be trusted ends the start; nothing
 * is guessed. */
#include "agentd/flow/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "agentd/flow/directories.h"
#include "agentd/flow/keys.h"
#include "agentd/flow/meta.h"
#include "agentd/flow/restore.h"
#include "agentd/flow/succession.h"

struct position {
	uint64_t applied, term, configured, next_id, time_ms, log_begins;
	bool replaced; /* the store is not the one that the log was written for */
};

static enum ha_error read_position(struct store_reader *reader, struct position *out)
{
	enum ha_error error = meta_get_number(reader, META_APPLIED, &out->applied);

	if (error == HA_OK)
		error = meta_get_number(reader, META_TERM, &out->term);
	if (error == HA_OK)
		error = meta_get_number(reader, META_CONFIGURED, &out->configured);
	if (error == HA_OK)
		error = meta_get_number(reader, META_NEXT_ID, &out->next_id);
	if (error == HA_OK)
		error = meta_get_number(reader, META_TIME, &out->time_ms);
	if (error == HA_OK)
		error = meta_get_number(reader, META_LOG_BEGINS, &out->log_begins);
	return error;
}

static enum ha_error load_store(struct agent *agent, struct position *position, char *report,
                                size_t size)
{
	struct store_reader reader;
	enum ha_error error = store_read_open(agent->store, &reader);

	if (error == HA_OK) {
		error = read_position(&reader, position);
		if (error != HA_OK)
			snprintf(report, size, "the store's position is unreadable: %s",
			         ha_strerror(error));
	}
	if (error == HA_OK)
		error = load_run(agent, &reader, report, size);
	store_read_close(&reader);
	if (error == HA_OK)
		error = upgrade_run(agent, report, size);
	state_set_configured(agent->state, position->configured, position->next_id);
	return error;
}

/* The store is moved to its place in the last step but one: with a store, what
 * is left is only a name. */
enum ha_error recovery_check_interrupted(const char *data_directory, char *report, size_t size)
{
	char path[CONFIG_TEXT_MAX + 16], store[CONFIG_TEXT_MAX + 16];

	snprintf(path, sizeof(path), "%s/" RESTORE_DIRECTORY, data_directory);
	snprintf(store, sizeof(store), "%s/store", data_directory);
	if (access(path, F_OK) != 0 || access(store, F_OK) == 0)
		return HA_OK;
	snprintf(report, size,
	         "%s: a restore was interrupted here: run agentd --restore again, or remove this "
	         "directory to begin with nothing",
	         path);
	return HA_E_DAMAGED;
}

/* Those of further groups are in a directory of their own in that of the process. */
static enum ha_error make_place(const struct agent *agent, const char *data, char *report,
                                size_t size)
{
	char parent[CONFIG_TEXT_MAX + 16];
	enum ha_error error = HA_OK;

	snprintf(parent, sizeof(parent), "%s/..", data);
	if (agent->group) {
		*strrchr(parent, '/') = '\0';
		*strrchr(parent, '/') = '\0';
		error = directory_make(parent, report, size);
		if (error == HA_OK)
			error = directory_flush_parent(parent, report, size);
	}
	if (error == HA_OK)
		error = directory_make(data, report, size);
	return error == HA_OK ? directory_flush_parent(data, report, size) : error;
}

static enum ha_error make_directories(const struct agent *agent, const char *store, const char *log,
                                      char *report, size_t size)
{
	const char *data = agent->config.data_directory;
	enum ha_error error = make_place(agent, data, report, size);

	if (error == HA_OK)
		error = directory_make(store, report, size);
	if (error == HA_OK && !agent->member)
		error = directory_make(log, report, size);
	if (error == HA_OK)
		error = directory_flush(data, report, size);
	return error;
}

/* What is in it may not be in the store. */
static enum ha_error check_lone_log(const struct agent *agent, const char *log, char *report,
                                    size_t size)
{
	if (!agent->member || agent->group == 0 || access(log, F_OK) != 0)
		return HA_OK;
	return ha_refuse(report, size, HA_E_FOREIGN,
	                 "%s is the log of a home agent that worked alone: start it alone once "
	                 "more and end it in good order, so that its store has everything, and "
	                 "remove that directory",
	                 log);
}

static uint64_t store_map_octets(const struct agent *agent)
{
	return (uint64_t)agent->config.store_map_mib << 20;
}

static enum ha_error make_state(struct agent *agent, char *report, size_t size)
{
	const struct config *config = &agent->config;
	struct state_capacity capacity = {
		.peers = config->capacity_nodes,
		.associations = config->capacity_associations,
		.bindings = config->capacity_bindings,
	};
	enum ha_error error;

	if (agent->witness)
		capacity = (struct state_capacity){ 1, 1, 1 };
	agent->state = state_new(&capacity, agent->keyring, &error);
	if (!agent->state)
		snprintf(report, size, "not enough memory for the configured capacity");
	return error;
}

/* The log of a node is tied to the store of group 0, and the other stores to it: one
 * that is of another node does not go with this log. */
static enum ha_error tie(struct agent *agent, char *report, size_t size)
{
	struct membership *m = agent->member;
	struct store_reader reader;
	struct store_write w;
	uint64_t tied = 0;
	enum ha_error error;

	if (agent->group == 0) {
		/* Groups that start again do so beside one another: it is only read by then.
		 * A store that takes the place of ours takes its identity, too. */
		if (!m->store_id)
			m->store_id = store_id(agent->store);
		return HA_OK;
	}
	error = store_read_open(agent->store, &reader);
	if (error == HA_OK)
		error = meta_get_number(&reader, META_NODE, &tied);
	store_read_close(&reader);
	if (error != HA_OK || tied == m->store_id)
		return error == HA_OK
		               ? HA_OK
		               : ha_refuse(report, size, error, "the store is unreadable: %s",
		                           ha_strerror(error));
	if (tied)
		return ha_refuse(report, size, HA_E_FOREIGN,
		                 "%s/" STORE_DIRECTORY " is not the store that belongs to the log "
		                 "of this node: put back the one that was there, or let this "
		                 "member begin with an empty data directory",
		                 agent->config.data_directory);
	w = store_begin(agent->store);
	meta_put_number(&w, META_NODE, m->store_id);
	error = store_commit(&w);
	return error == HA_OK ? HA_OK
	                      : ha_refuse(report, size, error, "the store cannot be written: %s",
	                                  ha_strerror(error));
}

/* What is left to be done once the log is open over the store. */
static void settle(struct agent *agent)
{
	struct membership *m = agent->member;

	if (!m || m->started)
		succession_finish(agent->config.data_directory);
	else
		m->agents[m->agent_count++] = agent;
}

static enum ha_error open_log(struct agent *agent, const char *directory,
                              const struct position *position, char *report, size_t size)
{
	struct replication_machine machine;
	struct replication_options options = {
		.node = agent->member ? agent->member->replication : NULL,
		.group = agent->group,
		.directory = directory,
		.store_id = store_id(agent->store),
		.applied = position->applied,
		.begins = position->log_begins,
		.segment_octets = agent->config.log_segment_mib << 20,
		.segments_max = agent->config.log_segments_max,
		.tick_ms = 100,
		.applied_term = position->term,
		.reset = position->replaced,
		.reign = agent->seen,
	};
	enum ha_error error;

	applier_machine(agent, &machine);
	agent->replication = replication_open(&options, &machine, &error, report, size);
	if (agent->failed) {
		snprintf(report, size,
		         "the log holds an entry that cannot be applied, the line "
		         "above says which");
		error = HA_E_DAMAGED;
	}
	return agent->replication ? error : error == HA_OK ? HA_E_IO : error;
}

static void start_clock(struct agent *agent, const struct position *position)
{
	struct state_totals totals;

	state_totals(agent->state, &totals);
	time_start(agent, totals.time_ms > position->time_ms ? totals.time_ms : position->time_ms);
}

static void report_recovery(struct agent *agent, uint64_t began_ns)
{
	struct state_totals totals;

	state_totals(agent->state, &totals);
	log_notice("recovered %u bindings of %u mobile nodes, %u foreign agents and %u "
	           "associations in %" PRIu64 " ms",
	           totals.bindings, totals.mobile_nodes, totals.foreign_agents, totals.associations,
	           (clock_monotonic_ns() - began_ns) / 1000000u);
}

static enum ha_error open_store(struct agent *agent, const char *directory,
                                struct position *position, char *report, size_t size)
{
	enum ha_error error;

	agent->store = store_open(directory, store_map_octets(agent), &error, report, size);
	if (agent->store && !agent->witness)
		error = keys_open(agent, report, size);
	if (error == HA_OK)
		error = make_state(agent, report, size);
	if (error == HA_OK)
		error = load_store(agent, position, report, size);
	if (error != HA_OK)
		return error;
	agent->checkpoint.stored_index = position->applied;
	agent->applied_index = position->applied;
	agent->applied_term = position->term;
	return HA_OK;
}

enum ha_error recovery_run(struct agent *agent, char *report, size_t size)
{
	uint64_t began_ns = clock_monotonic_ns();
	const char *data = agent->config.data_directory;
	char store[CONFIG_TEXT_MAX + 16], log[CONFIG_TEXT_MAX + 16];
	struct position position = { 0 };
	enum ha_error error;

	snprintf(store, sizeof(store), "%s/" STORE_DIRECTORY, data);
	snprintf(log, sizeof(log), "%s/log", data);
	error = recovery_check_interrupted(data, report, size);
	if (error == HA_OK)
		error = check_lone_log(agent, log, report, size);
	if (error == HA_OK)
		error = succession_run(data, store_map_octets(agent), &position.replaced, report,
		                       size);
	if (error == HA_OK)
		error = make_directories(agent, store, log, report, size);
	if (error == HA_OK)
		error = open_store(agent, store, &position, report, size);
	if (error == HA_OK && agent->member)
		error = tie(agent, report, size);
	if (error == HA_OK)
		error = open_log(agent, log, &position, report, size);
	if (error != HA_OK)
		return error;
	settle(agent);
	start_clock(agent, &position);
	report_recovery(agent, began_ns);
	return HA_OK;
}
