/* write_visit.c - faAdvertisement, faCOATable and maAdvConfigTable are written: the running agent is
 * changed, until it ends. */
#include "mib/write_visit.h"

#include <string.h>

#include "mib/writings.h"

static enum ha_error check(void *context, const void *changes, size_t count, size_t *refused)
{
	return visit_steer_check(context, changes, count, refused);
}

static enum ha_error make(void *context, const void *changes, size_t count, void *undo,
                          size_t *refused)
{
	return visit_steer(context, changes, count, undo, refused);
}

static const struct set_maker maker = { sizeof(struct visit_change), check, make };

_Static_assert(SET_MADE_MAX <= VISIT_CHANGES_MAX, "all of a request at once");

static enum mib_refusal refusal_of(enum ha_error why)
{
	switch (why) {
	case HA_OK:
		return REFUSAL_NONE;
	case HA_E_NOTFOUND:
	case HA_E_MALFORMED:
		return REFUSAL_NO_CREATION;
	case HA_E_CAPACITY:
		return REFUSAL_NO_ROOM;
	default:
		return REFUSAL_INCONSISTENT;
	}
}

void write_visit(struct set_row *row, uint32_t arc, const struct visit_change *change)
{
	struct visit *visit = row->plan->view->visits.visit;
	enum ha_error why;

	if (!visit) {
		set_refuse(row, 0, REFUSAL_NO_CREATION);
		return;
	}
	why = set_make(row, &maker, visit, change);
	if (why != HA_OK)
		set_refuse(row, arc, refusal_of(why));
}

/* ---- faAdvertisement ---- */

enum {
	REQUIRED = 2,
};

static void judge_flags(struct set_row *row)
{
	const struct visit_change change = {
		.kind = VISIT_REQUIRED,
		.on = set_number(row, REQUIRED, MIB_FALSE) == MIB_TRUE,
	};

	write_visit(row, REQUIRED, &change);
}

static const struct mib_writable flags[] = {
	{ REQUIRED, MIB_INTEGER, MIB_TRUE, MIB_FALSE, false },
};

const struct mib_writing write_foreign_flags = { MIB_WRITABLE(flags), judge_flags };

/* ---- faCOATable ---- */

enum {
	CARE_OF_STATUS = 2,
};

static void judge_care_of(struct set_row *row)
{
	bool exists = set_found(row) != NULL;
	enum set_intent intent = set_intent(row, CARE_OF_STATUS, exists);
	struct visit_change change = { .kind = VISIT_CARE_OF, .on = intent == SET_CREATE };

	memcpy(&change.address, row->key.at, sizeof(change.address));
	if (intent == SET_CREATE || (intent == SET_DESTROY && exists))
		write_visit(row, CARE_OF_STATUS, &change);
}

static const struct mib_writable care_of[] = {
	{ CARE_OF_STATUS, MIB_INTEGER, MIB_ROW_ACTIVE, MIB_ROW_DESTROY, false },
};

const struct mib_writing write_care_of = { MIB_WRITABLE(care_of), judge_care_of };
