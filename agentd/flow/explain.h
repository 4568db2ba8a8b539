/* explain.h - how a request would be handled now, and why, without handling it:
 * nothing is changed, counted or logged. No key and no authenticator is told.
 *
 * May include: agentd/flow/agent.h, proto. */
#ifndef AGENTD_FLOW_EXPLAIN_H
#define AGENTD_FLOW_EXPLAIN_H

#include "agentd/flow/agent.h"
#include "proto/cursor.h"

struct explain_question {
	struct span payload;   /* of UDP; borrowed */
	struct in_addr source; /* 0 = not known: taken to be the care-of address */
	uint16_t source_port;  /* host order; 0 = not known */
	bool broadcast;
	uint64_t wall_ms; /* Unix time at which it is judged; 0 = now */
};

enum explain_deciding {
	EXPLAIN_NO_CHECK, /* the row is about something else */
	EXPLAIN_PASSED_OVER,
	EXPLAIN_DECIDES,
};

struct explain_row {
	const char *part; /* "packet", "request", "extension", "node", "check", "answer" */
	const char *name;
	enum explain_deciding deciding;
	bool is_number;
	uint64_t number;
	char value[256];   /* unless it is a number; "" = none */
	char meaning[160]; /* "" = it says all itself */
};

/* Texts are borrowed for the call. */
typedef void explain_visitor(void *context, const struct explain_row *row);

/* Decoded fields, extensions, what is known of the node, every check with what it
 * says, and the answer. */
void agent_explain(struct agent *agent, const struct explain_question *question,
                   explain_visitor *visit, void *context);

#endif
