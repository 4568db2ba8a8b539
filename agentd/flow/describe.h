/* describe.h - for agentd/flow only: a decoded request in words. Pure.
 *
 * May include: agentd/flow/explain.h, agentd/registration. */
#ifndef AGENTD_FLOW_DESCRIBE_H
#define AGENTD_FLOW_DESCRIBE_H

#include "agentd/flow/explain.h"
#include "agentd/registration/registration.h"

/* Who listens, and the part that is being told. */
struct teller {
	explain_visitor *visit;
	void *context;
	const char *part;
};

/* One row. `meaning` may be NULL. */
void tell_text(const struct teller *teller, const char *name, const char *meaning,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
void tell_number(const struct teller *teller, const char *name, const char *meaning,
                 uint64_t number);

/* What became of the authentications that concern us. */
struct described_authentication {
	enum authentication mobile_home, mobile_aaa, foreign_home;
};

/* Fixed fields; `near_ms` tells the era of a time. */
void describe_fixed(const struct teller *teller, const struct registration_request *request,
                    uint64_t near_ms);
/* Each extension of the message in order, and where the chain breaks. */
void describe_extensions(const struct teller *teller, const struct registration_request *request,
                         struct span message, const struct described_authentication *became);

#endif
