/* cluster_queue.c - two sides: one is filled while the other is emptied. */
#include "replication/cluster_queue.h"

#include <stdlib.h>
#include <string.h>

static bool side_init(struct queue_side *side)
{
	*side = (struct queue_side){
		.commands = calloc(QUEUE_COMMANDS, sizeof(*side->commands)),
		.reigns = calloc(QUEUE_COMMANDS, sizeof(*side->reigns)),
		.octets = malloc(QUEUE_OCTETS),
	};
	return side->commands && side->reigns && side->octets;
}

enum ha_error queue_init(struct queue *queue)
{
	pthread_mutex_init(&queue->mutex, NULL);
	if (side_init(&queue->in) && side_init(&queue->out))
		return HA_OK;
	return HA_E_NOMEM;
}

static void side_destroy(struct queue_side *side)
{
	free(side->commands);
	free(side->reigns);
	free(side->octets);
}

void queue_destroy(struct queue *queue)
{
	side_destroy(&queue->in);
	side_destroy(&queue->out);
}

static size_t octets_of(const struct replication_command *commands, size_t count)
{
	size_t octets = 0;

	for (size_t i = 0; i < count; i++)
		octets += commands[i].size;
	return octets;
}

static void copy_in(struct queue_side *side, const struct replication_command *commands,
                    size_t count, uint64_t reign)
{
	for (size_t i = 0; i < count; i++) {
		struct replication_command *to = &side->commands[side->count];

		side->reigns[side->count++] = reign;
		*to = commands[i];
		to->command = side->octets + side->used;
		memcpy(side->octets + side->used, commands[i].command, commands[i].size);
		side->used += commands[i].size;
	}
}

enum ha_error queue_put(struct queue *queue, const struct replication_command *commands,
                        size_t count, uint64_t reign, bool *first)
{
	size_t octets = octets_of(commands, count);
	struct queue_side *in = &queue->in;
	enum ha_error error = HA_E_BUSY;

	pthread_mutex_lock(&queue->mutex);
	*first = in->count == 0;
	if (in->count + count <= QUEUE_COMMANDS && in->used + octets <= QUEUE_OCTETS) {
		copy_in(in, commands, count, reign);
		error = HA_OK;
	}
	pthread_mutex_unlock(&queue->mutex);
	return error;
}

static void turn(struct queue *queue)
{
	struct queue_side out = queue->out;

	out.count = out.used = out.taken = 0;
	pthread_mutex_lock(&queue->mutex);
	queue->out = queue->in;
	queue->in = out;
	pthread_mutex_unlock(&queue->mutex);
}

size_t queue_look(struct queue *queue, size_t count_max, size_t octets_max,
                  const struct replication_command **commands, uint64_t *reign)
{
	struct queue_side *out = &queue->out;
	size_t count = 0, octets = 0;

	if (out->taken == out->count)
		turn(queue);
	*commands = out->commands + out->taken;
	*reign = out->reigns[out->taken < QUEUE_COMMANDS ? out->taken : 0];
	while (out->taken + count < out->count && count < count_max) {
		const struct replication_command *next = &(*commands)[count];

		octets += next->size;
		if (count > 0 && (octets > octets_max || next->group != (*commands)[0].group ||
		                  out->reigns[out->taken + count] != *reign))
			break;
		count++;
	}
	return count;
}

void queue_drop(struct queue *queue, size_t count)
{
	queue->out.taken += count;
}
