/* tunnels_user.c - see the header. */
#include "tests/bench/tunnels_user.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/dataplane/dataplane.h"

static struct dataplane *dataplane;
static struct in_addr home_address;
static struct binding only;

static void refuse(const char *why)
{
	fprintf(stderr, "bench_tunnels: user space: %s\n", why);
	exit(1);
}

static pid_t thread_named(const char *wanted)
{
	DIR *list = opendir("/proc/self/task");
	const struct dirent *entry;
	char path[300], name[32];
	pid_t found = 0;

	while (list && !found && (entry = readdir(list))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(name, sizeof(name), file) && strcmp(name, wanted) == 0)
			found = (pid_t)strtol(entry->d_name, NULL, 10);
		if (file)
			fclose(file);
	}
	if (list)
		closedir(list);
	return found;
}

/* Packets come from this processor and are forwarded on it. So that they do not pile up
 * in between, the thread has its turn whenever some are there, as if it had one of its
 * own. */
static void put_first(void)
{
	const struct sched_param most = { .sched_priority = sched_get_priority_max(SCHED_FIFO) };
	pid_t thread;

	while ((thread = thread_named("forward\n")) == 0)
		sched_yield();
	if (sched_setscheduler(thread, SCHED_FIFO, &most) != 0)
		refuse("its thread cannot be put first");
}

static void bind_home(void)
{
	struct tunnels_home home = { .home = home_address, .count = 1 };

	home.bindings[0] = tunnels_binding_of(&only);
	if (tunnels_put(dataplane_tunnels(dataplane), &home) != HA_OK)
		refuse("the binding was not taken");
}

void tunnels_user_open(const char *agent, uint32_t home, unsigned length, uint32_t care_of)
{
	struct config config;
	char why[DATAPLANE_WHY_MAX];

	config_defaults(&config);
	config.home_agent_address.s_addr = inet_addr(agent);
	config.dataplane_path = DATAPLANE_PATH_USER;
	config.capacity_nodes = config.capacity_bindings = 16;
	config.home_networks[0] = (struct home_network){
		.network = { htonl(home) },
		.length = (uint8_t)length,
		.kind = HOME_NETWORK_VIRTUAL,
	};
	if (dataplane_open(&(struct dataplane_options){ .config = &config, .udp = -1 }, &dataplane,
	                   why, sizeof(why)) != HA_OK ||
	    !dataplane)
		refuse(why);
	home_address.s_addr = htonl(home);
	only.care_of.s_addr = only.endpoint.s_addr = htonl(care_of);
	bind_home();
	put_first();
	dataplane_fence(dataplane, 0, UINT64_MAX, UINT64_MAX);
}

uint64_t tunnels_user_count(void)
{
	struct dataplane_traffic traffic;

	(void)dataplane_traffic(dataplane, 0, home_address, &only, &traffic);
	return traffic.out_packets;
}

void tunnels_user_close(void)
{
	dataplane_close(dataplane);
	dataplane = NULL;
}
