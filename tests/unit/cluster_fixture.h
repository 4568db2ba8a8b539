/* cluster_fixture.h - clusters on the loopback interface, with keys and ports of
 * their own.
 *
 * May include: everything. */
#ifndef TESTS_UNIT_CLUSTER_FIXTURE_H
#define TESTS_UNIT_CLUSTER_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "replication/replication.h"

/* A cluster of `count` data members; views[i] is how member i + 1 sees it. Each
 * has two ports that nobody used a moment ago. */
void cluster_make(struct replication_cluster *views, size_t count);

/* A key pair that nobody else has. */
void cluster_make_key(uint8_t public_key[REPLICATION_KEY_OCTETS],
                      uint8_t secret_key[REPLICATION_KEY_OCTETS]);

/* Repeat `step` until `is` says so; a failed assertion when it does not within
 * half a minute. */
void cluster_await(bool (*is)(void *context), void (*step)(void *context), void *context);

#endif
