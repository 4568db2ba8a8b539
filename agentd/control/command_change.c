/* command_change.c - add, remove and import associations. Each becomes changes
 * that are put in order together; the answer is made when they are in the
 * store, with one result for each. */
#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/state/association_file.h"

static const char *kind_name(enum peer_kind kind)
{
	return kind == PEER_MOBILE_NODE ? "mobile node" : "foreign agent";
}

/* What a result means for this change, as a sentence. */
static void explain(const struct change *change, enum ha_error why, char *out, size_t size)
{
	struct address_text text = address_format(change->address);

	switch (why) {
	case HA_E_EXISTS:
		snprintf(out, size,
		         "%s %s has an association with SPI %u already; --replace "
		         "overwrites it",
		         kind_name(change->peer), text.text, change->spi);
		return;
	case HA_E_NOTFOUND:
		if (change->kind == CHANGE_REMOVE_ASSOCIATION)
			snprintf(out, size, "%s %s has no association with SPI %u",
			         kind_name(change->peer), text.text, change->spi);
		else
			snprintf(out, size, "there is no %s %s", kind_name(change->peer),
			         text.text);
		return;
	default:
		snprintf(out, size, "%s %s: %s", kind_name(change->peer), text.text,
		         ha_strerror(why));
	}
}

static enum call_progress finish_one(struct call *call, const char *what)
{
	const struct change *change = &call->changes[0];
	char text[256];

	if (call->results[0] != HA_OK) {
		explain(change, call->results[0], text, sizeof(text));
		return call_refuse(call, call->results[0], "%s", text);
	}
	answer_text(&call->answer, "result", "%s", what);
	answer_text(&call->answer, "address", "%s", address_format(change->address).text);
	if (change->kind == CHANGE_REMOVE_PEER)
		answer_null(&call->answer, "spi");
	else
		answer_number(&call->answer, "spi", change->spi);
	answer_record(&call->answer);
	return CALL_DONE;
}

/* ---- add ---- */

/* The words and the secret as one line of an association file. */
static size_t compose_line(const struct call *call, char *out, size_t size)
{
	size_t length = 0;
	int more;

	for (size_t i = 0; i < call->options.word_count; i++) {
		more = snprintf(out + length, size - length, "%s ", call->options.words[i]);
		if (more < 0 || (size_t)more >= size - length)
			return 0;
		length += (size_t)more;
	}
	more = snprintf(out + length, size - length, "key=%.*s", (int)call->request.secret_size,
	                (const char *)call->request.secret);
	return more < 0 || (size_t)more >= size - length ? 0 : length + (size_t)more;
}

static bool has_key_word(const struct call *call)
{
	for (size_t i = 0; i < call->options.word_count; i++)
		if (strncmp(call->options.words[i], "key=", 4) == 0)
			return true;
	return false;
}

static enum call_progress parse_added(struct call *call)
{
	struct association_error error = { 0 };
	char line[ASSOCIATION_LINE_MAX + 1];
	size_t length = compose_line(call, line, sizeof(line));
	enum ha_error why = HA_E_SYNTAX;

	if (length)
		why = association_parse(line, length, &call->changes[0], &error);
	mip_wipe(line, sizeof(line));
	if (!length || why == HA_E_NOTFOUND)
		return call_usage(call);
	if (why != HA_OK)
		return call_refuse(call, why, "%s", error.text);
	call->changes[0].replace = call->options.replace;
	call->change_count = 1;
	return CALL_WAIT;
}

enum call_progress call_association_add(struct call *call)
{
	if (call->changed)
		return finish_one(call, call->options.replace ? "written" : "added");
	if (call->options.word_count == 0)
		return call_usage(call);
	if (has_key_word(call))
		return call_refuse(call, HA_E_SYNTAX,
		                   "a key does not belong on a command line, where others can "
		                   "read it: give it on standard input or with --key-file");
	if (!call->request.secret || call->request.secret_size > 2 * MIP_KEY_SIZE_MAX)
		return call_refuse(call, HA_E_RANGE,
		                   "field key must be 16 to 64 octets as 32 to 128 hexadecimal "
		                   "digits");
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	return parse_added(call) == CALL_WAIT ? call_configure(call) : CALL_DONE;
}

/* ---- remove ---- */

static bool peer_exists(struct store_reader *reader, const struct change *change,
                        enum peer_kind kind)
{
	struct peer_row row = { .kind = kind, .realm = change->realm, .address = change->address };
	struct row_octets key;
	struct store_bytes value;

