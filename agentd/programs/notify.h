/* notify.h - what the service manager is told, if one listens.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_PROGRAMS_NOTIFY_H
#define AGENTD_PROGRAMS_NOTIFY_H

#include <stdint.h>

void notify_ready(const char *status); /* after a start and after a reload */
void notify_reloading(void);
void notify_stopping(void);
void notify_watchdog(void);

/* How often notify_watchdog must be called, half of what was agreed; 0 = never. */
uint32_t notify_watchdog_ms(void);

#endif
