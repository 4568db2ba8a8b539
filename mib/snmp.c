/* snmp.c - the thread: it waits for managers, for the master, and to be told to end. */
#include "mib/snmp_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/thread_rights.h"

/* What ends a wait inside Net-SNMP. The system ignores it unless somebody listens, so one
 * that comes late or from elsewhere does nothing. */
#define INTERRUPT SIGURG
#define INTERRUPT_EVERY_MS 100
#define INTERRUPTS_MAX 20u  /* then the master is left without a word */
#define FAILED_REST_MS 1000 /* so that what fails at once does not fail without end */

static struct mib_service *make(const struct mib_options *options)
{
	struct mib_service *service = calloc(1, sizeof(*service));

	if (!service)
		return NULL;
	service->options = *options;
	service->notifier.reporter = options->member;
	pthread_mutex_init(&service->lock, NULL);
	pthread_mutex_init(&service->master_lock, NULL);
	service->master = -1;
	service->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	service->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	service->tree = mib_tree_make(options->tables, options->table_count);
	/* From the start: nothing that is raised then is to be missed. */
	if (events_attach(&service->events) != HA_OK)
		service->events = -1;
	if (service->wake >= 0 && service->ended >= 0 && service->tree &&
	    mib_view_open(&service->view, options->table_count)) {
		service->view.notifier = &service->notifier;
		return service;
	}
	mib_service_close(service);
	return NULL;
}

struct mib_service *mib_service_open(const struct mib_options *options, enum ha_error *why,
                                     char *report, size_t size)
{
	struct mib_service *service;

	*why = HA_OK;
	if (options->mode == SNMP_MODE_OFF)
		return NULL;
	service = make(options);
	if (!service) {
		*why = HA_E_NOMEM;
		snprintf(report, size, "the SNMP agent cannot be made: %s", ha_strerror(*why));
		return NULL;
	}
	/* Net-SNMP would look for modules in the host's directories, and read all of those. */
	setenv("MIBS", "", 1);
	setenv("MIBDIRS", "", 1);
	/* Who asks a master that does not answer waits, which is for the thread. */
	if (service->options.mode == SNMP_MODE_EMBEDDED)
		*why = snmp_begin(service);
	if (*why == HA_OK)
		return service;
	snprintf(report, size, "%s", service->report);
	mib_service_close(service);
	return NULL;
}

void mib_service_add(struct mib_service *service, struct agent *agent)
{
	if (service)
		mib_view_add(&service->view, agent);
}

void mib_service_visit(struct mib_service *service, struct visit *visit)
{
	if (service)
		mib_view_visit(&service->view, visit);
}

void mib_service_mobile(struct mib_service *service, struct mobile_desk *desk)
{
	if (service)
		service->view.node.desk = desk;
}

/* ---- the thread ---- */

void snmp_hold(struct mib_service *service, uint32_t context)
{
	if (!service->locked)
		pthread_mutex_lock(&service->lock);
	service->locked = true;
	mib_view_begin(&service->view, context, netsnmp_get_agent_uptime());
}

void snmp_let_go(struct mib_service *service)
{
	if (!service->locked)
		return;
	mib_view_end(&service->view);
	service->locked = false;
	pthread_mutex_unlock(&service->lock);
}

/* Whatever came for Net-SNMP, and whatever is due by its clock. */
static void serve(struct mib_service *service, netsnmp_large_fd_set *ready, int count, bool told)
{
	if (count > 0) {
		netsnmp_dispatch_external_events2(&count, ready, NULL, NULL);
		snmp_read2(ready);
	} else {
		snmp_timeout();
	}
	/* The rest may wait for the master, or for who receives informs. */
	snmp_let_go(service);
	run_alarms();
	netsnmp_check_outstanding_agent_requests();
	snmp_sets_age(service);
	snmp_notify(service, told);
	snmp_let_go(service);
}

static void drain(int event)
{
	uint64_t ignored;

	while (read(event, &ignored, sizeof(ignored)) > 0)
		;
}

static void await(int descriptor, netsnmp_large_fd_set *ready, int *count)
{
	netsnmp_large_fd_setfd(descriptor, ready);
	if (*count <= descriptor)
		*count = descriptor + 1;
}

/* It is not for Net-SNMP, which therefore does not see it. */
static bool is_ready(int descriptor, netsnmp_large_fd_set *ready, int *count)
{
	if (*count <= 0 || !netsnmp_large_fd_is_set(descriptor, ready))
		return false;
	netsnmp_large_fd_clr(descriptor, ready);
	(*count)--;
	return true;
}

/* Until there is something to do, or the clock says so. */
static int look(struct mib_service *service, netsnmp_large_fd_set *ready, int count,
                struct timeval *timeout)
{
	struct pollfd told_to_end = { .fd = service->wake, .events = POLLIN };
	int found = netsnmp_large_fd_set_select(count, ready, NULL, NULL, timeout);

