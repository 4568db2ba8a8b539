/* hearth_replies.c - hearthReplyTable: replies by code, in the order of the codes' table,
 * which is that of their numbers. */
#include <string.h>

#include "mib/objects.h"
#include "proto/codes.h"

#define X(symbol, number, name, arc, text) number,
static const uint8_t codes[] = { MIP_CODES(X) };
#undef X

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	(void)context;
	mib_key_number(out, codes[i]);
}

/* A row is the place in the table. */
static bool find_code(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	size_t i = mib_place(NULL, sizeof(codes), key_at, from, after);

	(void)view;
	if (i == sizeof(codes))
		return false;
	key_at(NULL, i, found);
	memcpy(row, &i, sizeof(i));
	return true;
}

static bool read_name(const struct mib_cell *cell, struct mib_value *out)
{
	const size_t *i = cell->row;

	return mib_text(out, mip_code_info(codes[*i])->name);
}

static bool read_count(const struct mib_cell *cell, struct mib_value *out)
{
	const size_t *i = cell->row;

	return mib_counter64(out, counter_read(&mip_code_counters, *i));
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_name, NULL },  /* hearthReplyName */
	{ 3, MIB_READ, read_count, NULL }, /* hearthReplyCount */
};

struct mib_table hearth_replies = {
	.name = "hearthReplyEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 4, 2, 1),
	.index = { 1, { { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_code,
};
