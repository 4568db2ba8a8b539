/* keys.c - the key file at start and at a reload: when one is made, and which
 * change of it is refused. */
#include "agentd/flow/keys.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/meta.h"
#include "agentd/flow/rotation.h"

void keys_path(const struct config *config, char *out, size_t size)
{
	if (config->cluster_key_file[0])
		snprintf(out, size, "%s", config->cluster_key_file);
	else
		snprintf(out, size, "%s/cluster.key", config->data_directory);
}

void keys_explain(const struct agent *agent, enum ha_error error, const char *what, uint32_t id,
                  char *report, size_t size)
{
	char path[CONFIG_TEXT_MAX + 16];

	keys_path(&agent->config, path, sizeof(path));
	if (error == HA_E_NO_KEY)
		snprintf(
			report, size,
			"%s is sealed under cluster key %u, which is not in %s: put its line back, "
			"from a copy or from another member",
			what, id, path);
	else
		snprintf(report, size,
		         "%s does not open with cluster key %u of %s: another key has its number "
		         "there, or it was altered on the disk; the file must be the one of this "
		         "cluster",
		         what, id, path);
}

/* ---- at start ---- */

static enum ha_error read_marker(struct agent *agent, uint64_t *id)
{
	struct store_reader reader;
	enum ha_error error = store_read_open(agent->store, &reader);

	*id = 0;
	if (error == HA_OK)
		error = meta_get_number(&reader, META_CLUSTER_KEY, id);
	store_read_close(&reader);
	return error;
}

/* From now on there may be something sealed: a start without keys is refused. */
static enum ha_error write_marker(struct agent *agent, uint32_t id)
{
	struct store_write w = store_begin(agent->store);

	meta_put_number(&w, META_CLUSTER_KEY, id);
	return store_commit(&w);
}

static enum ha_error make_file(struct agent *agent, const char *path, char *report, size_t size)
{
	struct keyring_error error;
	enum ha_error why = keyring_create(path, &error);

	if (why == HA_OK)
		why = keyring_load(path, &agent->keyring, &error);
	if (why == HA_OK)
		log_notice("made the cluster's first key: keep a copy of %s elsewhere, because "
		           "without it nobody can read the keys of mobile nodes; every member of a "
		           "cluster needs the same file",
		           path);
	else
		snprintf(report, size, "%s", error.text);
	return why;
}

/* A cluster's keys are made by its founder, the data member with the lowest number. */
static bool may_make(const struct config *config)
{
	for (uint32_t i = 1; i < config->cluster_node; i++)
		if (cluster_member_is_given(&config->cluster_members[i - 1]) &&
		    !config->cluster_members[i - 1].witness)
			return false;
	return true;
}

/* There is no file: is that a beginning, or a loss? */
static enum ha_error without_file(struct agent *agent, const char *path, uint64_t marker,
                                  char *report, size_t size)
{
	if (marker) {
		snprintf(report, size,
		         "there is no %s, and the store is sealed under cluster key %u: put the "
		         "file back, from a copy or from another member",
		         path, (unsigned)marker);
		return HA_E_NO_KEY;
	}
	if (agent->config.cluster_key_file[0]) {
		snprintf(report, size,
		         "there is no %s (storage.cluster-key): 'agentctl key new %s' makes it, or "
		         "copy that of another member",
		         path, path);
		return HA_E_NOTFOUND;
	}
	if (!may_make(&agent->config)) {
		snprintf(report, size,
		         "there is no %s: copy that of the member that founds the cluster, or of "
		         "any other; all seal and open with the same keys",
		         path);
		return HA_E_NOTFOUND;
	}
	return make_file(agent, path, report, size);
}

enum ha_error keys_open(struct agent *agent, char *report, size_t size)
{
	char path[CONFIG_TEXT_MAX + 16];
	struct keyring_error wrong;
	uint64_t marker;
	enum ha_error error = read_marker(agent, &marker);

	if (error != HA_OK) {
		snprintf(report, size, "the store does not say whether it is sealed: %s",
		         ha_strerror(error));
		return error;
	}
	keys_path(&agent->config, path, sizeof(path));
	error = keyring_load(path, &agent->keyring, &wrong);
	if (error == HA_E_NOTFOUND)
		error = without_file(agent, path, marker, report, size);
	else if (error != HA_OK)
		snprintf(report, size, "%s", wrong.text);
	if (error != HA_OK || marker)
		return error;
	error = write_marker(agent, keyring_sealing_id(agent->keyring));
	if (error != HA_OK)
		snprintf(report, size, "the store cannot be written: %s", ha_strerror(error));
	return error;
}

/* ---- at a reload ---- */

static const struct keyring_entry *find(const struct keyring_entry *entries, size_t count,
                                        uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].id == id)
			return &entries[i];
	return NULL;
}

static uint32_t sealed_under(struct agent *agent, uint32_t id)
{
	struct state_sealed sealed[STATE_SEALED_MAX];
	size_t count = state_sealed(agent->state, sealed);

	for (size_t i = 0; i < count; i++)
		if (sealed[i].key == id)
			return sealed[i].associations + sealed[i].secrets;
	return 0;
}

