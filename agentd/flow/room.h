/* room.h - for agentd/flow only: how much room the store has left in its map and on its
 * file system. The store thread looks every few seconds, since what it asks may wait for
 * the disk; others read what it found.
 *
 * May include: replication/store.h. */
#ifndef AGENTD_FLOW_ROOM_H
#define AGENTD_FLOW_ROOM_H

#include <stdatomic.h>
#include <stdint.h>

#include "replication/store.h"

#define ROOM_LOOK_NS UINT64_C(5000000000)

/* Octets. A maximum of 0: not known. */
struct room {
	_Atomic uint64_t store_used, store_max;
	_Atomic uint64_t disk_used, disk_max;
	uint64_t due_ns; /* when to look again, of clock_monotonic_ns(); the store thread's */
};

/* Look, and note when to look again. */
void room_look(struct room *room, struct store *store, const char *directory);

#endif
