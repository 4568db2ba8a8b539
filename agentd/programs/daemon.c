/* daemon.c - the order in which agentd comes up and goes down:
 *
 *     configuration, log, limits, directories, user; stores and logs recovered;
 *     ports bound; last right given up; control socket; threads; ready
 *
 * and back. Each step that fails says one sentence and ends the process with
 * status 1. Of its agents, agents.c. */
#include "agentd/programs/daemon.h"

#include <fcntl.h>
#include <libgen.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/config.h"
#include "agentd/base/log.h"
#include "agentd/control/loop.h"
#include "agentd/control/server.h"
#include "agentd/flow/members.h"
#include "agentd/programs/agents.h"
#include "agentd/programs/documents.h"
#include "agentd/programs/notify.h"
#include "agentd/programs/privileges.h"
#include "agentd/programs/reload.h"
#include "agentd/programs/visited.h"

struct daemon {
	const char *path;
	struct agents agents;
	struct privileges privileges;
	struct loop *loop;
	struct control_server *control;
	struct mib_service *snmp;
	struct visit *visit;
	bool reload_wanted; /* while an agent is starting again */
	char status[96];    /* for the service manager */
	char report[AGENTS_REPORT];
};

static const int watched_signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };

/* Of the process: the options of group 0 among them. */
static const struct config *main_config(const struct daemon *d)
{
	return &d->agents.configs.of[0];
}

static void configure_log(const struct daemon *d)
{
	log_configure((enum log_level)main_config(d)->log_level,
	              (enum log_format)main_config(d)->log_format);
}

static void reload(struct daemon *d)
{
	static struct config_groups files;
	struct config_error error;

	if (agents_are_starting(&d->agents)) {
		d->reload_wanted = true;
		return;
	}
	notify_reloading();
	if (config_groups_load(d->path, &files, &error) != HA_OK) {
		log_error("%s", error.text);
		log_error("%s was not taken over; the configuration stays as it was", d->path);
	} else {
		reload_merge(&d->agents.configs, &files);
		configure_log(d);
		agents_reload(&d->agents);
	}
	notify_ready(d->status);
}

static void on_signal(void *context, int number)
{
	struct daemon *d = context;

	if (number == SIGHUP) {
		reload(d);
		return;
	}
	log_notice("finishing after %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
	loop_stop(d->loop);
}

static void on_tick(void *context)
{
	struct daemon *d = context;

	notify_watchdog();
	visited_tell(d->visit, &d->agents);
}

static void on_wake(void *context)
{
	struct daemon *d = context;

	agents_look(&d->agents);
	if (!d->reload_wanted || agents_are_starting(&d->agents))
		return;
	d->reload_wanted = false;
	reload(d);
}

/* ---- coming up ---- */

static enum ha_error load(struct daemon *d)
{
	struct config_error error;
	enum ha_error why = config_groups_load(d->path, &d->agents.configs, &error);

	if (why != HA_OK) {
		snprintf(d->report, sizeof(d->report), "%s", error.text);
		return why;
	}
	configure_log(d);
	return HA_OK;
}

/* Has one of the agents an address to take and to give? */
static bool has_address(const struct daemon *d)
{
	const struct config_groups *configs = &d->agents.configs;

	for (size_t i = 0; i < configs->count; i++)
		if (*configs->of[i].interface && !*configs->of[i].announce_hook)
			return !config_is_witness(main_config(d));
	return false;
}

static enum ha_error prepare(struct daemon *d)
{
	const struct config *config = main_config(d);
	char socket_path[CONFIG_TEXT_MAX];
	enum ha_error why = privileges_find(config->user, &d->privileges, d->report,
	                                    sizeof(d->report));

	d->privileges.address = has_address(d);
	d->privileges.forwards = agents_that_forward(&d->agents) != 0;
	d->privileges.visited = visit_is_wanted(config);
	snprintf(socket_path, sizeof(socket_path), "%s", config->control_socket);
	if (why == HA_OK)
		why = privileges_directory(&d->privileges, config->data_directory, 0700, d->report,
		                           sizeof(d->report));
	if (why == HA_OK)
		why = privileges_directory(&d->privileges, dirname(socket_path), 0750, d->report,
		                           sizeof(d->report));
	if (config->cluster_node)
		privileges_hurry();
	privileges_harden();
	if (why == HA_OK)
		why = privileges_become(&d->privileges, d->report, sizeof(d->report));
	return why;
}

static const struct visitors_members *members_of(const struct daemon *d)
{
	return d->agents.guest ? guest_members(d->agents.guest) : NULL;
}

static enum ha_error open_agents(struct daemon *d)
{
	enum ha_error why = agents_open(&d->agents, d->report);
	struct mib_options options;

	if (why == HA_OK && visit_is_wanted(main_config(d)))
		d->visit = visit_open(main_config(d), members_of(d), &why, d->report,
		                      sizeof(d->report));
	else if (why == HA_OK)
		visit_clear();
	mib_options_of(&d->agents.configs, &options);
	if (why == HA_OK)
		d->snmp = mib_service_open(&options, &why, d->report, sizeof(d->report));
	if (why == HA_OK)
		why = privileges_finish(&d->privileges, d->report, sizeof(d->report));
	return why;
}

static enum ha_error open_control(struct daemon *d)
{
	struct loop_options options = {
		.signals = watched_signals,
		.signal = on_signal,
		.tick_ms = visited_tick_ms(d->visit, notify_watchdog_ms()),
		.tick = on_tick,
		.wake = on_wake,
		.context = d,
	};
	enum ha_error why = HA_OK;

	d->loop = loop_open(&options);
	if (!d->loop) {
		snprintf(d->report, sizeof(d->report), "the main loop cannot be made");
		return HA_E_NOMEM;
	}
	d->control = control_server_open(d->loop, main_config(d)->control_socket, &why, d->report,
	                                 sizeof(d->report));
	return why;
}

static enum ha_error start(struct daemon *d)
{
	enum ha_error why;

	control_server_visit(d->control, d->visit, main_config(d));
	mib_service_visit(d->snmp, d->visit);
	why = agents_start(&d->agents, d->loop, d->control, d->snmp, d->report);
	if (why == HA_OK && d->visit) {
		visited_tell(d->visit, &d->agents);
		visit_start(d->visit);
	}
	return why;
}

static enum ha_error come_up(struct daemon *d)
{
	static enum ha_error (*const steps[])(struct daemon * d) = { load, prepare, open_agents,
		                                                     open_control, start };
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && why == HA_OK; i++)
		why = steps[i](d);
	return why;
}

