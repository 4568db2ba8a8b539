/* loop_internal.h - for agentd/control only: what the loop is made of.
 *
 * May include: uv, agentd/control/loop.h. */
#ifndef AGENTD_CONTROL_LOOP_INTERNAL_H
#define AGENTD_CONTROL_LOOP_INTERNAL_H

#include <uv.h>

#include "agentd/control/loop.h"

#define LOOP_SIGNALS_MAX 8u

struct loop {
	uv_loop_t uv;
	uv_signal_t signals[LOOP_SIGNALS_MAX];
	uv_timer_t tick;
	uv_async_t wake;
	struct loop_options options;
};

#endif
