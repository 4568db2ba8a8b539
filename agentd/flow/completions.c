/* completions.c - a ring and an eventfd. */
#include "agentd/flow/completions.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum ha_error completions_open(struct completions *completions)
{
	completions->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return completions->event < 0 ? ha_error_of_errno(errno) : HA_OK;
}

void completions_close(struct completions *completions)
{
	if (completions->event >= 0)
		close(completions->event);
	completions->event = -1;
}

void completions_post(struct completions *completions, struct completion completion)
{
	uint32_t head = atomic_load_explicit(&completions->head, memory_order_relaxed);

	completions->ring[head % COMPLETIONS_MAX] = completion;
	atomic_store_explicit(&completions->head, head + 1, memory_order_release);
	completions->posted = true;
}

/* An eventfd that is full is readable already: a failed write loses nothing. */
void completions_wake(struct completions *completions)
{
	uint64_t one = 1;
	ssize_t written = write(completions->event, &one, sizeof(one));

	(void)written;
}

void completions_signal(struct completions *completions)
{
	if (!completions->posted)
		return;
	completions->posted = false;
	completions_wake(completions);
}

void completions_clear(struct completions *completions)
{
	uint64_t count;
	ssize_t got = read(completions->event, &count, sizeof(count));

	(void)got; /* nothing to read is as good */
}

bool completions_take(struct completions *completions, struct completion *out)
{
	uint32_t tail = atomic_load_explicit(&completions->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&completions->head, memory_order_acquire))
		return false;
	*out = completions->ring[tail % COMPLETIONS_MAX];
	atomic_store_explicit(&completions->tail, tail + 1, memory_order_release);
	return true;
}
