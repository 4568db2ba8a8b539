/* heard_world.h - advertisements that a mobile node hears, for tests of what it makes of
 * them.
 *
 * May include: agentd/discovery, tests/unit. */
#ifndef TESTS_UNIT_HEARD_WORLD_H
#define TESTS_UNIT_HEARD_WORLD_H

#include "agentd/discovery/heard.h"
#include "tests/unit/packets.h"

#define LINK 3u /* the interface on which all is heard */

/* Of a foreign agent without router addresses, valid for 30 s. */
static inline struct advertisement heard_foreign(uint16_t sequence)
{
	struct advertisement advertisement = {
		.code = ADVERTISEMENT_ROUTES_NOT,
		.lifetime_s = 30,
		.sequence = sequence,
		.registration_lifetime_s = 1800,
		.flags = AGENT_FOREIGN,
		.care_of_count = 1,
	};

	advertisement.care_of[0] = address4(198, 51, 100, 2);
	return advertisement;
}

/* The same with a router and its prefix length. */
static inline struct advertisement heard_on_network(struct in_addr router, uint8_t length)
{
	struct advertisement advertisement = heard_foreign(0);

	advertisement.has_prefix_lengths = true;
	advertisement.router_count = 1;
	advertisement.routers[0].address = router;
	advertisement.routers[0].prefix_length = length;
	return advertisement;
}

static inline struct in_addr agent_address(unsigned number)
{
	return address4(198, 51, number >> 8, number & 0xff);
}

static inline enum heard_event hear(struct heard_agents *agents, unsigned number, uint16_t sequence,
                                    uint64_t now_ms)
{
	struct advertisement advertisement = heard_foreign(sequence);

	return heard_take(agents, &advertisement, agent_address(number), LINK, now_ms);
}

#endif
