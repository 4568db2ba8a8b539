/* mip_associations.h - rows of mipSecAssocTable, where there is no home agent: of a file that only
 * its owner changes. They are read.
 *
 * On the thread of the view.
 *
 * May include: mib/object.h. */
#ifndef MIB_MIP_ASSOCIATIONS_H
#define MIB_MIP_ASSOCIATIONS_H

#include "mib/object.h"

struct mip_association {
	uint8_t algorithm; /* enum mip_algorithm */
	uint8_t replay;    /* enum association_replay */
};

/* Whether the view is about such a program. */
bool mip_associations_are_of_file(const struct mib_view *view);

/* A row is a struct mip_association. */
mib_find mip_associations_of_file;

#endif
