/* members.c - see members.h. */
#include "agentd/flow/members.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/hex.h"
#include "agentd/base/node_key.h"

_Static_assert(CLUSTER_MEMBERS_MAX == REPLICATION_MEMBERS_MAX &&
                       CLUSTER_KEY_OCTETS == REPLICATION_KEY_OCTETS,
               "the configuration names what replication can have");

static void key_path(const struct config *config, char out[2 * CONFIG_TEXT_MAX])
{
	if (*config->node_key_file)
		snprintf(out, 2 * CONFIG_TEXT_MAX, "%s", config->node_key_file);
	else
		snprintf(out, 2 * CONFIG_TEXT_MAX, "%s/%s", config->data_directory,
		         MEMBERS_KEY_NAME);
}

static struct replication_member member_of(const struct cluster_member *member, size_t number)
{
	struct replication_member out = { .number = (uint8_t)number,
		                          .witness = member->witness,
		                          .port = member->port };

	snprintf(out.address, sizeof(out.address), "%s", address_format(member->address).text);
	memcpy(out.public_key, member->public_key, sizeof(out.public_key));
	return out;
}

static void take_members(const struct config *config, struct replication_cluster *out)
{
	*out = (struct replication_cluster){
		.self = (uint8_t)config->cluster_node,
		.memory_max = (uint64_t)config->log_memory_mib << 20,
		.snapshot_octets_per_ms = (uint32_t)(((uint64_t)config->snapshot_rate_mib << 20) /
		                                     1000),
		.clock_tolerance_ms = config->clock_tolerance_ms,
	};
	for (size_t i = 0; i < CLUSTER_MEMBERS_MAX; i++)
		if (cluster_member_is_given(&config->cluster_members[i]))
			out->members[out->member_count++] = member_of(&config->cluster_members[i],
			                                              i + 1);
}

/* Others know this member by the public key that is named, and by no other. */
static enum ha_error check_key(const struct config *config, const char *path,
                               const struct node_key *key, char *report, size_t size)
{
	const struct cluster_member *self = &config->cluster_members[config->cluster_node - 1];
	char digits[2 * CLUSTER_KEY_OCTETS + 1];

	if (memcmp(key->public_key, self->public_key, CLUSTER_KEY_OCTETS) == 0)
		return HA_OK;
	hex_format(key->public_key, CLUSTER_KEY_OCTETS, digits);
	return ha_refuse(
		report, size, HA_E_OTHER_KEY,
		"cluster.member-%u: it names another public key than that of %s, which is %s",
		config->cluster_node, path, digits);
}

static enum ha_error load_key(const struct config *config, bool any_owner, struct node_key *out,
                              char *report, size_t size)
{
	char path[2 * CONFIG_TEXT_MAX];
	struct keyring_error error;
	enum ha_error why;

	key_path(config, path);
	why = node_key_load(path, any_owner, out, &error);
	if (why == HA_E_NOTFOUND)
		return ha_refuse(
			report, size, why,
			"there is no %s (cluster.key): 'agentctl cluster key make %s' makes "
			"it, and says what cluster.member-%u must name",
			path, path, config->cluster_node);
	if (why != HA_OK)
		return ha_refuse(report, size, why, "%s", error.text);
	return check_key(config, path, out, report, size);
}

enum ha_error members_load(const struct config *config, bool any_owner,
                           struct replication_cluster *out, char *report, size_t size)
{
	struct node_key key;
	enum ha_error why = load_key(config, any_owner, &key, report, size);

	take_members(config, out);
	if (why == HA_OK)
		memcpy(out->secret_key, key.secret_key, sizeof(out->secret_key));
	node_key_wipe(&key);
	return why;
}

void members_wipe(struct replication_cluster *cluster)
{
	explicit_bzero(cluster->secret_key, sizeof(cluster->secret_key));
}

/* ---- in words ---- */

static const char *kind_of(const struct cluster_member *member)
{
	return member->witness ? "witness" : "data";
}

static size_t describe_self(const struct config *config, size_t count, char out[MEMBERS_TEXT])
{
	const struct cluster_member *self = &config->cluster_members[config->cluster_node - 1];
	size_t spare = (count - 1) / 2;

	return (size_t)snprintf(out, MEMBERS_TEXT,
	                        "member %u (%s at %s:%u) of a cluster of %zu, which %s",
	                        config->cluster_node, kind_of(self),
	                        address_format(self->address).text, self->port, count,
	                        spare == 0   ? "needs all of them"
	                        : spare == 1 ? "goes on without one of them"
	                                     : "goes on without two of them");
}

void members_describe(const struct config *config, char out[MEMBERS_TEXT])
{
	size_t count = 0, length;

	for (size_t i = 0; i < CLUSTER_MEMBERS_MAX; i++)
		count += cluster_member_is_given(&config->cluster_members[i]);
	length = describe_self(config, count, out);
	for (size_t i = 0, others = 0; i < CLUSTER_MEMBERS_MAX && length < MEMBERS_TEXT; i++) {
		const struct cluster_member *member = &config->cluster_members[i];

		if (!cluster_member_is_given(member) || i + 1 == config->cluster_node)
			continue;
		length += (size_t)snprintf(out + length, MEMBERS_TEXT - length,
		                           "%s %zu (%s at %s:%u)", others++ ? "," : "; others are",
		                           i + 1, kind_of(member),
		                           address_format(member->address).text, member->port);
	}
}
