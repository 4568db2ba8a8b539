/* letters.h - revocations that a foreign agent owes to home agents (RFC 3543 section 4.2.3.1):
 * when each is due, again and again until it is acknowledged, and when to give up. A table of a
 * fixed size; no clock, socket or key here.
 *
 * One thread at a time. Times are milliseconds of the caller's clock.
 *
 * May include: agentd/registration/foreign_pending.h. */
#ifndef AGENTD_VISIT_LETTERS_H
#define AGENTD_VISIT_LETTERS_H

#include "agentd/registration/foreign_pending.h"

#define LETTERS_MAX 1024u /* that wait for an acknowledgment at once */
#define LETTER_SENDS 7u   /* transmissions of one, at most */

/* No two messages of one binding within a second; after the first the time between two
 * doubles. */
#define LETTER_PACE_MS 1100u

/* Plain data. */
struct letter {
	struct in_addr home, home_agent, care_of;
	uint32_t interface; /* where the mobile node was */
	uint8_t link[FOREIGN_LINK_SIZE];
	bool inform; /* the home agent is asked whether it is to be told */
	uint8_t sends;
	uint32_t identifiers[LETTER_SENDS]; /* that were sent */
	uint32_t stamp;                     /* of its registration: identifiers are later */
	uint64_t since_ms;
	uint64_t due_ms, give_up_ms; /* 0 = this place is free */
};

struct letters {
	uint32_t count;
	struct letter at[LETTERS_MAX];
};

/* HA_E_NOMEM. Freed by free(). */
enum ha_error letters_create(struct letters **out);

/* The visitor is no more, and its home agent is to be told; in the place of an earlier letter
 * about it. false: there is no room. */
bool letters_add(struct letters *letters, const struct foreign_visitor *visitor, uint64_t now_ms);

/* Until when a letter about it waits, that is written now. */
uint64_t letters_deadline(const struct foreign_visitor *visitor, uint64_t now_ms);

/* As letters_add, unless there is a letter about it already. */
bool letters_keep(struct letters *letters, const struct foreign_visitor *visitor, uint64_t now_ms);

/* None is owed any more: to that home agent about that visitor, or at all. */
void letters_drop(struct letters *letters, struct in_addr home, struct in_addr home_agent);
void letters_drop_all(struct letters *letters);

/* Nothing is sent before that time, to anybody. */
void letters_hold_all(struct letters *letters, uint64_t until_ms);

/* The mobile node asks to be served again: nothing is sent before that time. */
void letters_hold(struct letters *letters, struct in_addr home, struct in_addr home_agent,
                  uint64_t until_ms);

/* It is served as was granted then: if that is later than its letter, what it had before is no
 * matter any more. */
void letters_cancel(struct letters *letters, const struct foreign_visitor *visitor);

/* The first that is due in place *place or behind it, of which it becomes the place; NULL: none.
 * Start with 0 and go on with one more. */
struct letter *letters_due(struct letters *letters, uint64_t now_ms, uint32_t *place);

/* The identifier that it is sent with now, which is `stamp` of our clock unless that was set
 * back; it counts as sent. */
uint32_t letter_send(struct letter *letter, uint32_t stamp, uint64_t now_ms);

/* Those that nobody answered in time, or whose binding would have ended: how many there were. */
uint32_t letters_give_up(struct letters *letters, uint64_t now_ms);

/* The home agent answered one that was sent to it: copied to *out, and gone. false: there is
 * none that waits for that answer. */
bool letters_acknowledge(struct letters *letters, struct in_addr home_agent, struct in_addr home,
                         uint32_t identifier, struct letter *out);

#endif
