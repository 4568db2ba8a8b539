/* arena.h - big tables in memory: huge pages where the kernel gives them,
 * touched at once so that no request pays for a first touch, and left out of
 * core dumps because keys live in them.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_ARENA_H
#define AGENTD_BASE_ARENA_H

#include <stddef.h>

/* `octets` of zeroed memory for good; NULL when there is not enough. Locked in
 * memory as far as RLIMIT_MEMLOCK allows. */
void *arena_map(size_t octets);
void arena_unmap(void *arena, size_t octets); /* accepts NULL; wipes */

#endif
