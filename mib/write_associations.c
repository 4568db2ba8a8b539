/* write_associations.c - rows of hearthAssociationTable are made, changed and removed. */
#include <stdio.h>
#include <string.h>

#include "mib/association.h"
#include "mib/setting.h"
#include "mib/writings.h"

enum {
	STATUS = 6,
	ALGORITHM = 7,
	KEY = 8,
	REPLAY = 9,
	TOLERANCE = 10,
	NAME = 11,
	HOME_TYPE = 12,
	HOME = 13,
	POOL = 14,
	VERSION = 16,
};

#define TOLERANCE_MIN 4 /* seconds, as agentctl has it */

/* ---- the index ---- */

/* Its octets: group, kind, realm, length and identity, SPI, use. */
static bool take_place(const struct mib_key *key, struct association_place *out)
{
	size_t size = key->at[12], end = 13u + size;

	*out = (struct association_place){ .kind = mib_key_number_at(key, 4),
		                           .realm = mib_key_number_at(key, 8),
		                           .by_name = size == NAME_DIGEST_SIZE,
		                           .spi = mib_key_number_at(key, end) };
	if (out->by_name)
		memcpy(out->name.octets, key->at + 13, NAME_DIGEST_SIZE);
	else if (size == MIB_ADDRESS_OCTETS)
		memcpy(&out->address, key->at + 13, MIB_ADDRESS_OCTETS);
	if (mib_key_number_at(key, end + 4u) - 1u > ASSOCIATION_AAA)
		return false;
	out->use = mib_key_number_at(key, end + 4u) - 1u;
	return association_place_is_valid(out);
}

/* ---- who ---- */

/* The name has to be the one of the index, and of the node that is there. */
static void check_name(struct set_row *row, const struct association_place *place,
                       const struct association_known *known, const char *nai)
{
	const struct span text = { (const uint8_t *)nai, strlen(nai) };
	struct name_digest digest = name_digest_of(place->realm, text);

	if (text.size && (place->kind != PEER_MOBILE_NODE || !mip_nai_is_valid(text)))
		set_refuse(row, NAME, REFUSAL_VALUE);
	else if (place->by_name && memcmp(&digest, &place->name, sizeof(digest)) != 0)
		set_refuse(row, NAME, REFUSAL_INCONSISTENT);
	else if (known->has_peer && strcmp(nai, known->peer.nai) != 0)
		set_refuse(row, NAME, REFUSAL_INCONSISTENT);
}

/* A node that has an address of its own is in the index by it. */
static void check_home(struct set_row *row, const struct association_place *place)
{
	const struct mib_value *home = set_wanted(row, HOME);
	int64_t type = set_number(row, HOME_TYPE, MIB_ADDRESS_UNKNOWN);

	if (home && home->size &&
	    (place->by_name || memcmp(home->is.octets, &place->address, MIB_ADDRESS_OCTETS) != 0))
		set_refuse(row, HOME, REFUSAL_INCONSISTENT);
	if (type == MIB_ADDRESS_IPV4 && !(home && home->size))
		set_refuse(row, HOME_TYPE, REFUSAL_INCONSISTENT);
}

/* It is there, or this request makes it, before. */
static bool is_pool(const struct set_row *row, struct mib_group *group, const char *name)
{
	const struct set_plan *plan = row->plan;
	char setting[sizeof(((struct setting_row *)0)->name)];
	struct setting_row ignored;

	snprintf(setting, sizeof(setting), "pool.%s", name);
	for (size_t i = 0; i < plan->step_count; i++)
		if (strcmp(plan->steps[i].change.name, setting) == 0)
			return plan->steps[i].change.kind == CHANGE_SET;
	return setting_read(group, setting, &ignored);
}

static void check_pool(struct set_row *row, struct mib_group *group,
                       const struct association_place *place, const struct association_known *known,
                       const char *pool)
{
	bool fits = known->has_peer ? strcmp(pool, known->peer.pool) == 0
	                            : !pool[0] || (place->by_name && is_pool(row, group, pool));

	if (!fits)
		set_refuse(row, POOL, REFUSAL_INCONSISTENT);
}

/* A new node that is known by its name needs one, and where its address comes from. */
static void take_peer(struct set_row *row, struct mib_group *group,
                      const struct association_place *place, const struct association_known *known,
                      struct association_wish *wish)
{
	bool is_new = place->by_name && !known->has_peer;

