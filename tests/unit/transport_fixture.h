/* transport_fixture.h - three members in one process, over the loopback interface.
 * Each is stepped by hand.
 *
 * May include: everything. */
#ifndef TESTS_UNIT_TRANSPORT_FIXTURE_H
#define TESTS_UNIT_TRANSPORT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replication/transport.h"
#include "tests/unit/cluster_fixture.h"

#define MEMBERS 3u
#define QUEUE_MAX 1000u

struct transport_node {
	struct transport *transport;
	int event;
	bool hangs;          /* does nothing when it is stepped */
	uint32_t refuses;    /* bit i: member i is not admitted */
	uint32_t connected;  /* as it was told */
	size_t breaks;       /* how often a connection broke */
	size_t messages;     /* that came */
	size_t octets;       /* of the last one */
	uint32_t group;      /* of it */
	uint8_t from;        /* of it */
	uint8_t first, last; /* octets of it */
	size_t disordered;   /* messages whose first octet is not their number */
	struct transport_identity met[MEMBERS + 1];
};

extern struct replication_cluster views[MEMBERS]; /* of member i + 1, as its node */
extern struct transport_node nodes[MEMBERS];
extern enum ha_error why; /* of the last open, with its sentence */
extern char report[256];
extern size_t queue_max; /* of the next one */

/* NULL, why and report; or the transport of a node. */
struct transport *open_member(size_t i);
void start(size_t i);
void stop(size_t i);

/* All of them, connected; and all gone. */
void set_up(void);
void tear_down(void);

/* Every node that runs waits once, for a millisecond. */
void step(void *context);
/* Until those that run see one another and nobody else. */
void await_all(void);
/* Until member 2 has had so many messages. */
void await_messages(size_t count);

struct transport_link look(size_t i, uint8_t member);

/* From member 1, of `size` octets of which the first is `first` and the last 9. */
void send_to(uint8_t member, uint32_t group, size_t size, uint8_t first);

#endif
