/* keys.c - lines of associations. What stands in them is not repeated in a message, since a
 * key may stand where something else should. */
#include "agentd/mobile/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/base/hex.h"
#include "agentd/base/key_file.h"

#define WORDS_MAX 5u
#define BLANKS " \t\r"

static struct mobile_association *association_of(struct mobile_keys *keys, const char *whose)
{
	const struct {
		const char *name;
		struct mobile_association *at;
	} rows[] = {
		{ "home", &keys->home },
		{ "foreign", &keys->foreign },
		{ "aaa", &keys->aaa },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, whose) == 0)
			return rows[i].at;
	return NULL;
}

static bool take_key(const char *digits, enum mip_algorithm algorithm, struct mip_key_state *out)
{
	uint8_t key[MIP_KEY_SIZE_MAX];
	size_t length = strlen(digits), size = length / 2;
	bool good = length % 2 == 0 && size <= sizeof(key) &&
	            hex_parse(digits, length, key, size) &&
	            mip_key_state_init(out, algorithm, key, size) == HA_OK;

	mip_wipe(key, sizeof(key));
	return good;
}

/* Static text of what is wrong, or NULL. */
static const char *take_words(struct mobile_keys *keys, char *const words[], size_t count)
{
	struct mobile_association *at = association_of(keys, words[0]);
	enum mip_algorithm algorithm;
	bool chap;

	if (!at)
		return "it begins with neither home, foreign nor aaa";
	if (at->given)
		return "there is such an association already";
	if (count < 4)
		return "an SPI, an algorithm and a key must follow";
	if (!mip_algorithm_parse(words[2], &algorithm))
		return "there is no such algorithm";
	chap = algorithm == MIP_CHAP;
	if (chap && at != &keys->aaa)
		return "chap is of aaa alone";
	if (!config_number(words[1], chap ? MIP_SPI_CHAP : MIP_SPI_MIN,
	                   chap ? MIP_SPI_CHAP : UINT32_MAX, &at->spi))
		return chap ? "the SPI of chap is 2" : "the SPI is no number from 256 on";
	if (!take_key(words[3], algorithm, &at->key))
		return "the key is not 16 to 64 octets in hexadecimal digits";
	if (count == 5) {
		if (at != &keys->home ||
		    (strcmp(words[4], "nonces") != 0 && strcmp(words[4], "timestamps") != 0))
			return "behind the key of home only nonces or timestamps can stand";
		keys->nonces = strcmp(words[4], "nonces") == 0;
	}
	at->given = true;
	return NULL;
}

static const char *take_line(struct mobile_keys *keys, char *line)
{
	char *words[WORDS_MAX], *rest = NULL;
	size_t count = 0;

	line[strcspn(line, "#")] = '\0';
	for (char *word = strtok_r(line, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		if (count == WORDS_MAX)
			return "there are too many words";
		words[count++] = word;
	}
	return count ? take_words(keys, words, count) : NULL;
}

static enum ha_error take_text(struct mobile_keys *keys, const char *path, char *text, size_t size,
                               char *report, size_t report_size)
{
	unsigned line = 1;

	for (char *at = text, *end = text + size; at < end; line++) {
		char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *wrong;

		if (!stop)
			return ha_refuse(report, report_size, HA_E_SYNTAX,
			                 "%s:%u: the line has no end", path, line);
		*stop = '\0';
		wrong = take_line(keys, at);
		if (wrong)
			return ha_refuse(report, report_size, HA_E_SYNTAX, "%s:%u: %s", path, line,
			                 wrong);
		at = stop + 1;
	}
	if (!keys->home.given)
		return ha_refuse(report, report_size, HA_E_SYNTAX,
		                 "%s: there is no association with the home agent", path);
	return HA_OK;
}

enum ha_error mobile_keys_load(const char *path, struct mobile_keys *out, char *report, size_t size)
{
	struct keyring_error error = { 0 };
	struct key_text text;
	enum ha_error why = key_file_read(path, false, &text, &error);

	*out = (struct mobile_keys){ 0 };
	if (why == HA_OK)
		why = take_text(out, path, text.at, text.size, report, size);
	else
		ha_refuse(report, size, why, "%s", error.text);
	key_text_free(&text);
	if (why != HA_OK)
		mobile_keys_wipe(out);
	return why;
}

void mobile_keys_wipe(struct mobile_keys *keys)
{
	mip_wipe(keys, sizeof(*keys));
}
