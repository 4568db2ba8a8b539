/* audit_rows.c - rows of the audit trail, field by field. */
#include "agentd/state/audit.h"

#include <stdio.h>
#include <string.h>

#define AUDIT_FORMAT 1u

static const struct {
	enum audit_kind kind;
	const char *name;
	bool undoable;
} kinds[] = {
#define X(symbol, number, name, undoable) { symbol, name, undoable },
	AUDIT_KINDS(X)
#undef X
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const char *audit_kind_name(enum audit_kind kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "unknown";
}

bool audit_kind_undoable(enum audit_kind kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (kinds[i].kind == kind)
			return kinds[i].undoable;
	return false;
}

void audit_who(const char *kind, const void *octets, size_t size, char out[AUDIT_WHO_MAX])
{
	const uint8_t *at = octets;
	size_t used = (size_t)snprintf(out, AUDIT_WHO_MAX, "%s", kind);

	for (size_t i = 0; i < size && used < AUDIT_WHO_MAX; i++) {
		bool plain = at[i] >= 0x20 && at[i] < 0x7f;
		size_t left = AUDIT_WHO_MAX - used;

		if (left <= (plain ? 1u : 4u))
			return;
		used += (size_t)snprintf(out + used, left, plain ? "%c" : "\\x%02x", at[i]);
	}
}

static void put_text(struct writer *w, const char *text)
{
	put_u8(w, (uint8_t)strlen(text));
	put_octets(w, text, strlen(text));
}

static void get_text(struct reader *in, char *out, size_t size)
{
	size_t length = get_u8(in);

	if (length >= size)
		reader_fail(in, HA_E_MALFORMED);
	if (in->error != HA_OK)
		length = 0;
	get_octets(in, out, length);
	out[length] = '\0';
	if (strlen(out) != length)
		reader_fail(in, HA_E_MALFORMED);
}

static bool get_flag(struct reader *in)
{
	uint8_t flag = get_u8(in);

	if (flag > 1)
		reader_fail(in, HA_E_MALFORMED);
	return flag == 1;
}

static void put_value(struct writer *w, const struct audit_value *value)
{
	put_u8(w, value->present);
	put_u8(w, value->algorithm);
	put_u8(w, value->replay);
	put_u8(w, value->bindings);
	put_u16(w, value->tolerance_s);
	put_text(w, value->text);
}

static void get_value(struct reader *in, struct audit_value *out)
{
	out->present = get_flag(in);
	out->algorithm = get_u8(in);
	out->replay = get_u8(in);
	out->bindings = get_u8(in);
	out->tolerance_s = get_u16(in);
	get_text(in, out->text, sizeof(out->text));
}

void audit_row_key(const struct audit_row *row, struct audit_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u64(&w, row->index);
	put_u16(&w, row->number);
	out->size = writer_used(&w);
}

void audit_row_value(const struct audit_row *row, struct audit_octets *out)
{
	struct writer w = writer_over(out->at, sizeof(out->at));

	put_u8(&w, AUDIT_FORMAT);
	put_u8(&w, (uint8_t)row->kind);
	put_u64(&w, row->time_ms);
	put_text(&w, row->who);
	put_u64(&w, row->undoes.index);
	put_u16(&w, row->undoes.number);
	put_text(&w, row->name);
	put_u8(&w, (uint8_t)row->peer);
	put_u32(&w, row->realm);
	put_address(&w, row->address);
	put_text(&w, row->nai);
	put_u32(&w, row->spi);
	put_u8(&w, row->use);
	put_value(&w, &row->old);
	put_value(&w, &row->new);
	out->size = writer_used(&w);
}

static void get_row(struct reader *in, struct audit_row *out)
{
	out->kind = (enum audit_kind)get_u8(in);
	out->time_ms = get_u64(in);
	get_text(in, out->who, sizeof(out->who));
	out->undoes.index = get_u64(in);
	out->undoes.number = get_u16(in);
	get_text(in, out->name, sizeof(out->name));
	out->peer = (enum peer_kind)get_u8(in);
	out->realm = get_u32(in);
	out->address = get_address(in);
	get_text(in, out->nai, sizeof(out->nai));
	out->spi = get_u32(in);
	out->use = get_u8(in);
	get_value(in, &out->old);
	get_value(in, &out->new);
}

enum ha_error audit_row_decode(struct span key, struct span value, struct audit_row *out)
{
	struct reader k = reader_over(key.at, key.size);
	struct reader v = reader_over(value.at, value.size);
	uint8_t format = get_u8(&v);
	enum ha_error error;

	*out = (struct audit_row){ 0 };
	out->index = get_u64(&k);
	out->number = get_u16(&k);
	if (v.error == HA_OK && format > AUDIT_FORMAT)
		reader_fail(&v, HA_E_NEWER);
	if (v.error == HA_OK && format == 0)
		reader_fail(&v, HA_E_MALFORMED);
	if (v.error == HA_OK)
		get_row(&v, out);
	error = v.error == HA_E_NEWER ? v.error : reader_finish(&k);
	if (error == HA_OK)
		error = reader_finish(&v);
	if (error != HA_OK)
		*out = (struct audit_row){ 0 };
	return error;
}
