/* visitors.h - the visitor list of a foreign agent (RFC 5944 section 3.7.1), in a table of a
 * fixed size. It changes by commands alone, and by one function: so they can be put in order
 * for others before they are applied.
 *
 * One thread at a time. Times are milliseconds of the caller's clock.
 *
 * May include: agentd/registration/foreign_pending.h. */
#ifndef AGENTD_VISITORS_VISITORS_H
#define AGENTD_VISITORS_VISITORS_H

#include "agentd/registration/foreign_pending.h"

struct visitors;

enum visitor_command_kind {
	VISITOR_PUT,  /* it is served from now on, or as agreed now */
	VISITOR_GONE, /* it is not */
	VISITOR_OVER, /* it is not, unless it stays beyond the time in `expires_ms` by now */
};

/* Plain data. */
struct visitor_command {
	enum visitor_command_kind kind;
	/* But for VISITOR_PUT home and home_agent of it only, and VISITOR_OVER with expires_ms. */
	struct foreign_visitor visitor;
};

#define VISITORS_CAPACITY_MAX (1u << 21)

/* Of a list that members of a cluster share, and at most so many are served of: a store that is
 * written behind it has those of before and those of after a pass when that was cut short, until
 * the log behind it is replayed. Not more are let in for that. */
#define VISITORS_ROOM(served) (2 * (served))

/* All memory is taken now. `seed` is secret and random. HA_E_NOMEM; HA_E_RANGE: no room for
 * anybody. */
enum ha_error visitors_create(uint32_t capacity, uint64_t seed, struct visitors **out);
void visitors_free(struct visitors *visitors); /* NULL is fine */

/* HA_E_CAPACITY: there is no room, nothing has changed. HA_E_NOTFOUND: whom it is about is not
 * there, or stays. */
enum ha_error visitors_apply(struct visitors *visitors, const struct visitor_command *command);

/* Borrowed until the next change. NULL: there is none. */
const struct foreign_visitor *visitors_find(const struct visitors *visitors, struct in_addr home,
                                            struct in_addr home_agent);

/* The first in place *place or behind it, of which it becomes the place; start with 0 and go on
 * with one more. NULL: there is no further one. */
const struct foreign_visitor *visitors_next(const struct visitors *visitors, uint32_t *place);

/* Likewise the next one whose lifetime is over at that time; it may go before the search goes
 * on. Looks at all places, so begin one once a second or so. */
const struct foreign_visitor *visitors_expired(const struct visitors *visitors, uint64_t now_ms,
                                               uint32_t *place);

uint32_t visitors_count(const struct visitors *visitors);

#endif
