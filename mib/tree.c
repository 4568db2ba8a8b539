/* tree.c - one array of columns in the order of their names. A name is found in it by
 * halving; what comes after a column's last row is the next column's first. */
#include "mib/tree.h"

#include <stdlib.h>
#include <string.h>

#include "mib/view.h"

struct place {
	const struct mib_table *table;
	const struct mib_column *column;
};

struct mib_tree {
	size_t count;
	struct place places[];
};

int mib_name_compare(const struct mib_name *one, const struct mib_name *other)
{
	size_t common = one->size < other->size ? one->size : other->size;

	for (size_t i = 0; i < common; i++)
		if (one->at[i] != other->at[i])
			return one->at[i] < other->at[i] ? -1 : 1;
	return one->size < other->size ? -1 : one->size > other->size;
}

void mib_range_below(const struct mib_name *root, struct mib_range *out)
{
	out->start = out->end = *root;
	out->end.at[root->size - 1u]++;
}

/* Below 0, 0 or above: a name beside the object at a place; 0 when it begins with it. */
static int compare_name(const struct mib_name *name, const struct place *place)
{
	const struct mib_table *table = place->table;

	for (size_t i = 0; i <= table->root_size; i++) {
		uint32_t arc = i < table->root_size ? table->root[i] : place->column->arc;

		if (i == name->size || name->at[i] < arc)
			return -1;
		if (name->at[i] > arc)
			return 1;
	}
	return 0;
}

static void name_of(const struct place *place, struct mib_name *out)
{
	const struct mib_table *table = place->table;

	memcpy(out->at, table->root, table->root_size * sizeof(out->at[0]));
	out->at[table->root_size] = place->column->arc;
	out->size = table->root_size + 1;
}

static int compare_places(const void *one, const void *other)
{
	struct mib_name name;

	name_of(one, &name);
	return compare_name(&name, other);
}

struct mib_tree *mib_tree_make(struct mib_table *const *tables, size_t count)
{
	struct mib_tree *tree;
	size_t columns = 0;

	for (size_t i = 0; i < count; i++)
		columns += tables[i]->column_count;
	tree = calloc(1, sizeof(*tree) + columns * sizeof(tree->places[0]));
	if (!tree)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		tables[i]->number = (unsigned)i;
		for (size_t c = 0; c < tables[i]->column_count; c++)
			tree->places[tree->count++] = (struct place){ tables[i],
				                                      &tables[i]->columns[c] };
	}
	qsort(tree->places, tree->count, sizeof(tree->places[0]), compare_places);
	return tree;
}

void mib_tree_free(struct mib_tree *tree)
{
	free(tree);
}

/* The first place whose object the name begins with or comes before. */
static size_t place_of(const struct mib_tree *tree, const struct mib_name *name)
{
	size_t low = 0, high = tree->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_name(name, &tree->places[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same, where a walk is likely to be: at the object that was told last, or the next
 * one. */
static size_t place_near(const struct mib_tree *tree, struct mib_view *view,
                         const struct mib_name *name)
{
	for (size_t at = view->place; at < tree->count && at < view->place + 2; at++)
		if (compare_name(name, &tree->places[at]) == 0)
			return at;
	return place_of(tree, name);
}

static mib_find *find_of(const struct place *place)
{
	return place->column->find ? place->column->find : place->table->find;
}

static bool read_cell(struct mib_view *view, const struct place *place, const struct mib_row *row,
                      struct mib_value *out)
{
	const struct mib_cell cell = { view, place->column, row->is };

	return place->column->read(&cell, out);
}

enum mib_found mib_tree_locate(const struct mib_tree *tree, const struct mib_name *name,
                               struct mib_object *out)
{
	size_t at = place_of(tree, name);
	const struct place *place = &tree->places[at];
	size_t start;

	if (at == tree->count || compare_name(name, place) != 0)
		return MIB_NO_OBJECT;
	out->table = place->table;
	out->column = place->column;
	start = place->table->root_size + 1;
	if (!mib_index_exact(&place->table->index, name->at + start, name->size - start, &out->key))
		return MIB_NO_INSTANCE;
	return MIB_FOUND;
}

enum mib_found mib_tree_get(const struct mib_tree *tree, struct mib_view *view,
                            const struct mib_name *name, struct mib_value *out)
{
	struct mib_object object;
	enum mib_found found = mib_tree_locate(tree, name, &object);
	const struct mib_row *row;
	struct place place;

	if (found != MIB_FOUND)
		return found;
	place = (struct place){ object.table, object.column };
	row = mib_view_row(view, place.table, find_of(&place), &object.key, false);
	if (!row || mib_key_compare(&row->key, &object.key) != 0 ||
	    !read_cell(view, &place, row, out))
		return MIB_NO_INSTANCE;
	return MIB_FOUND;
}

/* The first row of a column at or after a key that has a value. */
static bool next_in_column(struct mib_view *view, const struct place *place, struct mib_key *key,
                           bool after, struct mib_name *found, struct mib_value *out)
{
	const struct mib_row *row;

	while ((row = mib_view_row(view, place->table, find_of(place), key, after))) {
		*key = row->key;
		after = true;
		if (!read_cell(view, place, row, out))
			continue;
		name_of(place, found);
		found->size += mib_index_arcs(&place->table->index, key, found->at + found->size);
		return true;
	}
	return false;
}

/* Where the next row is looked for: at the key, or behind it. */
static bool start_at(const struct mib_table *table, const uint32_t *arcs, size_t count,
                     bool inclusive, struct mib_key *out)
{
	if (inclusive && mib_index_exact(&table->index, arcs, count, out))
		return false;
	return mib_index_bound(&table->index, arcs, count, out);
}

bool mib_tree_next(const struct mib_tree *tree, struct mib_view *view, const struct mib_name *name,
                   bool inclusive, const struct mib_range *range, struct mib_name *found,
                   struct mib_value *out)
{
	bool before = mib_name_compare(name, &range->start) < 0;
	const struct mib_name *from = before ? &range->start : name;
	size_t at = place_near(tree, view, from);

	inclusive = inclusive || before;
	/* A range may end within a column. */
	for (; at < tree->count && compare_name(&range->end, &tree->places[at]) >= 0; at++) {
		const struct place *place = &tree->places[at];
		struct mib_key key = { 0 };
		bool after = false;

		if (compare_name(from, place) == 0) {
			size_t start = place->table->root_size + 1;

			after = start_at(place->table, from->at + start, from->size - start,
			                 inclusive, &key);
		}
		view->place = at;
		if (next_in_column(view, place, &key, after, found, out))
			return mib_name_compare(found, &range->end) < 0;
	}
	return false;
}

void mib_tree_visit(const struct mib_tree *tree, mib_visitor *visit, void *context)
{
	for (size_t i = 0; i < tree->count; i++)
		visit(context, tree->places[i].table, tree->places[i].column);
}
