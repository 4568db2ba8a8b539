/* text.c - facts as short texts. */
#include "agentd/control/text.h"

#include <stdio.h>
#include <time.h>

#include "agentd/base/binding.h"

struct time_text time_format(uint64_t unix_ms)
{
	struct time_text out = { "never" };
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm utc;

	if (unix_ms == UINT64_MAX || !gmtime_r(&seconds, &utc))
		return out;
	if (strftime(out.text, sizeof(out.text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		out.text[0] = '\0';
	return out;
}

struct flags_text flags_format(uint8_t flags)
{
	static const char letters[] = "SBDMGrTx"; /* from the highest bit down */
	struct flags_text out = { "" };
	size_t length = 0;

	for (unsigned bit = 0; bit < 8; bit++)
		if (flags & 0x80u >> bit)
			out.text[length++] = letters[bit];
	if (length == 0)
		out.text[0] = '-';
	return out;
}

const char *encapsulation_name(unsigned encapsulation)
{
	switch (encapsulation) {
	case ENCAPSULATION_IPIP:
		return "ipip";
	case ENCAPSULATION_MINIMAL:
		return "minimal";
	case ENCAPSULATION_GRE:
		return "gre";
	default:
		return "unknown";
	}
}

static bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*text < '0' || *text > '9' || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = number;
	return true;
}

bool number64_parse(const char *text, uint64_t *out)
{
	return parse_number(text, UINT64_MAX, out);
}

bool number_parse(const char *text, uint32_t *out)
{
	uint64_t number;

	if (!parse_number(text, UINT32_MAX, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}
