/* foreign_codes.c - the table of a foreign agent's reply codes as rows, as an index by
 * number, and as counters. Everything here is one walk over FOREIGN_CODES. */
#include "proto/foreign_codes.h"

#include <stddef.h>

#define CODE_NUMBERS 256u /* the code field is one octet */

enum code_row {
	NO_ROW,
#define X(symbol, number, name, arc, text) symbol##_ROW,
	FOREIGN_CODES(X)
#undef X
	ROWS_END,
};

#define CODE_ROWS (ROWS_END - 1)

static const struct foreign_code_info infos[ROWS_END] = {
#define X(symbol, number_, name_, arc_, text_)                                                     \
	[symbol##_ROW] = { .name = name_, .text = text_, .number = number_, .mib_arc = arc_ },
	FOREIGN_CODES(X)
#undef X
};

static const uint8_t row_of_number[CODE_NUMBERS] = {
#define X(symbol, number, name, arc, text) [number] = symbol##_ROW,
	FOREIGN_CODES(X)
#undef X
};

#define AS_COUNTER(symbol, number, name, arc, text) COUNTER_INFO_ROW(symbol, name, arc, text)
#define CODE_COUNTERS(X) FOREIGN_CODES(AS_COUNTER)
COUNTERS_DEFINE_OF(COUNTERS_OF_FOREIGN_AGENT, foreign_code_counters, "foreign-reply-codes",
                   CODE_COUNTERS, CODE_ROWS);

static enum code_row row_of(unsigned number)
{
	return number < CODE_NUMBERS ? (enum code_row)row_of_number[number] : NO_ROW;
}

const struct foreign_code_info *foreign_code_info(unsigned number)
{
	enum code_row row = row_of(number);

	return row == NO_ROW ? NULL : &infos[row];
}

void foreign_code_count(enum foreign_code code)
{
	enum code_row row = row_of(code);

	if (row != NO_ROW)
		counter_add(&foreign_code_counters, row - 1u, 1);
}
