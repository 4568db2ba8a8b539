/* packet_case.h - cases of tests/dataplane/packets/: bindings, settings and packets as
 * text, for whatever forwards packets. README.md beside the cases describes the form.
 *
 * May include: agentd/dataplane/forward.h. */
#ifndef TESTS_UNIT_PACKET_CASE_H
#define TESTS_UNIT_PACKET_CASE_H

#include <stdio.h>

#include "agentd/dataplane/forward.h"

#define CASE_LIST_MAX 8u
#define CASE_HOMES_MAX 16u
#define CASE_STEPS_MAX 8u
#define CASE_OUTPUTS_MAX 64u

/* Octets, some of which may be any. */
struct case_octets {
	size_t size;
	uint8_t *at;
	uint8_t *cares; /* 0: any octet will do */
};

enum case_entry {
	CASE_HOME,
	CASE_TUNNEL,
	CASE_DATAGRAM,
	CASE_ICMP,
	CASE_BROADCAST,
};

struct case_output {
	enum forward_output_kind kind;
	struct case_octets packet;
	bool on_link;
	struct in_addr home; /* FORWARD_PORT */
	struct in_addr endpoint;
	uint16_t port;
};

struct case_step {
	enum case_entry entry;
	enum forward_arrival arrival;    /* CASE_HOME */
	uint32_t realm;                  /* CASE_HOME */
	struct address_prefix broadcast; /* CASE_BROADCAST: which network */
	uint64_t now_ns;
	uint64_t fenced;    /* groups below 64 that may not forward */
	uint64_t elsewhere; /* groups below 64 for which another member attracts */
	struct case_octets packet;
	enum forward_reason verdict;
	uint64_t also; /* FORWARD_BIT of what else happens */
	size_t output_count;
	struct case_output outputs[CASE_OUTPUTS_MAX];
};

struct packet_case {
	char name[128];
	unsigned line; /* where it begins */
	struct forward_settings settings;
	struct soft_size soft;
	struct forward_agent agents[CASE_LIST_MAX];
	struct in_addr own[CASE_LIST_MAX];
	struct forward_network networks[CASE_LIST_MAX];
	struct address_prefix gateways[CASE_LIST_MAX];
	struct tunnels_home homes[CASE_HOMES_MAX];
	size_t home_count;
	struct case_step steps[CASE_STEPS_MAX];
	size_t step_count;
};

struct case_file {
	FILE *file;
	unsigned line;
	char ahead[512]; /* a line that was read too early, or "" */
};

/* false: there is no such file. */
bool case_file_open(struct case_file *file, const char *path);
void case_file_close(struct case_file *file);

/* The next case, to be released; false at the end. What is wrong in a file ends the
 * program with file, line and reason. */
bool packet_case_next(struct case_file *file, const char *path, struct packet_case *out);
void packet_case_release(struct packet_case *c);

bool case_octets_match(const struct case_octets *expected, struct span seen);

#endif
