/* groups_fixture.c - see groups_fixture.h. */
#include "tests/unit/groups_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/suite.h"

#define PATIENCE_NS UINT64_C(120000000000)

/* ---- the machine ---- */

static void moved(struct world *w)
{
	pthread_mutex_lock(&w->mutex);
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->mutex);
}

static void be_busy(uint64_t us)
{
	uint64_t until_ns = clock_monotonic_ns() + us * 1000;

	while (clock_monotonic_ns() < until_ns)
		;
}

static void on_apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct part *p = context;

	if (p->group == GROUPS_SLOW && p->world->slow_us)
		be_busy((uint64_t)p->world->slow_us * count);
	pthread_mutex_lock(&p->world->mutex);
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(p->text);

		CU_ASSERT_EQUAL(entries[i].group, p->group);
		CU_ASSERT_TRUE(entries[i].index > p->applied);
		p->applied = entries[i].index;
		p->term = entries[i].term;
		if (used + entries[i].size < GROUPS_TEXT_MAX)
			memcpy(p->text + used, entries[i].command, entries[i].size);
	}
	pthread_mutex_unlock(&p->world->mutex);
	moved(p->world);
}

static void on_tick(void *context)
{
	struct part *p = context;

	if (p->world->stores_follow)
		replication_trim(p->replication, p->applied);
	moved(p->world);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	struct part *p = context;

	fprintf(stderr, "member %u failed: %s: %s\n", p->node->number, what, ha_strerror(why));
	p->node->failures++;
}

static void on_role(void *context, enum replication_role role, uint64_t term)
{
	struct part *p = context;

	(void)term;
	p->role = (unsigned)role;
	moved(p->world);
}

static void on_lost(void *context, const uint64_t *tickets, size_t count)
{
	struct part *p = context;

	(void)tickets;
	p->lost += (unsigned)count;
	moved(p->world);
}

static void on_outrun(void *context, uint8_t from)
{
	struct part *p = context;

	CU_ASSERT_NOT_EQUAL(from, p->node->number);
	p->outruns++;
	moved(p->world);
}

/* ---- life ---- */

enum ha_error groups_part_open(struct part *p, bool reset)
{
	const struct replication_machine machine = {
		.context = p,
		.apply = on_apply,
		.tick = on_tick,
		.failed = on_failed,
		.lost = on_lost,
		.role = on_role,
		.outrun = on_outrun,
	};
	const struct replication_options options = {
		.node = p->node->replication,
		.group = p->group,
		.applied = p->applied,
		.applied_term = p->term,
		.reset = reset,
		.tick_ms = 10,
	};
	struct replication *opened;
	enum ha_error why;
	char report[512] = "";

	opened = replication_open(&options, &machine, &why, report, sizeof(report));
	if (!opened)
		return why;
	p->replication = opened;
	return replication_start(opened);
}

void groups_part_close(struct part *p)
{
	replication_close(p->replication);
	p->replication = NULL;
	p->role = REPLICATION_FOLLOWER;
}

void groups_part_copy(struct part *to, struct part *from)
{
	pthread_mutex_lock(&to->world->mutex);
	to->applied = from->applied;
	to->term = from->term;
	memcpy(to->text, from->text, sizeof(to->text));
	pthread_mutex_unlock(&to->world->mutex);
}

void groups_part_forget(struct part *p)
{
	p->applied = p->term = 0;
	memset(p->text, 0, sizeof(p->text));
}

enum ha_error groups_node_open(struct node *n)
{
	const struct replication_node_options options = {
		.directory = n->directory,
		.store_id = 5,
		.segment_octets = 4u << 20,
		.segments_max = 4,
		.cluster = &n->world->views[n->number - 1],
		.without_others = n->without_others,
	};
	enum ha_error why;
	char report[512] = "";

	n->replication = replication_node_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(n->replication);
	for (uint32_t g = 0; g < n->world->groups; g++)
		CU_ASSERT_EQUAL(groups_part_open(&n->parts[g], n->parts[g].resets), HA_OK);
	return replication_node_start(n->replication, report, sizeof(report));
}

void groups_node_close(struct node *n)
{
	for (uint32_t g = 0; g < GROUPS_COUNT; g++) {
		if (n->parts[g].replication)
			groups_part_close(&n->parts[g]);
	}
	replication_node_close(n->replication);
	n->replication = NULL;
}

static void erase(const char *directory)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	CU_ASSERT_EQUAL(system(command), 0);
}

