/* mip_bindings.c - haMobilityBindingTable: who is bound where. The order of the store's
 * keys is that of the index; home and care-of address stand in both alike.
 *
 * MIP-MIB knows no endpoints: of two bindings that differ in that only, behind one NAT,
 * it shows the first. Nor does it know realms: of groups of several realms that have the
 * same home address the first is shown. */
#include <string.h>

#include "mib/bindings.h"
#include "mib/groups.h"
#include "mib/objects.h"

#define KEY_OCTETS 8u
#define HOME_OCTETS 4u

/* The octets that stand before the home address in the store's key. */
static size_t common_prefix(uint32_t realm, uint8_t out[ROW_KEY_MAX])
{
	struct row_octets prefix;

	binding_row_prefix(realm, (struct in_addr){ 0 }, &prefix);
	memcpy(out, prefix.at, prefix.size - HOME_OCTETS);
	return prefix.size - HOME_OCTETS;
}

/* Where to look in the store: at or after an index of at most eight octets, or after all
 * bindings of a whole one. */
static size_t place_in_store(const struct mib_group *group, const struct mib_key *from, bool after,
                             uint8_t out[STORE_KEY_MAX])
{
	size_t size = common_prefix(agent_realm(group->agent), out);
	size_t taken = from->size < KEY_OCTETS ? from->size : KEY_OCTETS;

	memcpy(out + size, from->at, taken);
	size += taken;
	if (!after)
		return size;
	memset(out + size, UINT8_MAX, STORE_KEY_MAX - size);
	return STORE_KEY_MAX;
}

static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *out)
{
	uint8_t start[STORE_KEY_MAX];
	size_t size = place_in_store(group, from, after, start);
	struct mib_binding_row *row = out;
	const struct binding_row *binding = &row->binding;

	row->group = group;
	if (!mib_binding_find(group, (struct store_bytes){ start, size }, after, &row->binding) ||
	    binding->realm != agent_realm(group->agent))
		return false;
	mib_key_octets(found, &binding->home, sizeof(binding->home));
	mib_key_octets(found, &binding->binding.care_of, sizeof(binding->binding.care_of));
	return true;
}

static bool find_binding(struct mib_view *view, const struct mib_key *from, bool after,
                         struct mib_key *found, void *row)
{
	return mib_find_merged(view, mib_view_led, from, after, found, row, find_in);
}

static bool read_home(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, mib_binding_row_of(cell)->binding.home);
}

static bool read_care_of(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, mib_binding_of(cell)->care_of);
}

static bool read_source(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, mib_binding_of(cell)->source);
}

static bool read_flags(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_registration_flags(out, mib_binding_of(cell)->flags);
}

static bool read_identification_low(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)mib_binding_of(cell)->identification);
}

static bool read_identification_high(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)(mib_binding_of(cell)->identification >> 32));
}

static bool read_granted(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, mib_binding_of(cell)->granted_s);
}

static bool read_remaining(const struct mib_cell *cell, struct mib_value *out)
{
	const struct binding *binding = mib_binding_of(cell);
	uint64_t now_ms = mib_group_status(mib_binding_row_of(cell)->group)->cluster_time_ms;

	if (binding->expires_ms == BINDING_NEVER_EXPIRES)
		return mib_unsigned(out, LIFETIME_INFINITE);
	return mib_unsigned(
		out, binding->expires_ms > now_ms ? (binding->expires_ms - now_ms) / 1000u : 0);
}

static const struct mib_column columns[] = {
	{ 1, MIB_READ, read_home, NULL },
	{ 2, MIB_READ, read_care_of, NULL },
	{ 3, MIB_READ, read_source, NULL },
	{ 4, MIB_READ, read_flags, NULL },
	{ 5, MIB_READ, read_identification_low, NULL },
	{ 6, MIB_READ, read_identification_high, NULL },
	{ 7, MIB_READ, read_granted, NULL },
	{ 8, MIB_READ, read_remaining, NULL },
};

struct mib_table mip_bindings = {
	.name = "haMobilityBindingEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 6, 3, 1, 1),
	.index = { 2, { { .kind = MIB_PART_ADDRESS }, { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(columns),
	.find = find_binding,
};
