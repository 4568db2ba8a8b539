/* foreign_challenge.h - which challenges a mobile node may answer (RFC 4721 section 3.2):
 * the last ones that were advertised, and the one that it was given alone. Plain data, no
 * clock and no dice: the caller makes the challenges.
 *
 * May include: agentd/registration/foreign_pending.h. */
#ifndef AGENTD_REGISTRATION_FOREIGN_CHALLENGE_H
#define AGENTD_REGISTRATION_FOREIGN_CHALLENGE_H

#include "agentd/registration/foreign_pending.h"

#define FOREIGN_CHALLENGE_WINDOW 2u /* CHALLENGE_WINDOW of RFC 4721 section 9 */

struct foreign_challenge_value {
	uint8_t size; /* 0: none */
	uint8_t octets[FOREIGN_CHALLENGE_MAX];
};

/* Those advertised last on one interface, the newest first. Zeroed: none yet. */
struct foreign_challenges {
	struct foreign_challenge_value newest[FOREIGN_CHALLENGE_WINDOW];
};

/* One is advertised. HA_E_RANGE: not 1 to FOREIGN_CHALLENGE_MAX octets; nothing changes. */
enum ha_error foreign_challenges_add(struct foreign_challenges *window, struct span challenge);

/* What is known of the mobile node; empty spans: nothing. Borrowed for the call. */
struct foreign_challenge_past {
	struct span used;     /* the last that was answered from where it is */
	struct span accepted; /* the last that the home agent accepted, from wherever */
	struct span offered;  /* that its last reply or unicast advertisement had */
	bool repeated;        /* foreign_pendings_repeats() */
	bool copied;          /* the same authenticators came from elsewhere */
};

/* What one that it answers now is to us. Never fails. */
enum foreign_challenge foreign_challenge_judge(const struct foreign_challenges *window,
                                               const struct foreign_challenge_past *past,
                                               struct span challenge);

#endif
