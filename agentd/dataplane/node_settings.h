/* node_settings.h - settings of IPv4 that a mobile node changes while it is away, as they were
 * before: kept in a file, so that the next start finds them when there was no end.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_NODE_SETTINGS_H
#define AGENTD_DATAPLANE_NODE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct node_settings {
	unsigned link;                                           /* its index */
	uint32_t arp_ignore, arp_announce, rp_filter, redirects; /* of it */
	uint32_t all_redirects;                                  /* of all links */
};

/* false: there are none, or none that make sense. */
bool node_settings_recall(const char *path, struct node_settings *out);
/* false with errno. */
bool node_settings_remember(const char *path, const struct node_settings *settings);
void node_settings_forget(const char *path);

/* net.ipv4.conf.all.accept_redirects, which rtnetlink does not tell. 0: that cannot be read. */
uint32_t node_settings_all_redirects(void);
/* false with errno. */
bool node_settings_set_all_redirects(uint32_t value);

#endif
