/* daemon.c - the order in which agentd comes up and goes down:
 *
 *     configuration, log, limits, directories, user; store and log recovered;
 *     port bound; last right given up; control socket; threads; ready
 *
 * and back. Each step that fails says one sentence and ends the process with
 * status 1.
 *
 * An agent that got the store of another member starts again in between: its
 * sockets stay, and the last right is gone already. That takes as long as a start,
 * so a thread of its own does it, while the loop goes on: the service manager's
 * watchdog is served, and whoever asks something is told. */
#include "agentd/programs/daemon.h"

#include <fcntl.h>
#include <libgen.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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
#include "agentd/flow/agent.h"
#include "agentd/flow/members.h"
#include "agentd/programs/documents.h"
#include "agentd/programs/notify.h"
#include "agentd/programs/privileges.h"
#include "agentd/programs/reload.h"

struct daemon {
	const char *path;
	struct config config; /* the file's, as far as it is in force */
	struct privileges privileges;
	struct agent *agent;
	struct loop *loop;
	struct control_server *control;
	_Atomic bool renewed; /* the agent wants to start again */
	_Atomic bool started; /* it has */
	pthread_t again;      /* the thread that starts it, while `starting` */
	bool starting;
	bool reload_wanted; /* meanwhile */
	char status[96];    /* for the service manager */
	char report[512];
};

static const int watched_signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };

/* From any thread. Nothing may be written any more: what is on the disk is
 * what was promised, and the next start finds it. */
static void on_failed(void *context, enum ha_error why, const char *what)
{
	(void)context;
	log_error("%s: %s; agentd ends, nothing that was granted is lost", what, ha_strerror(why));
	_exit(EXIT_FAILURE);
}

/* Signals are for the main thread: those it starts inherit a full mask. */
static int thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
	sigset_t all, before;
	int number;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	number = pthread_create(thread, NULL, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return number;
}

static void reload(struct daemon *d)
{
	struct config_error error;
	struct config file;

	if (d->starting) {
		d->reload_wanted = true;
		return;
	}
	notify_reloading();
	if (config_load(d->path, &file, &error) != HA_OK) {
		log_error("%s", error.text);
		log_error("%s was not taken over; the configuration stays as it was", d->path);
	} else {
		reload_merge(&d->config, &file);
		log_configure((enum log_level)d->config.log_level,
		              (enum log_format)d->config.log_format);
		agent_reload(d->agent, &d->config);
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
	(void)context;
	notify_watchdog();
}

/* ---- starting again ---- */

/* From a thread of the agent. */
static void on_renewed(void *context)
{
	struct daemon *d = context;

	atomic_store(&d->renewed, true);
	loop_wake(d->loop);
}

/* The next start of the process finds what this one found. */
static void *start_again(void *argument)
{
	struct daemon *d = argument;

	if (agent_again(d->agent, d->report, sizeof(d->report)) != HA_OK) {
		log_error("%s", d->report);
		_exit(EXIT_FAILURE);
	}
	atomic_store(&d->started, true);
	loop_wake(d->loop);
	return NULL;
}

static void begin_again(struct daemon *d)
{
	int number;

	log_notice("starting again over the store of another member");
	control_server_pause(d->control);
	number = thread_start(&d->again, start_again, d);
	if (number != 0) {
		log_error("no thread to start again: %s", strerror(number));
		_exit(EXIT_FAILURE);
	}
	d->starting = true;
}

static void await_again(struct daemon *d)
{
	if (d->starting)
		pthread_join(d->again, NULL);
	d->starting = false;
}

static void on_wake(void *context)
{
	struct daemon *d = context;

	if (atomic_exchange(&d->started, false)) {
		await_again(d);
		control_server_resume(d->control);
		log_notice("started again");
		if (d->reload_wanted)
			reload(d);
		d->reload_wanted = false;
	}
	if (!d->starting && atomic_exchange(&d->renewed, false))
		begin_again(d);
}

/* ---- coming up ---- */

static enum ha_error load(struct daemon *d)
{
	struct config_error error;
	enum ha_error why = config_load(d->path, &d->config, &error);

	if (why != HA_OK) {
		snprintf(d->report, sizeof(d->report), "%s", error.text);
		return why;
	}
	log_configure((enum log_level)d->config.log_level, (enum log_format)d->config.log_format);
	return HA_OK;
}

static enum ha_error prepare(struct daemon *d)
{
	char socket_path[CONFIG_TEXT_MAX];
	enum ha_error why = privileges_find(d->config.user, &d->privileges, d->report,
	                                    sizeof(d->report));

	d->privileges.address = *d->config.interface && !*d->config.announce_hook &&
	                        !config_is_witness(&d->config);
	d->privileges.forwards = config_forwards(&d->config);
	snprintf(socket_path, sizeof(socket_path), "%s", d->config.control_socket);
	if (why == HA_OK)
		why = privileges_directory(&d->privileges, d->config.data_directory, 0700,
		                           d->report, sizeof(d->report));
	if (why == HA_OK)
		why = privileges_directory(&d->privileges, dirname(socket_path), 0750, d->report,
		                           sizeof(d->report));
	if (d->config.cluster_node)
		privileges_hurry();
	privileges_harden();
	if (why == HA_OK)
		why = privileges_become(&d->privileges, d->report, sizeof(d->report));
	return why;
}

static enum ha_error open_agent(struct daemon *d)
{
	struct agent_options options = {
		.config = &d->config, .failed = on_failed, .renewed = on_renewed, .context = d
	};
	enum ha_error why;

	d->agent = agent_open(&options, &why, d->report, sizeof(d->report));
	if (!d->agent)
		return why;
	why = agent_listen(d->agent, d->report, sizeof(d->report));
	if (why == HA_OK)
		why = privileges_finish(&d->privileges, d->report, sizeof(d->report));
	return why;
}

static enum ha_error open_control(struct daemon *d)
{
	struct loop_options options = {
		.signals = watched_signals,
		.signal = on_signal,
		.tick_ms = notify_watchdog_ms(),
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
	d->control = control_server_open(d->loop, d->config.control_socket, &why, d->report,
	                                 sizeof(d->report));
	return why;
}

/* Signals are for this thread: those it starts inherit a full mask. */
static enum ha_error start(struct daemon *d)
{
	sigset_t all, before;
	enum ha_error why;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	why = agent_start(d->agent);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (why != HA_OK)
		snprintf(d->report, sizeof(d->report), "the agent cannot be started: %s",
		         ha_strerror(why));
	else
		control_server_start(d->control, d->agent);
	return why;
}

static enum ha_error come_up(struct daemon *d)
{
	static enum ha_error (*const steps[])(struct daemon * d) = { load, prepare, open_agent,
		                                                     open_control, start };
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && why == HA_OK; i++)
		why = steps[i](d);
	return why;
}

/* ---- going down ---- */

static void go_down(struct daemon *d)
{
	await_again(d);
	if (d->agent)
		agent_stop(d->agent);
	control_server_close(d->control);
	agent_close(d->agent);
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
	const struct config *config = &d->config;
	char members[MEMBERS_TEXT];

	if (config_is_witness(config))
		snprintf(d->status, sizeof(d->status), "witness");
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
