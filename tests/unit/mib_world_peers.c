/* mib_world_peers.c - the mobile nodes and foreign agents of a world, made with dice. */
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/mib_world.h"

#define DAY_MS 86400000u

const struct world_pool world_pools[] = {
	{ "dial-in", "10.128.0.0", "10.128.255.255", true },
	{ "a", "10.130.0.0", "10.130.0.7", false },
	{ "dial", "10.131.0.1", "10.131.0.1", true },
	{ "abc", "10.132.0.0", "10.132.3.255", false },
	{ "ab", "10.133.0.0", "10.133.0.255", true },
};
const size_t world_pool_count = sizeof(world_pools) / sizeof(world_pools[0]);

struct in_addr world_address(uint32_t network, size_t i)
{
	return (struct in_addr){ htonl(network | ((uint32_t)i * 0x9e3779b1u & 0x3fffffu)) };
}

static void add_associations(struct dice *dice, struct world_peer *peer)
{
	peer->association_count = 1u + dice_below(dice, WORLD_ASSOCIATIONS_MAX);
	for (size_t i = 0; i < peer->association_count; i++) {
		bool mobile = peer->row.kind == PEER_MOBILE_NODE;

		/* Of a node the first two have one SPI, for both uses. */
		peer->associations[i] = (struct association_row){
			.peer = peer->row.id,
			.spi = 256u + (uint32_t)(mobile ? i / 2u : i) * 0x60000000u,
			.use = mobile && i % 2u ? ASSOCIATION_AAA : ASSOCIATION_HOME,
			.replay = dice_chance(dice, 2) ? REPLAY_NONCE : REPLAY_TIMESTAMP,
			.algorithm = (uint8_t)(1u + dice_below(dice, MIP_HMAC_SHA256)),
			.tolerance_s = (uint16_t)dice_below(dice, 3600),
			.created = 1u + dice_next(dice) % WORLD_VERSION,
			.sealed = { KEYRING_OVERHEAD, { 1, 0, 0, 0, 1 } },
		};
	}
	if (peer->row.kind == PEER_MOBILE_NODE && dice_chance(dice, 5)) {
		peer->associations[0] = peer->associations[peer->association_count - 1u];
		peer->associations[0].use = ASSOCIATION_AAA;
		peer->association_count = 1;
	}
}

static void add_bindings(struct dice *dice, const struct world *world, struct world_peer *peer,
                         struct in_addr home)
{
	peer->binding_count = dice_chance(dice, 2) ? 0 : 1u + dice_below(dice, WORLD_BINDINGS_MAX);
	for (size_t i = 0; i < peer->binding_count; i++) {
		struct binding_row *row = &peer->bindings[i];
		bool endless = dice_chance(dice, 4);

		*row = (struct binding_row){
			.realm = peer->row.realm,
			.home = home,
			.node = peer->row.id,
			.version = WORLD_VERSION,
			.group = peer->row.group,
			.replay.used_ms = peer->used_ms,
			.service = peer->service,
		};
		row->binding = (struct binding){
			/* Behind one NAT, at two of its ports, and elsewhere. */
			.care_of = { htonl(0xc6336400u + (uint32_t)(i / 3u)) },
			.endpoint = { htonl(0xc0000200u + (uint32_t)(i / 2u)) },
			.endpoint_port = (uint16_t)(i * 40000u),
			.source = { htonl(0xcb007100u + dice_below(dice, 256)) },
			.granted_s = endless ? LIFETIME_INFINITE : 600,
			.flags = (uint8_t)dice_below(dice, 256),
			.encapsulation = (uint8_t)dice_below(dice, 3),
			.features = (uint16_t)dice_below(dice, 16),
			.identification = dice_next(dice),
			.granted_ms = world->now_ms,
			.expires_ms = endless ? BINDING_NEVER_EXPIRES
			                      : world->now_ms + DAY_MS + dice_below(dice, DAY_MS),
		};
	}
}

static void add_policy(struct dice *dice, struct world_peer *peer)
{
	if (!dice_chance(dice, 3))
		return;
	peer->node = (struct node_row){ peer->row.id, 5, 6, "gold" };
}

