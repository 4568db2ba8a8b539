/* test_mib_set.c - what is wrong with a value, with a row and with a request as a whole,
 * each with its error and the value to blame; and what becomes of what is right. */
#include <stdio.h>
#include <string.h>

#include "mib/objects.h"
#include "tests/unit/set_fixture.h"
#include "tests/unit/suite.h"

static struct set_world w;

/* ---- single values ---- */

static struct mib_value of_type(enum mib_type type)
{
	return (struct mib_value){ .type = type };
}

static void single_values_are_refused_by_the_table(void)
{
	const struct {
		enum thing column;
		struct mib_value value;
		enum mib_refusal refusal;
	} rows[] = {
		{ THING_NUMBER, thing_number(4), REFUSAL_NONE },
		{ THING_NUMBER, thing_number(100), REFUSAL_NONE },
		{ THING_NUMBER, thing_number(3), REFUSAL_VALUE },
		{ THING_NUMBER, thing_number(101), REFUSAL_VALUE },
		{ THING_NUMBER, thing_number(UINT32_MAX), REFUSAL_VALUE },
		{ THING_NUMBER, thing_integer(4), REFUSAL_TYPE },
		{ THING_NUMBER, thing_octets(4), REFUSAL_TYPE },
		{ THING_NUMBER, of_type(MIB_OTHER), REFUSAL_TYPE },
		{ THING_NUMBER, of_type(MIB_BROKEN), REFUSAL_ENCODING },
		{ THING_STATUS, thing_integer(0), REFUSAL_VALUE },
		{ THING_STATUS, thing_integer(-1), REFUSAL_VALUE },
		{ THING_STATUS, thing_integer(7), REFUSAL_VALUE },
		{ THING_STATUS, thing_number(4), REFUSAL_TYPE },
		{ THING_TEXT, thing_octets(0), REFUSAL_NONE },
		{ THING_TEXT, thing_octets(3), REFUSAL_LENGTH },
		{ THING_TEXT, thing_octets(4), REFUSAL_NONE },
		{ THING_TEXT, thing_octets(8), REFUSAL_NONE },
		{ THING_TEXT, thing_octets(9), REFUSAL_LENGTH },
		{ THING_TEXT, thing_octets(70000), REFUSAL_LENGTH },
		{ THING_VERSION, thing_octets(0), REFUSAL_LENGTH },
		{ THING_SEEN, thing_integer(0), REFUSAL_NOT_WRITABLE },
		{ 0, thing_integer(0), REFUSAL_NOT_WRITABLE },
		{ 99, thing_integer(0), REFUSAL_NOT_WRITABLE },
	};

	set_world_open(&w, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_world_anew(&w);
		CU_ASSERT_EQUAL(set_world_want(&w, 0, "there", rows[i].column, rows[i].value),
		                rows[i].refusal);
		CU_ASSERT_EQUAL(w.plan->refusal, rows[i].refusal);
	}
	set_world_close(&w);
}

static void a_name_that_no_row_can_have_is_never_made(void)
{
	const struct mib_value number = thing_number(4), wrong = thing_number(3);
	struct mib_name name = thing_name(0, "", THING_NUMBER);
	struct mib_name elsewhere = { .size = 3, .at = { 1, 3, 7 } };

	set_world_open(&w, false);
	CU_ASSERT_EQUAL(set_add(w.plan, &name, &number, &w), REFUSAL_NO_CREATION);
	CU_ASSERT_PTR_EQUAL(w.plan->blamed, &w);
	set_world_anew(&w);
	CU_ASSERT_EQUAL(set_add(w.plan, &name, &wrong, &w), REFUSAL_VALUE); /* comes first */
	set_world_anew(&w);
	CU_ASSERT_EQUAL(set_add(w.plan, &elsewhere, &number, &w), REFUSAL_NOT_WRITABLE);
	set_world_close(&w);
}

static void what_is_said_twice_is_refused(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "other", THING_NUMBER, thing_number(5));
	CU_ASSERT_EQUAL(set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5)),
	                REFUSAL_INCONSISTENT);
	set_world_close(&w);
}

