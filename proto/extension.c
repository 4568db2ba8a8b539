/* extension.c - the walk over a chain of extensions. How a type is laid out
 * and what becomes of it is its row in extension_rules.c; a new extension is a
 * new row and its function. No authenticator is computed here.
 *
 * Every type above 127 without a row is skipped by its one-octet length, whatever
 * its own document draws there: a receiver that does not know it cannot do
 * better. */
#include "proto/extension.h"

#include "proto/extension_rules.h"
#include "proto/message.h"

static enum extension_layout layout_of(uint8_t type)
{
	enum extension_layout layout = extension_rules[type].layout;

	if (layout == LAYOUT_UNKNOWN && type >= EXTENSION_SKIPPABLE_MIN)
		return LAYOUT_SIMPLE;
	return layout;
}

static void skip_pads(struct reader *in)
{
	while (in->error == HA_OK && in->at < in->end && layout_of(*in->at) == LAYOUT_PAD)
		in->at++;
}

/* RFC 4433 draws the long layout for a type that may be skipped, which RFC 5944
 * section 1.10 rules out, so others send the short one. A subtype of 1 or 2 and
 * the high octet of a length, always zero, are the former: in the short layout
 * that would be a subtype of zero, which does not exist. */
static enum extension_layout either_layout(struct reader ahead)
{
	uint8_t first = get_u8(&ahead);

	if (first != MIP_DYNAMIC_HA_REQUESTED && first != MIP_DYNAMIC_HA_REDIRECTED)
		return LAYOUT_SHORT;
	return get_u8(&ahead) == 0 ? LAYOUT_LONG : LAYOUT_SHORT;
}

/* Read subtype and length as the layout has them; returns the octets of data. */
static size_t get_data_size(struct reader *in, struct mip_extension *out)
{
	enum extension_layout layout = layout_of(out->type);
	size_t size = 0;

	if (layout == LAYOUT_EITHER)
		layout = either_layout(*in);
	switch (layout) {
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
	case LAYOUT_EITHER: /* is one of them by now */
	case LAYOUT_PAD:    /* skipped before */
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

static bool is_reply(struct span message)
{
	struct reader in = reader_over(message.at, message.size);

	return get_u8(&in) == MIP_TYPE_REPLY;
}

/* What the rule makes of one extension. */
static enum ha_error apply(const struct extension_rule *rule, struct mip_extensions *out,
                           const struct extension_found *found)
{
	if (rule->replies_only && !is_reply(found->message))
		return HA_E_UNKNOWN_EXTENSION;
	if (rule->keep)
		return rule->keep(out, found);
	out->skipped_count++;
	return HA_OK;
}

enum ha_error mip_extensions_decode(struct span message, struct reader *in,
                                    struct mip_extensions *out)
{
	struct mip_extension extension;
	struct extension_found found = { .message = message, .extension = &extension };

	*out = (struct mip_extensions){ 0 };
	while (mip_extension_next(in, &extension))
		reader_fail(in, apply(&extension_rules[extension.type], out, &found));
	return in->error;
}

bool mip_authentication_covers(const struct mip_authentication *authentication, struct span octets)
{
	uintptr_t begin = (uintptr_t)authentication->covered.at;
	uintptr_t at = (uintptr_t)octets.at;
	size_t size = authentication->covered.size;

	if (begin == 0 || at < begin || octets.size == 0 || octets.size > size)
		return false;
	return at - begin <= size - octets.size;
}

bool mip_nai_is_valid(struct span nai)
{
	struct reader in = reader_over(nai.at, nai.size);

	if (nai.size == 0 || nai.size > MIP_NAI_MAX)
		return false;
	while (reader_left(&in) > 0) {
		uint8_t octet = get_u8(&in);

		if (octet < ' ' || octet > '~')
			return false;
	}
	return true;
}
