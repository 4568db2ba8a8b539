/* random_seed.c - asks the kernel. */
#include "agentd/base/random_seed.h"

#include <sys/random.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

uint64_t random_seed(const char *what)
{
	uint64_t seed = clock_monotonic_ns();

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		log_warning("no random numbers yet: %s can be guessed", what);
	return seed;
}
