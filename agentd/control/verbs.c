/* verbs.c - the table of verbs, and finding a row by its words. */
#include "agentd/control/verbs.h"

#include <stdio.h>
#include <string.h>

const struct verb_info verb_infos[VERB_COUNT] = {
#define X(id, name, arguments, shape, place, help)                                                 \
	[VERB_##id] = { name, arguments, shape, place, help },
	CONTROL_VERBS(X)
#undef X
};

enum verb_id verb_find(const char *name)
{
	unsigned id = 0;

	while (id < VERB_COUNT && strcmp(verb_infos[id].name, name) != 0)
		id++;
	return (enum verb_id)id;
}

static enum verb_id find_two(const char *first, const char *second)
{
	char name[64];

	if (snprintf(name, sizeof(name), "%s %s", first, second) >= (int)sizeof(name))
		return VERB_COUNT;
	return verb_find(name);
}

enum verb_id verb_of_words(char *const *words, size_t count, size_t *used)
{
	enum verb_id id = VERB_COUNT;

	*used = 0;
	if (count > 1)
		id = find_two(words[0], words[1]);
	if (id != VERB_COUNT) {
		*used = 2;
		return id;
	}
	if (count > 0) {
		*used = 1;
		id = verb_find(words[0]);
	}
	if (id == VERB_COUNT && count == 1)
		id = find_two(words[0], "list");
	return id;
}

bool verb_is_group(const char *first)
{
	size_t length = strlen(first);

	for (unsigned id = 0; id < VERB_COUNT; id++)
		if (strncmp(verb_infos[id].name, first, length) == 0 &&
		    verb_infos[id].name[length] == ' ')
			return true;
	return false;
}

/* In brackets is what may be left out; a word after an option is its value. */
struct verb_operands verb_operands(enum verb_id verb)
{
	struct verb_operands out = { 0 };
	const char *at = verb_infos[verb].arguments;
	bool value = false;
	int depth = 0;

	while (*at) {
		size_t size = strcspn(at, " "), brackets = strspn(at, "[");
		bool option = strncmp(at + brackets, "--", 2) == 0;

		if (!option && !value) {
			out.most++;
			out.least += depth == 0 && brackets == 0;
		}
		value = option && at[size - 1] != ']';
		for (size_t i = 0; i < size; i++)
			depth += (at[i] == '[') - (at[i] == ']');
		at += size + (at[size] == ' ');
	}
	return out;
}

#define KEY_DIGITS_MIN 32u

void words_hide_keys(char *text)
{
	while (*text) {
		size_t digits = strspn(text, "0123456789abcdefABCDEF");

		if (digits >= KEY_DIGITS_MIN)
			memset(text, '.', digits);
		text += digits ? digits : 1;
	}
}
