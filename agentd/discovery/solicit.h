/* solicit.h - when a mobile node that looks for an agent solicits: the procedure of RFC 1256
 * section 5.3 as RFC 5944 section 2.4 changes it.
 *
 * Pure but for the struct that is handed in: no clock, no random numbers, no socket. Times
 * are milliseconds of one monotonic clock, the caller's; `random` is a fresh number for each
 * call.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_DISCOVERY_SOLICIT_H
#define AGENTD_DISCOVERY_SOLICIT_H

#include <stdbool.h>
#include <stdint.h>

#define SOLICIT_NEVER UINT64_MAX
#define SOLICIT_DELAY_MS 1000u    /* of the first one at most, RFC 1256 section 6 */
#define SOLICIT_INTERVAL_MS 1000u /* between the first few, RFC 5944 section 2.4 */
#define SOLICIT_INITIAL_COUNT 3u
#define SOLICIT_MAX_INTERVAL_LEAST_MS 60000u /* advised for the longest, RFC 5944 section 2.4 */

/* solicit_init makes it. */
struct solicit {
	uint32_t sent;       /* since the rate began anew; counts no further than it matters */
	uint64_t due_ms;     /* of the next one; SOLICIT_NEVER: it looks for none */
	uint64_t allowed_ms; /* sooner none is sent, however often a search begins */
};

void solicit_init(struct solicit *solicit);

/* It looks for an agent. The rate begins anew when `anew`: when it has been registered since
 * the last search, or something has told it that it is on another link; never otherwise
 * (RFC 5944 section 2.4). A search that is under way goes on unless it is to begin anew. */
void solicit_begin(struct solicit *solicit, bool anew, uint32_t max_interval_ms, uint64_t now_ms,
                   uint32_t random);

/* It has heard one, or need not look any more. */
void solicit_end(struct solicit *solicit);

/* Whether to solicit now, and then the next one is due a second later at the least, and after
 * the third later each time, by twice the nominal interval, up to the longest. The nominal
 * intervals are lengthened by up to a half at random, so the rate is never above them. */
bool solicit_tick(struct solicit *solicit, uint32_t max_interval_ms, uint64_t now_ms,
                  uint32_t random);

/* Behind the solicitation of that number, from 1. */
uint32_t solicit_nominal_ms(uint32_t number, uint32_t max_interval_ms);

#endif