/* ---- going down ---- */

static void go_down(struct daemon *d)
{
	mib_service_stop(d->snmp);
	if (d->control)
		control_server_visit(d->control, NULL, main_config(d));
	visit_close(d->visit);
	d->visit = NULL; /* the loop may still tick */
	agents_stop(&d->agents);
	mib_service_close(d->snmp);
	control_server_close(d->control);
	agents_close(&d->agents);
	loop_close(d->loop);
}

/* Descriptors 0 to 2 must be something, or the store would become one of them. */
static void hold_standard_descriptors(void)
{
	int descriptor;

	do
		descriptor = open("/dev/null", O_RDWR);
	while (descriptor >= 0 && descriptor <= STDERR_FILENO);
	if (descriptor >= 0)
		close(descriptor);
}

/* What is allocated in larger pieces than this, such as the list of a pass of the
 * store, goes back to the kernel at once when it is freed. */
#define GIVEN_BACK (1 << 20)

/* In a word or two for the service manager; a member's cluster also for the log. */
static void describe(struct daemon *d)
{
	const struct config *config = main_config(d);
	size_t groups = d->agents.configs.count;
	char members[MEMBERS_TEXT];

	if (!config_has_home_agent(config))
		snprintf(d->status, sizeof(d->status), "foreign agent %s",
		         address_format(config->care_of.at[0].network).text);
	else if (config_is_witness(config))
		snprintf(d->status, sizeof(d->status), "witness");
	else if (groups > 1)
		snprintf(d->status, sizeof(d->status),
		         "%zu home agents, the first of them %s port %u", groups,
		         address_format(config->home_agent_address).text, config->home_agent_port);
	else
		snprintf(d->status, sizeof(d->status), "home agent %s port %u",
		         address_format(config->home_agent_address).text, config->home_agent_port);
	if (config->cluster_node == 0)
		return;
	members_describe(config, members);
	log_notice("this node is %s", members);
}

int daemon_run(const char *config_path)
{
	static struct daemon d;
	uint64_t started_ns = clock_monotonic_ns();
	enum ha_error why;

	hold_standard_descriptors();
	mallopt(M_MMAP_THRESHOLD, GIVEN_BACK);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	counter_sets_register();
	d.path = config_path;
	why = come_up(&d);
	if (why != HA_OK) {
		log_error("%s", *d.report ? d.report : ha_strerror(why));
		go_down(&d);
		return EXIT_FAILURE;
	}
	describe(&d);
	log_notice("agentd %s: %s, ready after %u ms", HEARTH_VERSION, d.status,
	           (unsigned)((clock_monotonic_ns() - started_ns) / 1000000u));
	notify_ready(d.status);
	loop_run(d.loop);
	notify_stopping();
	go_down(&d);
	log_notice("finished");
	return EXIT_SUCCESS;
}
