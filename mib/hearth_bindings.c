/* hearth_bindings.c - hearthBindingTable: bindings by realm, home address, care-of address
 * and end of the tunnel, which is the order of the store. */
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/inspect.h"
#include "mib/bindings.h"
#include "mib/groups.h"
#include "mib/objects.h"

/* ---- from the index to the store's key ---- */

/* The part of an index that is still to be turned into the key of a row. */
struct turning {
	const struct mib_key *from;
	size_t at;
	uint8_t key[STORE_KEY_MAX];
	size_t size;
	bool ended; /* what follows makes no difference */
	bool past;  /* all that begins with `key` is before the index */
};

/* The next octet of the index. */
static bool take(struct turning *turning, uint8_t *octet)
{
	turning->ended = turning->ended || turning->at == turning->from->size;
	if (!turning->ended)
		*octet = turning->from->at[turning->at++];
	return !turning->ended;
}

static void copy(struct turning *turning, size_t octets)
{
	uint8_t octet;

	while (octets-- > 0 && take(turning, &octet))
		turning->key[turning->size++] = octet;
}

/* What is the same in all rows: who asks for less begins with them, who asks for more is
 * behind them. */
static void pass(struct turning *turning, uint32_t constant, size_t octets)
{
	uint32_t number = 0;
	uint8_t octet;

	for (size_t i = 0; i < octets; i++) {
		if (!take(turning, &octet))
			return;
		number = number << 8 | octet;
	}
	turning->ended = number != constant;
	turning->past = number > constant;
}

/* A number of four octets in the index, of two in the store. */
static void copy_port(struct turning *turning)
{
	uint32_t number = mib_key_number_at(turning->from, turning->at);

	if (turning->ended || turning->at == turning->from->size)
		return;
	turning->past = number > UINT16_MAX;
	if (turning->past)
		return;
	turning->key[turning->size++] = (uint8_t)(number >> 8);
	turning->key[turning->size++] = (uint8_t)number;
}

static void pass_address(struct turning *turning)
{
	pass(turning, MIB_ADDRESS_OCTETS, 1);
	copy(turning, MIB_ADDRESS_OCTETS);
}

static void turn(struct turning *turning)
{
	copy(turning, sizeof(uint32_t)); /* the realm */
	pass(turning, MIB_ADDRESS_IPV4, sizeof(uint32_t));
	if (!turning->ended)
		turning->key[turning->size++] = FAMILY_IPV4;
	pass_address(turning); /* home */
	pass(turning, MIB_ADDRESS_IPV4, sizeof(uint32_t));
	pass_address(turning); /* care-of */
	pass_address(turning); /* end of the tunnel */
	copy_port(turning);
}

/* ---- rows ---- */

static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *out)
{
	struct turning turning = { .from = from };
	struct mib_binding_row *row = out;
	const struct binding *binding = &row->binding.binding;

	turn(&turning);
	if (turning.past) {
		memset(turning.key + turning.size, UINT8_MAX, STORE_KEY_MAX - turning.size);
		turning.size = STORE_KEY_MAX;
	}
	row->group = group;
	if (!mib_binding_find(group, (struct store_bytes){ turning.key, turning.size },
	                      after && !turning.ended, &row->binding))
		return false;
	mib_key_number(found, row->binding.realm);
	mib_key_number(found, MIB_ADDRESS_IPV4);
	mib_key_string(found, &row->binding.home, MIB_ADDRESS_OCTETS);
	mib_key_number(found, MIB_ADDRESS_IPV4);
	mib_key_string(found, &binding->care_of, MIB_ADDRESS_OCTETS);
	mib_key_string(found, &binding->endpoint, MIB_ADDRESS_OCTETS);
	mib_key_number(found, binding->endpoint_port);
	return true;
}

static bool find_binding(struct mib_view *view, const struct mib_key *from, bool after,
                         struct mib_key *found, void *row)
{
	return mib_find_in_turn(view, from, after, found, row, find_in);
}