static void a_part_that_is_said_again_replaces_itself(void)
{
	set_world_open(&w, false);
	set_part(w.plan, 1);
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "new", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	set_part(w.plan, 2);
	set_world_want(&w, 0, "other", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	CU_ASSERT_EQUAL(w.plan->step_count, 3);
	set_part(w.plan, 1);
	CU_ASSERT_EQUAL(w.plan->step_count, 0);
	CU_ASSERT_EQUAL(set_world_want(&w, 0, "there", THING_NUMBER, thing_number(6)),
	                REFUSAL_NONE);
	/* Nothing is wanted of "new" any more. */
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	CU_ASSERT_EQUAL_FATAL(w.plan->step_count, 2);
	CU_ASSERT_STRING_EQUAL(w.plan->steps[0].change.value, "6 none");
	CU_ASSERT_STRING_EQUAL(w.plan->steps[1].change.name, "other");
	set_world_close(&w);
}

static void a_refusal_goes_with_its_part(void)
{
	set_world_open(&w, false);
	set_part(w.plan, 1);
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(3));
	set_part(w.plan, 2);
	CU_ASSERT_EQUAL(w.plan->refusal, REFUSAL_VALUE);
	set_world_want(&w, 0, "other", THING_NUMBER, thing_number(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_VALUE);
	set_part(w.plan, 1);
	CU_ASSERT_EQUAL(w.plan->refusal, REFUSAL_NONE);
	/* That of the judgement is found anew: there is no such row. */
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NO_ROW);
		CU_ASSERT_EQUAL(set_world_blamed(&w), THING_NUMBER);
		set_part(w.plan, 1);
		CU_ASSERT_EQUAL(w.plan->refusal, REFUSAL_NONE);
	}
	set_world_close(&w);
}

static void the_first_refusal_stays(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 0, "there", THING_TEXT, thing_octets(4));
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(3));
	set_world_want(&w, 0, "there", THING_VERSION, thing_octets(1));
	CU_ASSERT_EQUAL(w.plan->refusal, REFUSAL_VALUE);
	CU_ASSERT_EQUAL(set_world_blamed(&w), THING_NUMBER);
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_VALUE);
	CU_ASSERT_EQUAL(w.plan->step_count, 0);
	set_world_close(&w);
}

static void there_is_a_most_of_values_and_of_changes(void)
{
	char name[8];
	enum mib_refusal refusal = REFUSAL_NONE;
	unsigned wanted = 0;

	set_world_open(&w, false);
	for (; refusal == REFUSAL_NONE && wanted <= SET_VALUES_MAX; wanted++) {
		snprintf(name, sizeof(name), "n%u", wanted);
		refusal = set_world_want(&w, 0, name, THING_NUMBER, thing_number(5));
	}
	CU_ASSERT_EQUAL(refusal, REFUSAL_NO_ROOM);
	CU_ASSERT_EQUAL(wanted, SET_VALUES_MAX + 1);
	set_world_anew(&w);
	for (unsigned i = 0; i <= CHANGES_MAX; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		set_world_want(&w, 0, name, THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	}
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NO_ROOM);
	CU_ASSERT_EQUAL(w.plan->step_count, CHANGES_MAX);
	set_world_close(&w);
}

/* ---- rows ---- */

