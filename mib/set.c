/* set.c - collecting what is wanted, and handing it to the judges. */
#include "mib/set.h"

#include <stdlib.h>
#include <string.h>

#include "proto/authenticator.h"

struct set_plan *set_plan_new(const struct mib_tree *tree)
{
	struct set_plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		plan->tree = tree;
	return plan;
}

static void wipe(void *at, size_t size)
{
	if (at)
		mip_wipe(at, size);
	free(at);
}

static void forget_judgement(struct set_plan *plan)
{
	wipe(plan->steps, plan->step_count * sizeof(plan->steps[0]));
	plan->steps = NULL;
	plan->step_count = 0;
	plan->group = NULL;
	plan->order = (struct set_order){ 0 };
	free(plan->made);
	free(plan->unmade);
	plan->made = plan->unmade = NULL;
	plan->made_count = 0;
}

void set_plan_free(struct set_plan *plan)
{
	if (!plan)
		return;
	forget_judgement(plan);
	wipe(plan->values, plan->value_count * sizeof(plan->values[0]));
	free(plan->rows);
	batch_undo_free(plan->undo);
	free(plan);
}

static enum mib_refusal refuse(struct set_plan *plan, const void *tag, enum mib_refusal refusal)
{
	if (plan->refusal == REFUSAL_NONE) {
		plan->refusal = refusal;
		plan->blamed = tag;
		plan->refused_part = plan->part;
	}
	return plan->refusal;
}

/* Room for one more of `count`, at the powers of two; old contents are wiped. NULL: no
 * memory, and what there was is there still. */
static void *grow(void *old, size_t count, size_t size)
{
	void *new;

	if (count & (count - 1) || (count == 0 && old))
		return old;
	new = calloc(count ? 2 * count : 1, size);
	if (!new || !old)
		return new;
	memcpy(new, old, count * size);
	wipe(old, count * size);
	return new;
}

/* ---- one value ---- */

static const struct mib_writable *writable_of(const struct mib_object *object)
{
	const struct mib_writing *writing = object->table->writing;

	for (size_t i = 0; writing && i < writing->column_count; i++)
		if (writing->columns[i].arc == object->column->arc)
			return &writing->columns[i];
	return NULL;
}

static enum mib_refusal check_octets(const struct mib_writable *writable,
                                     const struct mib_value *value)
{
	if (value->size == 0 && writable->or_empty)
		return REFUSAL_NONE;
	return (int64_t)value->size < writable->min || (int64_t)value->size > writable->max
	               ? REFUSAL_LENGTH
	               : REFUSAL_NONE;
}

static enum mib_refusal check_value(const struct mib_writable *writable,
                                    const struct mib_value *value)
{
	int64_t number;

	if (value->type == MIB_BROKEN)
		return REFUSAL_ENCODING;
	if (value->type != writable->type)
		return REFUSAL_TYPE;
	if (value->type == MIB_OCTETS)
		return check_octets(writable, value);
	if (value->type == MIB_ADDRESS)
		return REFUSAL_NONE;
	number = value->type == MIB_INTEGER ? value->is.integer : (int64_t)value->is.number;
	return number < writable->min || number > writable->max ? REFUSAL_VALUE : REFUSAL_NONE;
}

/* Of a scalar there is the instance 0 alone. */
static bool is_no_scalar(const struct mib_object *object)
{
	return object->table->find == mib_one_row && mib_key_number_at(&object->key, 0) != 0;
}

/* In the order in which RFC 3416 section 4.2.5 has these tests. */
static enum mib_refusal check(const struct set_plan *plan, const struct mib_name *name,
                              const struct mib_value *value, struct mib_object *object)
{
	enum mib_found found = mib_tree_locate(plan->tree, name, object);
	const struct mib_writable *writable;
	enum mib_refusal refusal;

	if (found == MIB_NO_OBJECT)
		return REFUSAL_NOT_WRITABLE;
	writable = writable_of(object);
	if (!writable)
		return REFUSAL_NOT_WRITABLE;
	refusal = check_value(writable, value);
	if (refusal == REFUSAL_NONE && (found == MIB_NO_INSTANCE || is_no_scalar(object)))
		refusal = REFUSAL_NO_CREATION;
	return refusal;
}

static bool is_row(const struct set_row *row, const struct mib_object *object)
{
	return row->table == object->table && mib_key_compare(&row->key, &object->key) == 0;
}

/* Its number; the count of rows: no memory. */
static size_t row_of(struct set_plan *plan, const struct mib_object *object)
{
	struct set_row *rows;

	for (size_t i = 0; i < plan->row_count; i++)
		if (is_row(&plan->rows[i], object))
			return i;
	rows = grow(plan->rows, plan->row_count, sizeof(*rows));
	if (!rows)
		return plan->row_count;
	plan->rows = rows;
	rows[plan->row_count] = (struct set_row){ plan, object->table, object->key };
	return plan->row_count++;
}

