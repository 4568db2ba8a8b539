/* fast.h - the fast path of this configuration, where the host allows it.
 *
 * May include: agentd/dataplane/tc_keep.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_FAST_H
#define AGENTD_DATAPLANE_FAST_H

#include "agentd/base/config.h"
#include "agentd/dataplane/tc_keep.h"

#define FAST_WHY_MAX 256u

/* `ttl`, `always_df`: of outer headers, as user space has them. *out is NULL where user
 * space forwards alone, and `why` says why in words; HA_OK nevertheless, unless the fast
 * path was asked for by name: then the error is that of tc_keep_open, and `why` the
 * sentence. What an earlier agentd has left is taken away then. */
enum ha_error fast_open(const struct config *config, uint8_t ttl, bool always_df,
                        struct tc_keep **out, char *why, size_t size);

/* Take away what earlier processes have left for groups whose bit is not set. */
void fast_tidy(const struct config *config, uint32_t groups);

#endif
