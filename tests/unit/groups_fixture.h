/* groups_fixture.h - a cluster of several groups in one process, with all its threads:
 * members on the loopback interface with real logs, and machines that write down what
 * they get.
 *
 * May include: everything. */
#ifndef TESTS_UNIT_GROUPS_FIXTURE_H
#define TESTS_UNIT_GROUPS_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "replication/replication.h"

#define GROUPS_MEMBERS 3u
#define GROUPS_COUNT 3u
#define GROUPS_TEXT_MAX 4096u
#define GROUPS_SLOW 1u /* the group of the slow machine */

/* A group of a member: the machine, and what would be its store. */
struct part {
	struct world *world;
	struct node *node;
	uint32_t group;
	struct replication *replication; /* NULL: it is closed */
	_Atomic uint64_t applied, term;
	_Atomic unsigned role, outruns, lost;
	bool resets;                /* at the next start */
	char text[GROUPS_TEXT_MAX]; /* commands in order; under the world's mutex */
};

struct node {
	struct world *world;
	uint8_t number;
	char directory[64];
	struct replication_node *replication; /* NULL: it is down */
	bool without_others;
	_Atomic unsigned failures;
	struct part parts[GROUPS_COUNT];
};

struct world {
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	struct replication_cluster views[GROUPS_MEMBERS];
	struct node nodes[GROUPS_MEMBERS];
	size_t groups;              /* that nodes start with */
	_Atomic bool stores_follow; /* with each tick they hold what was applied */
	_Atomic int slow_us;        /* that an entry of SLOW takes */
};

/* What is awaited. */
struct what {
	uint32_t group;
	const struct node *but;
	const char *text;
	uint64_t index;
	unsigned lost;
};

/* All members are up, with all groups. */
struct world *groups_world_new(void);
/* The same, and each group is led by the member whose turn it is: group g by g + 1. */
struct world *groups_spread_world(void);
void groups_world_free(struct world *w);

/* With as many groups as the world wants; over what their stores hold. */
enum ha_error groups_node_open(struct node *n);
void groups_node_close(struct node *n);

/* Over what its store holds: what was applied so far. */
enum ha_error groups_part_open(struct part *p, bool reset);
void groups_part_close(struct part *p);
/* Its store becomes one like another's; empty. While it is closed. */
void groups_part_copy(struct part *to, struct part *from);
void groups_part_forget(struct part *p);

/* `is` is asked under the world's mutex; what does not come ends the test. */
bool groups_await(struct world *w, bool (*is)(struct world *, const struct what *),
                  struct what what);
/* Until something moves: a tick at the latest. Who asks again without it keeps the
 * machines from the mutex. */
void groups_pause(struct world *w);
/* Somebody but `but` leads, and may answer. */
struct part *groups_await_leader(struct world *w, uint32_t group, const struct node *but);
/* All members that are up have applied this. */
bool groups_await_text(struct world *w, uint32_t group, const char *text);
/* By whoever leads, however often it changes. */
void groups_submit(struct world *w, uint32_t group, const char *text);

#endif
