/* complaint.h - ICMP errors of an agent's to who sent a packet: when there may be one (RFC
 * 1812 section 4.3.2), and not too many.
 *
 * May include: agentd/dataplane/soft.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_COMPLAINT_H
#define AGENTD_DATAPLANE_COMPLAINT_H

#include "agentd/dataplane/soft.h"
#include "proto/icmp4.h"

/* What is to be said. */
struct complaint {
	uint8_t type;
	uint8_t code;
	uint8_t pointer;
	uint16_t mtu;
};

enum complaint_fate {
	COMPLAINT_WRITTEN,
	COMPLAINT_FORBIDDEN, /* there must be none about such a packet */
	COMPLAINT_LIMITED,   /* there were too many of its kind */
};

/* Write one from `source` about a packet, which may be cut as in a quote, and have it
 * counted. `trial`: it is not, and has no identification. */
enum complaint_fate complaint_write(struct writer *out, const struct complaint *complaint,
                                    struct in_addr source, uint8_t ttl, struct span about,
                                    struct soft *soft, uint64_t now_ns, bool trial);

#endif
