/* options.h - the command line of agentload: one table of options, one of
 * modes; usage is a walk over both.
 *
 * May include: agentd/load, proto, agentd/base. */
#ifndef AGENTD_LOAD_OPTIONS_H
#define AGENTD_LOAD_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "agentd/load/identity.h"
#include "agentd/load/run.h"

struct load_options {
	struct sockaddr_in target;
	struct in_addr home_agent; /* zero: the target's address */
	struct in_addr first_home;
	struct in_addr first_care_of;
	struct in_addr care_of; /* of a foreign agent; zero: none */
	const char *key_seed;
	const char *algorithm;
	const char *record;
	const char *listing;
	const char *kind;
	const char *interface; /* of a link with a foreign agent; NULL: none */
	struct in_addr source; /* of the first socket; zero: any */
	uint32_t spi;
	uint32_t nodes;
	uint32_t bindings;
	uint32_t lifetime_s;
	uint32_t window;
	uint32_t rate;
	uint32_t count;
	uint32_t duration_ms;
	uint32_t timeout_ms;
	uint32_t retransmit_ms;
	uint32_t tries;
	uint32_t sockets;
	uint32_t seed;
	bool echo;
	bool until_accepted;
	bool settle;
	bool help;
	bool version;
	const char *mode;
};

/* What was wrong, one sentence. */
struct load_options_error {
	char text[256];
};

/* Arguments after the program's name. HA_E_SYNTAX, HA_E_RANGE, HA_E_NOTFOUND
 * (no mode given), with *error. Texts are borrowed from the arguments. */
enum ha_error load_options_parse(int count, char *const *arguments, struct load_options *out,
                                 struct load_options_error *error);

/* What the parts need, from the options. HA_E_RANGE, HA_E_UNSUPPORTED. */
enum ha_error load_options_identity(const struct load_options *options, struct load_identity *out,
                                    struct load_options_error *error);
void load_options_settings(const struct load_options *options, const struct load_mode *mode,
                           struct load_settings *out);

void load_options_usage(FILE *out);

#endif
