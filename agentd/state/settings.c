/* settings.c - the cluster's settings as names and values. What they mean is
 * the option table's matter, but for those that say which pools and policies
 * there are. */
#include "agentd/state/internal.h"

#include <stdio.h>

/* Where `name` is, or would be inserted. */
static size_t place_of(const struct state *state, const char *name)
{
	size_t i = 0;

	while (i < state->setting_count && strcmp(state->settings[i].name, name) < 0)
		i++;
	return i;
}

static bool stands_at(const struct state *state, size_t at, const char *name)
{
	return at < state->setting_count && strcmp(state->settings[at].name, name) == 0;
}

const struct setting *setting_find(const struct state *state, const char *name)
{
	size_t at = place_of(state, name);

	return stands_at(state, at, name) ? &state->settings[at] : NULL;
}

uint64_t state_setting_version(struct state *state, const char *name)
{
	const struct setting *setting;
	uint64_t version;

	pthread_mutex_lock(&state->settings_lock);
	setting = setting_find(state, name);
	version = setting ? setting->version : 0;
	pthread_mutex_unlock(&state->settings_lock);
	return version;
}

bool state_setting_at(struct state *state, unsigned i, struct setting_row *out)
{
	bool there;

	*out = (struct setting_row){ 0 };
	pthread_mutex_lock(&state->settings_lock);
	there = i < state->setting_count;
	if (there && !setting_is_secret(state->settings[i].name)) {
		memcpy(out->name, state->settings[i].name, sizeof(out->name));
		memcpy(out->value, state->settings[i].value, sizeof(out->value));
		out->version = state->settings[i].version;
	}
	pthread_mutex_unlock(&state->settings_lock);
	return there;
}

static void insert(struct state *state, size_t at)
{
	memmove(&state->settings[at + 1], &state->settings[at],
	        (state->setting_count - at) * sizeof(state->settings[0]));
	state->setting_count++;
}

static bool begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

bool setting_is_secret(const char *name)
{
	return begins_with(name, "secret.");
}

/* Policies are settings `policy.NAME.OPTION`. */

static bool parse_policy(const char *name, char out[LABEL_MAX])
{
	const char *from = name + strlen(POLICY_SETTING), *dot;

	if (!begins_with(name, POLICY_SETTING))
		return false;
	dot = strchr(from, '.');
	if (!dot || (size_t)(dot - from) >= LABEL_MAX)
		return false;
	memcpy(out, from, (size_t)(dot - from));
	out[dot - from] = '\0';
	return setting_label_is_valid(out);
}

static unsigned options_of_policy(const struct state *state, const char *policy)
{
	char name[LABEL_MAX];
	unsigned count = 0;

	for (size_t i = 0; i < state->setting_count; i++)
		if (parse_policy(state->settings[i].name, name) && strcmp(name, policy) == 0)
			count++;
	return count;
}

bool policy_exists(struct state *state, const char *name)
{
	return options_of_policy(state, name) > 0;
}

static uint8_t find_label(const struct labels *labels, const char *name)
{
	for (unsigned i = 0; i < labels->count; i++)
		if (strcmp(labels->names[i], name) == 0)
			return (uint8_t)i;
	return LABEL_NONE;
}

/* One that nothing is left of, or a new one: so whether there is one depends on
 * the policies that exist, not on those that ever did. */
static uint8_t unused_label(const struct state *state)
{
	const struct labels *labels = &state->policies;

	if (labels->count < LABEL_NONE)
		return (uint8_t)labels->count;
	for (unsigned i = 0; i < labels->count; i++)
		if (labels->users[i] == 0 && options_of_policy(state, labels->names[i]) == 0)
			return (uint8_t)i;
	return LABEL_NONE;
}

/* Any thread reads names below the count: a name stands before it counts. */
uint8_t policy_label(struct state *state, const char *name)
{
	struct labels *labels = &state->policies;
	uint8_t label = name[0] ? find_label(labels, name) : LABEL_NONE;

	if (!name[0] || label != LABEL_NONE)
		return label;
	label = unused_label(state);
	if (label == LABEL_NONE)
		return label;
	pthread_mutex_lock(&state->settings_lock);
	snprintf(labels->names[label], LABEL_MAX, "%s", name);
	if (label == labels->count)
		labels->count++;
	pthread_mutex_unlock(&state->settings_lock);
	return label;
}

const char *policy_name(const struct state *state, uint8_t policy)
{
	return policy < state->policies.count ? state->policies.names[policy] : "";
}

void state_policy_name(struct state *state, uint8_t policy, char out[LABEL_MAX])
{
	pthread_mutex_lock(&state->settings_lock);
	snprintf(out, LABEL_MAX, "%s", policy_name(state, policy));
	pthread_mutex_unlock(&state->settings_lock);
}

unsigned state_policy_count(struct state *state)
{
	return state->policies.count;
}

uint32_t state_policy_nodes(struct state *state, const char *name)
{
	uint8_t label = find_label(&state->policies, name);

	return label == LABEL_NONE ? 0 : state->policies.users[label];
}

static bool is_owner(const struct peer *peer, const struct address_range *range)
{
	uint32_t address = ntohl(peer->address.s_addr);

	return peer->id && peer->kind == PEER_MOBILE_NODE && peer->pool == LABEL_NONE &&
	       peer->realm == range->realm && address >= range->first && address <= range->last;
}

