/* mobile_reply.h - what one Registration Reply is to the mobile node that awaits it (RFC
 * 5944 section 3.6.2, with RFCs 2794, 3024, 3519, 4433, 4721 and 4917), and what it can do
 * about a denial.
 *
 * Pure, as mobile.h.
 *
 * May include: agentd/registration/mobile.h and registration.h. */
#ifndef AGENTD_REGISTRATION_MOBILE_REPLY_H
#define AGENTD_REGISTRATION_MOBILE_REPLY_H

#include "agentd/registration/mobile.h"
#include "agentd/registration/registration.h"
#include "proto/foreign_codes.h"

/* One datagram, decoded. Spans are borrowed from the datagram. */
struct mobile_reply {
	struct span message;
	struct mip_reply fixed;
	struct mip_extensions extensions;
	enum ha_error fault; /* of the extension chain; HA_OK when it is sound */
	struct in_addr source;
};

/* Decode a UDP payload; the source is the caller's to set. HA_E_TRUNCATED or
 * HA_E_MALFORMED: not a Registration Reply at all. A broken extension chain is a fact. */
enum ha_error mobile_reply_decode(struct span payload, struct mobile_reply *out);

/* Whose word a code is: an agent of the visited network says 2 to 127 and 194, the home
 * agent all others. */
bool mobile_code_is_of_home(unsigned code);

/* What a code says, in words that follow a colon. Static, never NULL. */
const char *mobile_code_text(unsigned code);

enum mobile_effect {
	MOBILE_DISCARD, /* as if it had not come; what was asked is still to be answered */
	MOBILE_ACCEPTED,
	MOBILE_DENIED,
};

struct mobile_verdict {
	enum mobile_effect effect;
	uint8_t code;
	bool of_home;              /* the home agent said it, and signed it */
	bool one_binding;          /* accepted, and there are no others beside it (code 1) */
	uint16_t lifetime_s;       /* accepted: granted, 0 at an end. 69: the most that is taken */
	struct in_addr home;       /* accepted */
	struct in_addr home_agent; /* accepted, and 136; 143: the one to ask instead */
	uint64_t identification;
	bool udp;                              /* accepted: packets go in UDP */
	uint16_t keepalive_s;                  /* with that; 0: as it likes */
	struct span challenge;                 /* for the next request; empty: none. Borrowed */
	struct span text;                      /* for people; empty: none. Borrowed */
	enum registration_violation violation; /* of what is discarded, a security matter */
	const char *check;  /* name of the check that decided; "" when all passed. Static */
	const char *reason; /* static text for the log, never NULL */
};

/* `sent` with the identification that it was sent with last. Never fails. */
struct mobile_verdict mobile_reply_judge(const struct mobile_reply *reply,
                                         const struct mobile_plan *sent);

/* ---- after a denial ---- */

enum mobile_remedy {
	MOBILE_GIVE_UP,     /* nothing helps but somebody's hand: try again later */
	MOBILE_OTHER_AGENT, /* of the visited network, if there is one; else later */
	MOBILE_AGAIN,       /* at once, with what was changed */
};

/* What has been tried since the last request that was accepted; zeroed before. */
struct mobile_tries {
	uint32_t repaired; /* one bit for each remedy that was used */
};

/* What mobile_repair() can change. */
struct mobile_terms {
	struct mobile_node *node;
	struct mobile_attachment *at; /* agent_lifetime_s, challenge */
	struct mobile_wishes *wishes;
	bool reverse_optional; /* the operator lets it do without, or with, a reverse tunnel */
	bool encapsulation_optional; /* and with plain IP in IP */
};

/* Change the terms as far as they may be, so that this denial does not come again. Each
 * remedy is used once until something is accepted, so that two who disagree come to an end.
 * Resynchronising the identification (133, 136) is the caller's: mobile_identity_learn(). */
enum mobile_remedy mobile_repair(const struct mobile_verdict *verdict, struct mobile_tries *tries,
                                 struct mobile_terms *terms);

#endif
