/* overload.c - turns, shares and credit. */
#include "agentd/flow/overload.h"

#include "agentd/base/random_seed.h"

void overload_init(struct overload *overload)
{
	overload->behind = false;
	overload->credit = overload->shared = overload->gave_way = 0;
	sources_init(&overload->sources, random_seed("the table of sources"));
}

void overload_begin(struct overload *overload, uint64_t waited_ns, uint32_t rate, uint64_t now_ms,
                    uint64_t time_ms)
{
	overload->behind = waited_ns > OVERLOAD_BEHIND_NS;
	overload->rate = rate;
	overload->now_ms = now_ms;
	overload->time_ms = time_ms;
	if (!overload->behind)
		overload->credit = 0;
}

static bool is_known(struct overload *overload, struct state *state, uint32_t realm,
                     struct in_addr source)
{
	return sources_is_vouched(&overload->sources, source, overload->now_ms) ||
	       state_has_peer(state, PEER_FOREIGN_AGENT, realm, source);
}

bool overload_is_mute(struct overload *overload, struct in_addr source)
{
	return overload->behind && overload->rate > 0 &&
	       sources_is_limited(&overload->sources, source, overload->now_ms, overload->rate);
}

static bool is_left(struct overload *overload, struct state *state, uint32_t realm,
                    struct in_addr source, enum state_standing standing)
{
	if (!overload_is_mute(overload, source))
		return false;
	if (!is_known(overload, state, realm, source))
		return true;
	return standing != STATE_BOUND_THUS && overload->shared++ % OVERLOAD_SHARE_EVERY != 0;
}

enum overload_turn overload_turn(struct overload *overload, struct state *state, uint32_t realm,
                                 struct in_addr home, struct in_addr source)
{
	enum state_standing standing;

	if (!overload->behind)
		return OVERLOAD_FIRST;
	standing = state_peek(state, realm, home, source, overload->time_ms);
	if (is_left(overload, state, realm, source, standing))
		return OVERLOAD_LEFT;
	return standing >= STATE_BOUND ? OVERLOAD_FIRST : OVERLOAD_THEN;
}

bool overload_gives_way(struct overload *overload)
{
	if (overload->credit == 0 || overload->gave_way++ % OVERLOAD_SPARED_EVERY == 0)
		return false;
	overload->credit--;
	return true;
}

void overload_note(struct overload *overload, struct in_addr source, enum overload_turn turn,
                   bool genuine)
{
	if (!genuine && overload->rate > 0)
		sources_failed(&overload->sources, source, overload->now_ms, overload->rate);
	if (!genuine)
		return;
	sources_vouch(&overload->sources, source, overload->now_ms);
	if (!overload->behind || turn != OVERLOAD_FIRST)
		return;
	overload->credit += OVERLOAD_CREDIT_EACH;
	if (overload->credit > OVERLOAD_CREDIT_MAX)
		overload->credit = OVERLOAD_CREDIT_MAX;
}
