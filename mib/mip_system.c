/* mip_system.c - mipSystem: what agentd is, and the switch that turns it off. */
#include "mib/objects.h"
#include "mib/setting.h"

/* MIP-MIB knows no groups: the ones that this node leads are meant, or while it leads none
 * all that it knows of. */
static struct mib_group *group_at(struct mib_view *view, size_t i)
{
	return mib_view_led(view, 0) ? mib_view_led(view, i) : mib_view_group(view, i);
}

enum {
	ENTITIES = 1,
	ENABLE = 2,
	ENCAPSULATION = 3,
};

/* ---- mipEntities ---- */

/* BITS: the first is the most significant one. */
static bool read_entities(const struct mib_cell *cell, struct mib_value *out)
{
	static const uint8_t home_agent = 0x80u >> 2;

	(void)cell;
	return mib_octets(out, &home_agent, 1);
}

/* ---- mipEnable ---- */

enum {
	ENABLED = 1,
	DISABLED = 2,
};

#define SETTING "registration.enabled"

static bool read_enable(const struct mib_cell *cell, struct mib_value *out)
{
	struct mib_group *group;
	struct config config;

	for (size_t i = 0; (group = group_at(cell->view, i)); i++) {
		agent_config(group->agent, &config);
		if (config.enabled)
			return mib_integer(out, ENABLED);
	}
	return mib_integer(out, DISABLED);
}

static void judge(struct set_row *row)
{
	struct mib_group *group = set_group(row, MIB_ALL_GROUPS);

	if (group)
		setting_want(row, ENABLE, group, SETTING,
		             set_number(row, ENABLE, ENABLED) == ENABLED ? "yes" : "no");
}

/* ---- mipEncapsulationSupported ---- */

static bool read_encapsulation(const struct mib_cell *cell, struct mib_value *out)
{
	enum {
		IP_IN_IP = 0x80,
		GRE = 0x40,
		MINIMAL = 0x20
	};
	uint8_t bits = IP_IN_IP;
	struct mib_group *group;
	struct config config;

	for (size_t i = 0; (group = group_at(cell->view, i)); i++) {
		agent_config(group->agent, &config);
		bits = (uint8_t)(bits | (config.gre_encapsulation ? GRE : 0) |
		                 (config.minimal_encapsulation ? MINIMAL : 0));
	}
	return mib_octets(out, &bits, 1);
}

static const struct mib_writable writable[] = { { ENABLE, MIB_INTEGER, ENABLED, DISABLED, false } };
static const struct mib_writing writing = { MIB_WRITABLE(writable), judge };

static const struct mib_column columns[] = {
	{ ENTITIES, MIB_READ, read_entities, NULL },
	{ ENABLE, MIB_WRITE, read_enable, NULL },
	{ ENCAPSULATION, MIB_READ, read_encapsulation, NULL },
};

struct mib_table mip_system = {
	.name = "mipSystem",
	MIB_ROOT(MIB_MIP_ROOT, 1, 1),
	MIB_SCALARS,
	MIB_COLUMNS(columns),
	.writing = &writing,
};
