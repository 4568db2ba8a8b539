/* reign.c - a number per thread. All of it is sequentially consistent: a thread
 * shows in which reign it is before it looks at the others. */
#include "agentd/flow/reign.h"

void reign_init(struct reign *reign, bool shared)
{
	*reign = (struct reign){ .shared = shared };
}

void reign_begin(struct reign *reign)
{
	reign->leads = true;
}

void reign_end(struct reign *reign)
{
	if (!reign->leads)
		return;
	reign->leads = false;
	reign->ended++;
}

static bool somebody_is_behind(struct reign *reign, uint64_t within)
{
	for (unsigned i = 0; i < REIGN_THREADS_MAX; i++) {
		uint64_t other = reign->within[i];

		if (other && other < within)
			return true;
	}
	return false;
}

bool reign_enter(struct reign *reign, unsigned thread)
{
	uint64_t within;

	if (!reign->shared)
		return true;
	within = reign->ended + 1;
	reign->within[thread] = within;
	if (reign->leads && reign->ended + 1 == within && !somebody_is_behind(reign, within))
		return true;
	reign->within[thread] = 0;
	return false;
}

void reign_leave(struct reign *reign, unsigned thread)
{
	if (reign->shared)
		reign->within[thread] = 0;
}
