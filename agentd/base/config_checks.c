/* config_checks.c - options checked against one another. A sentence begins with
 * the option that it is about. */
#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/config_values.h"

/* Octets of a row in the store at a half-filled page, rounded up. */
#define STORE_OCTETS_PER_ROW 256u

#define refuse(error, why, ...) ha_refuse((error)->text, sizeof((error)->text), why, __VA_ARGS__)

#define LOG_SEGMENT_LEAST 2u /* MiB, of a member of a cluster */

static enum ha_error check_paths(const struct config *config, struct config_error *error)
{
	const struct {
		const char *name, *path;
	} paths[] = {
		{ "storage.directory", config->data_directory },
		{ "storage.associations", config->associations_file },
		{ "storage.cluster-key", config->cluster_key_file },
		{ "home-agent.announce-hook", config->announce_hook },
		{ "dataplane.route-hook", config->route_hook },
		{ "cluster.key", config->node_key_file },
		{ "foreign-agent.associations", config->visit_associations_file },
		{ "process.control-socket", config->control_socket },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (*paths[i].path && *paths[i].path != '/')
			return refuse(error, HA_E_RANGE,
			              "%s: '%s' is not allowed: it must be a path from the root, "
			              "beginning with /",
			              paths[i].name, config_excerpt(paths[i].path).text);
	return HA_OK;
}

static enum ha_error check_group_files(const struct config *config, struct config_error *error)
{
	for (size_t i = 0; i + 1 < CONFIG_GROUPS_MAX; i++)
		if (config->group_files[i][0] && config->group_files[i][0] != '/')
			return refuse(error, HA_E_RANGE,
			              "groups.group-%zu: '%s' is not allowed: it must be a path "
			              "from the root, beginning with /",
			              i + 1, config_excerpt(config->group_files[i]).text);
	return HA_OK;
}

static enum ha_error check_capacities(const struct config *config, struct config_error *error)
{
	uint64_t rows = (uint64_t)config->capacity_nodes + config->capacity_associations +
	                config->capacity_bindings;
	uint64_t needed_mib = rows * STORE_OCTETS_PER_ROW >> 20;

	if (config->capacity_associations < config->capacity_nodes)
		return refuse(error, HA_E_RANGE,
		              "capacity.associations: %u is not allowed: every node has one, so it "
		              "must be at least capacity.nodes, %u",
		              config->capacity_associations, config->capacity_nodes);
	if (config->capacity_bindings < config->bindings_per_node)
		return refuse(error, HA_E_RANGE,
		              "capacity.bindings: %u is not allowed: it must be at least "
		              "registration.bindings-per-node, %u",
		              config->capacity_bindings, config->bindings_per_node);
	if (config->store_map_mib < needed_mib)
		return refuse(error, HA_E_RANGE,
		              "storage.store-map: %u is not allowed: the capacities need at least "
		              "%lu MiB",
		              config->store_map_mib, (unsigned long)needed_mib);
	return HA_OK;
}

/* The log of a member refuses less, where the largest message must fit in. */
static enum ha_error check_log(const struct config *config, struct config_error *error)
{
	if (config->cluster_node == 0 || config->log_segment_mib >= LOG_SEGMENT_LEAST)
		return HA_OK;
	return refuse(error, HA_E_RANGE,
	              "storage.log-segment: %u is not allowed: it must be at least %u MiB in a "
	              "cluster",
	              (unsigned)config->log_segment_mib, LOG_SEGMENT_LEAST);
}

/* What the kernel takes for a name. */
static enum ha_error check_interface(const struct config *config, struct config_error *error)
{
	const struct {
		const char *option, *name;
	} rows[] = {
		{ "home-agent.interface", config->interface },
		{ "dataplane.device", config->dataplane_tun },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!interface_name_is_valid(rows[i].name) || strchr(rows[i].name, '%'))
			return refuse(
				error, HA_E_RANGE,
				"%s: '%s' is not allowed: it must be the name of an "
				"interface, without spaces, colons, slashes and percent signs",
				rows[i].option, config_excerpt(rows[i].name).text);
	return HA_OK;
}

/* ---- home networks ---- */

#define TABLE_LOCAL_FIRST 253u /* tables of the kernel's own: default, main, local */
#define TABLE_LOCAL_LAST 255u

bool config_table_is_local(uint32_t table)
{
	return table >= TABLE_LOCAL_FIRST && table <= TABLE_LOCAL_LAST;
}

static enum ha_error check_networks(const struct config *config, struct config_error *error)
{
	for (size_t i = 1; i < HOME_NETWORKS_MAX; i++)
		for (size_t j = 0; j < i; j++) {
			char other[64];

			if (!home_networks_meet(&config->home_networks[i],
			                        &config->home_networks[j]))
				continue;
			home_network_format(&config->home_networks[j], other, sizeof(other));
			return refuse(error, HA_E_RANGE,
			              "home-networks.network-%zu: %s/%u is not allowed: it must "
			              "have no address in common with network-%zu, %s",
			              i + 1, address_format(config->home_networks[i].network).text,
			              config->home_networks[i].length, j + 1, other);
		}
	if (config_table_is_local(config->dataplane_table))
		return refuse(error, HA_E_RANGE,
		              "dataplane.table: %u is not allowed: it must not be a table of the "
		              "kernel's own, 253 to 255",
		              config->dataplane_table);
	return HA_OK;
}

bool config_forwards(const struct config *config)
{
	bool any = false;

	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++)
		any = any || home_network_is_given(&config->home_networks[i]);
	return any && config->dataplane_path != DATAPLANE_PATH_OFF && !config_is_witness(config);
}

