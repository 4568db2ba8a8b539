/* clock.c - clocks; the arithmetic is pure and takes readings as arguments. */
#include "agentd/base/clock.h"

#define NTP_UNIX_OFFSET_S 2208988800ull /* from 1900 to 1970 */

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

uint64_t clock_wall_ms(void)
{
	return clock_wall_ns() / 1000000u;
}

uint64_t clock_monotonic_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

struct timespec clock_condition_time(uint64_t monotonic_ns)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ns = monotonic_ns > now_ns ? monotonic_ns - now_ns : 0;
	uint64_t until_ns = read_ns(CLOCK_MONOTONIC) + left_ns;

	return (struct timespec){ .tv_sec = (time_t)(until_ns / 1000000000u),
		                  .tv_nsec = (long)(until_ns % 1000000000u) };
}

uint64_t clock_ntp_of_ms(uint64_t unix_ms)
{
	uint64_t seconds = unix_ms / 1000 + NTP_UNIX_OFFSET_S;
	uint64_t fraction = ((unix_ms % 1000) << 32) / 1000;

	return seconds << 32 | fraction; /* the era is cut off, as on the wire */
}

uint64_t clock_ms_of_ntp(uint64_t ntp, uint64_t near_ms)
{
	uint64_t near_s = near_ms / 1000 + NTP_UNIX_OFFSET_S;
	int32_t distance_s = (int32_t)((uint32_t)(ntp >> 32) - (uint32_t)near_s);
	int64_t seconds = (int64_t)near_s + distance_s - (int64_t)NTP_UNIX_OFFSET_S;

	if (seconds < 0)
		return 0;
	return (uint64_t)seconds * 1000 + ((ntp & 0xffffffffu) * 1000 >> 32);
}

static void set(struct cluster_clock *clock, uint64_t time_ms, uint64_t monotonic_ns)
{
	clock->time_ms = time_ms;
	clock->monotonic_ns = monotonic_ns;
	clock->rest_ns = 0;
}

void cluster_clock_start(struct cluster_clock *clock, uint64_t floor_ms, uint64_t wall_ms,
                         uint64_t monotonic_ns)
{
	set(clock, wall_ms > floor_ms ? wall_ms : floor_ms, monotonic_ns);
}

void cluster_clock_follow(struct cluster_clock *clock, uint64_t time_ms, uint64_t monotonic_ns)
{
	uint64_t passed_ns = monotonic_ns > clock->monotonic_ns ? monotonic_ns - clock->monotonic_ns
	                                                        : 0;

	if (time_ms > clock->time_ms + (passed_ns + clock->rest_ns) / 1000000u)
		set(clock, time_ms, monotonic_ns);
}

void cluster_clock_lead(struct cluster_clock *clock, uint64_t floor_ms, uint64_t wall_ms,
                        uint64_t monotonic_ns)
{
	uint64_t time_ms = cluster_clock_read(clock, wall_ms, monotonic_ns);

	if (time_ms > wall_ms)
		time_ms = wall_ms;
	set(clock, time_ms > floor_ms ? time_ms : floor_ms, monotonic_ns);
}

uint64_t cluster_clock_read(struct cluster_clock *clock, uint64_t wall_ms, uint64_t monotonic_ns)
{
	if (monotonic_ns < clock->monotonic_ns)
		return clock->time_ms; /* a reading older than the last one: no time has passed */

	uint64_t passed_ns = monotonic_ns - clock->monotonic_ns + clock->rest_ns;
	uint64_t passed_ms = passed_ns / 1000000u;
	uint64_t slew_ms = passed_ms / CLUSTER_CLOCK_SLEW;
	uint64_t target_ms = clock->time_ms + passed_ms;

	if (passed_ms < CLUSTER_CLOCK_SLEW)
		return target_ms; /* too short to slew: nothing is carried over yet */
	if (wall_ms > target_ms)
		target_ms += wall_ms - target_ms < slew_ms ? wall_ms - target_ms : slew_ms;
	else
		target_ms -= target_ms - wall_ms < slew_ms ? target_ms - wall_ms : slew_ms;

	clock->rest_ns = passed_ns % 1000000u;
	clock->monotonic_ns = monotonic_ns;
	clock->time_ms = target_ms;
	return target_ms;
}
