/* writings.h - how tables are written whose rows are read elsewhere: a table names its own.
 *
 * May include: mib/object.h. */
#ifndef MIB_WRITINGS_H
#define MIB_WRITINGS_H

#include "mib/object.h"

extern const struct mib_writing write_associations;     /* hearthAssociationTable */
extern const struct mib_writing write_mip_associations; /* mipSecAssocTable */
extern const struct mib_writing write_nodes;            /* hearthNodeTable */
extern const struct mib_writing write_groups;           /* hearthGroupTable */
extern const struct mib_writing write_notify;           /* hearthNotifyTable */
extern const struct mib_writing write_care_of;          /* faCOATable */
extern const struct mib_writing write_advertised_links; /* maAdvConfigTable */
extern const struct mib_writing write_foreign_flags;    /* faAdvertisement */

#endif
