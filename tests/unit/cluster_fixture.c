/* cluster_fixture.c - see cluster_fixture.h. */
#include "tests/unit/cluster_fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "agentd/base/clock.h"
#include "tests/unit/suite.h"

#define PATIENCE_NS UINT64_C(30000000000)

/* A socket bound to a port of the loopback interface; 0: any. -1 when it is taken. */
static int take_port(uint16_t *port)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		                    .sin_port = htons(*port),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&name, &size) == 0) {
		*port = ntohs(name.sin_port);
		return fd;
	}
	close(fd);
	return -1;
}

/* Two ports in a row, held until the descriptors are closed. */
static uint16_t take_ports(int fds[2])
{
	for (;;) {
		uint16_t port = 0, next;

		fds[0] = take_port(&port);
		CU_ASSERT_FATAL(fds[0] >= 0);
		next = (uint16_t)(port + 1);
		fds[1] = next > port ? take_port(&next) : -1;
		if (fds[1] >= 0)
			return port;
		close(fds[0]);
	}
}

void cluster_make_key(uint8_t public_key[REPLICATION_KEY_OCTETS],
                      uint8_t secret_key[REPLICATION_KEY_OCTETS])
{
	char public_text[41], secret_text[41];

	CU_ASSERT_EQUAL_FATAL(zmq_curve_keypair(public_text, secret_text), 0);
	CU_ASSERT_PTR_NOT_NULL(zmq_z85_decode(public_key, public_text));
	CU_ASSERT_PTR_NOT_NULL(zmq_z85_decode(secret_key, secret_text));
}

void cluster_make(struct replication_cluster *views, size_t count)
{
	struct replication_cluster all = { .member_count = count };
	uint8_t secrets[REPLICATION_MEMBERS_MAX][REPLICATION_KEY_OCTETS];
	int fds[REPLICATION_MEMBERS_MAX][2];

	for (size_t i = 0; i < count; i++) {
		struct replication_member *member = &all.members[i];

		member->number = (uint8_t)(i + 1);
		snprintf(member->address, sizeof(member->address), "127.0.0.1");
		member->port = take_ports(fds[i]);
		cluster_make_key(member->public_key, secrets[i]);
	}
	for (size_t i = 0; i < count; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
		views[i] = all;
		views[i].self = (uint8_t)(i + 1);
		memcpy(views[i].secret_key, secrets[i], sizeof(secrets[i]));
	}
}

void cluster_await(bool (*is)(void *context), void (*step)(void *context), void *context)
{
	uint64_t deadline = clock_monotonic_ns() + PATIENCE_NS;

	while (!is(context)) {
		if (clock_monotonic_ns() > deadline) {
			CU_FAIL("what was awaited did not come");
			return;
		}
		step(context);
	}
}
