/* pending_world.h - tables of requests that wait, and what to put into them. */
#ifndef TESTS_UNIT_PENDING_WORLD_H
#define TESTS_UNIT_PENDING_WORLD_H

#include <string.h>

#include "tests/unit/foreign_situation.h"

#define LIMITS(total_, per_source_)                                                                \
	(&(struct foreign_pending_limits){ .total = total_,                                        \
	                                   .per_source = per_source_,                              \
	                                   .timeout_ms = FOREIGN_PENDING_TIMEOUT_MS })

static inline struct foreign_pendings *table_of(const struct foreign_pending_limits *limits)
{
	struct foreign_pendings *table;

	CU_ASSERT_EQUAL_FATAL(foreign_pendings_create(limits, 42, &table), HA_OK);
	return table;
}

static inline struct foreign_registration one(uint8_t source, uint64_t identification,
                                              uint64_t since_ms)
{
	return (struct foreign_registration){
		.home = address("10.0.0.1"),
		.identification = identification,
		.since_ms = since_ms,
		.link = { 2, 0, 0, 0, 0, source },
	};
}

static inline struct foreign_registration called(const char *name, uint64_t identification)
{
	struct foreign_registration out = one(1, identification, 0);

	out.home.s_addr = INADDR_ANY;
	out.nai_size = (uint8_t)strlen(name);
	memcpy(out.nai, name, out.nai_size);
	return out;
}

static inline struct span name_of(const char *name)
{
	return (struct span){ (const uint8_t *)name, strlen(name) };
}

static inline enum foreign_pending_put put(struct foreign_pendings *table,
                                           struct foreign_registration registration)
{
	struct foreign_registration gone;

	return foreign_pendings_put(table, &registration, &gone);
}

#endif
