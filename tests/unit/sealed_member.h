/* sealed_member.h - for tests of what is sealed: a member of a cluster by its
 * ring and its state, to which commands are applied one by one. */
#ifndef TESTS_UNIT_SEALED_MEMBER_H
#define TESTS_UNIT_SEALED_MEMBER_H

#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "agentd/state/seal.h"
#include "agentd/state/state.h"
#include "tests/unit/suite.h"

static const struct state_capacity member_capacity = { .peers = 80,
	                                               .associations = 80,
	                                               .bindings = 80 };

/* ---- rings ---- */

static inline struct keyring *ring_of(uint8_t fill, const uint32_t *ids)
{
	struct keyring *ring = keyring_new();
	uint8_t octets[KEYRING_KEY_OCTETS];

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	for (; *ids; ids++) {
		memset(octets, (uint8_t)(fill + *ids), sizeof(octets));
		CU_ASSERT_EQUAL(keyring_add(ring, *ids, octets), HA_OK);
	}
	return ring;
}

static inline struct keyring *ring_of_one(uint32_t id)
{
	return ring_of(0, (const uint32_t[]){ id, 0 });
}

/* ---- one member ---- */

struct member {
	struct keyring *ring;
	struct state *state;
	uint64_t index;
	struct state_outcome outcome; /* of the last command */
};

static inline struct member member_of(struct keyring *ring)
{
	struct member m = { .ring = ring };
	enum ha_error why;

	m.state = state_new(&member_capacity, ring, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m.state);
	state_set_configured(m.state, 0, 0);
	return m;
}

static inline void forget_outcome(struct member *m)
{
	state_outcome_free(&m->outcome);
	m->outcome = (struct state_outcome){ 0 };
}

static inline void member_end(struct member *m)
{
	forget_outcome(m);
	state_free(m->state);
	keyring_free(m->ring);
}

/* A command's octets. */
struct command {
	uint8_t *at;
	size_t size;
};

static inline struct command command_of(const struct change *change)
{
	struct command command;

	CU_ASSERT_EQUAL_FATAL(command_configure(1000, "test", &member_capacity, change, 1,
	                                        &command.at, &command.size),
	                      HA_OK);
	return command;
}

static inline enum ha_error apply(struct member *m, struct command command)
{
	forget_outcome(m);
	return state_apply(m->state, ++m->index, (struct span){ command.at, command.size },
	                   &m->outcome);
}

/* Apply one change that this member can open; its result. */
static inline enum ha_error configure(struct member *m, const struct change *change)
{
	struct command command = command_of(change);

	CU_ASSERT_EQUAL(apply(m, command), HA_OK);
	free(command.at);
	CU_ASSERT_EQUAL_FATAL(m->outcome.result_count, 1);
	return m->outcome.results[0];
}

static inline bool has_row(struct member *m, enum row_kind kind)
{
	struct row_change change;
	size_t at = 0;

	while (row_log_next(&m->outcome.rows, &at, &change))
		if (change.kind == kind)
			return true;
	return false;
}

/* The row of the last command, of this kind. */
static inline struct row_change row_of(struct member *m, enum row_kind kind)
{
	struct row_change change = { 0 }, found = { 0 };
	size_t at = 0;

	while (row_log_next(&m->outcome.rows, &at, &change))
		if (change.kind == kind)
			found = change;
	CU_ASSERT_PTR_NOT_NULL_FATAL(found.key.at);
	return found;
}

#endif