uint32_t owner_next(const struct state *state, const struct address_range *range, uint32_t slot)
{
	while (slot < state->peer_pool.fresh && !is_owner(&state->peers[slot], range))
		slot++;
	return slot < state->peer_pool.fresh ? slot : SLOT_NONE;
}

static void note_sticky(struct state *state, const char *pool, bool sticky)
{
	uint64_t bit = UINT64_C(1) << address_pool_find(&state->pools, pool);

	_Static_assert(POOLS_MAX <= 64, "a bit for each");
	if (sticky)
		atomic_fetch_or(&state->sticky_pools, bit);
	else
		atomic_fetch_and(&state->sticky_pools, ~bit);
}

static enum ha_error put_pool(struct state *state, const char *name, const char *value)
{
	struct address_range range;
	enum ha_error error = address_range_parse(value, &range);

	if (error == HA_OK && owner_next(state, &range, 0) != SLOT_NONE)
		error = HA_E_TAKEN;
	if (error != HA_OK)
		return error;
	pthread_mutex_lock(&state->pools_lock);
	error = address_pool_put(&state->pools, name, value);
	pthread_mutex_unlock(&state->pools_lock);
	if (error == HA_OK)
		note_sticky(state, name, range.sticky);
	return error;
}

/* Of the commands behind the one that made it, and of no others. */
static enum ha_error put_feature(struct state *state, const char *name, uint64_t version)
{
	if (setting_find(state, name))
		return HA_E_EXISTS;
	if (strcmp(name, FEATURE_NODE_COUNTERS) == 0)
		state->counted_from = version;
	return HA_OK;
}

/* What a setting means for features, pools and policies, before it is written. */
static enum ha_error take_effect(struct state *state, const char *name, const char *value,
                                 uint64_t version)
{
	char policy[LABEL_MAX];

	if (setting_is_feature(name))
		return put_feature(state, name, version);
	if (begins_with(name, POOL_SETTING))
		return put_pool(state, name + strlen(POOL_SETTING), value);
	if (!begins_with(name, POLICY_SETTING))
		return HA_OK;
	if (!parse_policy(name, policy))
		return HA_E_RANGE;
	return policy_label(state, policy) == LABEL_NONE ? HA_E_CAPACITY : HA_OK;
}

static void write_setting(struct setting *setting, const char *name, const char *value,
                          uint64_t version)
{
	snprintf(setting->name, sizeof(setting->name), "%s", name);
	snprintf(setting->value, sizeof(setting->value), "%s", value);
	setting->version = version;
}

enum ha_error setting_put(struct state *state, const char *name, const char *value,
                          uint64_t version)
{
	enum ha_error error;
	size_t at;

	if (!name[0] || begins_with(name, SECRET_PREFIX) ||
	    strlen(name) >= sizeof(state->settings[0].name) ||
	    strlen(value) >= sizeof(state->settings[0].value))
		return HA_E_RANGE;
	at = place_of(state, name);
	if (!stands_at(state, at, name) && state->setting_count == SETTINGS_MAX)
		return HA_E_CAPACITY;
	error = take_effect(state, name, value, version);
	if (error != HA_OK)
		return error;
	pthread_mutex_lock(&state->settings_lock);
	if (!stands_at(state, at, name))
		insert(state, at);
	write_setting(&state->settings[at], name, value, version);
	pthread_mutex_unlock(&state->settings_lock);
	return HA_OK;
}

/* What must not go while nodes refer to it. */
static enum ha_error let_go(struct state *state, const char *name)
{
	char policy[LABEL_MAX];
	enum ha_error error = HA_OK;

	if (setting_is_feature(name))
		return HA_E_IN_USE;
	if (parse_policy(name, policy)) {
		uint8_t label = find_label(&state->policies, policy);

		if (label != LABEL_NONE && state->policies.users[label] > 0 &&
		    options_of_policy(state, policy) == 1)
			return HA_E_IN_USE;
	}
	if (begins_with(name, POOL_SETTING)) {
		pthread_mutex_lock(&state->pools_lock);
		error = address_pool_remove(&state->pools, name + strlen(POOL_SETTING));
		pthread_mutex_unlock(&state->pools_lock);
	}
	return error;
}

enum ha_error setting_remove(struct state *state, const char *name)
{
	size_t at = place_of(state, name);
	enum ha_error error;

	if (!stands_at(state, at, name))
		return HA_E_NOTFOUND;
	error = let_go(state, name);
	if (error != HA_OK)
		return error;
	pthread_mutex_lock(&state->settings_lock);
	state->setting_count--;
	memmove(&state->settings[at], &state->settings[at + 1],
	        (state->setting_count - at) * sizeof(state->settings[0]));
	mip_wipe(&state->settings[state->setting_count], sizeof(state->settings[0]));
	pthread_mutex_unlock(&state->settings_lock);
	return HA_OK;
}

void state_settings(struct state *state, state_setting_visitor *visit, void *context)
{
	pthread_mutex_lock(&state->settings_lock);
	for (size_t i = 0; i < state->setting_count; i++)
		visit(context, state->settings[i].name, state->settings[i].value);
	pthread_mutex_unlock(&state->settings_lock);
}
