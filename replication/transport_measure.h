/* transport_measure.h - what the headers of packets tell about a connection: the
 * round trip, and how far the other's clock is from ours. Pure.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_TRANSPORT_MEASURE_H
#define REPLICATION_TRANSPORT_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "replication/transport_packet.h"

struct measure {
	bool known;
	uint32_t round_trip_us;  /* smoothed, at least 1 */
	int64_t clock_offset_us; /* the other's wall clock minus ours */
};

/* Take what a packet tells that came just now, by the clock that `echo_ns` in it
 * was read from, and by our wall clock. Nothing, where it echoes nothing. */
void measure_take(struct measure *measure, const struct packet_header *header, uint64_t now_ns,
                  uint64_t wall_us);

#endif
