/* print_counters.c - counters as a line of words. */
#include "tests/dataplane/print_counters.h"

#include <stdio.h>

#include "agentd/base/counters.h"

static int print_counter(void *context, const struct counter_set *set,
                         const struct counter_info *info, uint64_t value)
{
	(void)context;
	(void)set;
	if (value)
		printf("%s=%llu ", info->name, (unsigned long long)value);
	return 0;
}

void print_counters(void)
{
	counters_visit(print_counter, NULL);
	puts("");
}