/* A key can go when nothing is sealed under it, here or on its way. */
static bool may_go(struct agent *agent, uint32_t id, const char *path)
{
	uint32_t count = sealed_under(agent, id);

	if (count > 0)
		log_error("%s: key %u is missing, but %u rows are sealed under it: 'agentctl key "
		          "rotate' first",
		          path, id, count);
	else if (id == keyring_sealing_id(agent->keyring))
		log_error("%s: key %u is missing, which seals until now: reload with another key "
		          "before it, and remove it then",
		          path, id);
	else if (agent->configuring > 0)
		log_error("%s: key %u is missing while a change is under way that may be sealed "
		          "under it: reload again",
		          path, id);
	else
		return true;
	return false;
}

static bool may_change(struct agent *agent, struct keyring *to, const char *path)
{
	struct keyring_entry now[KEYRING_KEYS_MAX], then[KEYRING_KEYS_MAX];
	size_t now_count = keyring_list(agent->keyring, now);
	size_t then_count = keyring_list(to, then);

	for (size_t i = 0; i < now_count; i++) {
		const struct keyring_entry *same = find(then, then_count, now[i].id);

		if (!same && !may_go(agent, now[i].id, path))
			return false;
		if (same && strcmp(same->fingerprint, now[i].fingerprint) != 0) {
			log_error("%s: key %u is another one than before; a new key needs a new "
			          "number",
			          path, now[i].id);
			return false;
		}
	}
	return true;
}

static bool is_equal(struct keyring *a, struct keyring *b)
{
	struct keyring_entry left[KEYRING_KEYS_MAX], right[KEYRING_KEYS_MAX];
	size_t count = keyring_list(a, left);

	if (keyring_list(b, right) != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (left[i].id != right[i].id ||
		    strcmp(left[i].fingerprint, right[i].fingerprint) != 0)
			return false;
	return true;
}

void keys_reload(struct agent *agent)
{
	char path[CONFIG_TEXT_MAX + 16];
	struct keyring_error error = { "" };
	struct keyring *fresh;
	bool may;

	keys_path(&agent->config, path, sizeof(path));
	if (keyring_load(path, &fresh, &error) != HA_OK)
		log_error("%s", error.text);
	pthread_mutex_lock(&agent->keys_lock); /* nobody seals meanwhile */
	may = fresh && may_change(agent, fresh, path);
	if (may && !is_equal(agent->keyring, fresh)) {
		keyring_take(agent->keyring, fresh);
		log_notice("cluster keys read again: %u seals", keyring_sealing_id(agent->keyring));
	}
	pthread_mutex_unlock(&agent->keys_lock);
	if (!may)
		log_error("the cluster's keys stay as they were");
	keyring_free(fresh);
}

void keys_watch(struct agent *agent)
{
	static struct log_limit limit = { .per_second = 1 };
	struct state_sealed sealed[STATE_SEALED_MAX];
	size_t count = state_sealed(agent->state, sealed);
	char path[CONFIG_TEXT_MAX + 16];
	uint64_t held_back;

	for (size_t i = 0; i < count; i++) {
		if (keyring_has(agent->keyring, sealed[i].key) ||
		    !log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
			continue;
		keys_path(&agent->config, path, sizeof(path));
		log_error("cluster key %u is not in %s, but rows are sealed under it: add its line "
		          "and reload, or the next start will fail",
		          sealed[i].key, path);
	}
}

/* ---- for operators ---- */

static struct agent_key *entry_of(struct agent_key *keys, size_t *count, uint32_t id)
{
	for (size_t i = 0; i < *count; i++)
		if (keys[i].id == id)
			return &keys[i];
	keys[*count] = (struct agent_key){ .id = id };
	return &keys[(*count)++];
}

size_t agent_keys(struct agent *agent, struct agent_key out[AGENT_KEYS_MAX])
{
	struct keyring_entry entries[KEYRING_KEYS_MAX];
	struct state_sealed sealed[STATE_SEALED_MAX];
	size_t known = keyring_list(agent->keyring, entries), count = 0;
	size_t used = state_sealed(agent->state, sealed);

	for (size_t i = 0; i < known; i++) {
		struct agent_key *key = entry_of(out, &count, entries[i].id);

		key->present = true;
		key->seals = i == 0;
		memcpy(key->fingerprint, entries[i].fingerprint, sizeof(key->fingerprint));
	}
	for (size_t i = 0; i < used; i++) {
		struct agent_key *key = entry_of(out, &count, sealed[i].key);

		key->associations = sealed[i].associations;
		key->secrets = sealed[i].secrets;
	}
	return count;
}

bool agent_keys_settled(struct agent *agent)
{
	return agent->configuring == 0;
}

enum ha_error agent_rotate(struct agent *agent)
{
	return rotation_ask(agent->rotation);
}

bool agent_is_rotating(struct agent *agent)
{
	return rotation_is_active(agent->rotation);
}
