/* guest_run.c - a guest between opening its store and its place in the log and closing them. A
 * member that got the store of another one ends its run and begins the next. */
#include "agentd/flow/guest_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/random_seed.h"
#include "agentd/flow/directories.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/meta.h"
#include "agentd/flow/succession.h"
#include "replication/snapshot.h"

#define MAP_LEAST (UINT64_C(64) << 20)
#define MAP_PER_VISITOR UINT64_C(4096)

uint64_t guest_map_octets(const struct guest *guest)
{
	return MAP_LEAST + guest->config.visitors_max * MAP_PER_VISITOR;
}

/* ---- directories ---- */

static enum ha_error make_directories(const struct guest *guest, const char *store, char *report,
                                      size_t size)
{
	char parent[sizeof(guest->directory)];
	enum ha_error why;

	snprintf(parent, sizeof(parent), "%s", guest->directory);
	*strrchr(parent, '/') = '\0';
	why = directory_make(parent, report, size);
	if (why == HA_OK)
		why = directory_flush_parent(parent, report, size);
	if (why == HA_OK)
		why = directory_make(guest->directory, report, size);
	if (why == HA_OK)
		why = directory_flush_parent(guest->directory, report, size);
	if (why == HA_OK)
		why = directory_make(store, report, size);
	return why == HA_OK ? directory_flush(guest->directory, report, size) : why;
}

/* ---- opening ---- */

/* The log of a node is tied to the store of its first group, and this one to it. */
static enum ha_error tie(struct guest *guest, char *report, size_t size)
{
	const uint64_t node = guest->options.member->store_id;
	struct store_reader reader;
	struct store_write w;
	uint64_t tied = 0;
	enum ha_error why = store_read_open(guest->store, &reader);

	if (why == HA_OK)
		why = meta_get_number(&reader, META_NODE, &tied);
	store_read_close(&reader);
	if (why == HA_OK && tied && tied != node)
		return ha_refuse(report, size, HA_E_FOREIGN,
		                 "%s/" STORE_DIRECTORY " is not the store that belongs to the log "
		                 "of this node: put back the one that was there, or let this "
		                 "member begin with an empty data directory",
		                 guest->directory);
	if (why == HA_OK && !tied) {
		w = store_begin(guest->store);
		meta_put_number(&w, META_NODE, node);
		why = store_commit(&w);
	}
	return why == HA_OK ? HA_OK
	                    : ha_refuse(report, size, why, "%s: the store cannot be used: %s",
	                                guest->directory, ha_strerror(why));
}

/* With room for more than are served at once, VISITORS_ROOM. */
static enum ha_error make_list(const struct guest *guest, struct visitors **out, char *report,
                               size_t size)
{
	uint32_t room = guest->witness ? 1 : VISITORS_ROOM(guest->config.visitors_max);
	enum ha_error why = visitors_create(room, random_seed("the list of visitors"), out);

	return why == HA_OK ? why
	                    : ha_refuse(report, size, why,
	                                "foreign-agent.max-visitors: no memory for %u",
	                                guest->config.visitors_max);
}

static void show_list(struct guest *guest, const struct guest_list *list)
{
	pthread_mutex_lock(&guest->lock);
	guest->visitors = list->visitors;
	guest->applied = list->applied;
	guest->term = list->term;
	guest->time_ms = list->time_ms;
	guest->to_tell.all = true;
	guest->to_store = (struct guest_changes){ .all = false };
	pthread_mutex_unlock(&guest->lock);
	guest->stored = list->applied;
}

static enum ha_error load_list(struct guest *guest, char *report, size_t size)
{
	struct guest_list list = { .visitors = NULL };
	enum ha_error why = make_list(guest, &list.visitors, report, size);

	if (why == HA_OK)
		why = guest_store_load(guest, &list, report, size);
	if (why == HA_OK)
		show_list(guest, &list);
	else
		visitors_free(list.visitors);
	return why;
}

