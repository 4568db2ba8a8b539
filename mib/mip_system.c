/* mip_system.c - mipSystem: what agentd is, and the switch that turns it off. */
#include "mib/objects.h"
#include "mib/setting.h"
#include "mib/write_visit.h"
#include "proto/advertisement.h"

/* MIP-MIB knows no groups: the ones that this node leads are meant, or while it leads none
 * all that it knows of. */
static struct mib_group *group_at(struct mib_view *view, size_t i)
{
	return mib_view_led(view, 0) ? mib_view_led(view, i) : mib_view_group(view, i);
}

/* A context of a group is about that alone. */
static const struct visit_agent *visit_of(struct mib_view *view)
{
	return view->context == MIB_ALL_GROUPS ? mib_visits_agent(&view->visits) : NULL;
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
	enum {
		FOREIGN_AGENT = 0x80 >> 1,
		HOME_AGENT = 0x80 >> 2
	};
	const struct visit_agent *visit = visit_of(cell->view);
	uint8_t bits = cell->view->group_count ? HOME_AGENT : 0;

	if (visit && visit->foreign)
		bits = (uint8_t)(bits | FOREIGN_AGENT);
	return mib_octets(out, &bits, 1);
}

/* ---- mipEnable ---- */

enum {
	ENABLED = 1,
	DISABLED = 2,
};

#define SETTING "registration.enabled"

static bool read_enable(const struct mib_cell *cell, struct mib_value *out)
{
	const struct visit_agent *visit;
	struct mib_group *group;
	struct config config;

	for (size_t i = 0; (group = group_at(cell->view, i)); i++) {
		agent_config(group->agent, &config);
		if (config.enabled)
			return mib_integer(out, ENABLED);
	}
	if (cell->view->group_count)
		return mib_integer(out, DISABLED);
	visit = visit_of(cell->view);
	return mib_integer(out, visit && visit->enabled ? ENABLED : DISABLED);
}

/* A foreign agent beside a home agent follows that. */
static void judge(struct set_row *row)
{
	const struct visit_change change = {
		.kind = VISIT_ENABLED,
		.on = set_number(row, ENABLE, ENABLED) == ENABLED,
	};
	struct mib_group *group;

	if (row->plan->view->group_count == 0) {
		write_visit(row, ENABLE, &change);
		return;
	}
	group = set_group(row, MIB_ALL_GROUPS);
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
	const struct visit_agent *visit = visit_of(cell->view);
	uint16_t offers = visit ? visit->offers : 0;
	uint8_t bits = IP_IN_IP;
	struct mib_group *group;
	struct config config;

	for (size_t i = 0; (group = group_at(cell->view, i)); i++) {
		agent_config(group->agent, &config);
		bits = (uint8_t)(bits | (config.gre_encapsulation ? GRE : 0) |
		                 (config.minimal_encapsulation ? MINIMAL : 0));
	}
	bits = (uint8_t)(bits | (offers & AGENT_GRE ? GRE : 0) |
	                 (offers & AGENT_MINIMAL ? MINIMAL : 0));
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
