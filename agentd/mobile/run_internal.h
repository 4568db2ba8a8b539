/* run_internal.h - what the files of run.h share. */
#ifndef AGENTD_MOBILE_RUN_INTERNAL_H
#define AGENTD_MOBILE_RUN_INTERNAL_H

#include "agentd/dataplane/arp_socket.h"
#include "agentd/dataplane/node_host.h"
#include "agentd/dataplane/node_link.h"
#include "agentd/dataplane/node_tunnel.h"
#include "agentd/mobile/mobile.h"
#include "agentd/mobile/run.h"

#define MOBILE_MEMORY ".host" /* behind the path of the status socket */

struct mobile_run {
	struct mobile_run_options options;
	struct mobile_settings settings;
	char memory[CONFIG_TEXT_MAX + sizeof(MOBILE_MEMORY)];
	struct mobile_ops ops;
	struct mobile mobile;
	struct node_tunnel *tunnel;
	struct node_host *host;
	int udp, link, watch, signals;
	int status;               /* -1: nobody is told */
	struct mobile_desk *desk; /* NULL: nobody looks */
	int arp;                  /* about arp_home; -1: not yet */
	struct in_addr arp_home;
	uint16_t port; /* of requests, of packets in UDP and of keepalives alike */
	uint16_t keepalive_id;
	bool running;                /* the link is */
	uint32_t changes;            /* of that; node_host_running() */
	bool broken;                 /* the device is gone */
	bool stopped;                /* a signal came */
	uint8_t announcements;       /* that are still to be sent */
	uint64_t announce_ms;        /* when the next one is due */
	uint64_t solicited_until_ms; /* until then an answer may come to this host alone */
	uint8_t room[65536];
};

/* run_ops.c */
void mobile_run_ops(struct mobile_run *run);
/* Say what is due; when the next one is. */
uint64_t mobile_run_announce(struct mobile_run *run, uint64_t now_ms);

/* run_socket.c: one socket for requests and packets in UDP. */
struct mobile_datagram {
	struct ip4 outer; /* addresses, TTL and TOS */
	uint16_t source_port;
	struct span payload;
};

int mobile_socket_open(uint32_t mark, uint16_t *port, enum ha_error *why);
bool mobile_socket_receive(int fd, uint8_t *room, size_t size, struct mobile_datagram *out);
bool mobile_socket_send(int fd, unsigned interface, const struct node_datagram *datagram);

#endif