/* ---- the members of the cluster ---- */

static bool is_given(const struct config *config, size_t number)
{
	return cluster_member_is_given(&config->cluster_members[number - 1]);
}

/* How many members of a kind there are. */
static size_t count_members(const struct config *config, bool witness)
{
	size_t count = 0;

	for (size_t i = 1; i <= CLUSTER_MEMBERS_MAX; i++)
		count += is_given(config, i) && config->cluster_members[i - 1].witness == witness;
	return count;
}

static enum ha_error check_node(const struct config *config, struct config_error *error)
{
	size_t data = count_members(config, false), witnesses = count_members(config, true);

	if (config->cluster_node == 0 && data + witnesses == 0)
		return HA_OK;
	if (config->cluster_node == 0)
		return refuse(
			error, HA_E_RANGE,
			"cluster.node: 0 is not allowed: members are given, so it must be the "
			"number of the one that this node is");
	if (!is_given(config, config->cluster_node))
		return refuse(
			error, HA_E_RANGE,
			"cluster.node: %u is not allowed: cluster.member-%u must be given, which "
			"this node is then",
			config->cluster_node, config->cluster_node);
	if (data == 0)
		return refuse(
			error, HA_E_RANGE,
			"cluster.node: %u is not allowed: a member with data must be given; 0 is for "
			"a node that works alone",
			config->cluster_node);
	if (witnesses > 1)
		return refuse(
			error, HA_E_RANGE,
			"cluster.node: %u is not allowed: of the members given one at most may "
			"be a witness, not %zu",
			config->cluster_node, witnesses);
	return HA_OK;
}

/* A member takes its port and the one after it. */
static bool ports_meet(const struct cluster_member *a, const struct cluster_member *b)
{
	return address_equal(a->address, b->address) && a->port <= b->port + 1 &&
	       b->port <= a->port + 1;
}

static enum ha_error check_pair(const struct config *config, size_t first, size_t second,
                                struct config_error *error)
{
	const struct cluster_member *a = &config->cluster_members[first - 1];
	const struct cluster_member *b = &config->cluster_members[second - 1];

	if (ports_meet(a, b))
		return refuse(error, HA_E_RANGE,
		              "cluster.member-%zu: %s:%u is not allowed: it must be two ports or "
		              "another address away from member-%zu, %s:%u",
		              second, address_format(b->address).text, b->port, first,
		              address_format(a->address).text, a->port);
	if (memcmp(a->public_key, b->public_key, CLUSTER_KEY_OCTETS) == 0)
		return refuse(
			error, HA_E_RANGE,
			"cluster.member-%zu: its public key is not allowed: member-%zu has it "
			"already, and every member must have one of its own",
			second, first);
	return HA_OK;
}

/* The address of the home agent moves; that of a member must not. */
static enum ha_error check_place(const struct config *config, size_t number,
                                 struct config_error *error)
{
	struct in_addr address = config->cluster_members[number - 1].address;

	if (!*config->interface || !address_equal(address, config->home_agent_address))
		return HA_OK;
	return refuse(
		error, HA_E_RANGE,
		"cluster.member-%zu: %s is not allowed: it is home-agent.address, which moves "
		"between the members; it must be an address that stays with this one",
		number, address_format(address).text);
}

static enum ha_error check_members(const struct config *config, struct config_error *error)
{
	enum ha_error why = HA_OK;

	for (size_t i = 1; i <= CLUSTER_MEMBERS_MAX && why == HA_OK; i++) {
		if (!is_given(config, i))
			continue;
		why = check_place(config, i, error);
		for (size_t j = 1; j < i && why == HA_OK; j++)
			if (is_given(config, j))
				why = check_pair(config, j, i, error);
	}
	return why;
}

bool config_is_witness(const struct config *config)
{
	return config->cluster_node != 0 &&
	       config->cluster_members[config->cluster_node - 1].witness;
}

bool config_doubt(const struct config *config, struct config_error *error)
{
	size_t voters = count_members(config, false) + count_members(config, true);

	if (voters == 0 || voters % 2 == 1)
		return false;
	snprintf(
		error->text, sizeof(error->text),
		"cluster: %zu members survive the loss of %zu, as %zu would; one more, which may be a "
		"witness, lets them survive the loss of %zu",
		voters, voters / 2 - 1, voters - 1, voters / 2);
	return true;
}

enum ha_error config_validate(const struct config *config, struct config_error *error)
{
	static enum ha_error (*const checks[])(const struct config *config,
	                                       struct config_error *error) = {
		check_paths,     check_group_files, check_capacities,
		check_interface, check_networks,    check_node,
		check_members,   check_log,         config_visit_check,
	};
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && why == HA_OK; i++)
		why = checks[i](config, error);
	return why;
}
