/* advertise_world.h - an interface on which an agent advertises, for tests of when it does.
 *
 * May include: agentd/discovery, tests/unit. */
#ifndef TESTS_UNIT_ADVERTISE_WORLD_H
#define TESTS_UNIT_ADVERTISE_WORLD_H

#include "agentd/discovery/advertise.h"

#include "tests/unit/packets.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define LATEST UINT32_MAX /* as a random number */

static inline struct advertise_settings plain(void)
{
	return (struct advertise_settings){
		.everybody = address4(224, 0, 0, 1),
		.min_interval_ms = 450000,
		.max_interval_ms = 600000,
		.lifetime_s = 1800,
		.answers = { .per_s = 10, .burst = 20 },
	};
}

static inline struct advertise_total in_all(void)
{
	return (struct advertise_total){ .answers = { .per_s = 100, .burst = 100 } };
}

static inline struct advertise_interface begun(const struct advertise_settings *settings)
{
	struct advertise_interface interface;

	advertise_init(&interface, ADVERTISE_BOOTED);
	advertise_begin(&interface, settings, 0, 0);
	return interface;
}

/* Let it send what is due next, and return when that was. */
static inline uint64_t send_next(struct advertise_interface *interface,
                                 const struct advertise_settings *settings, uint32_t random)
{
	uint64_t at_ms = interface->due_ms;
	struct advertise_verdict verdict = advertise_tick(interface, settings, at_ms, random);

	CU_ASSERT_TRUE(advertise_fate_sends(verdict.fate));
	return at_ms;
}

#endif
