/* tc_fixture.h - the fast path in a network of its own: namespaces of this process
 * alone, a BPF file system, two links with routes and nobody on them.
 *
 *     home   10.1.0.1/16       mobile nodes are at home there
 *     core   198.51.100.1/24   and the default route by 198.51.100.2
 *     user   stands for the device of user space
 */
#ifndef TESTS_UNIT_TC_FIXTURE_H
#define TESTS_UNIT_TC_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/dataplane/bpf/tc_map.h"
#include "agentd/dataplane/tc.h"
#include "proto/ip4.h"

#define FIXTURE_SKIPPED 77 /* exit status: the kernel refuses */
#define FIXTURE_HOME "10.1.2.3"
#define FIXTURE_TTL 64u
#define FIXTURE_UDP_PORT 434u
#define FIXTURE_AGENT "198.51.100.33"
#define FIXTURE_FRAME_MAX 70000u
#define FIXTURE_HOME_MARK 0x40000000u

struct tc_fixture {
	struct tc *tc;
	struct tunnels *tunnels;
	char directory[64]; /* of pins */
	bool hashed;        /* set it: bindings are not in a table of their network */
	unsigned instance;  /* set it */
	unsigned home, core, user;
	uint8_t home_mac[6];
	uint64_t counted[TC_REASON_COUNT]; /* by fixture_reason */
};

/* Make the network, once for the process. False, with a line on standard error: the
 * kernel does not let us. */
bool fixture_network(struct tc_fixture *fixture);

/* Options for both links, 1000 home addresses. */
struct tc_options fixture_options(const struct tc_fixture *fixture);

/* Open the fast path and a table that is mirrored; an agent in group 1, both deadlines
 * open. */
void fixture_begin(struct tc_fixture *fixture);
void fixture_close(struct tc_fixture *fixture);

struct fixture_result {
	int action; /* of tc */
	struct span frame;
	uint32_t mark;
	unsigned reason; /* the one counter that moved; TC_REASON_COUNT: none, or several */
};

/* What was counted until now is no result of the next run. */
void fixture_forget(struct tc_fixture *fixture);

/* Run the program over a frame that came in by an interface, with that mark. */
struct fixture_result fixture_run(struct tc_fixture *fixture, unsigned interface, struct span frame,
                                  uint32_t mark);

struct in_addr fixture_address(const char *text);
/* Reverse tunnel agreed on; UDP with a port. */
struct tunnels_binding fixture_binding(const char *care_of, uint8_t encapsulation, uint16_t port);
/* FIXTURE_HOME in group 1, with one binding or two. */
void fixture_bind(struct tc_fixture *fixture, struct tunnels_binding first,
                  const struct tunnels_binding *second);

/* A packet of an unknown protocol, written to fixture_room. */
extern uint8_t fixture_room[2000];
struct ip4 fixture_header(const char *from, const char *to, uint16_t payload);
struct span fixture_packet(const struct ip4 *ip);
/* It comes to the MAC of `home`. */
struct fixture_result fixture_send(struct tc_fixture *fixture, struct span packet);

/* The packet in a result, without the header of Ethernet. */
struct span fixture_inside(const struct fixture_result *result);

/* What user space would have sent for `packet`, with the identification that BPF chose
 * in `sent`. */
struct span fixture_wrapped(const struct tunnels_binding *binding, struct span packet,
                            struct span sent);
/* As the mobile node sends it: `inner` through that binding's tunnel; in a room. */
extern uint8_t fixture_tunnel_room[2100];
struct span fixture_reversed(const struct tunnels_binding *binding, struct span inner);

/* A frame from somebody to the MAC of `home` around a packet, in a buffer of the fixture. */
struct span fixture_frame(const struct tc_fixture *fixture, struct span packet);

#endif
