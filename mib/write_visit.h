/* write_visit.h - what the writings of the foreign agent's and the advertisements' objects share.
 *
 * May include: agentd/visit/steer.h, mib/set.h. */
#ifndef MIB_WRITE_VISIT_H
#define MIB_WRITE_VISIT_H

#include "agentd/visit/steer.h"
#include "mib/set.h"

/* Columns of maAdvConfigTable. */
enum {
	ADVERTISED_MAX_REGISTRATION_LIFETIME = 2,
	ADVERTISED_PREFIX_LENGTHS = 3,
	ADVERTISED_ADDRESS = 4,
	ADVERTISED_MAX_INTERVAL = 5,
	ADVERTISED_MIN_INTERVAL = 6,
	ADVERTISED_LIFETIME = 7,
	ADVERTISED_SOLICITED = 8,
	ADVERTISED_STATUS = 9,
};

/* The agent is to be otherwise, or the request is refused, because of this column's value if it is
 * because of the change. */
void write_visit(struct set_row *row, uint32_t arc, const struct visit_change *change);

#endif