static void start_clock(struct guest *guest)
{
	uint64_t now_ns = clock_monotonic_ns();

	pthread_mutex_lock(&guest->clock_lock);
	clock_agreement_start(&guest->wall, clock_wall_ns() / 1000u, now_ns / 1000u);
	cluster_clock_start(&guest->clock, guest->time_ms, clock_wall_ms(), now_ns);
	pthread_mutex_unlock(&guest->clock_lock);
}

static enum ha_error open_log(struct guest *guest, bool replaced, char *report, size_t size)
{
	struct replication_machine machine;
	const struct replication_options options = {
		.node = guest->options.member->replication,
		.group = CONFIG_GROUP_VISITORS,
		.directory = guest->directory,
		.store_id = store_id(guest->store),
		.applied = guest->applied,
		.segment_octets = guest->config.log_segment_mib << 20,
		.segments_max = guest->config.log_segments_max,
		.tick_ms = 100,
		.applied_term = guest->term,
		.reset = replaced,
		.reign = guest->seen,
	};
	enum ha_error why = HA_OK;

	guest_machine(guest, &machine);
	guest->replication = replication_open(&options, &machine, &why, report, size);
	return why;
}

enum ha_error guest_run_open(struct guest *guest, char *report, size_t size)
{
	char store[sizeof(guest->directory) + 16];
	bool replaced = false;
	enum ha_error why;

	snprintf(store, sizeof(store), "%s/" STORE_DIRECTORY, guest->directory);
	why = succession_run(guest->directory, guest_map_octets(guest), &replaced, report, size);
	if (why == HA_OK)
		why = make_directories(guest, store, report, size);
	if (why == HA_OK)
		guest->store = store_open(store, guest_map_octets(guest), &why, report, size);
	if (why == HA_OK)
		why = load_list(guest, report, size);
	if (why == HA_OK)
		why = tie(guest, report, size);
	if (why != HA_OK)
		return why;
	start_clock(guest);
	return open_log(guest, replaced, report, size);
}

/* ---- from the start on ---- */

static void loan_opened(void *context)
{
	struct guest *guest = context;

	if (guest->lent++ == 0)
		replication_hold(guest->replication, guest->stored);
}

static void loan_closed(void *context)
{
	struct guest *guest = context;

	if (--guest->lent == 0)
		replication_hold(guest->replication, UINT64_MAX);
}

static enum ha_error lend(struct guest *guest)
{
	const struct snapshot_loan loan = {
		.group = CONFIG_GROUP_VISITORS,
		.store = guest->store,
		.context = guest,
		.opened = loan_opened,
		.closed = loan_closed,
	};
	enum ha_error why = HA_OK;

	if (!guest->witness)
		why = snapshot_server_lend(guest->options.member->snapshots, &loan);
	guest->lends = !guest->witness && why == HA_OK;
	return why;
}

static void show(struct guest *guest, bool shown)
{
	pthread_mutex_lock(&guest->wish_lock);
	pthread_mutex_lock(&guest->answer_lock);
	guest->shown = shown;
	pthread_mutex_unlock(&guest->answer_lock);
	pthread_mutex_unlock(&guest->wish_lock);
}

/* The log is open over the store. */
enum ha_error guest_run_start(struct guest *guest)
{
	enum ha_error why = replication_start(guest->replication);

	if (why == HA_OK)
		why = lend(guest);
	if (why != HA_OK)
		return why;
	succession_finish(guest->directory);
	show(guest, true);
	return HA_OK;
}

void guest_run_close(struct guest *guest)
{
	struct replication_status status;

	guest_answer(guest, false);
	show(guest, false);
	if (guest->lends)
		snapshot_server_withdraw(guest->options.member->snapshots, CONFIG_GROUP_VISITORS);
	guest->lends = false;
	if (guest->replication) {
		replication_status(guest->replication, &status);
		guest->seen = status.reign;
	}
	replication_close(guest->replication);
	guest->replication = NULL;
	guest->led = false;
	store_close(guest->store);
	guest->store = NULL;
	pthread_mutex_lock(&guest->lock);
	visitors_free(guest->visitors);
	guest->visitors = NULL;
	pthread_mutex_unlock(&guest->lock);
}