/* What came of requests, before and in this process. */
static void add_service(struct dice *dice, const struct world *world, struct world_peer *peer)
{
	if (dice_chance(dice, 2)) {
		peer->used_ms = world->now_ms - dice_below(dice, WORLD_UPTIME * 20u);
		peer->service = (struct service){
			.since_ms = dice_chance(dice, 2) ? 0
			                                 : world->now_ms - dice_below(dice, DAY_MS),
			.served_ms = dice_below(dice, DAY_MS),
			.accepted = dice_below(dice, 1000),
		};
	}
	if (dice_chance(dice, 8)) {
		peer->denied_code = (uint8_t)(128u + dice_below(dice, 20));
		peer->denied_ms = world->monotonic_ms - dice_below(dice, 1000);
	}
}

static void name_peer(struct peer_row *row)
{
	snprintf(row->nai, sizeof(row->nai), "user%llu@Example.net", (unsigned long long)row->id);
}

static void make_mobile(struct dice *dice, const struct world *world, struct world_peer *peer,
                        size_t i)
{
	struct in_addr home = world_address(0x0a000000u, i);

	peer->row.kind = PEER_MOBILE_NODE;
	peer->row.bindings = WORLD_BINDINGS_MAX;
	add_service(dice, world, peer);
	if (dice_chance(dice, 3)) {
		name_peer(&peer->row);
		snprintf(peer->row.pool, LABEL_MAX, "dial-in");
		home.s_addr = dice_chance(dice, 3) ? 0 : htonl(0x0a800000u | (uint32_t)i);
		peer->replay.home = home;
		peer->replay.leased = home.s_addr && dice_chance(dice, 2);
		peer->replay.sticky = peer->replay.leased;
		if (!peer->replay.leased)
			home.s_addr = 0;
	} else {
		peer->row.address = home;
		if (dice_chance(dice, 2))
			name_peer(&peer->row);
	}
	if (home.s_addr)
		add_bindings(dice, world, peer, home);
	if (!peer->binding_count)
		peer->service.since_ms = 0; /* who is not bound is not served */
	if (peer->row.pool[0] || !peer->binding_count) {
		peer->replay.peer = peer->row.id;
		peer->replay.version = WORLD_VERSION;
		peer->replay.state.used_ms = peer->used_ms;
		peer->replay.service = peer->service;
	}
	add_policy(dice, peer);
}

/* Some have the address of a mobile node. */
static void make_foreign(struct dice *dice, struct world_peer *peer, size_t i)
{
	peer->row.kind = PEER_FOREIGN_AGENT;
	peer->row.address = dice_chance(dice, 2) ? world_address(0x0a000000u, i)
	                                         : world_address(0xac000000u, i);
}

/* Of the second group every fourth node is like one of the first, in a realm of its own. */
void world_make_peers(struct world *world, unsigned group, size_t nodes)
{
	struct dice dice = { 17u + group };
	size_t foreign = nodes / 4u;
	struct world_peer *peers = calloc(nodes + foreign, sizeof(*peers));

	CU_ASSERT_PTR_NOT_NULL_FATAL(peers);
	for (size_t i = 0; i < nodes + foreign; i++) {
		struct world_peer *peer = &peers[i];
		size_t number = group == 0 || i % 4u == 0 ? i : i + 2u * nodes;

		peer->row = (struct peer_row){ .realm = WORLD_REALM_OF(group),
			                       .id = i + 1u,
			                       .group = WORLD_NUMBER_OF(group),
			                       .created = 1 };
		if (i < nodes)
			make_mobile(&dice, world, peer, number);
		else
			make_foreign(&dice, peer, i - nodes);
		if (group == 0 && !peer->row.pool[0] && !peer->binding_count &&
		    dice_chance(&dice, 4))
			peer->row.realm = WORLD_OTHER_REALM;
		add_associations(&dice, peer);
	}
	world->peers[group] = peers;
	world->peer_count[group] = nodes + foreign;
}
