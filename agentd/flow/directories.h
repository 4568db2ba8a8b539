/* directories.h - directories of the node's data, made so that they are there
 * after a crash.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_DIRECTORIES_H
#define AGENTD_FLOW_DIRECTORIES_H

#include <stddef.h>

#include "agentd/base/error.h"

/* All with a sentence. HA_E_PERMISSION, HA_E_NOTFOUND, HA_E_NODISK, HA_E_IO. */

/* Not an error when it is there. */
enum ha_error directory_make(const char *path, char *report, size_t size);
/* The names in it are on the disk when this returns, whoever made them. */
enum ha_error directory_flush(const char *path, char *report, size_t size);
/* The name of the directory itself; where its parent is closed to us, it was not
 * we who made it. */
enum ha_error directory_flush_parent(const char *path, char *report, size_t size);

#endif