static void a_row_is_judged_as_a_whole(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 0, "new", THING_TEXT, thing_octets(4));
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(9));
	set_world_want(&w, 0, "new", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	set_world_want(&w, 0, "new", THING_NUMBER, thing_number(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	CU_ASSERT_EQUAL_FATAL(w.plan->step_count, 2);
	CU_ASSERT_STRING_EQUAL(w.plan->steps[0].change.name, "new");
	CU_ASSERT_STRING_EQUAL(w.plan->steps[0].change.value, "5 xxxx");
	CU_ASSERT_STRING_EQUAL(w.plan->steps[1].change.value, "9 none");
	CU_ASSERT_PTR_EQUAL(w.plan->group, &w.view.groups[0]);
	/* Again, with what came later: nothing is there twice. */
	set_world_want(&w, 0, "there", THING_TEXT, thing_octets(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	CU_ASSERT_EQUAL_FATAL(w.plan->step_count, 2);
	CU_ASSERT_STRING_EQUAL(w.plan->steps[1].change.value, "9 xxxxx");
	set_world_close(&w);
}

static void rows_come_and_go_by_their_status(void)
{
	const struct {
		const char *name;
		int32_t status; /* 0 = not said */
		enum mib_refusal refusal;
		enum change_kind kind;
	} rows[] = {
		{ "there", 0, REFUSAL_NONE, CHANGE_SET },
		{ "new", 0, REFUSAL_NO_ROW, 0 },
		{ "there", MIB_ROW_ACTIVE, REFUSAL_NONE, CHANGE_SET },
		{ "new", MIB_ROW_ACTIVE, REFUSAL_INCONSISTENT, 0 },
		{ "there", MIB_ROW_CREATE_AND_GO, REFUSAL_INCONSISTENT, 0 },
		{ "new", MIB_ROW_CREATE_AND_GO, REFUSAL_NONE, CHANGE_SET },
		{ "there", MIB_ROW_DESTROY, REFUSAL_NONE, CHANGE_UNSET },
		{ "new", MIB_ROW_DESTROY, REFUSAL_NONE, CHANGE_UNSET },
		{ "there", MIB_ROW_NOT_IN_SERVICE, REFUSAL_VALUE, 0 },
		{ "there", MIB_ROW_NOT_READY, REFUSAL_VALUE, 0 },
		{ "new", MIB_ROW_CREATE_AND_WAIT, REFUSAL_VALUE, 0 },
	};

	set_world_open(&w, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_world_anew(&w);
		set_world_want(&w, 0, rows[i].name, THING_NUMBER, thing_number(5));
		if (rows[i].status)
			set_world_want(&w, 0, rows[i].name, THING_STATUS,
			               thing_integer(rows[i].status));
		CU_ASSERT_EQUAL(set_world_judge(&w), rows[i].refusal);
		CU_ASSERT_EQUAL(w.plan->step_count, rows[i].kind ? 1 : 0);
		if (rows[i].kind && w.plan->step_count == 1)
			CU_ASSERT_EQUAL(w.plan->steps[0].change.kind, rows[i].kind);
		if (rows[i].refusal != REFUSAL_NONE)
			CU_ASSERT_EQUAL(set_world_blamed(&w),
			                rows[i].status ? THING_STATUS : THING_NUMBER);
	}
	set_world_close(&w);
}

static void another_version_than_was_read_is_refused(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "there", THING_VERSION, thing_version(7));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	set_world_anew(&w);
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "there", THING_VERSION, thing_version(7u << 8));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_VERSION);
	CU_ASSERT_EQUAL(set_world_blamed(&w), THING_VERSION);
	set_world_anew(&w); /* none is what a row has that is not there */
	set_world_want(&w, 0, "new", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	set_world_want(&w, 0, "new", THING_VERSION, thing_version(0));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	set_world_close(&w);
}

static void text_with_a_nul_in_it_is_refused(void)
{
	struct mib_value text = thing_octets(5);

	text.is.octets[2] = '\0';
	set_world_open(&w, false);
	set_world_want(&w, 0, "there", THING_TEXT, text);
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_VALUE);
	CU_ASSERT_EQUAL(set_world_blamed(&w), THING_TEXT);
	set_world_close(&w);
}

/* ---- the request as a whole ---- */

static void one_bad_row_spoils_all(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "new", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "there", THING_TEXT, thing_octets(4));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NO_ROW);
	CU_ASSERT_EQUAL(w.plan->refusal, REFUSAL_NO_ROW);
	set_world_close(&w);
}

