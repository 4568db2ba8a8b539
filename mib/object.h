/* object.h - how objects are declared: as tables, whose columns say how a row is read,
 * and whose seek finds the next row. Scalars are the columns of a table of one row,
 * whose index is the number 0.
 *
 * The glue in tree.c knows neither a row nor where it comes from; a table knows neither
 * its place among the others nor Net-SNMP.
 *
 * May include: mib/value.h, mib/index.h. */
#ifndef MIB_OBJECT_H
#define MIB_OBJECT_H

#include "mib/index.h"
#include "mib/value.h"

#define MIB_ROOT_MAX 16u  /* arcs of an entry */
#define MIB_ROW_MAX 1536u /* octets of a row */

struct mib_view; /* mib/view.h */

enum mib_access {
	MIB_READ,  /* read-only */
	MIB_WRITE, /* read-write or read-create */
};

/* The first row at or after `from`, strictly after it if `after`: into `row`, which has
 * MIB_ROW_MAX octets and is aligned for anything, and its key into *found. false: there
 * is none. Runs within the snapshot of the view. */
typedef bool mib_find(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row);

/* One object of one row. */
struct mib_cell {
	struct mib_view *view;
	const struct mib_column *column;
	const void *row;
};

struct mib_column {
	uint32_t arc; /* below the entry, or of a scalar below its group */
	enum mib_access access;
	/* false: this row has no such object. */
	bool (*read)(const struct mib_cell *cell, struct mib_value *out);
	/* For a column that few rows have: finds only those. NULL: that of the table. */
	mib_find *find;
};

/* What may be written into a column: of a number the least and the greatest, of octets
 * how many, of an address nothing more. */
struct mib_writable {
	uint32_t arc;
	enum mib_type type; /* MIB_INTEGER, MIB_UNSIGNED, MIB_ADDRESS or MIB_OCTETS */
	int64_t min, max;
	bool or_empty; /* no octets at all are allowed too */
};

/* How the rows of a table are written. What a single value is to be like stands in
 * `columns`; whether the values of a row go together, with what is there, and what
 * changes come of them, `judge` knows (set.h). */
struct set_row;
typedef void mib_judge(struct set_row *row);
struct mib_writing {
	const struct mib_writable *columns;
	size_t column_count;
	mib_judge *judge;
};

struct mib_table {
	const char *name; /* of the entry or the group of scalars in the module */
	uint32_t root[MIB_ROOT_MAX];
	size_t root_size;
	struct mib_index index;
	const struct mib_column *columns; /* with ascending arcs */
	size_t column_count;
	mib_find *find;
	const struct mib_writing *writing; /* NULL: nothing of it is written */
	unsigned number;                   /* among all tables; set by the tree */
};

#define MIB_WRITABLE(columns_)                                                                     \
	.columns = (columns_), .column_count = sizeof(columns_) / sizeof((columns_)[0])

/* Where the modules are. */
#define MIB_MIP_ROOT 1, 3, 6, 1, 2, 1, 44
#define MIB_HEARTH_ROOT 1, 3, 6, 1, 4, 1, 32473, 1

#define MIB_ROOT(...)                                                                              \
	.root = { __VA_ARGS__ }, .root_size = sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t)
#define MIB_COLUMNS(columns_)                                                                      \
	.columns = (columns_), .column_count = sizeof(columns_) / sizeof((columns_)[0])
#define MIB_SCALARS .index = { 1, { { .kind = MIB_PART_NUMBER } } }, .find = mib_one_row

/* Of a table of scalars: the one row, which is empty. */
mib_find mib_one_row;

/* The next of rows whose keys are already known, in ascending order: `key_at` says that
 * of the row at place `i`. Returns the place, `count` when there is none. */
typedef void mib_key_at(const void *context, size_t i, struct mib_key *out);
size_t mib_place(const void *context, size_t count, mib_key_at *key_at, const struct mib_key *from,
                 bool after);
/* The same of few rows that are in no order. */
size_t mib_place_of_few(const void *context, size_t count, mib_key_at *key_at,
                        const struct mib_key *from, bool after);

#endif
