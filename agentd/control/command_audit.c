/* command_audit.c - the audit trail of the store, the newest change first, and
 * taking one of them back. What a change destroyed, as a key, does not come
 * back. */
#include <stdio.h>
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/change_text.h"
#include "agentd/control/text.h"
#include "agentd/state/audit.h"
#include "agentd/state/undo.h"

#define PLACE_TEXT_MAX 32u
#define VALUE_TEXT_MAX 320u
#define SUBJECT_MAX 400u

static struct store_bytes key_of(struct change_place place, struct audit_octets *out)
{
	const struct audit_row row = { .index = place.index, .number = place.number };

	audit_row_key(&row, out);
	return (struct store_bytes){ out->at, out->size };
}

static enum ha_error decode(const struct store_row *raw, struct audit_row *out)
{
	return audit_row_decode((struct span){ raw->key.at, raw->key.size },
	                        (struct span){ raw->value.at, raw->value.size }, out);
}

static void format_place(struct change_place place, char out[PLACE_TEXT_MAX])
{
	snprintf(out, PLACE_TEXT_MAX, "%llu.%u", (unsigned long long)place.index, place.number);
}

/* "INDEX" or "INDEX.N". */
static bool parse_place(const char *text, struct change_place *out, bool *numbered)
{
	char index[PLACE_TEXT_MAX];
	uint32_t number = 0;
	const char *dot;

	if (snprintf(index, sizeof(index), "%s", text) >= (int)sizeof(index))
		return false;
	dot = strchr(text, '.');
	*numbered = dot != NULL;
	if (dot) {
		index[dot - text] = '\0';
		if (!number_parse(dot + 1, &number) || number > UINT16_MAX)
			return false;
	}
	out->number = (uint16_t)number;
	return number64_parse(index, &out->index);
}

/* ---- as words ---- */

static void format_subject(const struct audit_row *row, char out[SUBJECT_MAX])
{
	const char *kind = row->peer == PEER_FOREIGN_AGENT ? "foreign agent " : "";
	struct address_text address = address_format(row->address);
	const char *peer = row->address.s_addr ? address.text : row->nai;

	switch (row->kind) {
	case AUDIT_SET:
	case AUDIT_UNSET:
		snprintf(out, SUBJECT_MAX, "%s", row->name);
		return;
	case AUDIT_ADD:
	case AUDIT_REPLACE:
	case AUDIT_REMOVE:
	case AUDIT_CHANGE:
		snprintf(out, SUBJECT_MAX, "%s%s SPI %u%s", kind, peer, row->spi,
		         row->use == ASSOCIATION_AAA ? " mn-aaa" : "");
		return;
	case AUDIT_REMOVE_PEER:
	case AUDIT_SET_NODE:
		break;
	}
	snprintf(out, SUBJECT_MAX, "%s%s", kind, peer);
}

static void format_association(const struct audit_value *value, char out[VALUE_TEXT_MAX])
{
	const char *algorithm = mip_algorithm_name(value->algorithm);
	int length = snprintf(out, VALUE_TEXT_MAX, "%s %s", algorithm ? algorithm : "unknown",
	                      value->replay == REPLAY_NONCE ? "nonce" : "timestamp");

	if (value->tolerance_s)
		snprintf(out + length, VALUE_TEXT_MAX - (size_t)length, " tolerance=%u",
		         value->tolerance_s);
}

static void format_value(const struct audit_row *row, const struct audit_value *value,
                         char out[VALUE_TEXT_MAX])
{
	switch (row->kind) {
	case AUDIT_ADD:
	case AUDIT_REPLACE:
	case AUDIT_REMOVE:
	case AUDIT_CHANGE:
		format_association(value, out);
		return;
	case AUDIT_REMOVE_PEER:
	case AUDIT_SET_NODE:
		snprintf(out, VALUE_TEXT_MAX, "bindings=%u policy=%s", value->bindings,
		         value->text[0] ? value->text : "none");
		return;
	case AUDIT_SET:
	case AUDIT_UNSET:
		break;
	}
	snprintf(out, VALUE_TEXT_MAX, "%s", value->text);
}

