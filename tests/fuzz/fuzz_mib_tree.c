/* fuzz_mib_tree.c - GET and GETNEXT of any name, in any range: the tree answers as a plain list of all
 * objects would, which is made row by row without it. Tables with all kinds of indexes,
 * with holes, with a column of its own seek, and empty. */
#include <stdlib.h>
#include <string.h>

#include "mib/object.h"
#include "mib/tree.h"
#include "mib/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OBJECTS_MAX 256u

static void check(int holds)
{
	if (!holds)
		abort();
}

/* ---- the rows: their keys, in order; a row is its number ---- */

struct rows {
	const char *keys[6]; /* each begins with its size */
	size_t count;
};

static const struct rows pairs = {
	{ "\x08\x0a\x00\x00\x01\xc0\x00\x02\x01", "\x08\x0a\x00\x00\x01\xc0\x00\x02\xff",
	  "\x08\x0a\x00\x00\xff\x00\x00\x00\x00", "\x08\xff\xff\xff\xff\xff\xff\xff\xff" },
	4
};
static const struct rows names = { { "\x06\x00\x00\x00\x00\x00"
	                             "a",
	                             "\x07\x00\x00\x00\x00\x01"
	                             "xa",
	                             "\x08\x00\x00\x00\x00\x01"
	                             "xab",
	                             "\x08\xff\xff\xff\xff\x02\x00\xff\xff" },
	                           4 };
static const struct rows nothing = { { NULL }, 0 };

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const char *key = ((const struct rows *)context)->keys[i];

	out->size = 0;
	mib_key_octets(out, key + 1, (size_t)key[0]);
}

static bool find_in(const struct rows *rows, const struct mib_key *from, bool after,
                    struct mib_key *found, void *row)
{
	size_t place = mib_place(rows, rows->count, key_at, from, after);

	if (place == rows->count)
		return false;
	key_at(rows, place, found);
	memcpy(row, &place, sizeof(place));
	return true;
}

#define FIND(name, rows)                                                                           \
	static bool name(struct mib_view *view, const struct mib_key *from, bool after,            \
	                 struct mib_key *found, void *row)                                         \
	{                                                                                          \
		(void)view;                                                                        \
		return find_in(&(rows), from, after, found, row);                                  \
	}
FIND(find_pair, pairs)
FIND(find_name, names)
FIND(find_nothing, nothing)

static size_t number_of(const struct mib_cell *cell)
{
	size_t number;

	memcpy(&number, cell->row, sizeof(number));
	return number;
}

static bool read_number(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, number_of(cell));
}

/* Only every second row has it. */
static bool read_odd(const struct mib_cell *cell, struct mib_value *out)
{
	return number_of(cell) % 2 && mib_unsigned(out, number_of(cell));
}

static bool read_scalar(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, cell->column->arc);
}

/* ---- the tables ---- */

static const struct mib_column of_pairs[] = {
	{ .arc = 1, .read = read_number },
	{ .arc = 2, .read = read_odd },
	{ .arc = 4, .read = read_number, .find = find_nothing },
	{ .arc = 7, .read = read_number },
};
static const struct mib_column of_names[] = { { .arc = 3, .read = read_number },
	                                      { .arc = 9, .read = read_odd } };
static const struct mib_column of_nothing[] = { { .arc = 1, .read = read_number } };
static const struct mib_column scalars[] = { { .arc = 1, .read = read_scalar },
	                                     { .arc = 5, .read = read_scalar } };

#define PART(kind_)                                                                                \
	{                                                                                          \
		.kind = MIB_PART_##kind_, .max = 4                                                 \
	}

static struct mib_table group = {
	.name = "group", MIB_ROOT(1, 3, 7), MIB_SCALARS, MIB_COLUMNS(scalars)
};
static struct mib_table pair_table = { .name = "pairs",
	                               MIB_ROOT(1, 3, 7, 2, 1),
	                               .index = { 2, { PART(ADDRESS), PART(ADDRESS) } },
	                               MIB_COLUMNS(of_pairs),
	                               .find = find_pair };
static struct mib_table name_table = { .name = "names",
	                               MIB_ROOT(1, 3, 7, 3, 1),
	                               .index = { 3,
	                                          { PART(NUMBER), PART(STRING), PART(IMPLIED) } },
	                               MIB_COLUMNS(of_names),
	                               .find = find_name };
static struct mib_table empty_table = { .name = "empty",
	                                MIB_ROOT(1, 3, 7, 4, 1),
	                                .index = { 1, { PART(NUMBER) } },
	                                MIB_COLUMNS(of_nothing),
	                                .find = find_nothing };
