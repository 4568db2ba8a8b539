/* engine.h - replication.h over a disk of the caller's, for tests: the same
 * engine, another table of system calls.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_ENGINE_H
#define REPLICATION_ENGINE_H

#include "replication/journal_io.h"
#include "replication/replication.h"

/* As replication_open; `io` is static. */
struct replication *replication_open_over(const struct journal_io *io,
                                          const struct replication_options *options,
                                          const struct replication_machine *machine,
                                          enum ha_error *why, char *report, size_t size);

#endif
