/* home_arp.c - the face, and the thread. */
#include "agentd/dataplane/home_arp_internal.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/arp_socket.h"
#include "agentd/dataplane/thread_rights.h"

#define LOOK_MS 1000u   /* at links */
#define LEADER_MS 100u  /* between looks who leads */
#define SILENCE_MS 500u /* after a moment that has passed */

/* ---- links ---- */

static void learn_mac(struct home_arp *arp, unsigned link, struct mac mac)
{
	for (size_t i = 0; i < arp->net_count; i++)
		if (arp->nets[i].link == link && !arp->nets[i].fixed)
			arp->nets[i].ours = mac;
}

/* An interface that was taken away and brought back has another index. */
static void look_at_link(struct home_arp *arp, unsigned number)
{
	static struct log_limit limit = { .per_second = 1 };
	const struct home_arp_link *link = &arp->links[number];
	uint32_t dropped = home_arp_socket_dropped(link->fd);
	unsigned index;
	uint64_t held_back;
	struct mac mac;

	if (dropped)
		home_arp_count(HOME_ARP_LOST, dropped);
	if (home_arp_socket_look(link->fd, &mac)) {
		if (home_arp_has_mac(mac))
			learn_mac(arp, number, mac);
		return;
	}
	index = if_nametoindex(link->name);
	if (index == 0 || arp_socket_bind(link->fd, index) != HA_OK)
		return;
	if (home_arp_socket_look(link->fd, &mac) && home_arp_has_mac(mac))
		learn_mac(arp, number, mac);
	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_notice("home link %s: the interface is back", link->name);
}

void home_arp_look_at_links(struct home_arp *arp)
{
	for (unsigned link = 0; link < arp->link_count; link++)
		look_at_link(arp, link);
}

/* ---- the thread ---- */

static void wait_for_news(struct home_arp *arp, uint64_t next_ns)
{
	struct pollfd about[1 + HOME_ARP_NETWORKS_MAX];
	uint64_t now_ns = clock_monotonic_ns(), news;
	uint64_t wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
	const struct timespec wait = { .tv_sec = (time_t)(wait_ns / (1000u * MS)),
		                       .tv_nsec = (long)(wait_ns % (1000u * MS)) };
	/* Who has heard too much does not hear for a moment. */
	nfds_t count = home_arp_bucket_look(&arp->hearing, now_ns) ? 1 + arp->link_count : 1;

	about[0] = (struct pollfd){ .fd = arp->wake, .events = POLLIN };
	for (size_t i = 0; i < arp->link_count; i++)
		about[1 + i] = (struct pollfd){ .fd = arp->links[i].fd, .events = POLLIN };
	if (ppoll(about, count, &wait, NULL) > 0 && about[0].revents) {
		(void)!read(arp->wake, &news, sizeof(news));
		atomic_store(&arp->woken, false);
	}
}

/* ---- who leads ---- */

static bool changes_mac(const struct home_arp *arp, uint8_t group)
{
	for (size_t i = 0; i < arp->net_count; i++)
		if (arp->nets[i].group == group && !arp->nets[i].fixed)
			return true;
	return false;
}

/* What was heard before came while another member led, perhaps of that one. Where all
 * have the same MAC, switches learn the rest from the home agent's own address. */
static void take_over(struct home_arp *arp, uint8_t group)
{
	home_arp_notes_forget(arp->notes);
	if (!changes_mac(arp, group))
		return;
	home_arp_count(HOME_ARP_TAKEOVERS, 1);
	atomic_fetch_or(&arp->walk_groups, UINT64_C(1) << group);
}

/* A leader whose moment passes for an instant has not lost anything. */
static void look_who_leads(struct home_arp *arp, uint8_t group, uint64_t now_ns)
{
	uint64_t bit = UINT64_C(1) << group, until_ns = arp->until(arp->context, group);
	bool led = (arp->led & bit) != 0;

	if (now_ns < until_ns && !led) {
		arp->led |= bit;
		take_over(arp, group);
	} else if (led && (until_ns == 0 || now_ns >= until_ns + SILENCE_MS * MS) &&
	           now_ns >= until_ns) {
		arp->led &= ~bit;
	}
}

static void look_now_and_then(struct home_arp *arp, uint64_t *next_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < arp->net_count; i++)
		look_who_leads(arp, arp->nets[i].group, now_ns);
	if (now_ns >= arp->looked_ns + LOOK_MS * MS) {
		home_arp_look_at_links(arp);
		arp->looked_ns = now_ns;
	}
	*next_ns = now_ns + LEADER_MS * MS;
}

void *home_arp_run(void *context)
{
	struct home_arp *arp = context;

	thread_rights_keep(0, "home links");
	pthread_setname_np(pthread_self(), "home-arp");
	while (!atomic_load(&arp->stopping)) {
		uint64_t next_ns;
		bool busy;

		look_now_and_then(arp, &next_ns);
		busy = home_arp_hear(arp, &next_ns);
		if (!home_arp_announce(arp, &next_ns) && !busy)
			wait_for_news(arp, next_ns);
	}
	return NULL;
}

void home_arp_wake(struct home_arp *arp)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&arp->woken, true))
		while (write(arp->wake, &one, sizeof(one)) < 0 && errno == EINTR)
			;
}

void home_arp_close(struct home_arp *arp)
{
	if (!arp)
		return;
	if (arp->started) {
		atomic_store(&arp->stopping, true);
		atomic_store(&arp->woken, false);
		home_arp_wake(arp);
		pthread_join(arp->thread, NULL);
	}
	for (size_t i = 0; i < arp->link_count; i++)
		close(arp->links[i].fd);
	for (size_t i = 0; i < arp->net_count; i++)
		home_arp_away_close(&arp->away[i]);
	if (arp->wake >= 0)
		close(arp->wake);
	home_arp_batch_free(arp->heard);
	home_arp_batch_free(arp->out.batch);
	home_arp_notes_free(arp->notes);
	home_arp_plan_free(arp->plan);
	pthread_mutex_destroy(&arp->mutex);
	free(arp);
}

/* ---- events ---- */

void home_arp_happened(struct home_arp *arp, enum home_arp_event event, uint32_t realm,
                       struct in_addr home)
{
	int net = home_arp_net_of_home(&arp->view, realm, home);
	enum home_arp_added added;

	if (net < 0)
		return;
	pthread_mutex_lock(&arp->mutex);
	added = home_arp_plan_add(arp->plan, event, (uint8_t)net, home, clock_monotonic_ns());
	pthread_mutex_unlock(&arp->mutex);
	if (added == HOME_ARP_REFUSED && event == HOME_ARP_LEFT_HOME)
		atomic_fetch_or(&arp->walk_groups, UINT64_C(1) << arp->nets[net].group);
	else if (added != HOME_ARP_ADDED)
		home_arp_count(HOME_ARP_CROWDED, 1);
	home_arp_wake(arp);
}

struct home_arp_status home_arp_status(struct home_arp *arp)
{
	struct home_arp_status status = { 0 };

	if (!arp)
		return status;
	status.links = arp->link_count;
	status.announcing = atomic_load(&arp->announcing);
	status.announced = atomic_load(&arp->announced);
	pthread_mutex_lock(&arp->mutex);
	status.waiting = home_arp_plan_waiting(arp->plan);
	pthread_mutex_unlock(&arp->mutex);
	return status;
}
