/* mobile.c - mobile nodes: they register, move, keep several bindings, come home,
 * and send an unanswered request again as it was, at doubling intervals. They
 * know nothing of the cluster: what they send reaches whoever is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/extension_write.h"
#include "tests/sim/world.h"

#define TRIES_MAX 6u
#define FIRST_WAIT_MS 40u
#define OWN_ADDRESS 5u /* of a group's nodes so many have one; the others share a pool */
#define POOL "10.9.0.1-10.9.0.3"
#define CARE_OFS 4u
#define KEY_SIZE 16u

static event_handler turn;

static void wait_for(struct world *world, struct mobile *mobile, uint64_t delay_ms)
{
	schedule_put(&world->schedule, &(struct event){ .at_ns = world->now_ns + delay_ms * MS,
	                                                .happen = turn,
	                                                .from = (uint8_t)mobile->number,
	                                                .number = ++mobile->turn });
}

static void make_key(unsigned number, uint8_t key[KEY_SIZE])
{
	memset(key, (int)(number + 1), KEY_SIZE);
}

void mobile_init(struct world *world, unsigned number)
{
	struct mobile *mobile = &world->mobiles[number];
	unsigned place = number % WORLD_MOBILES;
	uint8_t key[KEY_SIZE];

	*mobile = (struct mobile){ .number = number,
		                   .group = (uint8_t)(number / WORLD_MOBILES),
		                   .pooled = place >= OWN_ADDRESS };
	if (mobile->pooled)
		snprintf(mobile->name, sizeof(mobile->name), "node%u@example.net", number);
	else
		mobile->home.s_addr = htonl(0x0a000001u + number);
	make_key(number, key);
	if (mip_key_state_init(&mobile->key, MIP_HMAC_MD5, key, sizeof(key)) != HA_OK)
		abort();
	mobile->clock_ms = (int64_t)dice_below(&world->dice, 400) - 200;
}

void mobile_start(struct mobile *mobile, struct world *world)
{
	wait_for(world, mobile, dice_below(&world->dice, 2000));
}

/* ---- the configuration that knows them ---- */

static void add_association(struct world *world, struct state *state, const struct mobile *mobile,
                            struct change *change)
{
	*change = (struct change){
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.address = mobile->home,
		.spi = WORLD_SPI,
		.algorithm = MIP_HMAC_MD5,
		.key_size = KEY_SIZE,
		.bindings = (uint8_t)(1 + mobile->number % 3),
		.tolerance_s = 7,
	};
	snprintf(change->nai, sizeof(change->nai), "%s", mobile->name);
	if (mobile->pooled)
		snprintf(change->pool, sizeof(change->pool), "p");
	make_key(mobile->number, change->key);
	if (state_seal(state, change) != HA_OK)
		abort();
	(void)world;
}

void mobile_seeding(struct world *world, uint8_t group)
{
	struct change changes[WORLD_MOBILES + 2] = {
		{ .kind = CHANGE_SET, .name = "pool.p" },
		{ .kind = CHANGE_SET, .name = FEATURE_NODE_COUNTERS, .value = "on" },
	};
	const struct state_capacity room = { 16, 32, 64 };
	enum ha_error why;
	struct state *state = state_new(&room, world->ring, &why);

	if (!state)
		abort();
	snprintf(changes[0].value, sizeof(changes[0].value), POOL " %s",
	         dice_chance(&world->dice, 2) ? "sticky" : "released");
	for (unsigned i = 0; i < WORLD_MOBILES; i++)
		add_association(world, state, &world->mobiles[group * WORLD_MOBILES + i],
		                &changes[i + 2]);
	if (command_configure(WORLD_BEGINS_MS, "seed", NULL, changes, WORLD_MOBILES + 2,
	                      &world->seeding[group], &world->seeding_size[group]) != HA_OK)
		abort();
	state_free(state);
}

/* ---- requests ---- */

static uint64_t now_ntp(const struct world *world, const struct mobile *mobile)
{
	return clock_ntp_of_ms(
		(uint64_t)((int64_t)(WORLD_BEGINS_MS + world->now_ns / MS) + mobile->clock_ms));
}

