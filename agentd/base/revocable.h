/* revocable.h - which binding a revocation by a foreign agent ends, and which
 * revocation is an old one (RFC 3543 sections 3.5 and 4.2.3.2). Asked twice: when
 * the message is decided, and when it has its place in the log.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_REVOCABLE_H
#define AGENTD_BASE_REVOCABLE_H

#include <stdbool.h>

#include "agentd/base/address.h"
#include "agentd/base/binding.h"

/* A revocation that a foreign agent sent. The newest one of a node is kept with
 * it, so that the same is known again when its binding is long gone.
 * All zero: there was none. */
struct revocation_mark {
	struct in_addr agent; /* who sent it */
	struct in_addr care_of;
	uint32_t identifier; /* by the agent's clock */
};

enum revocation_standing {
	REVOCATION_ENDS,     /* the binding that it names */
	REVOCATION_REPEATS,  /* sent anew; what it names has ended by an earlier one */
	REVOCATION_OLD,      /* not newer than the registration, or than an earlier one */
	REVOCATION_UNAGREED, /* revocation was not agreed on for that binding */
	REVOCATION_NOTHING,  /* no such binding of that agent */
};

/* Were 32 bits of a clock read later than others? They wrap: 2 to the 31st
 * units apart at most, in whatever unit that clock counts. */
static inline bool stamp_is_later(uint32_t a, uint32_t b)
{
	return a != b && a - b < UINT32_C(1) << 31;
}

/* Registered through that agent, or ending at it. */
static inline bool revocation_names(const struct revocation_mark *mark,
                                    const struct binding *binding)
{
	return address_equal(mark->care_of, binding->care_of) &&
	       (address_equal(mark->agent, binding->source) ||
	        address_equal(mark->agent, binding->care_of));
}

/* `named`: the binding for which revocation_names says so, or NULL. `newest`: the
 * one that is kept with the node. */
static inline enum revocation_standing revocation_judge(const struct revocation_mark *mark,
                                                        const struct binding *named,
                                                        const struct revocation_mark *newest)
{
	bool known = newest->agent.s_addr && address_equal(mark->agent, newest->agent) &&
	             address_equal(mark->care_of, newest->care_of);

	if (known && !stamp_is_later(mark->identifier, newest->identifier))
		return REVOCATION_OLD;
	if (!named)
		return known ? REVOCATION_REPEATS : REVOCATION_NOTHING;
	if (!(named->features & BINDING_REVOCABLE))
		return REVOCATION_UNAGREED;
	return stamp_is_later(mark->identifier, named->agent_stamp) ? REVOCATION_ENDS
	                                                            : REVOCATION_OLD;
}

#endif
