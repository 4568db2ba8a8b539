/* mn_system.c - what mobiled is: mipSystem, and mnSystem but for the home agents. */
#include "agentd/base/address.h"
#include "mib/node.h"
#include "mib/view.h"
#include "mib/write_node.h"

static const struct mobile_shown *shown_of(const struct mib_cell *cell)
{
	return mib_node_shown(&cell->view->node);
}

/* ---- mipSystem ---- */

#define ENABLE 2u

/* BITS: the first is the most significant one. */
static bool read_entities(const struct mib_cell *cell, struct mib_value *out)
{
	static const uint8_t mobile_node = 0x80;

	(void)cell;
	return mib_octets(out, &mobile_node, 1);
}

/* It holds until the program ends. */
enum {
	ENABLED = 1,
	DISABLED = 2,
};

static bool read_enable(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, shown_of(cell)->off ? DISABLED : ENABLED);
}

/* ipInIp, gre, minEnc */
static bool read_encapsulation(const struct mib_cell *cell, struct mib_value *out)
{
	static const uint8_t all = 0xe0;

	(void)cell;
	return mib_octets(out, &all, 1);
}

static void judge(struct set_row *row)
{
	const struct mobile_wish wish = {
		.kind = MOBILE_WISH_ENABLED,
		.wanted = set_number(row, ENABLE, ENABLED) == ENABLED,
	};

	write_node(row, ENABLE, &wish);
}

static const struct mib_writable writable[] = { { ENABLE, MIB_INTEGER, ENABLED, DISABLED, false } };
static const struct mib_writing writing = { MIB_WRITABLE(writable), judge };

static const struct mib_column entity_columns[] = {
	{ 1, MIB_READ, read_entities, NULL },
	{ ENABLE, MIB_WRITE, read_enable, NULL },
	{ 3, MIB_READ, read_encapsulation, NULL },
};

struct mib_table mn_entity = {
	.name = "mipSystem",
	MIB_ROOT(MIB_MIP_ROOT, 1, 1),
	MIB_SCALARS,
	MIB_COLUMNS(entity_columns),
	.writing = &writing,
};

/* ---- mnSystem ---- */

enum {
	STATE_HOME = 1,
	STATE_REGISTERED = 2,
	STATE_PENDING = 3,
	STATE_ISOLATED = 4,
	STATE_UNKNOWN = 5,
};

static bool read_state(const struct mib_cell *cell, struct mib_value *out)
{
	static const int32_t states[] = {
		[MOBILE_SEARCHING] = STATE_ISOLATED,    [MOBILE_ASKING] = STATE_PENDING,
		[MOBILE_REGISTERED] = STATE_REGISTERED, [MOBILE_HOME] = STATE_HOME,
		[MOBILE_REFUSED] = STATE_ISOLATED,      [MOBILE_OFF] = STATE_UNKNOWN,
		[MOBILE_ENDED] = STATE_UNKNOWN,
	};

	return mib_integer(out, states[shown_of(cell)->state]);
}

/* 0.0.0.0 until a home agent has given one to the name. */
static bool read_home(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, shown_of(cell)->home);
}

static const struct mib_column system_columns[] = {
	{ 1, MIB_READ, read_state, NULL }, /* mnState */
	{ 2, MIB_READ, read_home, NULL },  /* mnHomeAddress */
};

struct mib_table mn_system = {
	.name = "mnSystem",
	MIB_ROOT(MIB_MIP_ROOT, 1, 3, 1),
	MIB_SCALARS,
	MIB_COLUMNS(system_columns),
};
