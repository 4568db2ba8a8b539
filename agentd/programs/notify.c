/* notify.c - the one file that knows systemd's library. */
#include "agentd/programs/notify.h"

#include <systemd/sd-daemon.h>

#include <time.h>

void notify_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
	           (unsigned long long)now.tv_sec * 1000000u +
	                   (unsigned long long)now.tv_nsec / 1000u);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=finishing");
}

void notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}

uint32_t notify_watchdog_ms(void)
{
	uint64_t agreed_us;

	if (sd_watchdog_enabled(0, &agreed_us) <= 0)
		return 0;
	return agreed_us / 2000 > 0 ? (uint32_t)(agreed_us / 2000) : 1;
}
