/* association_row.c - rows of associations: their keys are sealed. */
#include "agentd/state/row_format.h"

#define ASSOCIATION_FORMAT 3u /* since keys are sealed */

void association_row_key(const struct association_row *row, struct row_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u64(&w, row->peer);
	put_u32(&w, row->spi);
	if (row->use)
		put_u8(&w, row->use);
	row_finish(out, &w);
}

void association_row_value(const struct association_row *row, struct row_octets *out)
{
	struct writer w = row_begin_format(out, ASSOCIATION_FORMAT);

	put_u8(&w, row->algorithm);
	put_u16(&w, row->tolerance_s);
	put_u64(&w, row->created);
	put_u8(&w, 0); /* here stood the size of a key that was not sealed, and then the key */
	put_u8(&w, row->replay);
	put_u8(&w, (uint8_t)row->sealed.size);
	put_octets(&w, row->sealed.at, row->sealed.size);
	row_finish(out, &w);
}

static void get_sealed(struct reader *in, struct keyring_blob *out)
{
	size_t size = get_u8(in);
	enum ha_error error;

	if (size > sizeof(out->at))
		reader_fail(in, HA_E_MALFORMED);
	if (in->error != HA_OK)
		return;
	get_octets(in, out->at, size);
	out->size = size;
	error = keyring_blob_check((struct keyring_octets){ out->at, size });
	if (error != HA_OK)
		reader_fail(in, error);
}

static void get_association_value(struct row_reader *in, struct association_row *out)
{
	out->algorithm = get_u8(&in->value);
	out->tolerance_s = get_u16(&in->value);
	out->created = get_u64(&in->value);
	out->key_size = get_u8(&in->value);
	if (out->key_size > sizeof(out->key))
		reader_fail(&in->value, HA_E_MALFORMED);
	else
		get_octets(&in->value, out->key, out->key_size);
	if (in->format > 1)
		out->replay = get_u8(&in->value);
	if (in->format >= ASSOCIATION_FORMAT)
		get_sealed(&in->value, &out->sealed);
	if (out->replay > REPLAY_NONCE || (out->sealed.size && out->key_size))
		reader_fail(&in->value, HA_E_MALFORMED);
}

enum ha_error association_row_decode(struct span key, struct span value,
                                     struct association_row *out)
{
	enum ha_error error;
	struct row_reader in = row_reader_of_format(key, value, ASSOCIATION_FORMAT);

	*out = (struct association_row){ .peer = get_u64(&in.key) };
	out->spi = get_u32(&in.key);
	if (in.key.error == HA_OK && reader_left(&in.key) > 0) {
		out->use = get_u8(&in.key);
		if (out->use != ASSOCIATION_AAA)
			reader_fail(&in.key, HA_E_TRAILING); /* the other use has no octet */
	}
	get_association_value(&in, out);
	error = row_reader_finish(&in);
	if (error != HA_OK)
		*out = (struct association_row){ 0 };
	return error;
}
