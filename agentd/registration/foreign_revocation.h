/* foreign_revocation.h - what a Registration Revocation of a home agent deserves of a foreign
 * agent (RFC 3543 section 4.2.2.2), and what is kept of those that were taken.
 *
 * Pure, as revocation.h, which has the messages themselves.
 *
 * May include: agentd/registration/revocation.h and foreign_pending.h. */
#ifndef AGENTD_REGISTRATION_FOREIGN_REVOCATION_H
#define AGENTD_REGISTRATION_FOREIGN_REVOCATION_H

#include "agentd/registration/foreign_pending.h"
#include "agentd/registration/revocation.h"

/* The last one that was taken of a home agent for a home address: its acknowledgment may be
 * lost, and it is sent anew. All zero: none. */
struct foreign_revoked {
	struct in_addr home, home_agent, care_of;
	uint32_t identifier; /* by the home agent's clock */
	bool told;           /* the mobile node was */
};

/* What the caller knows. Borrowed for the call. */
struct foreign_revocation_facts {
	enum authentication foreign_home; /* with who sent it */
	const struct foreign_visitor
		*visitor; /* of that home address and home agent; NULL = none */
	const struct foreign_revoked *revoked; /* likewise */
};

struct foreign_revocation_verdict {
	enum revocation_fate fate; /* but for REVOCATION_TAKEN: silence */
	bool ends;                 /* the visitor; else it ended by an earlier one */
	bool tell;                 /* the mobile node is told */
	bool inform;               /* of the acknowledgment */
	const char *reason;        /* static text for the log, never NULL */
};

/* Never fails. */
struct foreign_revocation_verdict
foreign_revocation_decide(const struct revocation_message *message,
                          const struct foreign_revocation_facts *facts);

#endif
