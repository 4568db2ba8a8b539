/* snapshot_fixture.h - fetching a store from member 1 of a cluster on the loopback
 * interface, perhaps over a wire that is cut.
 *
 * May include: replication headers. */
#ifndef TESTS_UNIT_SNAPSHOT_FIXTURE_H
#define TESTS_UNIT_SNAPSHOT_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "replication/snapshot.h"
#include "tests/unit/store_fixture.h"

#define GROUP 3u /* whose store is fetched, unless it says otherwise */

/* A fetch from member 1 in a thread of its own, into a directory below `place`. */
struct fetching {
	struct place place;
	char directory[80];
	struct replication_cluster cluster;
	uint64_t map;
	uint32_t group;
	uint32_t patience_ms;
	_Atomic bool stop;
	_Atomic uint64_t rows;
	enum ha_error error;
	char report[256];
	pthread_t thread;
};
void fetching_begin(struct fetching *fetching, const struct replication_cluster *cluster);
void fetching_start(struct fetching *fetching); /* map, group and patience may be set before */
void fetching_await_rows(struct fetching *fetching);
enum ha_error fetching_join(struct fetching *fetching);
void fetching_end(struct fetching *fetching); /* removes everything */

/* The same rows in both, but for what is each one's own? */
bool stores_equal(struct store *a, struct store *b);

/* Carries octets between who connects and member 1; cuts the connection after so
 * many that came back, as often as there are numbers in the list (ends with 0). */
struct wire;
struct wire *wire_open(const struct replication_cluster *to, const size_t *cuts);
/* The cluster with member 1 at the other end of the wire. */
void wire_route(const struct wire *wire, struct replication_cluster *cluster);
void wire_release(struct wire *wire);  /* until then it holds what comes at its first cut */
unsigned wire_cuts(struct wire *wire); /* so far */
void wire_close(struct wire *wire);

#endif
