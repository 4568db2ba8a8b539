/* meta.h - numbers that the store keeps about itself. */
#ifndef AGENTD_FLOW_META_H
#define AGENTD_FLOW_META_H

#include <stdint.h>

#include "replication/store.h"

#define META_APPLIED "applied"            /* log index that the changing rows hold at least */
#define META_TERM "term"                  /* of that entry; 0 = of a lone member's */
#define META_CONFIGURED "configured"      /* log index that the configuration holds exactly */
#define META_NEXT_ID "next-id"            /* of the next new peer, after `configured` */
#define META_LOG_BEGINS "log-begins"      /* the log never held entries up to this one */
#define META_CLUSTER_KEY "cluster-key"    /* number of the first key; 0 = nothing was sealed yet */
#define META_NODE STORE_OWN_PREFIX "node" /* whose log is this store's too; 0 = nobody's yet */
#define META_TIME "time"                  /* newest cluster time, milliseconds */

void meta_put_number(struct store_write *w, const char *name, uint64_t value);

/* 0 when it was never put. HA_E_DAMAGED when it is no number. */
enum ha_error meta_get_number(struct store_reader *reader, const char *name, uint64_t *out);

#endif
