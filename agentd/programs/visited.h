/* visited.h - the foreign agent of the process and what is advertised, beside its home agents.
 *
 * May include: everything. */
#ifndef AGENTD_PROGRAMS_VISITED_H
#define AGENTD_PROGRAMS_VISITED_H

#include "agentd/programs/agents.h"
#include "agentd/visit/visit.h"

/* Of loop_options.tick_ms: often enough for visited_tell, and for what else wants it (0:
 * nothing does). */
uint32_t visited_tick_ms(const struct visit *visit, uint32_t other_ms);

/* Tell it whether the home agent of group 0 serves mobile nodes now, and what it grants.
 * Main loop's thread. `visit` may be NULL. */
void visited_tell(struct visit *visit, const struct agents *agents);

#endif
