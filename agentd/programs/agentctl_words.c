/* agentctl_words.c - options of agentctl itself may stand anywhere; each is a row
 * of a table. What is wrong is told by its word. */
#include "agentd/programs/agentctl_words.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum own_kind {
	OWN_FLAG,
	OWN_TEXT,
	OWN_NUMBER,
};

struct own_option {
	const char *name;
	enum own_kind kind;
	size_t offset;     /* into struct command */
	unsigned min, max; /* of numbers */
	const char *what;
};

#define AT(member) .offset = offsetof(struct command, member)

static const struct own_option own_options[] = {
	{ "--json", OWN_FLAG, AT(json) },
	{ "--help", OWN_FLAG, AT(help) },
	{ "--version", OWN_FLAG, AT(version) },
	{ "--socket", OWN_TEXT, AT(socket) },
	{ "--key-file", OWN_TEXT, AT(key_file) },
	{ "--timeout", OWN_NUMBER, AT(timeout_s), .min = 1, .max = AGENTCTL_TIMEOUT_MAX_S,
	  .what = "number of seconds" },
	{ "--group", OWN_NUMBER, AT(group), .max = CONFIG_GROUP_VISITORS,
	  .what = "number of a group" },
};

#define refuse(command, ...)                                                                       \
	(snprintf((command)->report, sizeof((command)->report), __VA_ARGS__), false)

static bool set_number(struct command *command, const struct own_option *option, const char *text,
                       uint32_t *out)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || number < option->min || number > option->max)
		return refuse(command, "%s: '%.60s' is not a %s from %u to %u", option->name, text,
		              option->what, option->min, option->max);
	*out = (uint32_t)number;
	return true;
}

static const struct own_option *find_option(const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]); i++)
		if (strncmp(own_options[i].name, word, length) == 0 && !own_options[i].name[length])
			return &own_options[i];
	return NULL;
}

/* `value` is NULL behind the last word. */
static bool take_option(struct command *command, const struct own_option *option, const char *word,
                        const char *value)
{
	void *at = (char *)command + option->offset;

	if (option->kind == OWN_FLAG && strchr(word, '='))
		return refuse(command, "%.60s: %s takes no value", word, option->name);
	if (strchr(word, '='))
		return refuse(command, "%.60s: the value stands apart, as a word after %s", word,
		              option->name);
	if (option->kind == OWN_FLAG)
		return *(bool *)at = true;
	if (!value)
		return refuse(command, "%s: a value must follow", option->name);
	if (option->kind == OWN_NUMBER)
		return set_number(command, option, value, at);
	if (!*value)
		return refuse(command, "%s: the name of the file is empty", option->name);
	*(const char **)at = value;
	return true;
}

static bool take_words(struct command *command, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct own_option *option = find_option(argv[i]);

		if (option) {
			if (!take_option(command, option, argv[i],
			                 i + 1 < argc ? argv[i + 1] : NULL))
				return false;
			i += option->kind != OWN_FLAG;
			continue;
		}
		if (command->word_count == CONTROL_ARGUMENTS_MAX)
			return refuse(command, "'%.60s': more than %u words", argv[i],
			              CONTROL_ARGUMENTS_MAX);
		command->words[command->word_count++] = argv[i];
	}
	return true;
}

static bool refuse_verb(struct command *command)
{
	const char *first = command->word_count ? command->words[0] : NULL;

	if (!first)
		return refuse(command, "a command is missing");
	if (strncmp(first, "--", 2) == 0)
		return refuse(command, "there is no option %.60s", first);
	if (!verb_is_group(first))
		return refuse(command, "there is no command '%.60s'", first);
	if (command->word_count == 1)
		return refuse(command, "a word is missing after '%s'", first);
	return refuse(command, "there is no command '%s %.60s'", first, command->words[1]);
}

bool command_take(struct command *command, int argc, char **argv)
{
	if (!take_words(command, argc, argv))
		return false;
	command->verb = verb_of_words(command->words, command->word_count, &command->verb_words);
	if (command->help || command->version)
		return true;
	if (command->verb == VERB_COUNT)
		return refuse_verb(command);
	if (command->key_file && command->verb != VERB_association_add)
		return refuse(command, "--key-file belongs to %s, and %s has no such option",
		              verb_infos[VERB_association_add].name,
		              verb_infos[command->verb].name);
	return true;
}
