/* tunnels_user.h - the home agent whose own thread forwards packets, in the process that
 * measures it.
 *
 * May include: nothing of the project. */
#ifndef TESTS_BENCH_TUNNELS_USER_H
#define TESTS_BENCH_TUNNELS_USER_H

#include <stdint.h>

/* Open it as agentd does, for the network of that address and length, both in host order,
 * with one binding for that address. Ends the process when that fails. */
void tunnels_user_open(const char *agent, uint32_t home, unsigned length, uint32_t care_of);
/* Packets that went through the binding. */
uint64_t tunnels_user_count(void);
void tunnels_user_close(void);

#endif
