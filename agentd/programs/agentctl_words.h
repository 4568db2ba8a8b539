/* agentctl_words.h - the command line of agentctl: its own options, and which verb
 * the rest names. What belongs to a verb is left to it.
 *
 * May include: agentd/base, agentd/control/codec.h, verbs.h. */
#ifndef AGENTD_PROGRAMS_AGENTCTL_WORDS_H
#define AGENTD_PROGRAMS_AGENTCTL_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/config.h"
#include "agentd/control/codec.h"
#include "agentd/control/verbs.h"

#define AGENTCTL_SOCKET "/run/hearth/agentd.sock"
#define AGENTCTL_TIMEOUT_S 30
#define AGENTCTL_TIMEOUT_MAX_S 86400

struct command {
	/* Texts are borrowed from the command line. */
	const char *socket;
	const char *key_file; /* NULL = not given */
	bool json, help, version;
	uint32_t timeout_s;
	uint32_t group; /* of agentd that is asked */
	char *words[CONTROL_ARGUMENTS_MAX];
	size_t word_count;
	enum verb_id verb;
	size_t verb_words; /* so many of the words name it */
	char report[256];  /* what is wrong, for people */
};

/* false: with command->report. With help or version, words need not name a verb. */
bool command_take(struct command *command, int argc, char **argv);

#endif
