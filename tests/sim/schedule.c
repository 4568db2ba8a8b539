/* schedule.c - a binary heap of events. */
#include "tests/sim/schedule.h"

#include <stdlib.h>

static bool is_before(const struct event *a, const struct event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
	struct event between = *a;

	*a = *b;
	*b = between;
}

void schedule_put(struct schedule *schedule, const struct event *event)
{
	size_t i = schedule->count++;

	if (schedule->count > schedule->room) {
		schedule->room = schedule->room ? 2 * schedule->room : 1024;
		schedule->heap = realloc(schedule->heap, schedule->room * sizeof(*schedule->heap));
		if (!schedule->heap)
			abort();
	}
	schedule->heap[i] = *event;
	schedule->heap[i].order = ++schedule->orders;
	while (i > 0 && is_before(&schedule->heap[i], &schedule->heap[(i - 1) / 2])) {
		swap(&schedule->heap[i], &schedule->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void sink(struct schedule *schedule)
{
	size_t i = 0;

	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < schedule->count;
		     child++)
			if (is_before(&schedule->heap[child], &schedule->heap[least]))
				least = child;
		if (least == i)
			return;
		swap(&schedule->heap[i], &schedule->heap[least]);
		i = least;
	}
}

bool schedule_take(struct schedule *schedule, struct event *out)
{
	if (schedule->count == 0)
		return false;
	*out = schedule->heap[0];
	schedule->heap[0] = schedule->heap[--schedule->count];
	sink(schedule);
	return true;
}

void schedule_free(struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->count; i++)
		free(schedule->heap[i].octets);
	free(schedule->heap);
	*schedule = (struct schedule){ 0 };
}
