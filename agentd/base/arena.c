/* arena.c - big tables in memory. */
#include "agentd/base/arena.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE (2u << 20)
#define PIECE_MIN (64u << 20) /* octets that are worth a thread */
#define THREADS_MAX 8u

struct piece {
	uint8_t *at;
	size_t octets;
	pthread_t thread;
	bool started;
};

/* The kernel clears each page that is locked or touched first, and takes its time. */
static void *settle(void *argument)
{
	struct piece *piece = argument;

	if (mlock(piece->at, piece->octets) != 0)
		memset(piece->at, 0, piece->octets); /* at least touched */
	return NULL;
}

static size_t pieces_of(size_t octets)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = octets / PIECE_MIN + 1;

	if (processors > 0 && count > (size_t)processors)
		count = (size_t)processors;
	return count < THREADS_MAX ? count : THREADS_MAX;
}

/* Each processor its piece. */
static void settle_all(uint8_t *arena, size_t octets)
{
	struct piece pieces[THREADS_MAX];
	size_t count = pieces_of(octets);
	size_t each = octets / count / HUGE_PAGE * HUGE_PAGE;

	for (size_t i = 0; i < count; i++) {
		struct piece *piece = &pieces[i];

		piece->at = arena + i * each;
		piece->octets = i + 1 < count ? each : octets - i * each;
		piece->started = i > 0 && pthread_create(&piece->thread, NULL, settle, piece) == 0;
	}
	for (size_t i = 0; i < count; i++)
		if (!pieces[i].started)
			settle(&pieces[i]);
	for (size_t i = 0; i < count; i++)
		if (pieces[i].started)
			pthread_join(pieces[i].thread, NULL);
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
	settle_all(arena, octets);
	return arena;
}

void arena_unmap(void *arena, size_t octets)
{
	if (!arena)
		return;
	explicit_bzero(arena, octets);
	munmap(arena, octets);
}
