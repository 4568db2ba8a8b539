/* setting.h - settings of the cluster as objects: read from the store of a group, and
 * wanted of a plan.
 *
 * May include: mib/set.h, mib/view.h, agentd/state/rows.h. */
#ifndef MIB_SETTING_H
#define MIB_SETTING_H

#include "agentd/state/rows.h"
#include "mib/set.h"

/* As it is in the store; false: it was not set. */
bool setting_read(struct mib_group *group, const char *name, struct setting_row *out);

/* What the column wants, is that a setting has this value, or with NULL that it goes back
 * to its default, or away. It is refused when it is not as the snapshot has it by then. */
void setting_want(struct set_row *row, uint32_t arc, struct mib_group *group, const char *name,
                  const char *value);

#endif
