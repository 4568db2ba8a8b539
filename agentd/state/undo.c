/* undo.c - changes backwards. */
#include "agentd/state/undo.h"

#include <stdio.h>
#include <string.h>

static void undo_setting(const struct audit_row *row, struct change *change)
{
	change->kind = row->old.present ? CHANGE_SET : CHANGE_UNSET;
	memcpy(change->name, row->name, sizeof(change->name));
	if (row->old.present)
		memcpy(change->value, row->old.text, sizeof(change->value));
	change->guard.version = row->new.present ? row->index : 0;
}

static void undo_addition(const struct audit_row *row, struct change *change)
{
	change->kind = CHANGE_REMOVE_ASSOCIATION;
	change->spi = row->spi;
	change->use = row->use;
	change->guard.version = row->index;
}

/* Its key is still the same. */
static void undo_change(const struct audit_row *row, struct change *change)
{
	change->kind = CHANGE_ADD_ASSOCIATION;
	change->spi = row->spi;
	change->use = row->use;
	change->keep_key = change->known_peer = true;
	change->replay = row->old.replay;
	change->tolerance_s = row->old.tolerance_s;
	change->guard.version = row->index;
}

/* Only what it changed goes back: the other may have moved since. */
static void undo_node(const struct audit_row *row, struct change *change)
{
	change->kind = CHANGE_SET_NODE;
	change->set_bindings = row->old.bindings != row->new.bindings;
	change->bindings = row->old.bindings;
	change->guard.bindings = row->new.bindings;
	change->set_policy = strcmp(row->old.text, row->new.text) != 0;
	snprintf(change->policy, sizeof(change->policy), "%.31s", row->old.text);
	snprintf(change->guard.policy, sizeof(change->guard.policy), "%.31s", row->new.text);
}

static bool changed_nothing(const struct audit_row *row)
{
	return row->kind == AUDIT_SET_NODE &&
	       row->old.bindings == row->new.bindings &&strcmp(row->old.text, row->new.text) == 0;
}

enum ha_error undo_compose(const struct audit_row *row, struct change *out)
{
	*out = (struct change){
		.peer = row->peer,
		.realm = row->realm,
		.address = row->address,
		.guard.set = true,
		.undoes = { row->index, row->number },
	};
	memcpy(out->nai, row->nai, sizeof(out->nai));
	if (changed_nothing(row))
		return HA_E_RANGE;
	switch (row->kind) {
	case AUDIT_SET:
	case AUDIT_UNSET:
		undo_setting(row, out);
		return HA_OK;
	case AUDIT_ADD:
		undo_addition(row, out);
		return HA_OK;
	case AUDIT_CHANGE:
		undo_change(row, out);
		return HA_OK;
	case AUDIT_SET_NODE:
		undo_node(row, out);
		return HA_OK;
	default:
		return HA_E_UNSUPPORTED;
	}
}
