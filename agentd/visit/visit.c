/* visit.c - the thread: what it waits for, and its beginning and end. */
#include "agentd/visit/visit.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/thread_begin.h"
#include "agentd/dataplane/thread_rights.h"
#include "agentd/visit/counters.h"
#include "agentd/visit/internal.h"

#define LOOK_MS 1000u    /* how often the interfaces are looked at */
#define LOOK_SOON_MS 20u /* while an address is on its way to one */
#define RIGHTS (1u << CAP_NET_RAW | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_NET_ADMIN)

bool visit_is_wanted(const struct config *config)
{
	bool wanted = config_is_foreign_agent(config);

	for (size_t i = 0; i < ADVERTISED_LINKS_MAX; i++)
		wanted = wanted || advertised_link_is_given(&config->advertised_links[i]);
	return wanted && !config_is_witness(config);
}

/* ---- the interfaces ---- */

static const char *const news_texts[] = {
	[INTERFACE_CAME] = "is here",
	[INTERFACE_WENT] = "has gone, or has no address",
	[INTERFACE_CHANGED] = "has changed",
};

static void tell_news(const struct served_link *link, enum interface_news news)
{
	static struct log_limit limit = { .per_second = 5 };
	uint64_t held_back;

	visiting_count(VISITING_LINK_CHANGES);
	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_notice("interface %s: it %s", link->interface.name, news_texts[news]);
}

static enum ha_error look(struct visit *visit, uint64_t now_ms, char *report, size_t size)
{
	struct ifaddrs *list;
	bool changed = false;

	visit->look_ms = now_ms + (order_awaits_address(visit, now_ms) ? LOOK_SOON_MS : LOOK_MS);
	if (getifaddrs(&list) != 0)
		return HA_OK;
	for (size_t i = 0; i < visit->link_count; i++) {
		enum interface_news news = interface_look(&visit->links[i].interface, list);

		if (news != INTERFACE_SAME)
			tell_news(&visit->links[i], news);
		changed = changed || news != INTERFACE_SAME;
		advertiser_update(visit, &visit->links[i], now_ms);
	}
	if (changed)
		order_links_changed(visit);
	addresses_look(visit, list);
	freeifaddrs(list);
	return carry_look(visit, now_ms, report, size);
}

static void look_again(struct visit *visit, uint64_t now_ms)
{
	char report[400] = "";

	if (now_ms >= visit->look_ms && look(visit, now_ms, report, sizeof(report)) != HA_OK)
		log_warning("packets of visitors are not carried now: %s", report);
}

/* ---- the thread ---- */

#define WAITS (2u + ADVERTISED_LINKS_MAX + PORTS_MAX)

static uint64_t next_ms(const struct visit *visit)
{
	uint64_t next = visit->look_ms;

	for (size_t i = 0; i < visit->link_count; i++)
		if (visit->links[i].advertise.due_ms < next)
			next = visit->links[i].advertise.due_ms;
	if (visit->settings.foreign && visit->expire_ms < next)
		next = visit->expire_ms;
	return next;
}

/* What to wait for, and for how long: until something is due, or, before the start, for ever. */
static int list_waits(struct visit *visit, struct pollfd about[WAITS], nfds_t *count)
{
	uint64_t now_ms = clock_monotonic_ms(), next = next_ms(visit);

	*count = 0;
	about[(*count)++] = (struct pollfd){ .fd = visit->wake, .events = POLLIN };
	about[(*count)++] = (struct pollfd){ .fd = visit->members ? visit->members->ready : -1,
		                             .events = POLLIN };
	for (size_t i = 0; i < visit->link_count; i++)
		about[(*count)++] = (struct pollfd){ .fd = visit->links[i].interface.socket,
			                             .events = POLLIN };
	for (size_t i = 0; i < visit->ports.count; i++)
		about[(*count)++] = (struct pollfd){ .fd = visit->ports.at[i].fd,
			                             .events = POLLIN };
	if (!atomic_load(&visit->running)) {
		*count = 1;
		return -1;
	}
	return next > now_ms ? (int)(next - now_ms) : 0;
}

