/* hearth_notify_test.c - hearthNotifyTest: writing it sends a notification. */
#include "mib/objects.h"
#include "mib/set.h"

enum {
	TEST = 2,
	IDLE = 0,
	SEND = 1,
};

static bool read_test(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, IDLE);
}

static void judge(struct set_row *row)
{
	if (set_number(row, TEST, IDLE) == SEND)
		set_order(row, SET_TEST, 0);
}

static const struct mib_writable writable[] = { { TEST, MIB_INTEGER, IDLE, SEND, false } };
static const struct mib_writing writing = { MIB_WRITABLE(writable), judge };

static const struct mib_column columns[] = { { TEST, MIB_WRITE, read_test, NULL } };

struct mib_table hearth_notify_test = {
	.name = "hearthNotifying",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 10),
	MIB_SCALARS,
	MIB_COLUMNS(columns),
	.writing = &writing,
};
