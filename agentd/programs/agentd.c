/* agentd.c - the home agent's program: what the command line asks for. Running
 * is in daemon.c. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/config_groups.h"
#include "agentd/base/config_text.h"
#include "agentd/flow/members.h"
#include "agentd/programs/daemon.h"
#include "agentd/programs/documents.h"
#include "agentd/programs/privileges.h"
#include "agentd/programs/restore.h"

#define CONFIG_PATH "/etc/hearth/agentd.yaml"
#define EXIT_USAGE 2

static void write_version(FILE *out)
{
	fprintf(out, "agentd %s\n", HEARTH_VERSION);
}

static void write_help(FILE *out)
{
	fputs("Mobile IPv4 home agent and foreign agent.\n\n"
	      "usage: agentd [--config FILE]     run, with this file instead of " CONFIG_PATH "\n"
	      "       agentd --restore BACKUP [--config FILE] [--group N]\n"
	      "                                  fill an empty data directory from a backup, that of\n"
	      "                                  group 0 unless another one is named\n"
	      "       agentd --check FILE        say whether the file would be accepted\n"
	      "       agentd --example           print a commented configuration\n"
	      "       agentd --options FORM      print the options as markdown or man\n"
	      "       agentd --counters FORM     print the counters as markdown\n"
	      "       agentd --manual            print the manual page\n"
	      "       agentd --version | --help\n",
	      out);
}

/* Documents: an option, its form, and who writes it. */
static const struct {
	const char *option;
	const char *form; /* NULL = takes none */
	void (*write)(FILE *out);
} documents[] = {
	{ "--help", NULL, write_help },
	{ "--version", NULL, write_version },
	{ "--example", NULL, config_write_example },
	{ "--manual", NULL, agentd_write_manual },
	{ "--options", "markdown", config_write_markdown },
	{ "--options", "man", configuration_write_manual },
	{ "--counters", "markdown", counters_write_markdown },
};

static int write_document(size_t i)
{
	documents[i].write(stdout);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	perror("agentd: standard output");
	return EXIT_FAILURE;
}

/* The key by which the other members are to know this one. */
static bool has_key(const struct config *config, char *report, size_t size)
{
	struct replication_cluster cluster;
	enum ha_error why;

	if (config->cluster_node == 0 || config->group)
		return true;
	why = members_load(config, true, &cluster, report, size);
	members_wipe(&cluster);
	return why == HA_OK;
}

static bool has_interface(const char *option, const char *name, char *report, size_t size)
{
	if (!*name || if_nametoindex(name) != 0)
		return true;
	snprintf(report, size, "%s: %s: there is no such interface", option, name);
	return false;
}

static bool has_interfaces(const struct config *config, char *report, size_t size)
{
	char option[32];

	if (!has_interface("home-agent.interface", config->interface, report, size))
		return false;
	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++) {
		snprintf(option, sizeof(option), "home-networks.network-%zu", i + 1);
		if (!has_interface(option, config->home_networks[i].interface, report, size))
			return false;
	}
	for (size_t i = 0; i < ADVERTISED_LINKS_MAX; i++) {
		snprintf(option, sizeof(option), "advertisement.link-%zu", i + 1);
		if (!has_interface(option, config->advertised_links[i].interface, report, size))
			return false;
	}
	return true;
}

/* What a configuration names that this host must have. */
static bool host_has(const struct config *config, char *report, size_t size)
{
	const bool embedded = config->snmp_mode == SNMP_MODE_EMBEDDED && !config->group;
	const struct {
		const char *option, *path;
		int mode;
	} files[] = {
		{ "storage.associations", config->associations_file, F_OK },
		{ "home-agent.announce-hook", config->announce_hook, X_OK },
		{ "dataplane.route-hook", config->route_hook, X_OK },
		{ "foreign-agent.associations", config->visit_associations_file, F_OK },
		{ "snmp.configuration", embedded ? config->snmp_configuration : "", F_OK },
	};
	struct privileges privileges;

	if (privileges_find(config->user, &privileges, report, size) != HA_OK ||
	    !has_key(config, report, size))
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!*files[i].path || access(files[i].path, files[i].mode) == 0)
			continue;
		snprintf(report, size, "%s: %s: %s", files[i].option, files[i].path,
		         strerror(errno));
		return false;
	}
	return has_interfaces(config, report, size);
}

static void check_host(const struct config *config, const char *path)
{
	char report[512];

	if (!host_has(config, report, sizeof(report)))
		fprintf(stderr, "%s: before the start on this host: %s\n", path, report);
}

static int check(const char *path)
{
	static struct config_groups groups;
	const struct config *config = &groups.of[0];
	struct config_error error;

	if (config_groups_load(path, &groups, &error) != HA_OK) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	printf("%s: ok\n", path);
	if (config->cluster_node != 0) {
		char members[MEMBERS_TEXT];

		members_describe(config, members);
		printf("%s: this node is %s\n", path, members);
	}
	if (config_doubt(config, &error))
		fprintf(stderr, "%s: %s\n", path, error.text);
	check_host(config, path);
	for (size_t i = 1; i < groups.count; i++) {
		const char *file = config->group_files[groups.of[i].group - 1];

		printf("%s: ok, group %u\n", file, groups.of[i].group);
		check_host(&groups.of[i], file);
	}
	return EXIT_SUCCESS;
}

static int usage(void)
{
	write_help(stderr);
	return EXIT_USAGE;
}

static bool take_group(const char *text, uint32_t *out)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number >= CONFIG_GROUPS_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Behind --restore: the file, and options with their values. */
static int restore(int count, char **words)
{
	const char *config_path = CONFIG_PATH;
	uint32_t group = 0;

	if (count % 2 == 0)
		return usage();
	for (int i = 1; i < count; i += 2) {
		if (strcmp(words[i], "--config") == 0)
			config_path = words[i + 1];
		else if (strcmp(words[i], "--group") != 0 || !take_group(words[i + 1], &group))
			return usage();
	}
	return restore_main(words[0], config_path, group);
}

int main(int argc, char **argv)
{
	const char *form = argc == 3 ? argv[2] : NULL;

	if (argc == 1)
		return daemon_run(CONFIG_PATH);
	if (strcmp(argv[1], "--restore") == 0)
		return restore(argc - 2, argv + 2);
	if (argc > 3)
		return usage();
	if (form && strcmp(argv[1], "--config") == 0)
		return daemon_run(form);
	if (form && strcmp(argv[1], "--check") == 0)
		return check(form);
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		if (strcmp(argv[1], documents[i].option) != 0)
			continue;
		if (form ? documents[i].form && strcmp(form, documents[i].form) == 0
		         : !documents[i].form)
			return write_document(i);
	}
	return usage();
}
