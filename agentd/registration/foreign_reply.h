/* foreign_reply.h - decide what one Registration Reply of a home agent deserves of a
 * foreign agent (RFC 5944 section 3.7.3, with RFCs 2794, 3115, 3519, 3543, 4636 and 4721):
 * what the mobile node is sent, and what becomes of the visitor.
 *
 * Pure, as foreign.h.
 *
 * May include: agentd/registration/foreign.h and foreign_pending.h. */
#ifndef AGENTD_REGISTRATION_FOREIGN_REPLY_H
#define AGENTD_REGISTRATION_FOREIGN_REPLY_H

#include "agentd/registration/foreign_pending.h"

/* One datagram of a home agent, decoded. Spans are borrowed from the datagram. */
struct foreign_reply {
	struct span message;
	struct mip_reply fixed;
	struct mip_extensions extensions;
	enum ha_error fault; /* of the extension chain; HA_OK when it is sound */
	struct in_addr source;
	uint16_t source_port; /* host order */
};

/* Decode a UDP payload; the source is the caller's to set. HA_E_TRUNCATED or
 * HA_E_MALFORMED: not a Registration Reply at all. A broken extension chain is a fact. */
enum ha_error foreign_reply_decode(struct span payload, struct foreign_reply *out);

/* What the caller knows. Borrowed for the call. */
struct foreign_reply_facts {
	const struct foreign_policy *policy;
	const struct foreign_registration *pending; /* that it answers; NULL = none */
	const struct foreign_visitor *visitor;      /* of the same node, current; NULL = none */
	enum authentication foreign_home;
	bool home_agent_associated; /* an association with the home agent, any SPI */
	bool home_associated;       /* and with whoever has the home address of the reply */
	bool home_is_ours;          /* that belongs here: it is no visitor's */
	uint64_t now_ms;            /* as the pending request's since_ms */
};

enum foreign_reply_effect {
	FOREIGN_REPLY_DROP,    /* silence; the request stays pending */
	FOREIGN_REPLY_RELAY,   /* the home agent's reply */
	FOREIGN_REPLY_PROTEST, /* the same, with an FA Error of ours (RFC 4636) */
	FOREIGN_REPLY_DENY,    /* a denial of our own in its place */
};

enum foreign_visitor_change {
	FOREIGN_VISITOR_KEPT, /* as it is, or none as before */
	FOREIGN_VISITOR_CREATED,
	FOREIGN_VISITOR_REFRESHED,
	FOREIGN_VISITOR_ENDED,
};

struct foreign_reply_verdict {
	enum foreign_reply_effect effect; /* but for DROP the request is no longer pending, */
	bool waits; /* or is: that was not the home agent that was asked, which may answer yet */
	enum foreign_visitor_change visitor;
	enum foreign_code code; /* of the FA Error or the denial; FOREIGN_NO_CODE otherwise */
	enum registration_violation violation;
	bool revoke;         /* the home agent granted what we deny: it is to be told, RFC 4636 */
	uint16_t lifetime_s; /* of the visitor, created or refreshed */
	const char *check;   /* name of the check that decided; "" when all passed. Static */
	const char *reason;  /* static text for the log, never NULL */
};

/* Never fails. */
struct foreign_reply_verdict foreign_reply_decide(const struct foreign_reply *reply,
                                                  const struct foreign_reply_facts *facts);

/* Every check in turn, whatever the others said, once a pending request is there
 * (registration_explain). */
void foreign_reply_explain(const struct foreign_reply *reply,
                           const struct foreign_reply_facts *facts,
                           registration_check_visitor *visit, void *context);

/* The visitor that an accepted reply makes or refreshes; its lifetime begins at `now_ms`,
 * when the reply is sent on. What it was offered as a challenge is the answer's. */
struct foreign_visitor foreign_visitor_of(const struct foreign_reply *reply,
                                          const struct foreign_reply_facts *facts,
                                          const struct foreign_reply_verdict *verdict,
                                          const struct foreign_answer *answer, uint64_t now_ms);

#define FOREIGN_REPLY_ADDED_MAX 640u /* octets, behind what is kept of the reply */

/* Write what the mobile node is sent, for every verdict but DROP. As with
 * foreign_relay_write(), `out` may stand over the reply itself. */
void foreign_reply_write(const struct foreign_reply *reply, const struct foreign_reply_facts *facts,
                         const struct foreign_reply_verdict *verdict,
                         const struct foreign_answer *answer, struct writer *out);

#endif