static void a_request_is_about_one_group_that_is_led_here(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 1, "there", THING_NUMBER, thing_number(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_STANDBY);
	set_world_anew(&w);
	set_world_want(&w, 2, "there", THING_NUMBER, thing_number(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NO_CREATION);
	set_world_close(&w);
	set_world_open(&w, true);
	set_world_want(&w, 1, "there", THING_NUMBER, thing_number(5));
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NOT_AS_ONE);
	set_world_anew(&w);
	w.view.groups[1].paused = true;
	set_world_want(&w, 1, "there", THING_NUMBER, thing_number(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_STANDBY);
	set_world_close(&w);
}

/* What knows no groups: as a judge asks. */
static const struct mib_group *group_meant(bool both, uint32_t context, enum mib_refusal *refusal)
{
	const struct mib_group *group;

	set_world_open(&w, both);
	w.view.context = context;
	set_world_want(&w, 0, "there", THING_NUMBER, thing_number(5));
	w.plan->view = &w.view;
	group = set_group(&w.plan->rows[0], MIB_ALL_GROUPS);
	*refusal = w.plan->refusal;
	set_world_close(&w);
	return group;
}

static void without_a_group_in_the_index_the_one_that_is_led_is_meant(void)
{
	enum mib_refusal refusal;

	CU_ASSERT_PTR_EQUAL(group_meant(false, MIB_ALL_GROUPS, &refusal), &w.view.groups[0]);
	CU_ASSERT_EQUAL(refusal, REFUSAL_NONE);
	CU_ASSERT_PTR_NULL(group_meant(true, MIB_ALL_GROUPS, &refusal));
	CU_ASSERT_EQUAL(refusal, REFUSAL_NOT_AS_ONE);
	CU_ASSERT_PTR_EQUAL(group_meant(true, 1, &refusal), &w.view.groups[1]);
	CU_ASSERT_EQUAL(refusal, REFUSAL_NONE);
	CU_ASSERT_PTR_NULL(group_meant(false, 1, &refusal));
	CU_ASSERT_EQUAL(refusal, REFUSAL_STANDBY);
}

static void an_order_is_alone_in_its_request(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 0, "there", THING_ORDER, thing_integer(2));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	CU_ASSERT_EQUAL(w.plan->order.kind, SET_TRANSFER);
	CU_ASSERT_EQUAL(w.plan->order.member, 3);
	set_world_want(&w, 0, "new", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NOT_AS_ONE);
	CU_ASSERT_EQUAL(set_world_blamed(&w), THING_ORDER);
	set_world_anew(&w);
	set_world_want(&w, 0, "a", THING_ORDER, thing_integer(1));
	set_world_want(&w, 0, "b", THING_ORDER, thing_integer(1));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NOT_AS_ONE);
	set_world_close(&w);
}

static void what_is_of_no_group_goes_with_nothing_else(void)
{
	set_world_open(&w, false);
	set_world_want(&w, 0, "a", THING_ORDER, thing_integer(3));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NONE);
	CU_ASSERT_EQUAL(w.plan->made_count, 1);
	set_world_want(&w, 0, "new", THING_STATUS, thing_integer(MIB_ROW_CREATE_AND_GO));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NOT_AS_ONE);
	CU_ASSERT_EQUAL(set_world_blamed(&w), THING_ORDER);
	set_world_anew(&w);
	set_world_want(&w, 0, "a", THING_ORDER, thing_integer(3));
	set_world_want(&w, 0, "b", THING_ORDER, thing_integer(1));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_NOT_AS_ONE);
	set_world_anew(&w);
	set_world_want(&w, 0, "a", THING_ORDER, thing_integer(3));
	set_world_want(&w, 0, "b", THING_ORDER, thing_integer(5));
	CU_ASSERT_EQUAL(set_world_judge(&w), REFUSAL_INCONSISTENT);
	CU_ASSERT_EQUAL(w.plan->rows[1].key.at[4], 'b');
	set_world_close(&w);
}

/* ---- the tables ---- */

static const struct mib_column *column_of(const struct mib_table *table, uint32_t arc)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].arc == arc)
			return &table->columns[i];
	return NULL;
}

static size_t writable_columns(const struct mib_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->column_count; i++)
		count += table->columns[i].access == MIB_WRITE;
	return count;
}

