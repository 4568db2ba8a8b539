/* config_groups.c - several configurations of one process, and what they must be to
 * one another. A sentence is about the later of two. */
#include "agentd/base/config_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"

struct config *config_groups_find(struct config_groups *groups, uint32_t number)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->of[i].group == number)
			return &groups->of[i];
	return NULL;
}

/* ---- two of them ---- */

static const char *file_of(const struct config *config)
{
	return config->group_files[config->group - 1]; /* all have the process's options */
}

#define refuse(config, error, format, ...)                                                         \
	ha_refuse((error)->text, sizeof((error)->text), HA_E_RANGE, "%.200s: " format,             \
	          file_of(config), __VA_ARGS__)

/* Not known yet, of a witness that was not told. */
static bool has_address(const struct config *config)
{
	return config->home_agent_address.s_addr != 0;
}

static bool moves(const struct config *config)
{
	return config->cluster_node != 0 || *config->interface || *config->announce_hook;
}

static enum ha_error check_address(const struct config *a, const struct config *b,
                                   struct config_error *error)
{
	const struct address_text address = address_format(b->home_agent_address);

	if (!has_address(b) || !address_equal(a->home_agent_address, b->home_agent_address))
		return HA_OK;
	if (a->home_agent_port == b->home_agent_port)
		return refuse(b, error,
		              "home-agent.address: %s port %u is not allowed: group %u has them "
		              "already",
		              address.text, b->home_agent_port, a->group);
	if (a->home_agent_realm == b->home_agent_realm)
		return refuse(b, error,
		              "home-agent.realm: %u is not allowed: group %u has it and the "
		              "address %s too, where the tunnels of both would end",
		              b->home_agent_realm, a->group, address.text);
	if (moves(a) || moves(b))
		return refuse(b, error,
		              "home-agent.address: %s is not allowed: it is that of group %u too, "
		              "and an address can move with one leader only",
		              address.text, a->group);
	return HA_OK;
}

/* Last octet of the link-layer address; 0: there is none. */
static uint32_t router_of(const struct config *config)
{
	if (!*config->interface || *config->announce_hook || !config->virtual_mac)
		return 0;
	return config->virtual_router ? config->virtual_router
	                              : address_host(config->home_agent_address) & 0xff;
}

static enum ha_error check_router(const struct config *a, const struct config *b,
                                  struct config_error *error)
{
	uint32_t router = router_of(b);

	if (!has_address(b) || router == 0 || router != router_of(a) ||
	    strcmp(a->interface, b->interface) != 0)
		return HA_OK;
	return refuse(b, error,
	              "home-agent.virtual-router: %u is not allowed: group %u has that link-layer "
	              "address on %s already; give each of them a number of its own",
	              router, a->group, b->interface);
}

static enum ha_error check_pair(const struct config *a, const struct config *b,
                                struct config_error *error)
{
	enum ha_error why = check_address(a, b, error);

	return why == HA_OK ? check_router(a, b, error) : why;
}

enum ha_error config_groups_check(const struct config_groups *groups, struct config_error *error)
{
	enum ha_error why = HA_OK;

	for (size_t i = 1; i < groups->count; i++)
		for (size_t j = 0; j < i && why == HA_OK; j++)
			why = check_pair(&groups->of[j], &groups->of[i], error);
	return why;
}

/* ---- all of them ---- */

static void share_key(char key[CONFIG_TEXT_MAX], const char *directory, const char *name)
{
	if (!*key)
		snprintf(key, CONFIG_TEXT_MAX, "%.*s/%s", (int)(CONFIG_TEXT_MAX - 32), directory,
		         name);
}

void config_groups_place(struct config *config, uint32_t number)
{
	char directory[CONFIG_TEXT_MAX];

	snprintf(directory, sizeof(directory), "%s", config->data_directory);
	config->group = number;
	share_key(config->cluster_key_file, directory, "cluster.key");
	share_key(config->node_key_file, directory, "node.key");
	snprintf(config->data_directory, sizeof(config->data_directory), "%.*s/groups/%u",
	         (int)(CONFIG_TEXT_MAX - 32), directory, number);
}

/* The data plane knows one home agent so far. */
static enum ha_error check_forwarding(const char *path, const struct config_groups *groups,
                                      struct config_error *error)
{
	if (groups->count == 1 || !config_forwards(&groups->of[0]))
		return HA_OK;
	return ha_refuse(error->text, sizeof(error->text), HA_E_RANGE,
	                 "%.200s: groups.group-%u: not allowed beside home-networks: packets are "
	                 "forwarded by a process with one home agent only; with dataplane.path: "
	                 "off something else may forward them",
	                 path, groups->of[1].group);
}

static enum ha_error load_all(const char *path, struct config_groups *out,
                              struct config_error *error)
{
	enum ha_error why = config_load(path, &out->of[0], error);

	out->count = 1;
	for (uint32_t i = 1; i < CONFIG_GROUPS_MAX && why == HA_OK; i++) {
		const char *file = out->of[0].group_files[i - 1];
		struct config *config = &out->of[out->count];

		if (!*file)
			continue;
		why = config_load_group(file, &out->of[0], config, error);
		if (why != HA_OK)
			break;
		config_groups_place(config, i);
		out->count++;
	}
	if (why == HA_OK)
		why = check_forwarding(path, out, error);
	return why == HA_OK ? config_groups_check(out, error) : why;
}

enum ha_error config_groups_load(const char *path, struct config_groups *out,
                                 struct config_error *error)
{
	struct config_groups *loaded = calloc(1, sizeof(*loaded));
	enum ha_error why = HA_E_NOMEM;

	if (!loaded) {
		snprintf(error->text, sizeof(error->text), "%s", ha_strerror(why));
		return why;
	}
	why = load_all(path, loaded, error);
	if (why == HA_OK)
		*out = *loaded;
	free(loaded);
	return why;
}

/* ---- what members compare ---- */

static uint32_t mix(uint32_t sum, uint32_t value)
{
	for (unsigned i = 0; i < 32; i += 8)
		sum = (sum ^ (value >> i & 0xff)) * 16777619u;
	return sum;
}

uint32_t config_groups_digest(const struct config_groups *groups)
{
	uint32_t numbers = 0, addresses = 2166136261u;
	bool known = true;

	if (groups->count == 1)
		return 0;
	for (size_t i = 0; i < groups->count; i++) {
		const struct config *config = &groups->of[i];

		numbers |= config->group ? 1u << config->group : 0;
		known = known && has_address(config);
		addresses = mix(addresses, address_host(config->home_agent_address));
		addresses = mix(addresses, config->home_agent_port);
	}
	addresses = (addresses >> 16 ^ addresses) & 0xffff;
	return numbers | (known ? (addresses ? addresses : 1) << 16 : 0);
}
