/* transport_measure.c - see transport_measure.h. */
#include "replication/transport_measure.h"

#define SMOOTHING 8
/* An echo older than that tells of a pause, not of the network. */
#define ECHO_MAX_NS UINT64_C(10000000000)

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* The packet was under way for something between nothing and the round trip, so
 * that one sample bounds the offset. What lies beyond is wrong now, however long
 * it was right: a clock was set. Within, samples are averaged, but for those that
 * waited somewhere. */
static void take_offset(struct measure *measure, int64_t sample, uint32_t round_trip_us)
{
	int64_t uncertainty = round_trip_us / 2 + 1;

	if (!measure->known || distance(sample, measure->clock_offset_us) > uncertainty)
		measure->clock_offset_us = sample;
	else if (round_trip_us <= 2 * (uint64_t)measure->round_trip_us)
		measure->clock_offset_us += (sample - measure->clock_offset_us) / SMOOTHING;
}

void measure_take(struct measure *measure, const struct packet_header *header, uint64_t now_ns,
                  uint64_t wall_us)
{
	uint64_t age = now_ns - header->echo_ns;
	uint32_t sample;

	if (header->echo_ns == 0 || age > ECHO_MAX_NS || age < header->held_ns)
		return;
	sample = (uint32_t)((age - header->held_ns) / 1000) + 1;
	take_offset(measure, (int64_t)(header->wall_us - wall_us) + sample / 2, sample);
	if (measure->known)
		sample = (uint32_t)((measure->round_trip_us * (SMOOTHING - 1ull) + sample +
		                     SMOOTHING / 2) /
		                    SMOOTHING);
	measure->round_trip_us = sample ? sample : 1;
	measure->known = true;
}