	check_home(row, place);
	if (set_text(row, NAME, wish->nai, sizeof(wish->nai)))
		check_name(row, place, known, wish->nai);
	else if (is_new)
		set_refuse(row, STATUS, REFUSAL_INCONSISTENT);
	if (set_text(row, POOL, wish->pool, sizeof(wish->pool)))
		check_pool(row, group, place, known, wish->pool);
	if (is_new && !wish->pool[0])
		set_refuse(row, STATUS, REFUSAL_INCONSISTENT);
}

/* ---- what ---- */

static void take_key(struct set_row *row, const struct association_place *place,
                     const struct association_known *known, struct association_wish *wish)
{
	wish->key = set_wanted(row, KEY);
	wish->algorithm = (uint8_t)set_number(row, ALGORITHM, known->algorithm);
	if (!known->exists && !(wish->key && wish->algorithm))
		set_refuse(row, STATUS, REFUSAL_INCONSISTENT);
	if (!wish->key && set_wanted(row, ALGORITHM))
		set_refuse(row, ALGORITHM, REFUSAL_INCONSISTENT);
	if (!association_spi_is_valid(place, wish->algorithm))
		set_refuse(row, ALGORITHM, REFUSAL_INCONSISTENT);
}

static void take_tolerance(struct set_row *row, const struct association_place *place,
                           const struct association_known *known, struct association_wish *wish)
{
	int64_t tolerance = set_number(row, TOLERANCE, known->tolerance_s);

	if (tolerance && tolerance < TOLERANCE_MIN)
		set_refuse(row, TOLERANCE, REFUSAL_VALUE);
	if (tolerance && !association_protects(place->kind, place->use))
		set_refuse(row, TOLERANCE, REFUSAL_INCONSISTENT);
	wish->tolerance_s = (uint16_t)tolerance;
}

static bool is_wanted_otherwise(const struct association_known *known,
                                const struct association_wish *wish)
{
	return !known->exists || wish->key || wish->replay != known->replay ||
	       wish->tolerance_s != known->tolerance_s;
}

static void judge_row(struct set_row *row, struct mib_group *group,
                      const struct association_place *place, const struct association_known *known)
{
	struct association_wish wish = { 0 };

	take_peer(row, group, place, known, &wish);
	take_key(row, place, known, &wish);
	association_take_replay(row, REPLAY, place, known, &wish);
	take_tolerance(row, place, known, &wish);
	if (!set_is_refused(row) && is_wanted_otherwise(known, &wish))
		association_want(row, group, place, known, &wish);
}

static void judge_removal(struct set_row *row, const struct association_place *place,
                          const struct association_known *known)
{
	for (uint32_t arc = ALGORITHM; arc <= POOL; arc++)
		if (set_wanted(row, arc))
			set_refuse(row, arc, REFUSAL_INCONSISTENT);
	if (!set_is_refused(row) && known->exists)
		association_unwant(row, place, known);
}

static void judge(struct set_row *row)
{
	struct mib_group *group = set_group(row, mib_key_number_at(&row->key, 0));
	struct association_known known;
	struct association_place place;
	enum set_intent intent;

	if (!group)
		return;
	if (!take_place(&row->key, &place)) {
		set_refuse(row, 0, REFUSAL_NO_CREATION);
		return;
	}
	association_look(group, &place, &known);
	set_check_version(row, VERSION, known.version);
	intent = set_intent(row, STATUS, known.exists);
	if (intent == SET_DESTROY)
		judge_removal(row, &place, &known);
	else if (intent != SET_NOTHING)
		judge_row(row, group, &place, &known);
}

static const struct mib_writable writable[] = {
	{ STATUS, MIB_INTEGER, MIB_ROW_ACTIVE, MIB_ROW_DESTROY, false },
	{ ALGORITHM, MIB_INTEGER, MIP_HMAC_MD5, MIP_CHAP, false },
	{ KEY, MIB_OCTETS, MIP_KEY_SIZE_MIN, MIP_KEY_SIZE_MAX, false },
	{ REPLAY, MIB_INTEGER, ASSOCIATION_UNPROTECTED, ASSOCIATION_NONCES, false },
	{ TOLERANCE, MIB_UNSIGNED, 0, 3600, false },
	{ NAME, MIB_OCTETS, 0, MIP_NAI_MAX, false },
	{ HOME_TYPE, MIB_INTEGER, MIB_ADDRESS_UNKNOWN, MIB_ADDRESS_IPV4, false },
	{ HOME, MIB_OCTETS, MIB_ADDRESS_OCTETS, MIB_ADDRESS_OCTETS, true },
	{ POOL, MIB_OCTETS, 0, LABEL_MAX - 1, false },
	{ VERSION, MIB_OCTETS, 8, 8, false },
};

const struct mib_writing write_associations = { MIB_WRITABLE(writable), judge };