static void add_value(struct answer *answer, const char *name, const struct audit_row *row,
                      const struct audit_value *value)
{
	char text[VALUE_TEXT_MAX];

	if (!value->present) {
		answer_null(answer, name);
		return;
	}
	format_value(row, value, text);
	answer_text(answer, name, "%s", text);
}

static void add_row(struct answer *answer, const struct audit_row *row)
{
	const struct change_place place = { row->index, row->number };
	char text[PLACE_TEXT_MAX], subject[SUBJECT_MAX];

	format_place(place, text);
	format_subject(row, subject);
	answer_text(answer, "change", "%s", text);
	answer_text(answer, "time", "%s", time_format(row->time_ms).text);
	answer_text(answer, "who", "%s", row->who);
	answer_text(answer, "what", "%s", audit_kind_name(row->kind));
	answer_text(answer, "subject", "%s", subject);
	add_value(answer, "old", row, &row->old);
	add_value(answer, "new", row, &row->new);
	if (row->undoes.index) {
		format_place(row->undoes, text);
		answer_text(answer, "undoes", "%s", text);
	} else {
		answer_null(answer, "undoes");
	}
	answer_record(answer);
}

/* ---- audit ---- */

/* A setting, or what belongs to it as policy.gold does to its options; the
 * address or the name of a peer. */
static bool is_about(const struct audit_row *row, const char *word)
{
	size_t length = strlen(word);
	struct in_addr address;

	if (address_parse(word, &address))
		return row->address.s_addr == address.s_addr;
	if (strcmp(row->nai, word) == 0)
		return true;
	return strncmp(row->name, word, length) == 0 &&
	       (row->name[length] == '\0' || row->name[length] == '.');
}

static bool is_wanted(const struct call *call, const struct audit_row *row)
{
	return call->options.word_count == 0 || is_about(row, call->options.words[0]);
}

static enum call_progress end_of_limit(struct call *call, struct change_place last)
{
	char text[PLACE_TEXT_MAX];

	format_place(last, text);
	answer_text(&call->answer, "next", "%s", text);
	return CALL_DONE;
}

/* Where the page before stopped. */
static void remember(struct call *call, struct change_place place)
{
	struct audit_octets key;
	struct store_bytes bytes = key_of(place, &key);

	call->resumed = true;
	call->key.size = bytes.size;
	memcpy(call->key.at, bytes.at, bytes.size);
}

static enum call_progress page(struct call *call, struct store_reader *reader)
{
	const struct store_bytes before = { call->key.at, call->resumed ? call->key.size : 0 };
	struct change_place last = { 0 };
	struct audit_row row;
	struct store_row raw;
	enum ha_error why = store_seek_before(reader, STORE_AUDIT, before, &raw);

	for (size_t rows = 0; why == HA_OK; why = store_previous(reader, STORE_AUDIT, &raw)) {
		why = decode(&raw, &row);
		if (why != HA_OK)
			break;
		if (!is_wanted(call, &row))
			continue;
		if (call->options.has_limit && call->given == call->options.limit)
			return end_of_limit(call, last);
		if (rows == CALL_PAGE_ROWS)
			return CALL_MORE;
		add_row(&call->answer, &row);
		rows++;
		call->given++;
		last = (struct change_place){ row.index, row.number };
		remember(call, last);
	}
	return why == HA_E_NOTFOUND ? CALL_DONE
	                            : call_refuse(call, why, "the store: %s", ha_strerror(why));
}

enum call_progress call_audit(struct call *call)
{
	struct store_reader reader = { 0 };
	struct change_place after;
	enum call_progress progress;
	enum ha_error why;
	bool numbered;

	if (call->options.word_count > 1)
		return call_usage(call);
	if (call->options.has_after && !call->resumed) {
		if (!parse_place(call->options.after, &after, &numbered))
			return call_wrong(call, "--after: '%.60s' is no number of a change",
			                  call->options.after);
		remember(call, after);
	}
	why = store_read_open(agent_store(call->agent), &reader);
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	progress = page(call, &reader);
	store_read_close(&reader);
	return progress;
}

/* ---- audit undo ---- */

static enum ha_error find(struct store_reader *reader, struct change_place place,
                          struct audit_row *out)
{
	struct audit_octets key;
	struct store_row raw = { .key = key_of(place, &key) };
	enum ha_error why = store_get(reader, STORE_AUDIT, raw.key, &raw.value);

