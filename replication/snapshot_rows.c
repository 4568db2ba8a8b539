/* snapshot_rows.c - see snapshot_rows.h. */
#include "replication/snapshot_rows.h"

#include <string.h>

#include "replication/snapshot_format.h"

static bool is_own(unsigned table, struct store_bytes key)
{
	static const char prefix[] = STORE_OWN_PREFIX;

	return table == STORE_META && key.size >= sizeof(prefix) - 1 &&
	       memcmp(key.at, prefix, sizeof(prefix) - 1) == 0;
}

void snapshot_rows_begin(struct snapshot_rows *rows, unsigned table, const uint8_t *key,
                         size_t size)
{
	rows->table = table;
	rows->moving = rows->kept = false;
	rows->key_size = size;
	memcpy(rows->key, key, size);
}

static enum ha_error next_row(struct snapshot_rows *rows, struct store_reader *reader)
{
	enum ha_error error;

	if (rows->moving)
		return store_next(reader, (enum store_table)rows->table, &rows->row);
	error = store_seek(reader, (enum store_table)rows->table,
	                   (struct store_bytes){ rows->key, rows->key_size }, rows->key_size > 0,
	                   &rows->row);
	rows->moving = error == HA_OK;
	return error;
}

static void next_table(struct snapshot_rows *rows)
{
	rows->table++;
	rows->moving = false;
	rows->key_size = 0;
}

enum ha_error snapshot_rows_fill(struct snapshot_rows *rows, struct store_reader *reader,
                                 struct octets_out *body, uint32_t *count)
{
	enum ha_error error = HA_OK;

	*count = 0;
	while (rows->table < STORE_TABLE_COUNT) {
		if (!rows->kept)
			error = next_row(rows, reader);
		rows->kept = false;
		if (error == HA_E_NOTFOUND && *count > 0)
			return HA_OK; /* the next chunk finds the end of the table again */
		if (error == HA_E_NOTFOUND) {
			next_table(rows);
			continue;
		}
		if (error != HA_OK)
			return error;
		if (is_own(rows->table, rows->row.key))
			continue;
		rows->kept = !snapshot_put_row(body, &rows->row);
		if (rows->kept)
			return HA_OK;
		++*count;
	}
	return HA_OK;
}

enum ha_error snapshot_rows_count(struct store_reader *reader, uint64_t counts[STORE_TABLE_COUNT])
{
	enum ha_error error = store_read_count(reader, counts);
	struct store_row row;

	if (error == HA_OK)
		error = store_seek(reader, STORE_META, (struct store_bytes){ 0 }, false, &row);
	while (error == HA_OK) {
		counts[STORE_META] -= is_own(STORE_META, row.key);
		error = store_next(reader, STORE_META, &row);
	}
	return error == HA_E_NOTFOUND ? HA_OK : error;
}
