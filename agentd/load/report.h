/* report.h - what a load found, as one JSON object on one line for programs and
 * a sentence for people.
 *
 * May include: agentd/load. */
#ifndef AGENTD_LOAD_REPORT_H
#define AGENTD_LOAD_REPORT_H

#include <stdio.h>

#include "agentd/load/flood.h"
#include "agentd/load/replay.h"
#include "agentd/load/run.h"
#include "agentd/load/storm.h"
#include "agentd/load/verify.h"
#include "agentd/load/watch.h"

void report_run(FILE *out, const char *mode, const struct load_settings *settings,
                const struct load_result *result);
void report_run_for_people(FILE *out, const struct load_result *result);
void report_verify(FILE *out, const struct verify_result *result);
void report_replay(FILE *out, const struct replay_result *result);
void report_storm(FILE *out, const struct load_settings *settings,
                  const struct storm_result *result);
void report_storm_for_people(FILE *out, const struct storm_result *result);
void report_flood(FILE *out, const char *kind, const struct flood_result *result);
void report_watch(FILE *out, const struct watch_result *result);

#endif