static enum mib_refusal keep(struct set_plan *plan, const struct mib_object *object,
                             const struct mib_value *value, const void *tag)
{
	size_t row = row_of(plan, object);
	struct set_value *values;

	if (row == plan->row_count || plan->value_count == SET_VALUES_MAX)
		return REFUSAL_NO_ROOM;
	/* What is said twice need not be the same. */
	if (set_wanted(&plan->rows[row], object->column->arc))
		return REFUSAL_INCONSISTENT;
	values = grow(plan->values, plan->value_count, sizeof(*values));
	if (!values)
		return REFUSAL_NO_ROOM;
	plan->values = values;
	values[plan->value_count++] = (struct set_value){ tag, plan->part, object->column->arc, row,
		                                          *value };
	return REFUSAL_NONE;
}

enum mib_refusal set_add(struct set_plan *plan, const struct mib_name *name,
                         const struct mib_value *value, const void *tag)
{
	struct mib_object object;
	enum mib_refusal refusal = check(plan, name, value, &object);

	if (refusal == REFUSAL_NONE)
		refusal = keep(plan, &object, value, tag);
	return refusal == REFUSAL_NONE ? REFUSAL_NONE : refuse(plan, tag, refusal);
}

/* Rows stay, of which nothing may be wanted any more. */
static void forget_values(struct set_plan *plan, uint64_t part)
{
	size_t left = 0;

	for (size_t i = 0; i < plan->value_count; i++)
		if (plan->values[i].part != part)
			plan->values[left++] = plan->values[i];
	if (left < plan->value_count)
		mip_wipe(plan->values + left, (plan->value_count - left) * sizeof(plan->values[0]));
	plan->value_count = left;
}

void set_part(struct set_plan *plan, uint64_t part)
{
	forget_judgement(plan);
	forget_values(plan, part);
	if (plan->refused_part == 0 || plan->refused_part == part) {
		plan->refusal = REFUSAL_NONE;
		plan->blamed = NULL;
	}
	plan->part = part;
}

/* ---- the judgement ---- */

static size_t number_of(const struct set_row *row)
{
	return (size_t)(row - row->plan->rows);
}

static const struct set_value *value_of(const struct set_row *row, uint32_t arc)
{
	const struct set_plan *plan = row->plan;

	for (size_t i = 0; i < plan->value_count; i++)
		if (plan->values[i].row == number_of(row) &&
		    (plan->values[i].arc == arc || arc == 0))
			return &plan->values[i];
	return NULL;
}

enum mib_refusal set_judge(struct set_plan *plan, struct mib_view *view)
{
	forget_judgement(plan);
	plan->part = 0;
	plan->view = view;
	for (size_t i = 0; i < plan->row_count && plan->refusal == REFUSAL_NONE; i++)
		if (value_of(&plan->rows[i], 0))
			plan->rows[i].table->writing->judge(&plan->rows[i]);
	if (plan->order.kind != SET_NO_ORDER && plan->step_count)
		set_refuse(&plan->rows[plan->order.row], 0, REFUSAL_NOT_AS_ONE);
	if (plan->made_count && (plan->step_count || plan->order.kind != SET_NO_ORDER))
		set_refuse(&plan->rows[plan->made_rows[0]], 0, REFUSAL_NOT_AS_ONE);
	plan->view = NULL;
	return plan->refusal;
}

const struct mib_value *set_wanted(const struct set_row *row, uint32_t arc)
{
	const struct set_value *value = value_of(row, arc);

	return value ? &value->is : NULL;
}

int64_t set_number(const struct set_row *row, uint32_t arc, int64_t otherwise)
{
	const struct mib_value *value = set_wanted(row, arc);

	if (!value)
		return otherwise;
	return value->type == MIB_INTEGER ? value->is.integer : (int64_t)value->is.number;
}

bool set_text(struct set_row *row, uint32_t arc, char *out, size_t size)
{
	const struct mib_value *value = set_wanted(row, arc);

	if (!value)
		return false;
	if (value->size >= size || memchr(value->is.octets, '\0', value->size)) {
		set_refuse(row, arc, REFUSAL_VALUE);
		return false;
	}
	memcpy(out, value->is.octets, value->size);
	out[value->size] = '\0';
	return true;
}

const void *set_found(struct set_row *row)
{
	const struct mib_row *found = mib_view_row(row->plan->view, row->table, row->table->find,
	                                           &row->key, false);

	return found && mib_key_compare(&found->key, &row->key) == 0 ? found->is : NULL;
}

void set_refuse(struct set_row *row, uint32_t arc, enum mib_refusal refusal)
{
	const struct set_value *value = value_of(row, arc);

	if (!value)
		value = value_of(row, 0);
	refuse(row->plan, value->tag, refusal);
}

bool set_is_refused(const struct set_row *row)
{
	return row->plan->refusal != REFUSAL_NONE;
}

/* ---- what it is about ---- */