static void wait_for_news(struct visit *visit)
{
	struct pollfd about[WAITS];
	uint64_t ignored;
	nfds_t count;
	int timeout_ms;

	pthread_mutex_lock(&visit->lock);
	timeout_ms = list_waits(visit, about, &count);
	pthread_mutex_unlock(&visit->lock);
	if (poll(about, count, timeout_ms) > 0 && about[0].revents)
		(void)!read(visit->wake, &ignored, sizeof(ignored));
}

static void act(struct visit *visit)
{
	uint64_t now_ms = clock_monotonic_ms();

	carry_fence(visit);
	order_hear(visit, now_ms);
	steer_work(visit, now_ms);
	look_again(visit, now_ms);
	for (size_t i = 0; i < visit->link_count; i++) {
		visit_hear(visit, &visit->links[i], now_ms);
		advertiser_tick(visit, &visit->links[i], now_ms);
	}
	if (!visit->settings.foreign)
		return;
	answer_hear(visit, now_ms);
	(void)answer_expire(visit, now_ms);
}

static void *run(void *context)
{
	struct visit *visit = context;

	thread_rights_keep(RIGHTS, "visit");
	pthread_setname_np(pthread_self(), "relay");
	while (!atomic_load(&visit->stopping)) {
		wait_for_news(visit);
		pthread_mutex_lock(&visit->lock);
		if (atomic_load(&visit->running) && !atomic_load(&visit->stopping))
			act(visit);
		pthread_mutex_unlock(&visit->lock);
	}
	pthread_mutex_lock(&visit->lock);
	for (size_t i = 0; i < visit->link_count; i++)
		advertiser_end(visit, &visit->links[i], clock_monotonic_ms());
	carry_end(visit); /* with the rights for it */
	pthread_mutex_unlock(&visit->lock);
	return NULL;
}

/* ---- beginning and end ---- */

static void set_links(struct visit *visit)
{
	visit->total.answers = visit->settings.answers;
	for (size_t i = 0; i < visit->settings.link_count; i++) {
		const struct served_link_settings *settings = &visit->settings.links[i];
		struct served_link *link = &visit->links[visit->link_count++];
		bool goes_on = served_link_goes_on(visit, settings);

		link->settings = settings;
		interface_init(&link->interface, settings->of.interface);
		link->interface.kept = settings->shared;
		advertise_init(&link->advertise, goes_on ? ADVERTISE_TAKEN_OVER : ADVERTISE_BOOTED);
		if (!advertise_lifetime_is_ample(&settings->advertise))
			log_warning("advertisement: on %s a mobile node that misses one or two "
			            "forgets the agent; let lifetime be three times the longest "
			            "interval",
			            settings->of.interface);
	}
}

static uint64_t seed(void)
{
	return (uint64_t)visit_random() << 32 | visit_random();
}

static enum ha_error open_tables(struct visit *visit, char *report, size_t size)
{
	const struct foreign_settings *settings = &visit->settings;
	uint32_t room = visit->members ? VISITORS_ROOM(settings->visitors_max)
	                               : settings->visitors_max;
	enum ha_error why = nodes_create(seed(), &visit->nodes);

	if (why == HA_OK)
		why = letters_create(&visit->letters);
	if (why == HA_OK)
		why = foreign_pendings_create(&settings->pending, seed(), &visit->pendings);
	if (why == HA_OK)
		why = visitors_create(room, seed(), &visit->visitors);
	if (why == HA_OK && visit->members) {
		visit->orders = calloc(1, sizeof(*visit->orders));
		why = visit->orders ? HA_OK : HA_E_NOMEM;
	}
	return why == HA_OK ? why
	                    : ha_refuse(report, size, why,
	                                "foreign-agent: no memory for %u visitors and %u "
	                                "requests: %s",
	                                settings->visitors_max, settings->pending.total,
	                                ha_strerror(why));
}

static enum ha_error open_care_of(struct visit *visit, char *report, size_t size)
{
	const struct foreign_policy *policy = &visit->settings.policy;
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < policy->care_of_count && why == HA_OK; i++) {
		why = ports_open(&visit->ports, policy->care_of[i]);
		if (why != HA_OK)
			ha_refuse(report, size, why,
			          "foreign-agent.care-of: cannot listen on %s port %u: %s",
			          address_format(policy->care_of[i]).text, MIP_PORT,
			          ha_strerror(why));
	}
	return why;
}

