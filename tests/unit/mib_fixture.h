/* mib_fixture.h - the objects of both modules over real agents of two groups, whose disks
 * are in memory: asked for without Net-SNMP.
 *
 * May include: mib, agentd/flow. */
#ifndef TESTS_UNIT_MIB_FIXTURE_H
#define TESTS_UNIT_MIB_FIXTURE_H

#include "mib/tree.h"
#include "mib/view.h"
#include "tests/unit/memory_node.h"
#include "tests/unit/suite.h"

#define MIB_FIXTURE_GROUPS 2u

extern struct mib_tree *tree;
extern struct mib_view *view;
extern struct agent *agents[MIB_FIXTURE_GROUPS];

/* suite_run, with a directory for the agents. */
int mib_suite_run(const char *name, CU_TestInfo *tests);

/* Alone at first, and asked in the default context. */
void mib_set_up(void);
void mib_tear_down(void);

/* Member 1 of three, which leads; the witness is 3. */
void mib_be_member(void);

/* The next request, in this context. */
void mib_enter(uint32_t context);

/* A name below HEARTH-MIB. */
struct mib_name mib_name_of(const uint32_t *arcs, size_t count);
#define NAME(...)                                                                                  \
	mib_name_of((uint32_t[]){ __VA_ARGS__ },                                                   \
	            sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* MIB_NONE: it is not there. */
struct mib_value mib_get(struct mib_name name);
bool is_missing(struct mib_name name);
/* INT64_MIN when it is none. */
int64_t number(struct mib_name name);
bool is_text(struct mib_name name, const char *text);

/* Everything below a name, which has to be in order, and to be the same when it is asked
 * for by itself. Returns how many there are; the names of the first ones. */
#define MIB_WALK_MAX 600u
size_t walk(struct mib_name within, struct mib_name names[MIB_WALK_MAX]);

#endif
