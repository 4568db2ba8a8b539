/* daemon.h - agentd from its configuration to its end.
 *
 * May include: everything. */
#ifndef AGENTD_PROGRAMS_DAEMON_H
#define AGENTD_PROGRAMS_DAEMON_H

/* Run until a signal ends it. Returns the exit status. */
int daemon_run(const char *config_path);

#endif
