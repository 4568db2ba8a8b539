/* advertised_link.c - the line of an interface that is advertised on, to a struct and back. */
#include "agentd/base/advertised_link.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/word.h"

#define EVERY_DEFAULT_S 600u /* RFC 1256 section 4.1, MaxAdvertisementInterval */

_Static_assert(sizeof(struct advertised_link) == HOME_NETWORK_INTERFACE_MAX + 12,
               "octets that say nothing would make equal links differ");

static const struct {
	const char *name;
	uint8_t roles;
} role_names[] = {
	{ "foreign", ADVERTISED_FOREIGN },
	{ "home", ADVERTISED_HOME },
	{ "both", ADVERTISED_HOME | ADVERTISED_FOREIGN },
};
#define ROLE_COUNT (sizeof(role_names) / sizeof(role_names[0]))

static const struct {
	const char *word;
	size_t offset; /* of a bool in struct advertised_link */
} choices[] = {
#define X(word, member) { word, offsetof(struct advertised_link, member) },
	ADVERTISED_CHOICES(X)
#undef X
};
#define CHOICE_COUNT (sizeof(choices) / sizeof(choices[0]))

const char *advertised_role_name(unsigned roles)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (role_names[i].roles == roles)
			return role_names[i].name;
	return "none";
}

/* ---- from text ---- */

static bool take_seconds(const char **text, uint32_t most, uint16_t *out)
{
	uint32_t number = 0;
	const char *at = *text;

	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (uint32_t)(*at - '0');
		if (number > most)
			return false;
	}
	if (at == *text || number == 0)
		return false;
	*text = at;
	*out = (uint16_t)number;
	return true;
}

/* MIN-MAX, or MAX alone with three quarters of it for the least. */
static bool parse_every(const char *text, struct advertised_link *link)
{
	if (link->most_s || !take_seconds(&text, ADVERTISED_EVERY_MOST_S, &link->most_s))
		return false;
	link->least_s = link->most_s;
	if (*text == '-') {
		text++;
		if (!take_seconds(&text, ADVERTISED_EVERY_MOST_S, &link->most_s))
			return false;
	} else {
		link->least_s = (uint16_t)(link->most_s - link->most_s / 4);
	}
	return !*text && link->least_s >= ADVERTISED_EVERY_LEAST_S &&
	       link->most_s >= ADVERTISED_EVERY_LONGEST_LEAST_S && link->least_s <= link->most_s;
}

static bool parse_lifetime(const char *text, struct advertised_link *link)
{
	return link->lifetime_s == 0 &&
	       take_seconds(&text, ADVERTISED_LIFETIME_MOST_S, &link->lifetime_s) && !*text;
}

static bool parse_choice(const char *word, struct advertised_link *link)
{
	const bool yes = true;

	for (size_t i = 0; i < CHOICE_COUNT; i++) {
		char *at = (char *)link + choices[i].offset;

		if (strcmp(word, choices[i].word) != 0)
			continue;
		if (*at)
			return false;
		memcpy(at, &yes, sizeof(yes));
		return true;
	}
	return false;
}

static bool parse_role(const char *word, struct advertised_link *link)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (strcmp(word, role_names[i].name) == 0)
			link->roles = role_names[i].roles;
	return link->roles != 0;
}

/* One word, or two that belong together. */
static bool parse_part(const char **text, struct advertised_link *link)
{
	char word[32], value[16];

	if (!word_take(text, word, sizeof(word)))
		return false;
	if (strcmp(word, "every") == 0)
		return word_take(text, value, sizeof(value)) && parse_every(value, link);
	if (strcmp(word, "lifetime") == 0)
		return word_take(text, value, sizeof(value)) && parse_lifetime(value, link);
	return parse_choice(word, link);
}

bool advertised_link_parse(const char *text, struct advertised_link *out)
{
	struct advertised_link link;
	char role[16];
	bool sound = true;

	memset(&link, 0, sizeof(link));
	if (*text) {
		sound = word_take(&text, link.interface, sizeof(link.interface)) &&
		        interface_name_is_valid(link.interface) &&
		        word_take(&text, role, sizeof(role)) && parse_role(role, &link);
		while (sound && *text)
			sound = parse_part(&text, &link);
	}
	/* It must outlive the wait for the next one. */
	if (sound && link.lifetime_s &&
	    link.lifetime_s < (link.most_s ? link.most_s : EVERY_DEFAULT_S))
		sound = false;
	if (sound)
		memcpy(out, &link, sizeof(link));
	return sound;
}

/* ---- to text ---- */

size_t advertised_link_format(const struct advertised_link *link, char *out, size_t size)
{
	char text[160];
	int at = 0;

	text[0] = '\0';
	if (advertised_link_is_given(link))
		at = snprintf(text, sizeof(text), "%s %s", link->interface,
		              advertised_role_name(link->roles));
	if (link->most_s)
		at += snprintf(text + at, sizeof(text) - (size_t)at, " every %u-%u", link->least_s,
		               link->most_s);
	if (link->lifetime_s)
		at += snprintf(text + at, sizeof(text) - (size_t)at, " lifetime %u",
		               link->lifetime_s);
	for (size_t i = 0; i < CHOICE_COUNT; i++)
		if (*((const char *)link + choices[i].offset))
			at += snprintf(text + at, sizeof(text) - (size_t)at, " %s",
			               choices[i].word);
	return (size_t)snprintf(out, size, "%s", text);
}
