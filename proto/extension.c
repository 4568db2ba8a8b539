/* extension.c - the walk over a chain of extensions. How a type is laid out
 * and what becomes of it is its row in MIP_EXTENSIONS; a new extension is a new
 * row and its function. No authenticator is computed here.
 *
 * The rows of RFC 5944 section 1.9 and 3.5 are all there is now. Every type
 * above 127 without a row is skipped by its one-octet length, whatever its own
 * document draws there: a receiver that does not know it cannot do better. */
#include "proto/extension.h"

enum layout {
	LAYOUT_UNKNOWN, /* no row */
	LAYOUT_PAD,     /* type */
	LAYOUT_SIMPLE,  /* type, length, data: section 1.9 */
	LAYOUT_LONG,    /* type, subtype, length in two octets, data: section 1.10 */
	LAYOUT_SHORT,   /* type, length, subtype, data; length counts the subtype: 1.11 */
};

/* What the walk keeps of one extension. */
typedef enum ha_error extension_found(struct mip_extensions *out, struct span message,
                                      const struct mip_extension *extension);

static extension_found found_mobile_home, found_mobile_foreign, found_foreign_home;

#ifndef MIP_EXTENSIONS /* a test brings rows for the layouts that no row has yet */
/* X(type, layout, what to do with it; NULL = pass over) */
#define MIP_EXTENSIONS(X)                                                                          \
	X(MIP_EXTENSION_PAD, LAYOUT_PAD, NULL)                                                     \
	X(MIP_EXTENSION_MOBILE_HOME, LAYOUT_SIMPLE, found_mobile_home)                             \
	X(MIP_EXTENSION_MOBILE_FOREIGN, LAYOUT_SIMPLE, found_mobile_foreign)                       \
	X(MIP_EXTENSION_FOREIGN_HOME, LAYOUT_SIMPLE, found_foreign_home)
#endif

static const struct row {
	enum layout layout;
	extension_found *found;
} rows[UINT8_MAX + 1] = {
#define X(type, layout_, found_) [type] = { .layout = layout_, .found = found_ },
	MIP_EXTENSIONS(X)
#undef X
};

#define SKIPPABLE_MIN 128u

static enum layout layout_of(uint8_t type)
{
	if (rows[type].layout == LAYOUT_UNKNOWN && type >= SKIPPABLE_MIN)
		return LAYOUT_SIMPLE;
	return rows[type].layout;
}

static void skip_pads(struct reader *in)
{
	while (in->error == HA_OK && in->at < in->end && layout_of(*in->at) == LAYOUT_PAD)
		in->at++;
}

/* Read subtype and length as the layout has them; returns the octets of data. */
static size_t get_data_size(struct reader *in, struct mip_extension *out)
{
	size_t size = 0;

	switch (layout_of(out->type)) {
	case LAYOUT_SIMPLE:
		size = get_u8(in);
		break;
	case LAYOUT_LONG:
		out->subtype = get_u8(in);
		size = get_u16(in);
		break;
	case LAYOUT_SHORT:
		size = get_u8(in);
		if (size == 0)
			reader_fail(in, HA_E_TRUNCATED); /* ends before its subtype does */
		out->subtype = get_u8(in);
		size--;
		break;
	case LAYOUT_PAD: /* skipped before */
	case LAYOUT_UNKNOWN:
		reader_fail(in, HA_E_UNKNOWN_EXTENSION);
		break;
	}
	return size;
}

bool mip_extension_next(struct reader *in, struct mip_extension *out)
{
	const uint8_t *begin;

	*out = (struct mip_extension){ 0 };
	skip_pads(in);
	if (in->error != HA_OK || reader_left(in) == 0)
		return false;

	begin = in->at;
	out->type = get_u8(in);
	out->data.size = get_data_size(in, out);
	out->header = (struct span){ .at = begin, .size = (size_t)(in->at - begin) };
	out->data.at = reader_take(in, out->data.size);

	if (in->error != HA_OK)
		*out = (struct mip_extension){ 0 };
	return in->error == HA_OK;
}

static enum ha_error keep_authentication(struct mip_authentication *kept, unsigned *count,
                                         struct span message, const struct mip_extension *extension)
{
	struct reader in = reader_over(extension->data.at, extension->data.size);
	struct mip_authentication read = { .spi = get_u32(&in) };

	if (in.error != HA_OK)
		return HA_E_MALFORMED;
	read.covered = (struct span){ .at = message.at, .size = (size_t)(in.at - message.at) };
	read.authenticator = (struct span){ .at = in.at, .size = reader_left(&in) };
	if ((*count)++ == 0)
		*kept = read;
	return HA_OK;
}

static enum ha_error found_mobile_home(struct mip_extensions *out, struct span message,
                                       const struct mip_extension *extension)
{
	return keep_authentication(&out->mobile_home, &out->mobile_home_count, message, extension);
}

static enum ha_error found_mobile_foreign(struct mip_extensions *out, struct span message,
                                          const struct mip_extension *extension)
{
	return keep_authentication(&out->mobile_foreign, &out->mobile_foreign_count, message,
	                           extension);
}

static enum ha_error found_foreign_home(struct mip_extensions *out, struct span message,
                                        const struct mip_extension *extension)
{
	return keep_authentication(&out->foreign_home, &out->foreign_home_count, message,
	                           extension);
}

enum ha_error mip_extensions_decode(struct span message, struct reader *in,
                                    struct mip_extensions *out)
{
	struct mip_extension extension;

	*out = (struct mip_extensions){ 0 };
	while (mip_extension_next(in, &extension)) {
		const struct row *row = &rows[extension.type];

		if (row->found)
			reader_fail(in, row->found(out, message, &extension));
		else if (row->layout == LAYOUT_UNKNOWN)
			out->skipped_count++;
	}
	return in->error;
}
