/* membership.c - life of what a member's agents share. */
#include "agentd/flow/membership.h"

#include <stdio.h>

#include "agentd/base/arena.h"
#include "agentd/flow/directories.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/members.h"
#include "agentd/flow/succession.h"
#include "replication/snapshot.h"

/* Of any of them: then nothing may be made in the directory yet. */
static enum ha_error check_restores(const struct config_groups *groups, char *report, size_t size)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < groups->count && error == HA_OK; i++)
		error = recovery_check_interrupted(groups->of[i].data_directory, report, size);
	return error;
}

static enum ha_error make_directories(const char *data, const char *log, char *report, size_t size)
{
	enum ha_error error = directory_make(data, report, size);

	if (error == HA_OK)
		error = directory_flush_parent(data, report, size);
	if (error == HA_OK)
		error = directory_make(log, report, size);
	return error == HA_OK ? directory_flush(data, report, size) : error;
}

static enum ha_error open_replication(struct membership *m, const struct config_groups *groups,
                                      char *report, size_t size)
{
	const struct config *config = &groups->of[0];
	const struct replication_node_options options = {
		.directory = m->log_directory,
		.segment_octets = config->log_segment_mib << 20,
		.segments_max = config->log_segments_max,
		.cluster = &m->cluster,
		.groups = config_groups_digest(groups),
		.without_others = config->give_up_groups,
	};
	enum ha_error error = HA_OK;

	m->replication = replication_node_open(&options, &error, report, size);
	return error;
}

static enum ha_error open_all(struct membership *m, const struct config_groups *groups,
                              char *report, size_t size)
{
	const struct config *config = &groups->of[0];
	enum ha_error error = check_restores(groups, report, size);

	snprintf(m->log_directory, sizeof(m->log_directory), "%s/log", config->data_directory);
	m->witness = config_is_witness(config);
	if (error == HA_OK)
		error = members_load(config, false, &m->cluster, report, size);
	if (error == HA_OK)
		error = make_directories(config->data_directory, m->log_directory, report, size);
	return error == HA_OK ? open_replication(m, groups, report, size) : error;
}

/* The secret key of this member is in it. */
struct membership *membership_open(const struct config_groups *groups, enum ha_error *why,
                                   char *report, size_t size)
{
	struct membership *m = arena_map(sizeof(*m));

	*why = HA_E_NOMEM;
	snprintf(report, size, "%s", ha_strerror(HA_E_NOMEM));
	if (!m)
		return NULL;
	*why = open_all(m, groups, report, size);
	if (*why == HA_OK)
		return m;
	membership_close(m);
	return NULL;
}

static enum ha_error serve_snapshots(struct membership *m, char *report, size_t size)
{
	const struct snapshot_server_options options = {
		.cluster = &m->cluster,
		.octets_per_ms = m->cluster.snapshot_octets_per_ms,
	};
	enum ha_error error = HA_OK;

	if (!m->witness)
		m->snapshots = snapshot_server_open(&options, &error, report, size);
	return error;
}

enum ha_error membership_start(struct membership *m, char *report, size_t size)
{
	enum ha_error error = replication_node_start(m->replication, report, size);

	if (error != HA_OK)
		return error;
	m->started = true;
	for (size_t i = 0; i < m->agent_count; i++)
		succession_finish(m->agents[i]->config.data_directory);
	return serve_snapshots(m, report, size);
}

void membership_stop(struct membership *m)
{
	if (m && m->replication)
		replication_node_stop(m->replication);
}

void membership_close(struct membership *m)
{
	if (!m)
		return;
	snapshot_server_close(m->snapshots);
	replication_node_close(m->replication);
	members_wipe(&m->cluster);
	arena_unmap(m, sizeof(*m));
}
