/* command_violations.c - who violated security: the table of the agent, in the order of
 * the home addresses that the requests claimed. */
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/flow/inspect.h"

static const char *reason_of(const struct violation *row)
{
	static const char *const reasons[] = {
		[VIOLATION_NO_ASSOCIATION] = "no security association",
		[VIOLATION_BAD_AUTHENTICATOR] = "bad authenticator",
		[VIOLATION_BAD_IDENTIFIER] = "bad identification",
		[VIOLATION_BAD_SPI] = "unknown SPI",
		[VIOLATION_MISSING_EXTENSION] = "no authentication",
	};

	return row->reason < sizeof(reasons) / sizeof(reasons[0]) && reasons[row->reason]
	               ? reasons[row->reason]
	               : "other";
}

static void add(struct answer *answer, const struct violation *row)
{
	uint64_t now_ms = clock_monotonic_ms();
	uint64_t ago_ms = now_ms > row->last_ms ? now_ms - row->last_ms : 0;

	answer_text(answer, "home", "%s", address_format(row->address).text);
	answer_number(answer, "violations", row->count);
	answer_text(answer, "reason", "%s", reason_of(row));
	answer_number(answer, "spi", row->spi);
	answer_text(answer, "identification", "%016llx", (unsigned long long)row->identification);
	answer_text(answer, "last", "%s", time_format(clock_wall_ms() - ago_ms).text);
	answer_record(answer);
}

/* Rows come and go while they are listed; the walk goes forward all the same. One more
 * than a page tells whether it is the last. */
enum call_progress call_violations(struct call *call)
{
	struct violation rows[CALL_PAGE_ROWS + 1];
	struct in_addr after;
	size_t count;

	if (call->options.word_count)
		return call_usage(call);
	if (call->resumed)
		memcpy(&after, call->key.at, sizeof(after));
	count = violations_list(agent_violations(call->agent), call->resumed ? &after : NULL, rows,
	                        CALL_PAGE_ROWS + 1);
	for (size_t i = 0; i < count && i < CALL_PAGE_ROWS; i++)
		add(&call->answer, &rows[i]);
	if (count <= CALL_PAGE_ROWS)
		return CALL_DONE;
	call->resumed = true;
	call->key.size = sizeof(after);
	memcpy(call->key.at, &rows[CALL_PAGE_ROWS - 1].address, sizeof(after));
	return CALL_MORE;
}
