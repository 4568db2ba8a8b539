/* foreign_challenge.c - the window of challenges, and who may answer which. */
#include "agentd/registration/foreign_challenge.h"

enum ha_error foreign_challenges_add(struct foreign_challenges *window, struct span challenge)
{
	struct foreign_challenge_value *newest = window->newest;

	if (challenge.size == 0 || challenge.size > FOREIGN_CHALLENGE_MAX)
		return HA_E_RANGE;
	memmove(newest + 1, newest, (FOREIGN_CHALLENGE_WINDOW - 1) * sizeof(*newest));
	newest->size = (uint8_t)challenge.size;
	memcpy(newest->octets, challenge.at, challenge.size);
	return HA_OK;
}

static bool is_same(struct span a, struct span b)
{
	return a.size > 0 && a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* How many were advertised after it; FOREIGN_CHALLENGE_WINDOW: it is not among them. */
static size_t age_of(const struct foreign_challenges *window, struct span challenge)
{
	size_t age = 0;

	while (age < FOREIGN_CHALLENGE_WINDOW &&
	       !is_same((struct span){ window->newest[age].octets, window->newest[age].size },
	                challenge))
		age++;
	return age;
}

/* A node goes forward among what is advertised, and answers nothing twice but in a request
 * that it sends again. Who shows the answer of another has it from listening. */
enum foreign_challenge foreign_challenge_judge(const struct foreign_challenges *window,
                                               const struct foreign_challenge_past *past,
                                               struct span challenge)
{
	size_t age = age_of(window, challenge);

	if (past->repeated)
		return CHALLENGE_REPEATED;
	if (past->copied || is_same(past->used, challenge) || is_same(past->accepted, challenge))
		return CHALLENGE_STALE;
	if (is_same(past->offered, challenge))
		return CHALLENGE_FRESH;
	if (age == FOREIGN_CHALLENGE_WINDOW)
		return CHALLENGE_UNKNOWN;
	return age_of(window, past->used) < age || age_of(window, past->accepted) < age
	               ? CHALLENGE_STALE
	               : CHALLENGE_FRESH;
}
