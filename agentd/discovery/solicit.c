/* solicit.c - the timer of a mobile node's solicitations. */
#include "agentd/discovery/solicit.h"

#include "agentd/discovery/spread.h"

#define DOUBLINGS_MAX 31u

uint32_t solicit_nominal_ms(uint32_t number, uint32_t max_interval_ms)
{
	uint32_t doublings = number < SOLICIT_INITIAL_COUNT ? 0
	                                                    : number - SOLICIT_INITIAL_COUNT + 1;
	uint64_t nominal_ms;

	if (doublings > DOUBLINGS_MAX)
		doublings = DOUBLINGS_MAX;
	nominal_ms = (uint64_t)SOLICIT_INTERVAL_MS << doublings;
	return nominal_ms < max_interval_ms ? (uint32_t)nominal_ms : max_interval_ms;
}

static uint64_t next_ms(const struct solicit *solicit, uint32_t max_interval_ms, uint64_t now_ms,
                        uint32_t random)
{
	uint32_t nominal_ms = solicit_nominal_ms(solicit->sent, max_interval_ms);

	return now_ms + nominal_ms + spread_ms(nominal_ms / 2, random);
}

void solicit_init(struct solicit *solicit)
{
	*solicit = (struct solicit){ .due_ms = SOLICIT_NEVER };
}

void solicit_begin(struct solicit *solicit, bool anew, uint32_t max_interval_ms, uint64_t now_ms,
                   uint32_t random)
{
	if (!anew && solicit->due_ms != SOLICIT_NEVER)
		return;
	if (anew)
		solicit->sent = 0;
	if (solicit->sent > 0)
		solicit->due_ms = next_ms(solicit, max_interval_ms, now_ms, random);
	else
		solicit->due_ms = now_ms + spread_ms(SOLICIT_DELAY_MS, random);
	if (solicit->due_ms < solicit->allowed_ms)
		solicit->due_ms = solicit->allowed_ms;
}

void solicit_end(struct solicit *solicit)
{
	solicit->due_ms = SOLICIT_NEVER;
}

bool solicit_tick(struct solicit *solicit, uint32_t max_interval_ms, uint64_t now_ms,
                  uint32_t random)
{
	if (now_ms < solicit->due_ms || solicit->due_ms == SOLICIT_NEVER)
		return false;
	if (solicit->sent < SOLICIT_INITIAL_COUNT + DOUBLINGS_MAX)
		solicit->sent++;
	solicit->allowed_ms = now_ms + SOLICIT_INTERVAL_MS;
	solicit->due_ms = next_ms(solicit, max_interval_ms, now_ms, random);
	return true;
}
