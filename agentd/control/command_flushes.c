/* command_flushes.c - how long the log's flushes took: what every registration
 * waits for. */
#include "agentd/control/call.h"

#include <math.h>

/* Upper bound of a bucket: 2^(i/4) microseconds, as replication.h has it. */
static uint64_t below_us(unsigned bucket)
{
	return (uint64_t)ceil(exp2(bucket / 4.0));
}

enum call_progress call_flushes(struct call *call)
{
	uint64_t counts[REPLICATION_FLUSH_BUCKETS];

	if (call->options.word_count)
		return call_usage(call);
	agent_flush_histogram(call->agent, counts);
	for (unsigned i = 0; i < REPLICATION_FLUSH_BUCKETS; i++) {
		if (counts[i] == 0)
			continue;
		answer_number(&call->answer, "bucket", i);
		answer_number(&call->answer, "below_us", below_us(i));
		answer_number(&call->answer, "flushes", counts[i]);
		answer_record(&call->answer);
	}
	return CALL_DONE;
}
