/* setting_rows.c - rows of settings. Earlier programs wrote the bare text, which
 * never begins with a control character; since then a format and the version
 * stand before it. */
#include "agentd/state/rows.h"

#include <string.h>

#define SETTING_FORMAT 1u
#define SETTING_FORMAT_FEATURE 2u /* the same, and no program of before may read it */
#define FORMATS_END 0x20u         /* from here on it is text */
#define EARLIER_VERSION 1u

bool setting_is_feature(const char *name)
{
	return strncmp(name, FEATURE_PREFIX, strlen(FEATURE_PREFIX)) == 0;
}

void setting_row_key(const struct setting_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_octets(&w, row->name, strlen(row->name));
	out->size = writer_used(&w);
}

void setting_row_value(const struct setting_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u8(&w, setting_is_feature(row->name) ? SETTING_FORMAT_FEATURE : SETTING_FORMAT);
	put_u64(&w, row->version);
	put_octets(&w, row->value, strlen(row->value));
	out->size = writer_used(&w);
}

/* All that is left, as text without a NUL in it. */
static void get_rest(struct reader *in, char *out, size_t size)
{
	size_t length = reader_left(in);

	if (length >= size)
		reader_fail(in, HA_E_MALFORMED);
	if (in->error != HA_OK)
		length = 0;
	get_octets(in, out, length);
	out[length] = '\0';
	if (strlen(out) != length)
		reader_fail(in, HA_E_MALFORMED);
}

static uint64_t get_version(struct reader *in)
{
	uint8_t format = get_u8(in);

	if (in->error == HA_OK && format > SETTING_FORMAT_FEATURE)
		reader_fail(in, HA_E_NEWER);
	if (in->error == HA_OK && format == 0)
		reader_fail(in, HA_E_MALFORMED);
	return get_u64(in);
}

static bool is_bare(struct span value)
{
	return value.size == 0 || value.at[0] >= FORMATS_END;
}

enum ha_error setting_row_decode(struct span key, struct span value, struct setting_row *out)
{
	struct reader k = reader_over(key.at, key.size);
	struct reader v = reader_over(value.at, value.size);
	enum ha_error error;

	*out = (struct setting_row){ .version = EARLIER_VERSION };
	if (key.size == 0)
		reader_fail(&k, HA_E_MALFORMED);
	get_rest(&k, out->name, sizeof(out->name));
	if (!is_bare(value))
		out->version = get_version(&v);
	get_rest(&v, out->value, sizeof(out->value));
	error = v.error == HA_E_NEWER ? v.error : reader_finish(&k);
	if (error == HA_OK)
		error = reader_finish(&v);
	if (error != HA_OK)
		*out = (struct setting_row){ 0 };
	return error;
}
