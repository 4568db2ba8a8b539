/* row_log.h - what a configuration command changed in the store, in order: a
 * growing buffer of row operations, written through before the answer.
 *
 * Holds keys of associations: wiped when freed.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_STATE_ROW_LOG_H
#define AGENTD_STATE_ROW_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/cursor.h"

enum row_kind {
	ROW_PEER,
	ROW_ASSOCIATION,
	ROW_REPLAY,
	ROW_BINDING,
	ROW_SETTING,
	ROW_NODE,
	ROW_AUDIT,
};

enum row_operation {
	ROW_PUT,
	ROW_DELETE,
	ROW_CLEAR, /* all rows whose key starts with the key given */
	ROW_TRIM,  /* the first rows, until as many are left as the value says (u32); no key */
};

struct row_log {
	uint8_t *octets;
	size_t size;
	size_t capacity;
	enum ha_error error; /* HA_E_NOMEM sticks */
};

struct row_change {
	enum row_operation operation;
	enum row_kind kind;
	struct span key;
	struct span value; /* of ROW_PUT and ROW_TRIM */
};

void row_log_append(struct row_log *log, enum row_operation operation, enum row_kind kind,
                    struct span key, struct span value);

/* The operation at *at (0 first), which moves to the next. false at the end. */
bool row_log_next(const struct row_log *log, size_t *at, struct row_change *out);

void row_log_free(struct row_log *log); /* leaves it empty and usable */

#endif