static struct mib_table *const tables[] = { &name_table, &empty_table, &group, &pair_table };
static const struct mib_range all = { { 3, { 1, 3, 7 } }, { 3, { 1, 3, 8 } } };

/* ---- the list of all objects ---- */

static struct {
	struct mib_name name;
	uint64_t value;
} objects[OBJECTS_MAX];
static size_t object_count;

static void list_row(struct mib_view *view, const struct mib_table *table,
                     const struct mib_column *column, const struct mib_key *key, const void *row)
{
	const struct mib_cell cell = { view, column, row };
	struct mib_name *name = &objects[object_count].name;
	struct mib_value value;

	if (!column->read(&cell, &value))
		return;
	memcpy(name->at, table->root, table->root_size * sizeof(name->at[0]));
	name->at[table->root_size] = column->arc;
	name->size = table->root_size + 1;
	name->size += mib_index_arcs(&table->index, key, name->at + name->size);
	objects[object_count++].value = value.is.number;
}

static void list_column(void *context, const struct mib_table *table,
                        const struct mib_column *column)
{
	static struct mib_row row;
	struct mib_key from = { 0 };
	bool after = false;
	mib_find *find = column->find ? column->find : table->find;

	while (find(context, &from, after, &row.key, row.is)) {
		list_row(context, table, column, &row.key, row.is);
		from = row.key;
		after = true;
	}
}

/* ---- a request ---- */

static size_t place_in_list(const struct mib_name *name, bool inclusive)
{
	size_t i = 0;

	while (i < object_count) {
		int order = mib_name_compare(&objects[i].name, name);

		if (order > 0 || (order == 0 && inclusive))
			break;
		i++;
	}
	return i;
}

static void ask_next(const struct mib_tree *tree, struct mib_view *view,
                     const struct mib_name *name, bool inclusive, const struct mib_range *range)
{
	bool before = mib_name_compare(name, &range->start) < 0;
	size_t place = before ? place_in_list(&range->start, true) : place_in_list(name, inclusive);
	size_t end = place_in_list(&range->end, true);
	struct mib_name found;
	struct mib_value value;

	check(mib_tree_next(tree, view, name, inclusive, range, &found, &value) == (place < end));
	if (place < end)
		check(mib_name_compare(&found, &objects[place].name) == 0 &&
		      value.is.number == objects[place].value);
}

static void ask(const struct mib_tree *tree, struct mib_view *view, const struct mib_name *name,
                bool inclusive)
{
	size_t place = place_in_list(name, true);
	bool is_one = place < object_count && mib_name_compare(&objects[place].name, name) == 0;
	struct mib_range range = all;
	struct mib_value value;

	ask_next(tree, view, name, inclusive, &range);
	/* Ends where the name says, beginning anywhere. */
	range.end = *name;
	for (size_t i = 0; i < object_count; i++) {
		range.start = objects[i].name;
		ask_next(tree, view, &all.start, inclusive, &range);
		ask_next(tree, view, &objects[i].name, inclusive, &range);
	}
	/* Begins there. */
	range = (struct mib_range){ *name, all.end };
	ask_next(tree, view, &all.start, inclusive, &range);
	check((mib_tree_get(tree, view, name, &value) == MIB_FOUND) == is_one);
	if (is_one)
		check(value.is.number == objects[place].value);
}

/* Arcs from octets: small ones, and some at the limits. */
static void take_name(const uint8_t *data, size_t size, struct mib_name *out)
{
	static const uint32_t limits[] = { 255, 256, INT32_MAX, UINT32_MAX };

	out->size = 0;
	for (size_t i = 0; i < size && out->size < MIB_NAME_MAX; i++)
		out->at[out->size++] = data[i] < 0xfc ? data[i] : limits[data[i] - 0xfc];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mib_tree *tree;
	static struct mib_view view;
	struct mib_name name;

	if (!tree) {
		tree = mib_tree_make(tables, sizeof(tables) / sizeof(tables[0]));
		check(tree && mib_view_open(&view, sizeof(tables) / sizeof(tables[0])));
		mib_tree_visit(tree, list_column, &view);
		check(object_count == 18);
	}
	if (size == 0)
		return 0;
	mib_view_begin(&view, MIB_ALL_GROUPS, 0);
	/* Near an object, or anything. */
	if (data[0] & 1 && size > 1) {
		name = objects[data[1] % object_count].name;
		for (size_t i = 2; i + 1 < size; i += 2)
			name.at[data[i] % name.size] = data[i + 1];
		name.size -= data[0] / 32u % name.size;
	} else {
		take_name(data + 1, size - 1, &name);
	}
	ask(tree, &view, &name, data[0] & 2);
	mib_view_end(&view);
	return 0;
}