	peer_row_key(&row, &key);
	return store_get(reader, STORE_PEERS, (struct store_bytes){ key.at, key.size }, &value) ==
	       HA_OK;
}

/* Which kind of peer has the address, when the words do not say. */
static enum call_progress find_kind(struct call *call, struct change *change)
{
	struct store_reader reader = { 0 };
	bool mobile, foreign;
	enum ha_error why = store_read_open(agent_store(call->agent), &reader);

	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	mobile = peer_exists(&reader, change, PEER_MOBILE_NODE);
	foreign = peer_exists(&reader, change, PEER_FOREIGN_AGENT);
	store_read_close(&reader);
	if (mobile && foreign)
		return call_refuse(call, HA_E_RANGE,
		                   "%s is both a mobile node and a foreign agent: say mobile or "
		                   "foreign-agent before it",
		                   address_format(change->address).text);
	if (!mobile && !foreign)
		return call_refuse(call, HA_E_NOTFOUND, "%s has no association",
		                   address_format(change->address).text);
	change->peer = mobile ? PEER_MOBILE_NODE : PEER_FOREIGN_AGENT;
	return CALL_WAIT;
}

static bool take_removed(struct call *call, struct change *change)
{
	const char **words = call->options.words;
	size_t count = call->options.word_count;

	if (count > 1 && strcmp(words[0], "mobile") == 0)
		change->peer = PEER_MOBILE_NODE;
	else if (count > 1 && strcmp(words[0], "foreign-agent") == 0)
		change->peer = PEER_FOREIGN_AGENT;
	if (change->peer) {
		words++;
		count--;
	}
	change->kind = count == 2 ? CHANGE_REMOVE_ASSOCIATION : CHANGE_REMOVE_PEER;
	change->realm = call_realm(call);
	return count >= 1 && count <= 2 && address_parse(words[0], &change->address) &&
	       (count == 1 || number_parse(words[1], &change->spi));
}

enum call_progress call_association_remove(struct call *call)
{
	if (call->changed)
		return finish_one(call, "removed");
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	if (!take_removed(call, &call->changes[0]))
		return call_usage(call);
	call->change_count = 1;
	if (!call->changes[0].peer && find_kind(call, &call->changes[0]) == CALL_DONE)
		return CALL_DONE;
	return call_configure(call);
}

/* ---- import: lines in the secret, the number of the first one as the word ---- */

static void add_refusal(struct call *call, uint64_t line, enum ha_error why, const char *text)
{
	answer_number(&call->answer, "line", line);
	answer_text(&call->answer, "error", "%s", text);
	answer_flag(&call->answer, "exists", why == HA_E_EXISTS);
	answer_record(&call->answer);
	call->refused++;
}

/* Bad lines are answered at once, good ones become changes. */
static bool take_lines(struct call *call, uint64_t line)
{
	const char *at = call->request.secret;
	const char *end = at + call->request.secret_size;
	struct association_error error = { 0 };

	for (; at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		struct change *change = &call->changes[call->change_count];
		enum ha_error why;

		if (call->change_count == CHANGES_MAX)
			return false;
		why = association_parse(at, (size_t)(stop - at), change, &error);
		if (why == HA_OK) {
			change->replace = call->options.replace;
			call->lines[call->change_count++] = line;
		} else if (why != HA_E_NOTFOUND) {
			add_refusal(call, line, why, error.text);
		}
		at = stop + 1;
	}
	return true;
}

static enum call_progress finish_import(struct call *call)
{
	uint64_t done = 0;
	char text[256];

	for (size_t i = 0; i < call->change_count; i++) {
		if (call->results[i] == HA_OK) {
			done++;
			continue;
		}
		explain(&call->changes[i], call->results[i], text, sizeof(text));
		add_refusal(call, call->lines[i], call->results[i], text);
	}
	answer_number(&call->answer, "done", done);
	answer_number(&call->answer, "refused", call->refused);
	return CALL_DONE;
}

enum call_progress call_association_import(struct call *call)
{
	uint32_t first;

	if (call->changed)
		return finish_import(call);
	if (call->options.word_count != 1 || !number_parse(call->options.words[0], &first) ||
	    !call->request.secret)
		return call_usage(call);
	if (!call_reserve(call, CHANGES_MAX))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	if (!take_lines(call, first))
		return call_refuse(call, HA_E_RANGE, "more than %u lines at once", CHANGES_MAX);
	return call->change_count ? call_configure(call) : finish_import(call);
}