static enum ha_error open_foreign(struct visit *visit, char *report, size_t size)
{
	enum ha_error why = keys_load(visit->settings.associations, &visit->keys, report, size);

	if (why == HA_OK)
		why = open_tables(visit, report, size);
	return why == HA_OK ? open_care_of(visit, report, size) : why;
}

static enum ha_error open_all(struct visit *visit, char *report, size_t size)
{
	enum ha_error why;

	visit->packet_id = (uint16_t)visit_random();
	visit->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	visit->sender = link_socket_open(&why);
	if (visit->sender < 0)
		return ha_refuse(report, size, why,
		                 "no socket to advertise on: %s; it needs root or CAP_NET_RAW",
		                 ha_strerror(why));
	if (visit->wake < 0)
		return ha_refuse(report, size, ha_error_of_errno(errno),
		                 "no descriptor left for the foreign agent");
	if (visit->settings.foreign)
		why = open_foreign(visit, report, size);
	if (why != HA_OK)
		return why;
	set_links(visit);
	why = carry_begin(visit, report, size);
	if (why != HA_OK)
		return why;
	why = look(visit, clock_monotonic_ms(), report, size);
	if (why != HA_OK)
		return why;
	why = thread_begin(&visit->thread, run, visit);
	visit->started = why == HA_OK;
	return why == HA_OK ? why : ha_refuse(report, size, why, "no thread for the foreign agent");
}

struct visit *visit_open(const struct config *config, const struct visitors_members *members,
                         enum ha_error *why, char *report, size_t size)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	if (!visit) {
		*why = ha_refuse(report, size, HA_E_NOMEM, "the foreign agent: out of memory");
		return NULL;
	}
	visit->sender = visit->wake = -1;
	pthread_mutex_init(&visit->lock, NULL);
	violations_init(&visit->violations, (uint64_t)visit_random() << 32 | visit_random());
	foreign_settings_of(config, &visit->settings);
	visit->members = members;
	*why = open_all(visit, report, size);
	if (*why == HA_OK)
		return visit;
	visit_close(visit);
	return NULL;
}

void visit_clear(void)
{
	visit_guard_clear();
}

void visit_wake(struct visit *visit)
{
	const uint64_t one = 1;

	(void)!write(visit->wake, &one, sizeof(one));
}

void visit_start(struct visit *visit)
{
	pthread_mutex_lock(&visit->lock);
	visit->look_ms = 0;
	atomic_store(&visit->running, true);
	pthread_mutex_unlock(&visit->lock);
	visit_wake(visit);
}

void visit_tell_home(struct visit *visit, const struct visit_home *home)
{
	bool news;

	pthread_mutex_lock(&visit->lock);
	news = visit->home.answers != home->answers || visit->home.disabled != home->disabled;
	visit->home = *home;
	if (news)
		visit->look_ms = 0;
	pthread_mutex_unlock(&visit->lock);
	if (news)
		visit_wake(visit);
}

uint32_t visit_remove(struct visit *visit, struct in_addr home, struct in_addr home_agent)
{
	uint32_t count = 0;

	if (!visit || !visit->visitors)
		return 0;
	pthread_mutex_lock(&visit->lock);
	count = revoke_visitors(visit, home, home_agent, clock_monotonic_ms());
	visit->expire_ms = 0;
	pthread_mutex_unlock(&visit->lock);
	visit_wake(visit);
	return count;
}

void visit_close(struct visit *visit)
{
	if (!visit)
		return;
	if (visit->started) {
		atomic_store(&visit->stopping, true);
		visit_wake(visit);
		pthread_join(visit->thread, NULL);
	}
	for (size_t i = 0; i < visit->link_count; i++)
		interface_close(&visit->links[i].interface);
	carry_end(visit);
	ports_close(&visit->ports);
	keys_free(visit->keys);
	foreign_pendings_free(visit->pendings);
	visitors_free(visit->visitors);
	free(visit->orders);
	free(visit->nodes);
	free(visit->letters);
	if (visit->sender >= 0)
		close(visit->sender);
	if (visit->wake >= 0)
		close(visit->wake);
	pthread_mutex_destroy(&visit->lock);
	free(visit);
}
