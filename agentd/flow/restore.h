/* restore.h - a backup becomes the data directory of a node that has none.
 *
 * May include: agentd/base, replication. */
#ifndef AGENTD_FLOW_RESTORE_H
#define AGENTD_FLOW_RESTORE_H

#include "agentd/base/config.h"
#include "agentd/flow/survey.h"
#include "replication/backup.h"

/* Where a restore is prepared, in the data directory. While it is there without
 * a store beside it, no agent starts. */
#define RESTORE_DIRECTORY "restoring"

#define RESTORE_DOUBTS_MAX 4u

struct restored {
	struct backup_info backup;
	struct survey survey;
	/* Sentences: why the restored agent would not start as it is configured now. */
	char doubts[RESTORE_DOUBTS_MAX][512];
	size_t doubt_count;
};

/* From an open file, whose `path` is for the report, to the data directory of
 * the configuration, which must be there and hold nothing. The store becomes
 * another one, whose log is empty and goes on behind the highest index of its
 * rows; a replicated secret that nonces are made from is dropped, for the next
 * start to make anew. On failure the directory is as it was.
 *
 * HA_E_EXISTS (the directory holds something), the errors of backup_extract,
 * store_open and survey_store, HA_E_NODISK, HA_E_PERMISSION, HA_E_IO; with a
 * sentence. */
enum ha_error restore_run(const struct config *config, int file, const char *path,
                          struct restored *out, char *report, size_t size);

#endif
