/* set_fixture.h - a table of things in two groups that can be written, and managers who
 * want something of it, without agents and without Net-SNMP.
 *
 * A thing is (group, name); its columns are a status, a number from 4 to 100, text of 4 to
 * 8 octets or of none, a version, and one that is read only. "there" exists, at version 7.
 *
 * May include: mib/set.h. */
#ifndef TESTS_UNIT_SET_FIXTURE_H
#define TESTS_UNIT_SET_FIXTURE_H

#include "mib/set.h"

enum thing {
	THING_STATUS = 1,
	THING_NUMBER = 2,
	THING_TEXT = 3,
	THING_VERSION = 4,
	THING_SEEN = 5,
	/* 1 wants a test notification, 2 leadership for member 3; 3 to 5 a change that the fixture
	 * makes, of which one to 5 can never be. */
	THING_ORDER = 6,
};

/* What the fixture has made, and how it goes the next time. */
struct things_made {
	unsigned calls;
	size_t count;
	int64_t last[4]; /* of the last call */
	enum ha_error outcome;
	size_t refused;
};
extern struct things_made things_made;

#define THING_GROUPS 2u

struct set_world {
	struct mib_view view;
	struct mib_tree *tree;
	struct set_plan *plan;
};

/* Group 0 is led here, and group 1 if `both`. */
void set_world_open(struct set_world *w, bool both);
void set_world_close(struct set_world *w);
/* Forget what was wanted. */
void set_world_anew(struct set_world *w);

struct mib_name thing_name(uint32_t group, const char *name, uint32_t arc);
struct mib_value thing_number(uint32_t number); /* Unsigned32 */
struct mib_value thing_integer(int32_t number);
struct mib_value thing_octets(size_t size);
struct mib_value thing_version(uint64_t version);

/* One value more, with the column as its tag. */
enum mib_refusal set_world_want(struct set_world *w, uint32_t group, const char *name,
                                enum thing column, struct mib_value value);
enum mib_refusal set_world_judge(struct set_world *w);
/* Which column is to blame; 0 for none. */
unsigned set_world_blamed(const struct set_world *w);

#endif
