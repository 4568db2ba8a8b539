/* room.c - asks LMDB and the file system. */
#include "agentd/flow/room.h"

#include <sys/statvfs.h>

#include "agentd/base/clock.h"

/* Without what is kept for root: agentd is none. */
static void look_at_disk(struct room *room, const char *directory)
{
	struct statvfs found;

	if (statvfs(directory, &found) != 0)
		return;
	atomic_store(&room->disk_used, (found.f_blocks - found.f_bavail) * found.f_frsize);
	atomic_store(&room->disk_max, found.f_blocks * found.f_frsize);
}

void room_look(struct room *room, struct store *store, const char *directory)
{
	struct store_usage usage;

	if (store_usage(store, &usage) == HA_OK) {
		atomic_store(&room->store_used, usage.octets_used);
		atomic_store(&room->store_max, usage.octets_max);
	}
	look_at_disk(room, directory);
	room->due_ns = clock_monotonic_ns() + ROOM_LOOK_NS;
}
