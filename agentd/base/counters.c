/* counters.c - the list of counter sets. */
#include "agentd/base/counters.h"

#include "agentd/base/clock.h"

static struct counter_set *first;
static struct counter_set **last = &first;
static uint64_t since_ms, since_ns;

void counters_register(struct counter_set *set)
{
	if (set->next || last == &set->next)
		return;
	if (!since_ms) {
		since_ms = clock_wall_ms();
		since_ns = clock_monotonic_ns();
	}
	*last = set;
	last = &set->next;
}

uint64_t counters_since_ms(void)
{
	return since_ms;
}

uint64_t counters_since_ns(void)
{
	return since_ns;
}

int counters_visit(counter_visitor *visit, void *context)
{
	for (const struct counter_set *set = first; set; set = set->next) {
		for (size_t i = 0; i < set->count; i++) {
			int stop = visit(context, set, &set->infos[i], counter_read(set, i));
			if (stop)
				return stop;
		}
	}
	return 0;
}
