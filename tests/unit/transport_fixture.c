/* transport_fixture.c - see transport_fixture.h. */
#include "tests/unit/transport_fixture.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "tests/unit/suite.h"

struct replication_cluster views[MEMBERS];
struct transport_node nodes[MEMBERS];
enum ha_error why;
char report[256];
size_t queue_max = QUEUE_MAX;

/* ---- the client ---- */

static void on_message(void *context, uint8_t from, uint32_t group, const void *octets, size_t size)
{
	struct transport_node *node = context;
	const uint8_t *at = octets;

	node->disordered += at[0] != (uint8_t)node->messages;
	node->messages++;
	node->octets = size;
	node->group = group;
	node->from = from;
	node->first = at[0];
	node->last = at[size - 1];
}

static bool on_admit(void *context, uint8_t from, const struct transport_identity *identity)
{
	struct transport_node *node = context;

	node->met[from] = *identity;
	return (node->refuses >> from & 1) == 0;
}

static void on_connected(void *context, uint8_t member)
{
	struct transport_node *node = context;

	CU_ASSERT_EQUAL(node->connected >> member & 1, 0);
	node->connected |= 1u << member;
}

static void on_disconnected(void *context, uint8_t member)
{
	struct transport_node *node = context;

	CU_ASSERT_EQUAL(node->connected >> member & 1, 1);
	node->connected &= ~(1u << member);
	node->breaks++;
}

/* ---- the cluster ---- */

struct transport *open_member(size_t i)
{
	const struct transport_client client = { .context = &nodes[i],
		                                 .message = on_message,
		                                 .admit = on_admit,
		                                 .connected = on_connected,
		                                 .disconnected = on_disconnected };
	const struct transport_options options = {
		.cluster = &views[i],
		.identity = { .cluster = 77, .incarnation = 1000 + i },
		.queue_max = queue_max,
	};

	return transport_open(&options, &client, &why, report, sizeof(report));
}

void start(size_t i)
{
	nodes[i] = (struct transport_node){ .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	CU_ASSERT_FATAL(nodes[i].event >= 0);
	nodes[i].transport = open_member(i);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nodes[i].transport);
}

void stop(size_t i)
{
	if (nodes[i].transport)
		close(nodes[i].event);
	transport_close(nodes[i].transport);
	nodes[i].transport = NULL;
}

void step(void *context)
{
	(void)context;
	for (size_t i = 0; i < MEMBERS; i++)
		if (nodes[i].transport && !nodes[i].hangs)
			CU_ASSERT_EQUAL(transport_wait(nodes[i].transport, nodes[i].event,
			                               clock_monotonic_ns() + 1000000),
			                HA_OK);
}

/* Those that run see one another and nobody else. */
static bool all_are_connected(void *context)
{
	uint32_t running = 0;

	(void)context;
	for (size_t i = 0; i < MEMBERS; i++)
		running |= nodes[i].transport && !nodes[i].hangs ? 1u << (i + 1) : 0;
	for (size_t i = 0; i < MEMBERS; i++)
		if ((running >> (i + 1) & 1) && nodes[i].connected != (running & ~(1u << (i + 1))))
			return false;
	return true;
}

void await_all(void)
{
	cluster_await(all_are_connected, step, NULL);
}

void set_up(void)
{
	cluster_make(views, MEMBERS);
	for (size_t i = 0; i < MEMBERS; i++)
		start(i);
	await_all();
}

void tear_down(void)
{
	for (size_t i = 0; i < MEMBERS; i++)
		stop(i);
}

struct transport_link look(size_t i, uint8_t member)
{
	struct transport_link link;

	transport_look(nodes[i].transport, member, &link);
	return link;
}

void send_to(uint8_t member, uint32_t group, size_t size, uint8_t first)
{
	uint8_t *octets = calloc(1, size);
	const struct consensus_octets pieces[] = {
		{ .at = &first, .size = 1 },
		{ .at = NULL, .size = 0 },
		{ .at = octets, .size = size - 2 },
		{ .at = &(uint8_t){ 9 }, .size = 1 },
	};

	CU_ASSERT_PTR_NOT_NULL_FATAL(octets);
	transport_send(nodes[0].transport, member, group, pieces, 4);
	free(octets);
}

static bool has_messages(void *context)
{
	return nodes[1].messages >= *(size_t *)context;
}

void await_messages(size_t count)
{
	cluster_await(has_messages, step, &count);
	CU_ASSERT_EQUAL(nodes[1].messages, count);
}
