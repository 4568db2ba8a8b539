/* set.h - a SET as a plan: all its values are collected by rows, each row is judged
 * against what is there, and what comes of it are changes of one home agent group that
 * are made together or not at all, or of what is no group, or one order.
 *
 *     set_add(plan, &name, &value, tag)   for every value; its type, size and range
 *     set_judge(plan, view)               all rows, against one snapshot
 *     set_commit(plan, who)               mib/commit.h
 *
 * The first refusal ends it: nothing of the request is done. A row is judged by the
 * `judge` of its table, which asks what is wanted with set_wanted and answers with
 * set_step, set_order or set_refuse.
 *
 * On the thread of the view. Plans hold keys and are wiped when they are freed.
 *
 * May include: mib/refusal.h, mib/tree.h, mib/view.h, agentd/flow/batch.h. */
#ifndef MIB_SET_H
#define MIB_SET_H

#include "agentd/flow/batch.h"
#include "mib/refusal.h"
#include "mib/tree.h"
#include "mib/view.h"

#define SET_VALUES_MAX 1024u /* in one request */

/* One value that is wanted. */
struct set_value {
	const void *tag; /* of the caller, who is told it when it is refused */
	uint64_t part;   /* of the request, set_part */
	uint32_t arc;    /* of the column */
	size_t row;
	struct mib_value is;
};

struct set_plan;

struct set_row {
	struct set_plan *plan;
	const struct mib_table *table;
	struct mib_key key;
};

struct set_step {
	struct change change;
	size_t row;
};

enum set_order_kind {
	SET_NO_ORDER,
	SET_TRANSFER, /* leadership to `member` */
	SET_TEST,     /* a test notification */
};

/* What is done at once and cannot be taken back: alone in its request. */
struct set_order {
	enum set_order_kind kind;
	uint8_t member;
	size_t row;
};

/* Who makes changes that are of no group: of `size` octets each, all of a plan at once, or none.
 * `undo` gets as many that take them back. */
struct set_maker {
	size_t size;
	enum ha_error (*check)(void *context, const void *changes, size_t count, size_t *refused);
	enum ha_error (*make)(void *context, const void *changes, size_t count, void *undo,
	                      size_t *refused);
};

#define SET_MADE_MAX 32u /* such changes */

struct set_plan {
	const struct mib_tree *tree;
	struct set_value *values;
	size_t value_count;
	struct set_row *rows;
	size_t row_count;
	uint64_t part; /* that is being said; 0: none, it is judged */
	/* Of the judgement: */
	struct mib_view *view; /* NULL: none is under way */
	struct mib_group *group;
	struct set_step *steps;
	size_t step_count;
	struct set_order order;
	const struct set_maker *maker; /* of: */
	void *maker_context;
	unsigned char *made; /* changes, one behind the other */
	unsigned char *unmade;
	size_t made_count;
	size_t made_rows[SET_MADE_MAX];
	/* Why it is refused, and by which value. */
	enum mib_refusal refusal;
	const void *blamed;
	uint64_t refused_part; /* 0: by the judgement */
	/* Of what was carried out. */
	bool committed;
	uint64_t index;          /* the version of all that it wrote */
	struct batch_undo *undo; /* NULL: there is no way back */
};

/* NULL: out of memory. The tree is borrowed. */
struct set_plan *set_plan_new(const struct mib_tree *tree);
void set_plan_free(struct set_plan *plan); /* accepts NULL */

/* The values that follow are of this part of the request, any number but 0 that the caller
 * knows it by. A part that was said before is said again as a whole, as who had no answer in
 * time does: its values are forgotten, and so is why it was refused, or what was judged. */
void set_part(struct set_plan *plan, uint64_t part);

/* One value more. Also kept as the plan's refusal. */
enum mib_refusal set_add(struct set_plan *plan, const struct mib_name *name,
                         const struct mib_value *value, const void *tag);

/* What comes of all values so far. May be called again when there are more. */
enum mib_refusal set_judge(struct set_plan *plan, struct mib_view *view);

/* ---- for the judges ---- */

/* The value of a column that is wanted; NULL when it is not in the request. */
const struct mib_value *set_wanted(const struct set_row *row, uint32_t arc);
/* The same as a number, or `otherwise`. */
int64_t set_number(const struct set_row *row, uint32_t arc, int64_t otherwise);
/* As text: false when it is not in the request, or refused since it has a NUL in it or
 * does not fit. */
bool set_text(struct set_row *row, uint32_t arc, char *out, size_t size);

/* The row as the table's `find` gives it; NULL when it is not there. Valid until the next
 * look at the table. */
const void *set_found(struct set_row *row);

/* The request is refused because of this column's value, or with 0 because of the first
 * one of the row. Only the first refusal counts. */
void set_refuse(struct set_row *row, uint32_t arc, enum mib_refusal refusal);
bool set_is_refused(const struct set_row *row);

/* The group with this number, if this node leads it and the request is about no other;
 * with MIB_ALL_GROUPS the one that the request is about: that of the context, or the only
 * one that this node leads. NULL: refused. */
struct mib_group *set_group(struct set_row *row, uint32_t number);

/* One more change of that group, empty. NULL: refused. */
struct set_step *set_step(struct set_row *row, enum change_kind kind);
void set_order(struct set_row *row, enum set_order_kind kind, uint8_t member);

/* One more change that `maker` makes for that context. What is wrong with it and those before, for
 * the judge to refuse; or refused already, since it does not go with the rest of the plan. */
enum ha_error set_make(struct set_row *row, const struct set_maker *maker, void *context,
                       const void *change);

enum set_intent {
	SET_NOTHING, /* refused */
	SET_CHANGE,
	SET_CREATE,
	SET_DESTROY, /* also of a row that is not there, which is well */
};

/* What is to become of a row, by its column of that arc. Rows are there or not; there is
 * nothing between. */
enum set_intent set_intent(struct set_row *row, uint32_t arc, bool exists);

/* Refused when another version is wanted in the column than the row has. 0: it has none. */
void set_check_version(struct set_row *row, uint32_t arc, uint64_t version);

#endif