/* What the module calls writable has a row that says how, and nothing else has. */
static void every_writable_column_says_how(void)
{
	for (size_t i = 0; i < mib_table_count; i++) {
		const struct mib_writing *writing = mib_tables[i]->writing;

		CU_ASSERT_EQUAL(writing ? writing->column_count : 0,
		                writable_columns(mib_tables[i]));
		for (size_t c = 0; writing && c < writing->column_count; c++) {
			const struct mib_writable *row = &writing->columns[c];
			const struct mib_column *column = column_of(mib_tables[i], row->arc);

			CU_ASSERT_PTR_NOT_NULL_FATAL(column);
			CU_ASSERT_EQUAL(column->access, MIB_WRITE);
			CU_ASSERT_TRUE(row->min <= row->max);
			CU_ASSERT_TRUE(row->type == MIB_INTEGER || row->type == MIB_UNSIGNED ||
			               row->type == MIB_ADDRESS ||
			               (row->type == MIB_OCTETS && row->max <= MIB_OCTETS_MAX));
		}
	}
}

static void every_refusal_has_an_error_and_a_counter(void)
{
	CU_ASSERT_EQUAL(mib_refusal_status(REFUSAL_NONE), 0);
	CU_ASSERT_EQUAL(mib_set_counters.count, REFUSAL_COUNT);
	for (enum mib_refusal i = REFUSAL_NONE; i < REFUSAL_COUNT; i++) {
		uint64_t before = counter_read(&mib_set_counters, i);
		enum mib_status status = mib_refusal_status(i);

		CU_ASSERT_TRUE(i == REFUSAL_NONE || (status >= MIB_STATUS_WRONG_TYPE &&
		                                     status <= MIB_STATUS_INCONSISTENT_NAME));
		CU_ASSERT_EQUAL(strncmp(mib_set_counters.infos[i].name, "snmp-set-", 9), 0);
		mib_refusal_count(i);
		CU_ASSERT_EQUAL(counter_read(&mib_set_counters, i), before + 1);
	}
	CU_ASSERT_EQUAL(mib_refusal_of(HA_OK), REFUSAL_NONE);
	CU_ASSERT_EQUAL(mib_refusal_of(HA_E_CONFLICT), REFUSAL_COMMIT);
	CU_ASSERT_EQUAL(mib_refusal_of(HA_E_NOTLEADER), REFUSAL_COMMIT);
	CU_ASSERT_EQUAL(mib_refusal_of(HA_E_UNCERTAIN), REFUSAL_LATE);
}

static CU_TestInfo tests[] = {
	{ "single values are refused by the table", single_values_are_refused_by_the_table },
	{ "a name that no row can have is never made", a_name_that_no_row_can_have_is_never_made },
	{ "what is said twice is refused", what_is_said_twice_is_refused },
	{ "a part that is said again replaces itself", a_part_that_is_said_again_replaces_itself },
	{ "a refusal goes with its part", a_refusal_goes_with_its_part },
	{ "the first refusal stays", the_first_refusal_stays },
	{ "there is a most of values and of changes", there_is_a_most_of_values_and_of_changes },
	{ "a row is judged as a whole", a_row_is_judged_as_a_whole },
	{ "rows come and go by their status", rows_come_and_go_by_their_status },
	{ "another version than was read is refused", another_version_than_was_read_is_refused },
	{ "text with a nul in it is refused", text_with_a_nul_in_it_is_refused },
	{ "one bad row spoils all", one_bad_row_spoils_all },
	{ "a request is about one group that is led here",
	  a_request_is_about_one_group_that_is_led_here },
	{ "without a group in the index the one that is led is meant",
	  without_a_group_in_the_index_the_one_that_is_led_is_meant },
	{ "an order is alone in its request", an_order_is_alone_in_its_request },
	{ "what is of no group goes with nothing else",
	  what_is_of_no_group_goes_with_nothing_else },
	{ "every writable column says how", every_writable_column_says_how },
	{ "every refusal has an error and a counter", every_refusal_has_an_error_and_a_counter },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mib_set", tests);
}