static bool find_forwarded_in(struct mib_group *group, const struct mib_key *from, bool after,
                              struct mib_key *found, void *out)
{
	return agent_is_forwarding(group->agent) && find_in(group, from, after, found, out);
}

/* Rows of groups of which this node forwards packets: of no other one has traffic. */
static bool find_forwarded(struct mib_view *view, const struct mib_key *from, bool after,
                           struct mib_key *found, void *row)
{
	return mib_find_in_turn(view, from, after, found, row, find_forwarded_in);
}

/* ---- columns ---- */

static bool read_name(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mib_binding_row *row = mib_binding_row_of(cell);
	struct store_reader *reader = mib_group_reader(row->group);
	char nai[MIP_NAI_MAX + 1] = "";

	if (reader)
		agent_name_at(row->group->agent, reader, row->binding.realm, row->binding.home,
		              row->binding.node, nai);
	return mib_text(out, nai);
}

static bool read_flags(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_registration_flags(out, mib_binding_of(cell)->flags);
}

static bool read_encapsulation(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, mib_binding_of(cell)->encapsulation + 1);
}

static bool read_features(const struct mib_cell *cell, struct mib_value *out)
{
	static const uint16_t features[] = { BINDING_UDP, BINDING_UDP_FORCED, BINDING_REVOCABLE,
		                             BINDING_REVOCATION_INFORM };

	return mib_bits(out, mib_binding_of(cell)->features, features,
	                sizeof(features) / sizeof(features[0]));
}

static bool read_granted(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, mib_binding_of(cell)->granted_s);
}

static bool read_expires(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t expires_ms = mib_binding_of(cell)->expires_ms;

	return mib_date_or_none(out, expires_ms == BINDING_NEVER_EXPIRES ? 0 : expires_ms);
}

/* What went through it, in the order of the columns. Through a binding without a tunnel
 * nothing did: were it missing, a walk would look at all of those for one answer. */
static bool read_traffic(const struct mib_cell *cell, struct mib_value *out)
{
	enum {
		IN_PACKETS = 14,
		IN_OCTETS = 15,
		OUT_PACKETS = 16
	};
	const struct mib_binding_row *row = mib_binding_row_of(cell);
	struct dataplane_traffic traffic;

	(void)agent_traffic(row->group->agent, row->binding.realm, row->binding.home,
	                    &row->binding.binding, &traffic);
	switch (cell->column->arc) {
	case IN_PACKETS:
		return mib_counter64(out, traffic.in_packets);
	case IN_OCTETS:
		return mib_counter64(out, traffic.in_octets);
	case OUT_PACKETS:
		return mib_counter64(out, traffic.out_packets);
	default:
		return mib_counter64(out, traffic.out_octets);
	}
}

static const struct mib_column columns[] = {
	{ 8, MIB_READ, read_name, NULL },
	{ 9, MIB_READ, read_flags, NULL },
	{ 10, MIB_READ, read_encapsulation, NULL },
	{ 11, MIB_READ, read_features, NULL },
	{ 12, MIB_READ, read_granted, NULL },
	{ 13, MIB_READ, read_expires, NULL },
	{ 14, MIB_READ, read_traffic, find_forwarded }, /* hearthBindingInPackets */
	{ 15, MIB_READ, read_traffic, find_forwarded }, /* hearthBindingInOctets */
	{ 16, MIB_READ, read_traffic, find_forwarded }, /* hearthBindingOutPackets */
	{ 17, MIB_READ, read_traffic, find_forwarded }, /* hearthBindingOutOctets */
};

struct mib_table hearth_bindings = {
	.name = "hearthBindingEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 6, 2, 1),
	.index = { 8,
	           { { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_STRING, .max = 16 },
	             { .kind = MIB_PART_NUMBER },
	             { .kind = MIB_PART_STRING, .max = 16 },
	             { .kind = MIB_PART_STRING, .max = 16 },
	             { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_binding,
};