static struct in_addr some_care_of(struct world *world, const struct mobile *mobile)
{
	return (struct in_addr){ htonl(0xc6336401u + mobile->number * CARE_OFS +
		                       dice_below(&world->dice, CARE_OFS)) };
}

static void choose(struct world *world, const struct mobile *mobile, struct mip_request *request)
{
	uint32_t what = dice_below(&world->dice, 10);
	bool home_known = mobile->home.s_addr;

	request->flags = MIP_REQUEST_DECAPSULATES;
	request->care_of = some_care_of(world, mobile);
	request->lifetime_s = (uint16_t)(1 + dice_below(&world->dice, 4));
	if (dice_chance(&world->dice, 6))
		request->lifetime_s = LIFETIME_INFINITE;
	if (what < 3)
		request->flags |= MIP_REQUEST_SIMULTANEOUS;
	if (what >= 8)
		request->lifetime_s = 0;
	if (what == 9 && home_known)
		request->care_of = mobile->home;
}

static void make_request(struct world *world, struct mobile *mobile)
{
	struct mip_request request = { .home = mobile->home,
		                       .home_agent = world->policy.home_agent };
	struct writer w = writer_over(mobile->octets, sizeof(mobile->octets));

	request.identification = now_ntp(world, mobile);
	if (!clock_ntp_is_later(request.identification, mobile->identification))
		request.identification = mobile->identification + 1;
	mobile->identification = request.identification;
	choose(world, mobile, &request);
	mip_request_encode(&w, &request);
	if (mobile->pooled)
		mip_nai_append(
			&w, (struct span){ (const uint8_t *)mobile->name, strlen(mobile->name) });
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, WORLD_SPI, &mobile->key);
	mobile->size = writer_used(&w);
	if (w.error != HA_OK)
		abort();
}

static void ask(struct world *world, struct mobile *mobile)
{
	for (uint8_t i = 1; i <= world->plan.members; i++)
		if (!world->members[i].witness)
			network_request(world, mobile->number, i, mobile->octets, mobile->size);
	wait_for(world, mobile, (uint64_t)FIRST_WAIT_MS << mobile->tries++);
}

static void turn(struct world *world, struct event *event)
{
	struct mobile *mobile = &world->mobiles[event->from];

	if (event->number != mobile->turn)
		return; /* it was answered meanwhile */
	if (mobile->tries == 0 && world->silent)
		return;
	if (mobile->tries == 0 || mobile->tries == TRIES_MAX) {
		mobile->tries = 0;
		make_request(world, mobile);
	}
	ask(world, mobile);
}

/* ---- replies ---- */

static bool is_authentic(const struct mobile *mobile, struct span datagram, struct mip_reply *reply)
{
	struct reader in = reader_over(datagram.at, datagram.size);
	struct mip_extensions extensions;

	return mip_reply_decode(&in, reply) == HA_OK &&
	       mip_extensions_decode(datagram, &in, &extensions) == HA_OK &&
	       extensions.mobile_home_count == 1 &&
	       mip_authenticator_verify(&mobile->key, extensions.mobile_home.covered,
	                                extensions.mobile_home.authenticator);
}

void mobile_reply(struct world *world, unsigned number, const uint8_t *octets, size_t size)
{
	struct mobile *mobile = &world->mobiles[number];
	struct mip_reply reply;

	if (!is_authentic(mobile, (struct span){ octets, size }, &reply)) {
		judge_violation(world, VIOLATION_FAILED, "node %u cannot read a reply", number);
		return;
	}
	if (mobile->tries == 0 ||
	    (uint32_t)reply.identification != (uint32_t)mobile->identification)
		return;
	mobile->tries = 0;
	if (reply.code == MIP_ID_MISMATCH)
		mobile->clock_ms += (int64_t)(reply.identification >> 32) * 1000 -
		                    (int64_t)(now_ntp(world, mobile) >> 32) * 1000;
	if (mobile->pooled)
		mobile->home = mip_code_is_accepted(reply.code) ? reply.home
		                                                : (struct in_addr){ 0 };
	wait_for(world, mobile, dice_below(&world->dice, world->plan.think_ms));
}