	if (found >= 0 || errno == EINTR)
		return found;
	log_debug("SNMP: nothing can be awaited: %s", strerror(errno));
	poll(&told_to_end, 1, FAILED_REST_MS);
	return found;
}

static void turn(struct mib_service *service)
{
	struct timeval timeout = { .tv_sec = 1 };
	netsnmp_large_fd_set ready;
	int count = 0, block = 0;
	bool told;

	netsnmp_large_fd_set_init(&ready, FD_SETSIZE);
	snmp_select_info2(&count, &ready, &timeout, &block);
	netsnmp_external_event_info2(&count, &ready, NULL, NULL);
	await(service->wake, &ready, &count);
	if (snmp_notify_is_due(service, &timeout, &block))
		await(service->events, &ready, &count);
	count = look(service, &ready, count, block ? NULL : &timeout);
	if (is_ready(service->wake, &ready, &count))
		drain(service->wake);
	told = service->events >= 0 && is_ready(service->events, &ready, &count);
	if (!atomic_load(&service->stopping))
		serve(service, &ready, count, told);
	netsnmp_large_fd_set_cleanup(&ready);
}

static void *run(void *argument)
{
	struct mib_service *service = argument;
	enum ha_error error = HA_OK;

	if (service->options.rightless)
		thread_rights_keep(0, "SNMP");
	pthread_setname_np(pthread_self(), "snmp");
	if (!service->begun)
		error = snmp_begin(service);
	if (error != HA_OK)
		log_error("%s; nobody is answered", service->report);
	while (error == HA_OK && !atomic_load(&service->stopping))
		turn(service);
	snmp_finish(service);
	if (eventfd_write(service->ended, 1) != 0)
		log_debug("SNMP: the end of the thread was not told");
	return NULL;
}

static void on_interrupt(int number)
{
	(void)number;
}

enum ha_error mib_service_start(struct mib_service *service, char *report, size_t size)
{
	/* Without SA_RESTART, since what was waited for is to be given up. */
	const struct sigaction action = { .sa_handler = on_interrupt };
	sigset_t others, before;
	int number;

	if (!service)
		return HA_OK;
	sigaction(INTERRUPT, &action, NULL);
	sigfillset(&others);
	sigdelset(&others, INTERRUPT);
	pthread_sigmask(SIG_SETMASK, &others, &before);
	number = pthread_create(&service->thread, NULL, run, service);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	service->running = number == 0;
	if (number != 0)
		snprintf(report, size, "no thread for SNMP: %s", strerror(number));
	return ha_error_of_errno(number);
}

static void set_paused(struct mib_service *service, uint32_t group, bool paused)
{
	if (!service)
		return;
	pthread_mutex_lock(&service->lock);
	if (paused && group == 0)
		notify_limits_keep(&service->view);
	for (size_t i = 0; i < service->view.group_count; i++)
		if (service->view.groups[i].number == group)
			service->view.groups[i].paused = paused;
	pthread_mutex_unlock(&service->lock);
}

void mib_service_pause(struct mib_service *service, uint32_t group)
{
	set_paused(service, group, true);
}

void mib_service_resume(struct mib_service *service, uint32_t group)
{
	set_paused(service, group, false);
}

/* It may be waiting where it does not see that it is to end. To connect to a master that
 * stands still takes until that goes on, and each signal ends one such wait; what one that
 * was connected does not answer is waited for time and again, for each registration. */
static void await_end(struct mib_service *service)
{
	struct pollfd ended = { .fd = service->ended, .events = POLLIN };

	for (unsigned i = 0; poll(&ended, 1, INTERRUPT_EVERY_MS) <= 0; i++) {
		pthread_kill(service->thread, INTERRUPT);
		if (i >= INTERRUPTS_MAX)
			snmp_break_off(service);
	}
}

void mib_service_stop(struct mib_service *service)
{
	if (!service || !service->running)
		return;
	atomic_store(&service->stopping, true);
	if (eventfd_write(service->wake, 1) != 0)
		log_debug("SNMP: the thread was not woken, and ends with its next look");
	await_end(service);
	pthread_join(service->thread, NULL);
	service->running = false;
}

void mib_service_close(struct mib_service *service)
{
	if (!service)
		return;
	mib_service_stop(service);
	snmp_finish(service);
	if (service->events >= 0)
		events_detach();
	mib_view_close(&service->view);
	mib_tree_free(service->tree);
	if (service->wake >= 0)
		close(service->wake);
	if (service->ended >= 0)
		close(service->ended);
	pthread_mutex_destroy(&service->lock);
	pthread_mutex_destroy(&service->master_lock);
	free(service);
}
