/* loop.h - the main loop of agentd: signals, one timer, what other
 * threads want, and whatever the control server adds. Everything it calls runs on the thread of loop_run.
 *
 * May include: agentd/base. */
#ifndef AGENTD_CONTROL_LOOP_H
#define AGENTD_CONTROL_LOOP_H

#include <stdint.h>

#include "agentd/base/error.h"

struct loop;

struct loop_options {
	const int *signals; /* ends with 0; borrowed for the open */
	void (*signal)(void *context, int number);
	uint32_t tick_ms; /* 0 = no ticks */
	void (*tick)(void *context);
	void (*wake)(void *context); /* some time after loop_wake, once or more */
	void *context;
};

/* The signals are watched from here on. NULL when out of memory or descriptors. */
struct loop *loop_open(const struct loop_options *options);

/* Until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* From any thread: options.wake is called on the loop's. */
void loop_wake(struct loop *loop);

/* All that was added must be closed before. Accepts NULL. */
void loop_close(struct loop *loop);

#endif
