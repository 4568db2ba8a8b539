/* groups.h - rows of tables that are filled from several home agent groups. A table says
 * how the next row of one group is found; here the groups are put together, in turn
 * where the group is the first part of the index, and merged where the index does not
 * tell it.
 *
 * May include: mib/view.h. */
#ifndef MIB_GROUPS_H
#define MIB_GROUPS_H

#include "mib/view.h"

/* As mib_find, of one group, with keys that do not have its number: a key is appended to
 * *found. */
typedef bool mib_find_in(struct mib_group *group, const struct mib_key *from, bool after,
                         struct mib_key *found, void *row);

/* The first part of the index is the number of the group: HEARTH-MIB. */
bool mib_find_in_turn(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row, mib_find_in *find);

/* The groups have one order of rows, and of several with one index the row of the group
 * with the lowest number is shown: MIP-MIB. `groups` is mib_view_led or mib_view_group. */
bool mib_find_merged(struct mib_view *view,
                     struct mib_group *(*groups)(struct mib_view *view, size_t i),
                     const struct mib_key *from, bool after, struct mib_key *found, void *row,
                     mib_find_in *find);

#endif
