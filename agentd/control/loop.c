/* loop.c - libuv's loop with signals, a tick and wakes. Knows nothing of the agent. */
#include "agentd/control/loop.h"

#include <stdlib.h>

#include "agentd/control/loop_internal.h"

static void on_signal(uv_signal_t *handle, int number)
{
	struct loop *loop = handle->data;

	loop->options.signal(loop->options.context, number);
}

static void on_tick(uv_timer_t *handle)
{
	struct loop *loop = handle->data;

	loop->options.tick(loop->options.context);
}

static int watch_signals(struct loop *loop)
{
	for (size_t i = 0; i < LOOP_SIGNALS_MAX && loop->options.signals[i]; i++) {
		int failed = uv_signal_init(&loop->uv, &loop->signals[i]);

		loop->signals[i].data = loop;
		if (!failed)
			failed = uv_signal_start(&loop->signals[i], on_signal,
			                         loop->options.signals[i]);
		if (failed)
			return failed;
	}
	return 0;
}

static int start_ticks(struct loop *loop)
{
	uint32_t ms = loop->options.tick_ms;
	int failed = uv_timer_init(&loop->uv, &loop->tick);

	loop->tick.data = loop;
	if (!failed && ms)
		failed = uv_timer_start(&loop->tick, on_tick, ms, ms);
	return failed;
}

static void on_wake(uv_async_t *handle)
{
	struct loop *loop = handle->data;

	if (loop->options.wake)
		loop->options.wake(loop->options.context);
}

static int watch_wakes(struct loop *loop)
{
	loop->wake.data = loop;
	return uv_async_init(&loop->uv, &loop->wake, on_wake);
}

struct loop *loop_open(const struct loop_options *options)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->options = *options;
	if (uv_loop_init(&loop->uv) != 0) {
		free(loop);
		return NULL;
	}
	if (start_ticks(loop) != 0 || watch_signals(loop) != 0 || watch_wakes(loop) != 0) {
		loop_close(loop);
		return NULL;
	}
	return loop;
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

void loop_wake(struct loop *loop)
{
	uv_async_send(&loop->wake);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_close(struct loop *loop)
{
	if (!loop)
		return;
	uv_walk(&loop->uv, close_handle, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	uv_loop_close(&loop->uv);
	free(loop);
}