static bool leads(struct mib_group *group)
{
	return !group->paused && mib_group_status(group)->replication.role == REPLICATION_LEADER;
}

/* That of the context, or the only one that is led here. */
static struct mib_group *group_meant(struct set_row *row)
{
	struct mib_view *view = row->plan->view;
	struct mib_group *group = mib_view_led(view, 0);

	if (!group)
		set_refuse(row, 0, REFUSAL_STANDBY);
	else if (mib_view_led(view, 1))
		set_refuse(row, 0, REFUSAL_NOT_AS_ONE);
	return set_is_refused(row) ? NULL : group;
}

/* The context of a group has no other one. */
static struct mib_group *group_numbered(struct set_row *row, uint32_t number)
{
	struct mib_view *view = row->plan->view;
	struct mib_group *group;

	for (size_t i = 0; (group = mib_view_any(view, i)); i++)
		if (group->number == number)
			return group;
	set_refuse(row, 0, REFUSAL_NO_CREATION);
	return NULL;
}

struct mib_group *set_group(struct set_row *row, uint32_t number)
{
	struct set_plan *plan = row->plan;
	struct mib_group *group = number == MIB_ALL_GROUPS ? group_meant(row)
	                                                   : group_numbered(row, number);

	if (!group)
		return NULL;
	if (plan->group && plan->group != group)
		set_refuse(row, 0, REFUSAL_NOT_AS_ONE);
	else if (!leads(group))
		set_refuse(row, 0, REFUSAL_STANDBY);
	if (set_is_refused(row))
		return NULL;
	plan->group = group;
	return group;
}

struct set_step *set_step(struct set_row *row, enum change_kind kind)
{
	struct set_plan *plan = row->plan;
	struct set_step *steps = NULL;

	if (plan->step_count < CHANGES_MAX)
		steps = grow(plan->steps, plan->step_count, sizeof(*steps));
	if (!steps) {
		set_refuse(row, 0, REFUSAL_NO_ROOM);
		return NULL;
	}
	plan->steps = steps;
	steps += plan->step_count++;
	*steps = (struct set_step){ .change.kind = kind, .row = number_of(row) };
	return steps;
}

void set_order(struct set_row *row, enum set_order_kind kind, uint8_t member)
{
	if (row->plan->order.kind != SET_NO_ORDER)
		set_refuse(row, 0, REFUSAL_NOT_AS_ONE);
	row->plan->order = (struct set_order){ kind, member, number_of(row) };
}

static bool open_making(struct set_plan *plan, const struct set_maker *maker, void *context)
{
	if (plan->made_count)
		return true;
	plan->maker = maker;
	plan->maker_context = context;
	plan->made = calloc(SET_MADE_MAX, maker->size);
	plan->unmade = calloc(SET_MADE_MAX, maker->size);
	return plan->made && plan->unmade;
}

enum ha_error set_make(struct set_row *row, const struct set_maker *maker, void *context,
                       const void *change)
{
	struct set_plan *plan = row->plan;
	size_t refused;

	if (plan->made_count == SET_MADE_MAX || !open_making(plan, maker, context))
		set_refuse(row, 0, REFUSAL_NO_ROOM);
	else if (plan->maker != maker)
		set_refuse(row, 0, REFUSAL_NOT_AS_ONE);
	if (set_is_refused(row))
		return HA_OK;
	memcpy(plan->made + plan->made_count * maker->size, change, maker->size);
	plan->made_rows[plan->made_count++] = number_of(row);
	return maker->check(context, plan->made, plan->made_count, &refused);
}

/* ---- rows that come and go ---- */

enum set_intent set_intent(struct set_row *row, uint32_t arc, bool exists)
{
	enum mib_refusal refusal = REFUSAL_NONE;

	switch (set_number(row, arc, 0)) {
	case 0:
		refusal = exists ? REFUSAL_NONE : REFUSAL_NO_ROW;
		break;
	case MIB_ROW_ACTIVE:
		refusal = exists ? REFUSAL_NONE : REFUSAL_INCONSISTENT;
		break;
	case MIB_ROW_CREATE_AND_GO:
		if (!exists)
			return SET_CREATE;
		refusal = REFUSAL_INCONSISTENT;
		break;
	case MIB_ROW_DESTROY:
		return SET_DESTROY;
	default:
		refusal = REFUSAL_VALUE;
		break;
	}
	if (refusal == REFUSAL_NONE)
		return SET_CHANGE;
	set_refuse(row, arc, refusal);
	return SET_NOTHING;
}

void set_check_version(struct set_row *row, uint32_t arc, uint64_t version)
{
	const struct mib_value *wanted = set_wanted(row, arc);
	struct mib_value actual;

	if (!wanted)
		return;
	mib_version(&actual, version);
	if (memcmp(wanted->is.octets, actual.is.octets, actual.size) != 0)
		set_refuse(row, arc, REFUSAL_VERSION);
}
