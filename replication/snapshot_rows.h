/* snapshot_rows.h - the rows of one moment of a store in the order in which they are
 * sent, from a position on, in bodies of bounded size. What is the store's own
 * (STORE_OWN_PREFIX) is left out.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_SNAPSHOT_ROWS_H
#define REPLICATION_SNAPSHOT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/octets.h"
#include "replication/store.h"

/* Where it is. */
struct snapshot_rows {
	unsigned table;
	bool moving; /* the cursor of the table stands on `row`; else begin behind `key` */
	bool kept;   /* `row` did not fit into the body before */
	struct store_row row;
	uint8_t key[STORE_KEY_MAX];
	size_t key_size;
};

/* Behind this key of a table; a key of no octets is before all. */
void snapshot_rows_begin(struct snapshot_rows *rows, unsigned table, const uint8_t *key,
                         size_t size);

/* Rows of one table, as many as fit; *count is 0 when there are none left in any.
 * Errors of store_seek. */
enum ha_error snapshot_rows_fill(struct snapshot_rows *rows, struct store_reader *reader,
                                 struct octets_out *body, uint32_t *count);

/* Of all rows that are sent. Errors of store_seek. */
enum ha_error snapshot_rows_count(struct store_reader *reader, uint64_t counts[STORE_TABLE_COUNT]);

#endif
