/* print.h - an answer on standard output: a table or lines for people, JSON for
 * programs.
 *
 * May include: agentd/control/codec.h, verbs.h. */
#ifndef AGENTD_PROGRAMS_PRINT_H
#define AGENTD_PROGRAMS_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/control/codec.h"
#include "agentd/control/verbs.h"

#define PRINT_PAGE_ROWS 512u

struct printer {
	bool json;
	enum verb_shape shape;
	uint64_t records;
	/* The end, when it has come. */
	bool ended;
	enum ha_error error;
	char message[1024];
	/* A table: rows of this page, and the columns so far. */
	size_t columns;
	size_t widths[CONTROL_VALUES_MAX];
	bool right[CONTROL_VALUES_MAX]; /* numbers */
	bool mixed[CONTROL_VALUES_MAX]; /* texts, or both */
	char **cells;                   /* owned */
	size_t rows;
};

void printer_start(struct printer *printer, bool json, enum verb_shape shape);
struct control_sink printer_sink(struct printer *printer);
/* What is still held back; frees it. false when the output could not be written. */
bool printer_finish(struct printer *printer);

#endif
