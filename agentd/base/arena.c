/* arena.c - big tables in memory. */
#include "agentd/base/arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "agentd/base/parallel.h"

#define HUGE_PAGE (2u << 20)
#define PAGES_MIN 32u /* huge ones that are worth a thread */

struct arena {
	uint8_t *at;
	size_t octets;
};

/* Some of its huge pages, of which the last may be a part. The kernel clears what
 * is locked or touched first, and takes its time. */
static void settle(void *context, size_t first, size_t end)
{
	const struct arena *arena = context;
	uint8_t *at = arena->at + first * HUGE_PAGE;
	size_t octets = end * HUGE_PAGE < arena->octets ? (end - first) * HUGE_PAGE
	                                                : arena->octets - first * HUGE_PAGE;

	if (mlock(at, octets) != 0)
		memset(at, 0, octets); /* at least touched */
}

void *arena_map(size_t octets)
{
	void *arena = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	                   0);

	if (arena == MAP_FAILED)
		return NULL;
	if (octets >= HUGE_PAGE)
		madvise(arena, octets, MADV_HUGEPAGE);
	madvise(arena, octets, MADV_DONTDUMP);
	parallel_do((octets + HUGE_PAGE - 1) / HUGE_PAGE, PAGES_MIN, settle,
	            &(struct arena){ arena, octets });
	return arena;
}

void arena_unmap(void *arena, size_t octets)
{
	if (!arena)
		return;
	explicit_bzero(arena, octets);
	munmap(arena, octets);
}
