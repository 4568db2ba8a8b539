/* write_node.c - the running mobile node is changed, until it ends. */
#include "mib/write_node.h"

static enum ha_error check(void *context, const void *changes, size_t count, size_t *refused)
{
	struct mobile_shown shown;

	mobile_desk_look(context, &shown);
	return mobile_wishes_check(&shown, changes, count, refused);
}

static enum ha_error make(void *context, const void *changes, size_t count, void *undo,
                          size_t *refused)
{
	return mobile_desk_ask(context, changes, count, undo, refused);
}

static const struct set_maker maker = { sizeof(struct mobile_wish), check, make };

static enum mib_refusal refusal_of(enum ha_error why)
{
	switch (why) {
	case HA_OK:
		return REFUSAL_NONE;
	case HA_E_MALFORMED:
		return REFUSAL_NO_CREATION;
	case HA_E_CAPACITY:
		return REFUSAL_NO_ROOM;
	default:
		return REFUSAL_INCONSISTENT;
	}
}

void write_node(struct set_row *row, uint32_t arc, const struct mobile_wish *wish)
{
	enum ha_error why = set_make(row, &maker, row->plan->view->node.desk, wish);

	if (why != HA_OK)
		set_refuse(row, arc, refusal_of(why));
}
