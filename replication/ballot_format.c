/* ballot_format.c - see ballot_format.h for the layout. */
#include "replication/ballot_format.h"

#include <string.h>
#include <xxhash.h>

#include "replication/octets.h"

#define MAGIC 0x746f6c6c61624148u /* "HAballot" */
#define CHECKSUM_SEED 0x426d6c6c6f74u
#define COVERED (BALLOT_SLOT - sizeof(uint64_t))

_Static_assert(80 + 32 * BALLOT_GROUPS_MAX <= COVERED, "the groups do not fit into a slot");

void ballot_slot_seal(uint8_t *slot)
{
	struct octets_out out = octets_out_over(slot + COVERED, BALLOT_SLOT - COVERED);
	put_number(&out, XXH3_64bits_withSeed(slot, COVERED, CHECKSUM_SEED), 8);
}

void ballot_slot_encode(uint8_t *slot, uint64_t number, const struct ballot_state *state)
{
	struct octets_out out = octets_out_over(slot, COVERED);
	memset(slot, 0, BALLOT_SLOT);
	put_number(&out, MAGIC, 8);
	put_number(&out, BALLOT_FORMAT, 4);
	put_number(&out, state->group_count, 4);
	put_number(&out, number, 8);
	put_number(&out, state->cluster, 8);
	put_number(&out, state->incarnation, 8);
	for (size_t i = 1; i <= REPLICATION_MEMBERS_MAX; i++)
		put_number(&out, state->met[i], 8);
	for (size_t i = 0; i < state->group_count; i++) {
		const struct ballot_group *group = &state->groups[i];
		put_number(&out, group->group, 4);
		put_number(&out, group->voted_for, 4);
		put_number(&out, group->term, 8);
		put_number(&out, group->base_index, 8);
		put_number(&out, group->base_term, 8);
	}
	ballot_slot_seal(slot);
}

static bool is_sealed(const uint8_t *slot)
{
	struct octets_in in = octets_in_over(slot + COVERED, BALLOT_SLOT - COVERED);
	return take_u64(&in) == XXH3_64bits_withSeed(slot, COVERED, CHECKSUM_SEED);
}

static void take_group(struct octets_in *in, struct ballot_group *out)
{
	out->group = take_u32(in);
	const uint32_t voted_for = take_u32(in);
	in->bad |= voted_for > REPLICATION_MEMBERS_MAX;
	out->voted_for = (uint8_t)voted_for;
	out->term = take_u64(in);
	out->base_index = take_u64(in);
	out->base_term = take_u64(in);
}

enum ha_error ballot_slot_decode(const uint8_t *slot, uint64_t *number, struct ballot_state *out)
{
	struct octets_in in = octets_in_over(slot, COVERED);
	struct ballot_state state = { 0 };
	if (take_u64(&in) != MAGIC)
		return HA_E_DAMAGED;
	const uint32_t format = take_u32(&in);
	if (format > BALLOT_FORMAT)
		return HA_E_NEWER;
	if (format != BALLOT_FORMAT || !is_sealed(slot))
		return HA_E_DAMAGED;

	state.group_count = take_u32(&in);
	const uint64_t of_write = take_u64(&in);
	state.cluster = take_u64(&in);
	state.incarnation = take_u64(&in);
	for (size_t i = 1; i <= REPLICATION_MEMBERS_MAX; i++)
		state.met[i] = take_u64(&in);
	in.bad |= state.incarnation == 0 || state.group_count > BALLOT_GROUPS_MAX;
	for (size_t i = 0; i < state.group_count && !in.bad; i++)
		take_group(&in, &state.groups[i]);
	if (in.bad)
		return HA_E_DAMAGED;
	*number = of_write;
	*out = state;
	return HA_OK;
}
