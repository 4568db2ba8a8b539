/* hearth_settings.c - hearthSettingTable: what was set in the cluster, as `agentctl config`
 * has it, read and written. The order of the store's keys is that of the index. Secrets
 * that the members share are rows of the same table of the store, and never told. */
#include <string.h>

#include "mib/groups.h"
#include "mib/objects.h"
#include "mib/setting.h"

#define NUMBER_OCTETS 4u /* of the group, in a key */

enum {
	STATUS = 2,
	VALUE = 3,
	VERSION = 4,
};

static bool is_secret(const struct setting_row *setting)
{
	return strncmp(setting->name, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0;
}

/* Rows that are none of operators, and those that cannot be read, are passed over. */
static bool is_shown(const struct store_row *raw, struct setting_row *out)
{
	return setting_row_decode(mib_span(raw->key), mib_span(raw->value), out) == HA_OK &&
	       !is_secret(out);
}

static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *row)
{
	struct store_reader *reader = mib_group_reader(group);
	struct store_bytes start = { from->at,
		                     from->size < STORE_KEY_MAX ? from->size : STORE_KEY_MAX };
	struct setting_row setting;
	struct store_row raw;

	while (reader && store_seek(reader, STORE_SETTINGS, start, after, &raw) == HA_OK) {
		start = raw.key;
		after = true;
		if (!is_shown(&raw, &setting))
			continue;
		mib_key_octets(found, setting.name, strlen(setting.name));
		memcpy(row, &setting, sizeof(setting));
		return true;
	}
	return false;
}

static bool find_setting(struct mib_view *view, const struct mib_key *from, bool after,
                         struct mib_key *found, void *row)
{
	return mib_find_in_turn(view, from, after, found, row, find_in);
}

static bool read_status(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, MIB_ROW_ACTIVE);
}

static bool read_value(const struct mib_cell *cell, struct mib_value *out)
{
	const struct setting_row *setting = cell->row;

	return mib_text(out, setting->value);
}

static bool read_version(const struct mib_cell *cell, struct mib_value *out)
{
	const struct setting_row *setting = cell->row;

	return mib_version(out, setting->version);
}

/* ---- writing ---- */

/* The name in the index; false: no setting has it. */
static bool take_name(const struct set_row *row, char *out, size_t size)
{
	size_t length = row->key.size - NUMBER_OCTETS;
	const uint8_t *at = row->key.at + NUMBER_OCTETS;

	if (length >= size || memchr(at, '\0', length))
		return false;
	memcpy(out, at, length);
	out[length] = '\0';
	return true;
}

static void judge_value(struct set_row *row, struct mib_group *group, const char *name)
{
	char value[256];

	if (set_text(row, VALUE, value, sizeof(value)))
		setting_want(row, VALUE, group, name, value);
}

static void judge_removal(struct set_row *row, struct mib_group *group, const char *name,
                          bool exists)
{
	if (set_wanted(row, VALUE))
		set_refuse(row, VALUE, REFUSAL_INCONSISTENT);
	else if (exists)
		setting_want(row, STATUS, group, name, NULL);
}

static void judge(struct set_row *row)
{
	struct mib_group *group = set_group(row, mib_key_number_at(&row->key, 0));
	struct setting_row was = { .version = 0 };
	char name[sizeof(was.name)];
	enum set_intent intent;
	bool exists;

	if (!group)
		return;
	if (!take_name(row, name, sizeof(name))) {
		set_refuse(row, 0, REFUSAL_NO_CREATION);
		return;
	}
	exists = setting_read(group, name, &was) && !is_secret(&was);
	set_check_version(row, VERSION, exists ? was.version : 0);
	intent = set_intent(row, STATUS, exists);
	if (intent == SET_CREATE && !set_wanted(row, VALUE))
		set_refuse(row, STATUS, REFUSAL_INCONSISTENT);
	if (intent == SET_DESTROY)
		judge_removal(row, group, name, exists);
	else if (intent != SET_NOTHING)
		judge_value(row, group, name);
}

static const struct mib_writable writable[] = {
	{ STATUS, MIB_INTEGER, MIB_ROW_ACTIVE, MIB_ROW_DESTROY, false },
	{ VALUE, MIB_OCTETS, 0, 255, false },
	{ VERSION, MIB_OCTETS, 8, 8, false },
};

static const struct mib_writing writing = { MIB_WRITABLE(writable), judge };

static const struct mib_column columns[] = {
	{ STATUS, MIB_WRITE, read_status, NULL },
	{ VALUE, MIB_WRITE, read_value, NULL },
	{ VERSION, MIB_WRITE, read_version, NULL },
};

struct mib_table hearth_settings = {
	.name = "hearthSettingEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 11, 1, 1),
	.index = { 2, { { .kind = MIB_PART_NUMBER }, { .kind = MIB_PART_IMPLIED, .max = 63 } } },
	MIB_COLUMNS(columns),
	.find = find_setting,
	.writing = &writing,
};
