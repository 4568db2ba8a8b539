/* random_seed.h - what strangers who choose the keys of a table must not know.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_RANDOM_SEED_H
#define AGENTD_BASE_RANDOM_SEED_H

#include <stdint.h>

/* Random; at the very start of a host, where there are no random numbers yet, it is the time, and
 * the log says that `what`, such as "the table of sources", can be guessed. Does not wait. */
uint64_t random_seed(const char *what);

#endif
