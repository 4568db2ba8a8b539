/* tree.h - all objects in the order of their names, and the two ways to ask for one.
 *
 * May include: mib/object.h, mib/view.h. */
#ifndef MIB_TREE_H
#define MIB_TREE_H

#include "mib/object.h"

#define MIB_NAME_MAX 128u /* arcs of a whole name, RFC 3416 section 4.1 */

/* The name of an object: arcs. */
struct mib_name {
	size_t size;
	uint32_t at[MIB_NAME_MAX];
};

/* Below 0, 0 or above, as GETNEXT has the order. */
int mib_name_compare(const struct mib_name *one, const struct mib_name *other);

/* All names from `start` on that come before `end`. */
struct mib_range {
	struct mib_name start, end;
};

/* The names that begin with `root`, whose last arc is not the greatest. */
void mib_range_below(const struct mib_name *root, struct mib_range *out);

struct mib_tree;

enum mib_found {
	MIB_FOUND,
	MIB_NO_OBJECT,   /* noSuchObject: there is no object of that name */
	MIB_NO_INSTANCE, /* noSuchInstance: it has no such row, or the row has no such value */
};

/* What a name stands for. */
struct mib_object {
	const struct mib_table *table;
	const struct mib_column *column;
	struct mib_key key; /* of the row, which need not be there */
};

/* Make the tree of these tables, which outlive it. NULL: out of memory. */
struct mib_tree *mib_tree_make(struct mib_table *const *tables, size_t count);
void mib_tree_free(struct mib_tree *tree); /* accepts NULL */

/* MIB_NO_INSTANCE: no row can have that index; table and column are known. */
enum mib_found mib_tree_locate(const struct mib_tree *tree, const struct mib_name *name,
                               struct mib_object *out);

/* The value of exactly this object. */
enum mib_found mib_tree_get(const struct mib_tree *tree, struct mib_view *view,
                            const struct mib_name *name, struct mib_value *out);

/* The first object after `name`, or at it if `inclusive`, that is in the range: its name
 * and value. `name` may come before the range, which then is looked at from its start on.
 * `name` and *found may be the same. false: there is none, and *found is of no use. */
bool mib_tree_next(const struct mib_tree *tree, struct mib_view *view, const struct mib_name *name,
                   bool inclusive, const struct mib_range *range, struct mib_name *found,
                   struct mib_value *out);

/* Visit all columns in the order of their names. */
typedef void mib_visitor(void *context, const struct mib_table *table,
                         const struct mib_column *column);
void mib_tree_visit(const struct mib_tree *tree, mib_visitor *visit, void *context);

#endif
