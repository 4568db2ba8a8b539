/* cluster_queue.h - commands on their way to the engine's thread: many threads
 * put, one takes. Bounded; putting copies and never waits.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_CLUSTER_QUEUE_H
#define REPLICATION_CLUSTER_QUEUE_H

#include <pthread.h>

#include "replication/replication.h"

#define QUEUE_COMMANDS 8192u
#define QUEUE_OCTETS (4u << 20)

/* Commands that were put together; octets lie in `octets`. */
struct queue_side {
	struct replication_command *commands;
	uint64_t *reigns;
	uint8_t *octets;
	size_t count, used;
	size_t taken; /* commands that are dealt with */
};

struct queue {
	pthread_mutex_t mutex;
	struct queue_side in, out;
};

enum ha_error queue_init(struct queue *queue);
void queue_destroy(struct queue *queue); /* harmless on a zeroed one */

/* All or none. `reign`: of whoever was to order them. HA_E_BUSY: it is full. *first:
 * nothing was there before. */
enum ha_error queue_put(struct queue *queue, const struct replication_command *commands,
                        size_t count, uint64_t reign, bool *first);

/* The next ones of one group and reign, at most so many and so many octets (one at
 * least); borrowed until they are dropped or nothing is left. 0: none. */
size_t queue_look(struct queue *queue, size_t count_max, size_t octets_max,
                  const struct replication_command **commands, uint64_t *reign);
/* The first ones of those are dealt with. */
void queue_drop(struct queue *queue, size_t count);

#endif