struct world *groups_world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->moved, NULL);
	cluster_make(w->views, GROUPS_MEMBERS);
	w->groups = GROUPS_COUNT;
	for (uint8_t i = 1; i <= GROUPS_MEMBERS; i++) {
		struct node *n = &w->nodes[i - 1];

		w->views[i - 1].memory_max = 24u << 20;
		w->views[i - 1].clock_tolerance_ms = 1000;
		*n = (struct node){ .world = w, .number = i };
		for (uint32_t g = 0; g < GROUPS_COUNT; g++)
			n->parts[g] = (struct part){ .world = w, .node = n, .group = g };
		snprintf(n->directory, sizeof(n->directory), "/tmp/hearth-groups-%d-%u", getpid(),
		         i);
		erase(n->directory);
		CU_ASSERT_EQUAL(mkdir(n->directory, 0700), 0);
		CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	}
	return w;
}

void groups_world_free(struct world *w)
{
	for (unsigned i = 0; i < GROUPS_MEMBERS; i++) {
		if (w->nodes[i].replication)
			groups_node_close(&w->nodes[i]);
		CU_ASSERT_EQUAL(w->nodes[i].failures, 0);
		erase(w->nodes[i].directory);
	}
	free(w);
}

/* ---- waiting ---- */

bool groups_await(struct world *w, bool (*is)(struct world *, const struct what *),
                  struct what what)
{
	const uint64_t until_ns = clock_wall_ns() + PATIENCE_NS;
	const struct timespec until = { (time_t)(until_ns / 1000000000u),
		                        (long)(until_ns % 1000000000u) };
	int error = 0;

	pthread_mutex_lock(&w->mutex);
	while (!is(w, &what) && error == 0)
		error = pthread_cond_timedwait(&w->moved, &w->mutex, &until);
	pthread_mutex_unlock(&w->mutex);
	CU_ASSERT_EQUAL_FATAL(error, 0);
	return error == 0;
}

void groups_pause(struct world *w)
{
	const uint64_t until_ns = clock_wall_ns() + PATIENCE_NS;
	const struct timespec until = { (time_t)(until_ns / 1000000000u),
		                        (long)(until_ns % 1000000000u) };

	pthread_mutex_lock(&w->mutex);
	pthread_cond_timedwait(&w->moved, &w->mutex, &until);
	pthread_mutex_unlock(&w->mutex);
}

static struct part *leader_of(struct world *w, uint32_t group)
{
	for (unsigned i = 0; i < GROUPS_MEMBERS; i++) {
		struct part *p = &w->nodes[i].parts[group];

		if (p->replication && p->role == REPLICATION_LEADER &&
		    replication_may_answer_until(p->replication) > clock_monotonic_ns())
			return p;
	}
	return NULL;
}

static bool somebody_leads(struct world *w, const struct what *what)
{
	struct part *leader = leader_of(w, what->group);

	return leader && leader->node != what->but;
}

struct part *groups_await_leader(struct world *w, uint32_t group, const struct node *but)
{
	struct part *leader = NULL;

	while (!leader &&
	       groups_await(w, somebody_leads, (struct what){ .group = group, .but = but }))
		leader = leader_of(w, group);
	CU_ASSERT_PTR_NOT_NULL_FATAL(leader);
	return leader;
}

static bool all_have(struct world *w, const struct what *what)
{
	for (unsigned i = 0; i < GROUPS_MEMBERS; i++) {
		const struct part *p = &w->nodes[i].parts[what->group];

		if (p->replication && strcmp(p->text, what->text) != 0)
			return false;
	}
	return true;
}

bool groups_await_text(struct world *w, uint32_t group, const char *text)
{
	return groups_await(w, all_have, (struct what){ .group = group, .text = text });
}

void groups_submit(struct world *w, uint32_t group, const char *text)
{
	const struct replication_command command = {
		.group = group, .ticket = 1, .command = text, .size = strlen(text)
	};

	while (replication_submit(groups_await_leader(w, group, NULL)->replication, &command, 1) !=
	       HA_OK)
		groups_pause(w);
}

static bool is_spread(struct world *w, const struct what *what)
{
	(void)what;
	for (uint32_t g = 0; g < GROUPS_COUNT; g++) {
		struct part *leader = leader_of(w, g);

		if (!leader || leader->node->number != 1 + g)
			return false;
	}
	return true;
}

struct world *groups_spread_world(void)
{
	struct world *w = groups_world_new();

	groups_await(w, is_spread, (struct what){ 0 });
	return w;
}
