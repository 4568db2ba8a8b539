/* arena.c - big tables in memory. */
#include "agentd/base/arena.h"

#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2u << 20)

void *arena_map(size_t octets)
{
	void *arena = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	                   0);

	if (arena == MAP_FAILED)
		return NULL;
	if (octets >= HUGE_PAGE)
		madvise(arena, octets, MADV_HUGEPAGE);
	madvise(arena, octets, MADV_DONTDUMP);
	if (mlock(arena, octets) != 0)
		memset(arena, 0, octets); /* at least touched */
	return arena;
}

void arena_unmap(void *arena, size_t octets)
{
	if (!arena)
		return;
	explicit_bzero(arena, octets);
	munmap(arena, octets);
}
