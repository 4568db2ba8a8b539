/* status.h - how a mobile node is, as JSON.
 *
 * May include: agentd/mobile, agentd/dataplane, agentd/base. */
#ifndef AGENTD_MOBILE_STATUS_H
#define AGENTD_MOBILE_STATUS_H

#include "agentd/dataplane/node_tunnel.h"
#include "agentd/mobile/mobile.h"

/* One object and an end of the line; the caller's to free. NULL: out of memory. */
char *mobile_status_text(const struct mobile *mobile, const struct node_tunnel *tunnel,
                         uint64_t now_ms);

#endif
