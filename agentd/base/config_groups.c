/* config_groups.c - several configurations of one process, read and put into their places. */
#include "agentd/base/config_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/shared_address.h"

struct config *config_groups_find(struct config_groups *groups, uint32_t number)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->of[i].group == number)
			return &groups->of[i];
	return NULL;
}

static void share_key(char key[CONFIG_TEXT_MAX], const char *directory, const char *name)
{
	if (!*key)
		snprintf(key, CONFIG_TEXT_MAX, "%.*s/%s", (int)(CONFIG_TEXT_MAX - 32), directory,
		         name);
}

/* What the data plane of a group has of this host's is not that of another one. */
static void place_dataplane(struct config *config, uint32_t number)
{
	size_t length = strlen(config->dataplane_tun);

	snprintf(config->dataplane_tun + length, sizeof(config->dataplane_tun) - length, "-%u",
	         number);
	config->dataplane_table += number;
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
	place_dataplane(config, number);
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

/* The number of a link, and what is shared there: interfaces may have other names elsewhere. */
static uint32_t mix_link(uint32_t sum, const struct config *config, uint32_t link,
                         const struct shared_address *all, size_t count)
{
	const struct advertised_link *of = &config->advertised_links[link];

	if (!(of->roles & ADVERTISED_FOREIGN))
		return sum;
	sum = mix(sum, link + 1);
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].interface, of->interface) == 0)
			sum = mix(sum, address_host(all[i].address));
	return sum;
}

static uint32_t mix_shared(uint32_t sum, const struct config *config)
{
	struct shared_address all[SHARED_ADDRESSES_MAX];
	size_t count = 0;

	if (!config_shares_visitors(config) ||
	    !shared_addresses_parse(config->visit_shared, all, &count))
		return sum;
	for (size_t i = 0; i < count; i++)
		sum = mix(sum, address_host(all[i].address));
	for (uint32_t i = 0; i < ADVERTISED_LINKS_MAX; i++)
		sum = mix_link(sum, config, i, all, count);
	return mix(sum, config->visitors_max);
}

/* A witness need not be told what it takes no part in. */
static bool is_known(const struct config *config)
{
	return config->home_agent_address.s_addr != 0 &&
	       !(config_is_witness(config) && config_shares_visitors(config));
}

uint32_t config_groups_digest(const struct config_groups *groups)
{
	uint32_t numbers = config_shares_visitors(&groups->of[0]), addresses = 2166136261u;
	bool known = true;

	if (groups->count == 1 && numbers == 0)
		return 0;
	for (size_t i = 0; i < groups->count; i++) {
		const struct config *config = &groups->of[i];

		numbers |= config->group ? 1u << config->group : 0;
		known = known && is_known(config);
		addresses = mix(addresses, address_host(config->home_agent_address));
		addresses = mix(addresses, config->home_agent_port);
	}
	addresses = mix_shared(addresses, &groups->of[0]);
	addresses = (addresses >> 16 ^ addresses) & 0xffff;
	return numbers | (known ? (addresses ? addresses : 1) << 16 : 0);
}
