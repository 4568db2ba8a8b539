/* cluster_open.c - what the log and the ballot hold, to each group its own; and the
 * sockets. */
#include "replication/cluster_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

#define LOG_MS 10 /* until a log that had no room is asked again */

/* ---- called by the log and by the transport ---- */

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

	if (!group || group->begins || atomic_load(&c->failed))
		return;
	/* The clock is read for each: a promise begins when it is made. */
	error = consensus_receive(group->core, clock_monotonic_ns(), from, octets, size);
	if (error != HA_OK && error != HA_E_MALFORMED)
		cluster_fail(c, error, "a message of a member cannot be followed");
}

static void tell_connected(struct cluster *c)
{
	for (size_t i = 0; i < c->group_count; i++)
		consensus_set_connected(c->groups[i]->core, c->connected);
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
		consensus_disconnected(c->groups[i]->core, clock_monotonic_ns(), member);
}

/* ---- the parts ---- */

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

static enum ha_error open_log(struct cluster *c, char *report, size_t size)
{
	const struct journal_client client = {
		.context = c,
		.replay = on_replay,
		.durable = on_durable,
		.failed = on_failed,
	};
	const struct journal_options of_log = {
		.directory = c->options.directory,
		.store_id = c->options.store_id,
		.whole = true,
		.segment_octets = c->options.segment_octets,
		.segments_max = c->options.segments_max,
		.shared = c->group_count > 1,
		.io = c->io,
	};
	enum ha_error error;

	c->journal = journal_open(&of_log, &client, &error, report, size);
	return error;
}

/* A witness has no store, and lets entries go that a member with data needs. Who
 * was made the other kind of member would forget what it acknowledged. */
static enum ha_error check_kind(const struct cluster_group *group, char *report, size_t size)
{
	struct cluster *c = group->cluster;
	const struct ballot_group *row = group_ballot(c, group->id);

	if (c->witness && group->opened_index > 0)
		return ha_refuse(report, size, HA_E_FOREIGN,
		                 "the data directory is that of a member with data, and this node "
		                 "is a witness: give it an empty directory, and have it admitted "
		                 "by the others ('agentctl cluster admit')");
	if (!c->witness && row && row->base_index > group->opened_index)
		return ha_refuse(report, size, HA_E_FOREIGN,
		                 "the data directory is that of a witness, and this node is a "
		                 "member with data: give it an empty directory, and have it "
		                 "admitted by the others ('agentctl cluster admit')");
	return HA_OK;
}

/* Whoever leaves a group out by mistake would lose what it has there. */
static enum ha_error check_groups(struct cluster *c, char *report, size_t size)
{
	for (size_t i = 0; i < c->state.group_count; i++) {
		uint32_t id = c->state.groups[i].group;

		if (group_find(c, id))
			continue;
		if (!c->options.without_others)
			return ha_refuse(report, size, HA_E_FOREIGN,
			                 "%s: the log holds entries of group %u too, which is not "
			                 "among the groups of this node now; they are kept, but "
			                 "the node does not start without that group unless it "
			                 "is told to give it up (groups.give-up)",
			                 c->options.directory, id);
		log_warning("group %u was of this node and is not any more: what the log "
		            "holds of it is given up",
		            id);
	}
	return HA_OK;
}

static enum ha_error begin_groups(struct cluster *c, char *report, size_t size)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < c->group_count && error == HA_OK; i++) {
		struct cluster_group *group = c->groups[i];

		error = check_kind(group, report, size);
		if (error != HA_OK)
			return error;
		error = group_begin(group, group->opened_index, group->opened_term);
	}
	return error == HA_OK ? HA_OK
	                      : ha_refuse(report, size, error, "replication cannot be set up: %s",
	                                  ha_strerror(error));
}

/* ---- what the log holds, and the stores ---- */

/* The log is of nobody else: it goes, and its room can be used at once. */
static enum ha_error empty_log(struct cluster_group *group, char *report, size_t size)
{
	enum ha_error error = journal_erase(group->cluster->journal, report, size);

	return error == HA_OK ? group_begin(group, group->opened_index, group->opened_term) : error;
}

/* Over a store that came from another member: a log that goes on from it stays,
 * another one goes. */
static enum ha_error settle(struct cluster_group *group, char *report, size_t size)
{
	struct cluster *c = group->cluster;
	enum ha_error error = group->restore_error;

	if (error != HA_OK && (error != HA_E_DAMAGED || !group->reset))
		return error; /* a hole is no reason to forget what was promised */
	if (!group->reset && !c->witness)
		return HA_OK;
	if (error == HA_OK && consensus_goes_on(group->core, group->reset && !c->witness))
		return HA_OK;
	log_notice("the log does not go on from entry %" PRIu64 ": it is emptied",
	           group->base_index);
	if (c->alone)
		return empty_log(group, report, size);
	group->begins = true; /* said in the log once it is written to */
	return group_begin(group, group->opened_index, group->opened_term);
}

static enum ha_error settle_groups(struct cluster *c, char *report, size_t size)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < c->group_count && error == HA_OK; i++)
		error = settle(c->groups[i], report, size);
	if (error == HA_E_DAMAGED)
		ha_refuse(report, size, error,
		          "%s: the log has a hole; put it back from a backup, or "
		          "let this member begin with an empty data directory",
		          c->options.directory);
	return error;
}

enum ha_error cluster_load(struct cluster *c, char *report, size_t size)
{
	enum ha_error error = check_groups(c, report, size);

	if (error == HA_OK)
		error = begin_groups(c, report, size);
	if (error == HA_OK)
		error = identity_settle(c, report, size);
	if (error == HA_OK)
		error = open_log(c, report, size);
	if (error == HA_OK)
		error = settle_groups(c, report, size);
	if (error == HA_OK)
		error = open_transport(c, report, size);
	explicit_bzero(c->config.secret_key, sizeof(c->config.secret_key));
	return error;
}

/* ---- what is said in the log ---- */

static enum ha_error write_begin(struct cluster_group *group)
{
	struct cluster *c = group->cluster;
	enum ha_error error;

	while ((error = again_say(group)) == HA_E_BUSY && !atomic_load(&c->failed))
		cluster_pause(c, LOG_MS);
	while (error == HA_OK && !atomic_load(&c->failed) &&
	       atomic_load(&c->durable) < group->begin_serial)
		cluster_pause(c, LOG_MS);
	group->begins = false;
	group->begin_serial = 0;
	return atomic_load(&c->failed) ? c->why : error;
}

enum ha_error cluster_write_begins(struct cluster *c)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; i < c->group_count && error == HA_OK; i++) {
		if (!c->groups[i]->begins)
			continue;
		cluster_trim_restored(c);
		error = write_begin(c->groups[i]);
	}
	return error;
}
