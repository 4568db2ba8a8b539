/* objects.c - the list itself. */
#include "mib/objects.h"

struct mib_table *const mib_tables[] = {
#define X(table) &(table),
	MIB_TABLES(X)
#undef X
};

const size_t mib_table_count = sizeof(mib_tables) / sizeof(mib_tables[0]);