	return why == HA_OK ? decode(&raw, out) : why;
}

/* Only the index was given: then its command must have made one change. */
static bool is_ambiguous(struct store_reader *reader, struct change_place place)
{
	struct audit_octets key;
	struct store_row raw;

	return store_seek(reader, STORE_AUDIT, key_of(place, &key), true, &raw) == HA_OK &&
	       raw.key.size == AUDIT_KEY_SIZE && memcmp(raw.key.at, key.at, 8) == 0;
}

static enum call_progress find_change(struct call *call, struct change_place place, bool numbered,
                                      struct audit_row *out)
{
	struct store_reader reader = { 0 };
	bool ambiguous = false;
	char text[PLACE_TEXT_MAX];
	enum ha_error why = store_read_open(agent_store(call->agent), &reader);

	if (why == HA_OK) {
		ambiguous = !numbered && is_ambiguous(&reader, place);
		why = find(&reader, place, out);
	}
	store_read_close(&reader);
	format_place(place, text);
	if (ambiguous)
		return call_refuse(call, HA_E_RANGE,
		                   "several changes were made together: say which one, as in %s",
		                   text);
	if (why == HA_E_NOTFOUND)
		return call_refuse(call, why,
		                   "there is no change %s in the audit trail, which keeps the "
		                   "newest %u",
		                   text, AUDIT_KEEP);
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	return CALL_WAIT;
}

static enum call_progress refuse_undo(struct call *call, const struct audit_row *row)
{
	char subject[SUBJECT_MAX];

	format_subject(row, subject);
	if (row->kind == AUDIT_REPLACE)
		return call_refuse(call, HA_E_UNSUPPORTED,
		                   "%s cannot go back to what it was: its key was destroyed when "
		                   "another one took its place; add it again with its key and "
		                   "--replace",
		                   subject);
	if (row->kind == AUDIT_REMOVE || row->kind == AUDIT_REMOVE_PEER)
		return call_refuse(call, HA_E_UNSUPPORTED,
		                   "%s cannot come back: its key was destroyed when it was "
		                   "removed; add it again with its key",
		                   subject);
	return call_refuse(call, HA_E_UNSUPPORTED,
	                   "a newer program made this change: undo it there");
}

static enum call_progress compose(struct call *call, const struct audit_row *row)
{
	enum ha_error why = undo_compose(row, &call->changes[0]);

	if (why == HA_E_RANGE)
		return call_refuse(call, why, "this change left everything as it was");
	if (why != HA_OK)
		return refuse_undo(call, row);
	call->change_count = 1;
	return CALL_WAIT;
}

static enum call_progress finish_undo(struct call *call)
{
	const struct change *change = &call->changes[0];
	char place[PLACE_TEXT_MAX], text[CHANGE_TEXT_MAX];
	enum ha_error why = call->results[0];

	format_place(change->undoes, place);
	if (why == HA_E_CONFLICT || why == HA_E_NOTFOUND)
		return call_refuse(call, HA_E_CONFLICT,
		                   "change %s was not undone: what it changed has moved since; "
		                   "agentctl audit shows by whom",
		                   place);
	if (why != HA_OK) {
		change_explain(change, why, text);
		return call_refuse(call, why, "change %s was not undone: %s", place, text);
	}
	call_subject(call, text, sizeof(text));
	answer_text(&call->answer, "result", "undone");
	answer_text(&call->answer, "change", "%s", place);
	answer_text(&call->answer, "subject", "%s", text);
	answer_record(&call->answer);
	return CALL_DONE;
}

enum call_progress call_audit_undo(struct call *call)
{
	struct change_place place;
	struct audit_row row = { 0 };
	bool numbered;

	if (call->changed)
		return finish_undo(call);
	if (call->options.word_count != 1)
		return call_usage(call);
	if (!parse_place(call->options.words[0], &place, &numbered))
		return call_wrong(call, "'%.60s' is no number of a change", call->options.words[0]);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	if (find_change(call, place, numbered, &row) == CALL_DONE ||
	    compose(call, &row) == CALL_DONE)
		return CALL_DONE;
	return call_configure(call);
}
