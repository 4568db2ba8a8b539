/* complaint.c - see the header. */
#include "agentd/dataplane/complaint.h"

static enum soft_cause cause_of(const struct complaint *complaint)
{
	if (complaint->type == ICMP4_UNREACHABLE)
		return complaint->code == ICMP4_TOO_BIG ? SOFT_TOO_BIG : SOFT_UNREACHABLE;
	return complaint->type == ICMP4_TIME_EXCEEDED ? SOFT_EXPIRED : SOFT_OTHER;
}

enum complaint_fate complaint_write(struct writer *out, const struct complaint *complaint,
                                    struct in_addr source, uint8_t ttl, struct span about,
                                    struct soft *soft, uint64_t now_ns, bool trial)
{
	struct icmp4_error error = { .source = source,
		                     .type = complaint->type,
		                     .code = complaint->code,
		                     .pointer = complaint->pointer,
		                     .mtu = complaint->mtu,
		                     .ttl = ttl };

	if (!icmp4_may_answer(about))
		return COMPLAINT_FORBIDDEN;
	if (!trial && !soft_may_complain(soft, cause_of(complaint), now_ns))
		return COMPLAINT_LIMITED;
	if (!trial)
		error.id = soft_id(soft);
	return icmp4_error_write(out, &error, about) == HA_OK ? COMPLAINT_WRITTEN
	                                                      : COMPLAINT_FORBIDDEN;
}
