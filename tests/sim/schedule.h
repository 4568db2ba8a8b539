/* schedule.h - what is to happen, in order of virtual time; what happens at the
 * same time in the order in which it was asked for.
 *
 * May include: nothing of ours. */
#ifndef TESTS_SIM_SCHEDULE_H
#define TESTS_SIM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct event;

typedef void event_handler(struct world *world, struct event *event);

struct event {
	uint64_t at_ns;
	uint64_t order;
	event_handler *happen;
	uint8_t member; /* whose process it needs; 0 = nobody's */
	uint8_t from;
	uint8_t group;
	uint32_t life; /* of that process: it does not happen to a later one; 0 = to any */
	uint64_t number;
	uint8_t *octets; /* malloced, the event's */
	size_t size;
};

struct schedule {
	struct event *heap;
	size_t count, room;
	uint64_t orders;
};

/* Copies; takes over the octets. */
void schedule_put(struct schedule *schedule, const struct event *event);
/* The next one, whose octets are the caller's. false: there is none. */
bool schedule_take(struct schedule *schedule, struct event *out);
void schedule_free(struct schedule *schedule);

#endif
