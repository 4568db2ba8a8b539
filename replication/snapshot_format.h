/* snapshot_format.h - the octets that fetcher and server of a store exchange.
 * Encodes and decodes, with bounds; no I/O, no allocation.
 *
 *     fetcher                                server
 *     OPEN snapshot, stream, position  -->
 *                                      <--  OPENED snapshot, stream
 *     MORE snapshot, stream, up to     -->                          | until
 *                                      <--  CHUNK stream, number    | the end
 *                                      <--  END stream, rows of each table
 *     DONE snapshot                    -->
 *
 * A snapshot is one moment of the server's store. A stream is its rows from a
 * position on, in chunks that are numbered from 1; a fetcher that misses one
 * begins another stream behind the last row that it has. It never gets more
 * chunks than it said it takes. REFUSED answers anything, with the reason.
 *
 * All messages begin alike; integers are little-endian:
 *
 *     0 magic u32     4 format u16     6 kind u8     7 table u8
 *     8 snapshot u64 16 stream u32    20 rows u32   24 number u64
 *    32 body octets u32  36 group u32     40 checksum u64 of all but itself
 *    48 body
 *
 * The body of CHUNK holds rows of one table in order: key octets u8, value
 * octets u16, key, value. That of OPEN is the key behind which the rows begin;
 * that of END the number of rows per table, u64 each, of the whole snapshot. A
 * later format keeps magic, format and kind where they are.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_SNAPSHOT_FORMAT_H
#define REPLICATION_SNAPSHOT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/octets.h"
#include "replication/store.h"

#define SNAPSHOT_FORMAT 1u
#define SNAPSHOT_HEADER 48u
/* A connection is given up when no whole message comes for 200 ms, so a large one
 * could never arrive over a slow line. */
#define SNAPSHOT_BODY_MAX (32u << 10)
#define SNAPSHOT_MESSAGE_MAX (SNAPSHOT_HEADER + SNAPSHOT_BODY_MAX)
#define SNAPSHOT_ROW_MAX (3u + STORE_KEY_MAX + STORE_VALUE_MAX)
#define SNAPSHOT_TABLES_MAX 64u /* of one that a later program serves */

enum snapshot_kind {
	SNAPSHOT_OPEN = 1, /* group; snapshot: to go on with, 0 = a new one; table and body: where;
	                    * rows: format of the fetcher's store; number: of chunks it takes */
	SNAPSHOT_OPENED,   /* rows: format of the store */
	SNAPSHOT_MORE,     /* number: of the last chunk that it takes now */
	SNAPSHOT_CHUNK,
	SNAPSHOT_END,     /* number: of this message, as if it were a chunk */
	SNAPSHOT_DONE,    /* the server can let go of it */
	SNAPSHOT_REFUSED, /* rows: enum snapshot_refusal */
	SNAPSHOT_KINDS,
};

enum snapshot_refusal {
	SNAPSHOT_BUSY = 1, /* others fetch: ask again */
	SNAPSHOT_GONE,     /* there is no such snapshot any more: begin anew */
	SNAPSHOT_NEWER,    /* the store is of a later format than the fetcher's */
	SNAPSHOT_FAILED,   /* the store cannot be read */
};

struct snapshot_message {
	enum snapshot_kind kind;
	uint8_t table;
	uint64_t snapshot;
	uint32_t stream;
	uint32_t rows;
	uint64_t number;
	uint32_t group;      /* of OPEN; 0 otherwise */
	const uint8_t *body; /* borrowed */
	size_t body_size;
};

/* Write the header in front of a body that stands at out + SNAPSHOT_HEADER
 * already, or is copied there when message->body is elsewhere. Returns the size
 * of the message. */
size_t snapshot_encode(uint8_t *out, const struct snapshot_message *message);

/* A whole message, checked. HA_E_MALFORMED (not one, or impossible), HA_E_DAMAGED
 * (checksum), HA_E_NEWER (a later format); *out is untouched then. */
enum ha_error snapshot_decode(const void *octets, size_t size, struct snapshot_message *out);

/* Append a row to a body; false when it does not fit any more. */
bool snapshot_put_row(struct octets_out *body, const struct store_row *row);

/* The next row of a body, borrowed. HA_E_NOTFOUND at its end, HA_E_MALFORMED. */
enum ha_error snapshot_take_row(struct octets_in *body, struct store_row *out);

/* The body of END. HA_E_MALFORMED; HA_E_NEWER: rows in a table we do not know. */
size_t snapshot_put_counts(uint8_t *body, const uint64_t rows[STORE_TABLE_COUNT]);
enum ha_error snapshot_take_counts(const struct snapshot_message *message,
                                   uint64_t rows[STORE_TABLE_COUNT]);

#endif
