/* set_fixture.c - the table, and the two groups. */
#include "tests/unit/set_fixture.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define ROOT 1, 3, 6, 1, 4, 1, 99999, 1
#define GROUP_OCTETS 4u

struct thing_row {
	uint64_t version;
};

static bool exists(const struct mib_key *key)
{
	static const char name[] = "there";

	return key->size == GROUP_OCTETS + strlen(name) &&
	       memcmp(key->at + GROUP_OCTETS, name, strlen(name)) == 0;
}

/* Only exactly: nobody walks it. */
static bool find(struct mib_view *view, const struct mib_key *from, bool after,
                 struct mib_key *found, void *row)
{
	const struct thing_row there = { .version = 7 };

	(void)view;
	if (after || !exists(from))
		return false;
	*found = *from;
	memcpy(row, &there, sizeof(there));
	return true;
}

static bool read_nothing(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, 0);
}

static void name_of(const struct set_row *row, char out[64])
{
	snprintf(out, 64, "%.*s", (int)(row->key.size - GROUP_OCTETS),
	         (const char *)row->key.at + GROUP_OCTETS);
}

static void judge_step(struct set_row *row, bool remove)
{
	struct set_step *step = set_step(row, remove ? CHANGE_UNSET : CHANGE_SET);
	char text[9] = "none";

	if (!step)
		return;
	name_of(row, step->change.name);
	set_text(row, THING_TEXT, text, sizeof(text));
	snprintf(step->change.value, sizeof(step->change.value), "%lld %s",
	         (long long)set_number(row, THING_NUMBER, 0), text);
}

struct things_made things_made;

static enum ha_error check_made(void *context, const void *changes, size_t count, size_t *refused)
{
	const int64_t *numbers = changes;

	CU_ASSERT_PTR_EQUAL(context, &things_made);
	*refused = count - 1;
	return numbers[count - 1] == 5 ? HA_E_RANGE : HA_OK;
}

/* The negative number takes it back. */
static enum ha_error make_them(void *context, const void *changes, size_t count, void *undo,
                               size_t *refused)
{
	struct things_made *made = context;
	const int64_t *numbers = changes;
	int64_t *back = undo;

	made->calls++;
	made->count = count;
	*refused = made->refused;
	for (size_t i = 0; i < count; i++) {
		made->last[i] = numbers[i];
		back[i] = -numbers[i];
	}
	return made->outcome;
}

static const struct set_maker maker = { sizeof(int64_t), check_made, make_them };

static void judge(struct set_row *row)
{
	struct mib_group *group = set_group(row, mib_key_number_at(&row->key, 0));
	const struct thing_row *was = set_found(row);
	int64_t order = set_number(row, THING_ORDER, 0);
	enum set_intent intent;

	if (!group)
		return;
	if (order > 2) {
		if (set_make(row, &maker, &things_made, &order) != HA_OK)
			set_refuse(row, THING_ORDER, REFUSAL_INCONSISTENT);
		return;
	}
	if (order) {
		set_order(row, order == 1 ? SET_TEST : SET_TRANSFER, 3);
		return;
	}
	set_check_version(row, THING_VERSION, was ? was->version : 0);
	intent = set_intent(row, THING_STATUS, was);
	if (intent != SET_NOTHING)
		judge_step(row, intent == SET_DESTROY);
}

static const struct mib_writable writable[] = {
	{ THING_STATUS, MIB_INTEGER, 1, 6, false }, { THING_NUMBER, MIB_UNSIGNED, 4, 100, false },
	{ THING_TEXT, MIB_OCTETS, 4, 8, true },     { THING_VERSION, MIB_OCTETS, 8, 8, false },
	{ THING_ORDER, MIB_INTEGER, 1, 5, false },
};
static const struct mib_writing writing = { MIB_WRITABLE(writable), judge };

static const struct mib_column columns[] = {
	{ THING_STATUS, MIB_WRITE, read_nothing, NULL },
	{ THING_NUMBER, MIB_WRITE, read_nothing, NULL },
	{ THING_TEXT, MIB_WRITE, read_nothing, NULL },
	{ THING_VERSION, MIB_WRITE, read_nothing, NULL },
	{ THING_SEEN, MIB_READ, read_nothing, NULL },
	{ THING_ORDER, MIB_WRITE, read_nothing, NULL },
};

static struct mib_table things = {
	.name = "things",
	MIB_ROOT(ROOT),
	.index = { 2, { { .kind = MIB_PART_NUMBER }, { .kind = MIB_PART_IMPLIED, .max = 40 } } },
	MIB_COLUMNS(columns),
	.find = find,
	.writing = &writing,
};

static const char tags[THING_ORDER + 1];
static struct mib_table *const tables[] = { &things };

void set_world_open(struct set_world *w, bool both)
{
	memset(w, 0, sizeof(*w));
	CU_ASSERT_TRUE_FATAL(mib_view_open(&w->view, 1));
	for (uint32_t i = 0; i < THING_GROUPS; i++) {
		struct mib_group *group = &w->view.groups[w->view.group_count++];

		group->number = i;
		group->has_status = true;
		group->status.replication.role = i == 0 || both ? REPLICATION_LEADER
		                                                : REPLICATION_FOLLOWER;
	}
	w->view.context = MIB_ALL_GROUPS;
	w->tree = mib_tree_make(tables, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->tree);
	set_world_anew(w);
}

void set_world_anew(struct set_world *w)
{
	set_plan_free(w->plan);
	w->plan = set_plan_new(w->tree);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->plan);
}

void set_world_close(struct set_world *w)
{
	set_plan_free(w->plan);
	mib_tree_free(w->tree);
	mib_view_close(&w->view);
}

struct mib_name thing_name(uint32_t group, const char *name, uint32_t arc)
{
	struct mib_name out = { .size = 10, .at = { ROOT, arc, group } };

	for (; *name; name++)
		out.at[out.size++] = (uint8_t)*name;
	return out;
}

struct mib_value thing_number(uint32_t number)
{
	struct mib_value value;

	mib_unsigned(&value, number);
	return value;
}

struct mib_value thing_integer(int32_t number)
{
	struct mib_value value;

	mib_integer(&value, number);
	return value;
}

struct mib_value thing_octets(size_t size)
{
	struct mib_value value;
	uint8_t octets[MIB_OCTETS_MAX];

	memset(octets, 'x', sizeof(octets));
	mib_octets(&value, octets, size);
	value.size = size;
	return value;
}

struct mib_value thing_version(uint64_t version)
{
	struct mib_value value;

	mib_version(&value, version);
	return value;
}

enum mib_refusal set_world_want(struct set_world *w, uint32_t group, const char *name,
                                enum thing column, struct mib_value value)
{
	struct mib_name whole = thing_name(group, name, column);

	size_t tag = column < sizeof(tags) ? column : 0; /* also of columns that are not there */

	return set_add(w->plan, &whole, &value, &tags[tag]);
}

enum mib_refusal set_world_judge(struct set_world *w)
{
	return set_judge(w->plan, &w->view);
}

unsigned set_world_blamed(const struct set_world *w)
{
	const char *tag = w->plan->blamed;

	return tag ? (unsigned)(tag - tags) : 0;
}
