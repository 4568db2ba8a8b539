/* row_format.h - for rows.c and association_row.c only: how a row's value begins
 * and ends. It begins with the format of its row; fields are only ever
 * appended, under a new one.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_STATE_ROW_FORMAT_H
#define AGENTD_STATE_ROW_FORMAT_H

#include "agentd/state/rows.h"

#define ROW_FORMAT 2u
#define ROW_FORMAT_COUNTED 3u /* of replay and binding rows that hold counters */

static inline struct writer row_begin_format(struct row_octets *out, uint8_t format)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u8(&w, format);
	return w;
}

static inline struct writer row_begin(struct row_octets *out)
{
	return row_begin_format(out, ROW_FORMAT);
}

/* Rows are far smaller than ROW_VALUE_MAX: the writer cannot have failed. */
static inline void row_finish(struct row_octets *out, const struct writer *w)
{
	out->size = writer_used(w);
}

/* Key and value of a row that is being decoded. */
struct row_reader {
	struct reader key, value;
	uint8_t format;
};

static inline struct row_reader row_reader_of_format(struct span key, struct span value,
                                                     uint8_t newest)
{
	struct row_reader in = {
		.key = reader_over(key.at, key.size),
		.value = reader_over(value.at, value.size),
	};

	in.format = get_u8(&in.value);
	if (in.value.error == HA_OK && in.format > newest)
		reader_fail(&in.value, HA_E_NEWER);
	if (in.value.error == HA_OK && in.format == 0)
		reader_fail(&in.value, HA_E_MALFORMED);
	return in;
}

static inline struct row_reader row_reader_of(struct span key, struct span value)
{
	return row_reader_of_format(key, value, ROW_FORMAT);
}

static inline enum ha_error row_reader_finish(struct row_reader *in)
{
	enum ha_error error = reader_finish(&in->key);

	if (in->value.error == HA_E_NEWER) /* says more than what is wrong with the key */
		return HA_E_NEWER;
	return error == HA_OK ? reader_finish(&in->value) : error;
}

#endif
