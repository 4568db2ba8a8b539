/* parallel.h - work at a start that is cut in shares, one for each processor.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_PARALLEL_H
#define AGENTD_BASE_PARALLEL_H

#include <stddef.h>

/* Does the items from `first` up to, not with, `end`; on any thread. */
typedef void parallel_work(void *context, size_t first, size_t end);

/* All of `count` items in equal shares: one more than `share_min` goes into them,
 * but not more than there are processors, nor than eight. Returns when all are
 * done; a share for which no thread can be made is done by the caller's. Others
 * go first where processors are short. */
void parallel_do(size_t count, size_t share_min, parallel_work *work, void *context);

#endif
