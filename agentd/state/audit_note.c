/* audit_note.c - a row of the audit trail for each change that is made: what
 * was so is looked at before it, what is so since after it. Applying thread.
 *
 * Keys sealed again and secrets that members share are not the operator's
 * changes, and leave none. */
#include "agentd/state/configure.h"

static struct audit_value setting_value(struct state *state, const char *name)
{
	struct audit_value out = { 0 };
	const struct setting *setting = setting_find(state, name);

	if (!setting)
		return out;
	out.present = true;
	memcpy(out.text, setting->value, sizeof(out.text));
	return out;
}

static struct audit_value node_value(struct state *state, uint32_t slot)
{
	struct audit_value out = { 0 };

	if (slot == SLOT_NONE)
		return out;
	out.present = true;
	out.bindings = state->peers[slot].limit;
	text_copy(out.text, sizeof(out.text),
	          text_span(policy_name(state, state->peers[slot].policy)));
	return out;
}

static struct audit_value association_value(struct state *state, uint32_t peer, uint32_t spi,
                                            uint32_t use)
{
	struct audit_value out = { 0 };
	uint32_t slot = peer == SLOT_NONE ? SLOT_NONE
	                                  : association_find(state, &state->peers[peer], spi,
	                                                     (enum association_use)use);

	if (slot == SLOT_NONE)
		return out;
	out.present = true;
	out.algorithm = (uint8_t)state->associations[slot].key.algorithm;
	out.replay = state->associations[slot].replay;
	out.tolerance_s = state->associations[slot].tolerance_s;
	return out;
}

static uint32_t about_peer(struct state *state, struct audit_row *row,
                           const struct identity *identity)
{
	row->peer = identity->kind;
	row->realm = identity->realm;
	row->address = identity->address;
	text_copy(row->nai, sizeof(row->nai), identity->nai);
	return identity_find(state, identity);
}

/* The state of what a change is about, before it or after it. */
static struct audit_value look_add(struct state *state, const Hearth__AddAssociation *add,
                                   struct audit_row *row)
{
	struct identity identity = identity_of(add->kind, add->realm, add->address, &add->nai,
	                                       add->has_nai);

	row->spi = add->spi;
	row->use = (uint8_t)add->use;
	return association_value(state, about_peer(state, row, &identity), add->spi, add->use);
}

static struct audit_value look_remove(struct state *state, const Hearth__RemoveAssociation *remove,
                                      struct audit_row *row)
{
	struct identity identity = identity_of(remove->kind, remove->realm, remove->address,
	                                       &remove->nai, remove->has_nai);
	uint32_t slot = about_peer(state, row, &identity);

	if (!remove->has_spi)
		return node_value(state, slot);
	row->spi = remove->spi;
	row->use = (uint8_t)remove->use;
	return association_value(state, slot, remove->spi, remove->use);
}

static struct audit_value look_setting(struct state *state, const Hearth__Setting *setting,
                                       struct audit_row *row)
{
	text_copy(row->name, sizeof(row->name), text_span(setting->name));
	return setting_value(state, row->name);
}

static struct audit_value look_node(struct state *state, const Hearth__SetNode *set,
                                    struct audit_row *row)
{
	struct identity identity = identity_of(PEER_MOBILE_NODE, set->realm, set->address,
	                                       &set->nai, set->has_nai);

	return node_value(state, about_peer(state, row, &identity));
}

static struct audit_value look(struct state *state, const Hearth__Change *change,
                               struct audit_row *row)
{
	switch (change->change_case) {
	case HEARTH__CHANGE__CHANGE_ADD_ASSOCIATION:
		return look_add(state, change->add_association, row);
	case HEARTH__CHANGE__CHANGE_REMOVE_ASSOCIATION:
		return look_remove(state, change->remove_association, row);
	case HEARTH__CHANGE__CHANGE_SETTING:
		return look_setting(state, change->setting, row);
	case HEARTH__CHANGE__CHANGE_SET_NODE:
		return look_node(state, change->set_node, row);
	default:
		return (struct audit_value){ 0 };
	}
}

/* 0: it leaves no row. */
static enum audit_kind kind_of(const Hearth__Change *change, const struct audit_value *old)
{
	switch (change->change_case) {
	case HEARTH__CHANGE__CHANGE_ADD_ASSOCIATION:
		if (!old->present)
			return AUDIT_ADD;
		return change->add_association->keeps_key ? AUDIT_CHANGE : AUDIT_REPLACE;
	case HEARTH__CHANGE__CHANGE_REMOVE_ASSOCIATION:
		return change->remove_association->has_spi ? AUDIT_REMOVE : AUDIT_REMOVE_PEER;
	case HEARTH__CHANGE__CHANGE_SETTING:
		if (setting_is_secret(change->setting->name))
			return (enum audit_kind)0;
		return change->setting->unset ? AUDIT_UNSET : AUDIT_SET;
	case HEARTH__CHANGE__CHANGE_SET_NODE:
		return AUDIT_SET_NODE;
	default:
		return (enum audit_kind)0;
	}
}

void audit_begin(struct state *state, const Hearth__Change *change, struct audit_row *row)
{
	row->undoes = (struct change_place){ change->undoes_index,
		                             (uint16_t)change->undoes_change };
	row->old = look(state, change, row);
	row->kind = kind_of(change, &row->old);
}

void audit_finish(struct state *state, const Hearth__Change *change, struct audit_row *row,
                  struct row_log *rows)
{
	struct audit_octets key, value;

	if (!row->kind)
		return;
	row->new = look(state, change, row);
	audit_row_key(row, &key);
	audit_row_value(row, &value);
	row_log_append(rows, ROW_PUT, ROW_AUDIT, (struct span){ key.at, key.size },
	               (struct span){ value.at, value.size });
}

void audit_trim(struct row_log *rows)
{
	uint8_t octets[4];
	struct writer w = writer_over(octets, sizeof(octets));

	put_u32(&w, AUDIT_KEEP);
	row_log_append(rows, ROW_TRIM, ROW_AUDIT, (struct span){ 0 }, writer_span(&w));
}
