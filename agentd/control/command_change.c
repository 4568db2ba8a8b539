/* command_change.c - add, remove and import associations. Each becomes changes
 * that are put in order together; the answer is made when they are in the
 * store, with one result for each. */
#include <stdio.h>
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/change_text.h"
#include "agentd/flow/settings.h"
#include "agentd/control/text.h"
#include "agentd/control/whom.h"
#include "agentd/state/association_file.h"

static void add_identity(struct answer *answer, const struct change *change)
{
	if (change->address.s_addr)
		answer_text(answer, "address", "%s", address_format(change->address).text);
	else
		answer_null(answer, "address");
	answer_text_or_null(answer, "nai", change->nai);
}

static enum call_progress finish_one(struct call *call, const char *what)
{
	const struct change *change = &call->changes[0];
	char text[CHANGE_TEXT_MAX];

	if (call->results[0] != HA_OK) {
		change_explain(change, call->results[0], text);
		return call_refuse(call, call->results[0], "%s", text);
	}
	answer_text(&call->answer, "result", "%s", what);
	add_identity(&call->answer, change);
	if (change->kind == CHANGE_REMOVE_PEER) {
		answer_null(&call->answer, "spi");
		answer_null(&call->answer, "use");
	} else {
		answer_number(&call->answer, "spi", change->spi);
		answer_text(&call->answer, "use", "%s",
		            association_use_name(change->peer, change->use));
	}
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
	if (!length || why == HA_E_NOTFOUND ||
	    (why == HA_OK && call->changes[0].kind != CHANGE_ADD_ASSOCIATION))
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
		return call_refuse(call, HA_E_SYNTAX, KEY_WORD_REFUSAL);
	if (!call->request.secret || call->request.secret_size > 2 * MIP_KEY_SIZE_MAX)
		return call_refuse(call, HA_E_RANGE,
		                   "field key must be 16 to 64 octets as 32 to 128 hexadecimal "
		                   "digits");
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	return parse_added(call) == CALL_WAIT ? call_configure(call) : CALL_DONE;
}

/* ---- remove ---- */

static bool peer_exists(struct call *call, struct store_reader *reader, const struct whom *whom,
                        enum peer_kind kind)
{
	struct row_octets key;
	struct store_bytes value;

	return whom_peer_key(call, whom, kind, &key) &&
	       store_get(reader, STORE_PEERS, (struct store_bytes){ key.at, key.size }, &value) ==
	               HA_OK;
}

/* Which kind of peer has the address, when the words do not say. */
static enum call_progress find_kind(struct call *call, const struct whom *whom,
                                    struct change *change)
{
	struct store_reader reader = { 0 };
	bool mobile, foreign;
	enum ha_error why = store_read_open(agent_store(call->agent), &reader);

	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	mobile = peer_exists(call, &reader, whom, PEER_MOBILE_NODE);
	foreign = peer_exists(call, &reader, whom, PEER_FOREIGN_AGENT);
	store_read_close(&reader);
	if (mobile && foreign)
		return call_refuse(call, HA_E_RANGE,
		                   "%s is both a mobile node and a foreign agent: say mobile or "
		                   "foreign-agent before it",
		                   whom->text);
	if (!mobile && !foreign)
		return call_refuse(call, HA_E_NOTFOUND, "%s has no association", whom->text);
	change->peer = mobile ? PEER_MOBILE_NODE : PEER_FOREIGN_AGENT;
	return CALL_WAIT;
}

/* The words that are left after the kind of peer. */
struct words {
	const char **at;
	size_t count;
};

static void take_kind(struct words *words, struct change *change)
{
	if (words->count > 1 && strcmp(words->at[0], "mobile") == 0)
		change->peer = PEER_MOBILE_NODE;
	else if (words->count > 1 && strcmp(words->at[0], "foreign-agent") == 0)
		change->peer = PEER_FOREIGN_AGENT;
	if (!change->peer)
		return;
	words->at++;
	words->count--;
}

/* "use=mn-aaa" as the last word, after an SPI. false: it is no use. */
static bool take_use(struct call *call, struct words *words, struct change *change)
{
	const char *last;

	if (words->count < 3)
		return true;
	last = words->at[words->count - 1];
	if (strcmp(last, "use=mn-aaa") == 0)
		change->use = ASSOCIATION_AAA;
	else if (strcmp(last, "use=mn-ha") != 0)
		return call_wrong(call, "'%.60s' is neither use=mn-ha nor use=mn-aaa", last) !=
		       CALL_DONE;
	words->count--;
	return true;
}

static bool take_removed(struct call *call, struct whom *whom, struct change *change)
{
	struct words words = { call->options.words, call->options.word_count };

	take_kind(&words, change);
	if (!take_use(call, &words, change) || words.count < 1 || words.count > 2 ||
	    !whom_parse(call, words.at[0], whom) ||
	    (change->peer == PEER_FOREIGN_AGENT && whom->agent.name))
		return false;
	change->kind = words.count == 2 ? CHANGE_REMOVE_ASSOCIATION : CHANGE_REMOVE_PEER;
	whom_name(whom, change);
	if (words.count == 2 && !number_parse(words.at[1], &change->spi))
		call_wrong(call, "'%.60s' is no SPI", words.at[1]);
	return call->error == HA_OK;
}

enum call_progress call_association_remove(struct call *call)
{
	struct whom whom;

	if (call->changed)
		return finish_one(call, "removed");
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	if (!take_removed(call, &whom, &call->changes[0]))
		return call_usage(call);
	call->change_count = 1;
	if (!call->changes[0].peer && find_kind(call, &whom, &call->changes[0]) == CALL_DONE)
		return CALL_DONE;
	if (call->changes[0].peer == PEER_MOBILE_NODE)
		whom_resolve(call, &whom, &call->changes[0]);
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

/* A line as a change, with the sentence for one that is none. A pool or policy
 * may stand among the associations that need it. */
static enum ha_error take_line(struct call *call, const char *at, size_t size,
                               struct change *change, struct settings_error *error)
{
	struct association_error trouble = { 0 };
	enum ha_error why = association_parse(at, size, change, &trouble);
	struct change judged;

	if (why != HA_OK)
		snprintf(error->text, sizeof(error->text), "%s", trouble.text);
	if (why != HA_OK || change->kind != CHANGE_SET)
		return why;
	why = setting_judge(call->agent, change->name, change->value, &judged, error);
	*change = judged;
	return why == HA_E_NOTFOUND ? HA_E_SYNTAX : why; /* not a blank line */
}

/* Bad lines are answered at once, good ones become changes. */
static bool take_lines(struct call *call, uint64_t line)
{
	const char *at = call->request.secret;
	const char *end = at + call->request.secret_size;
	struct settings_error error;

	for (; at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		struct change *change = &call->changes[call->change_count];
		enum ha_error why;

		if (call->change_count == CHANGES_MAX)
			return false;
		why = take_line(call, at, (size_t)(stop - at), change, &error);
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
	char text[CHANGE_TEXT_MAX];

	for (size_t i = 0; i < call->change_count; i++) {
		if (call->results[i] == HA_OK) {
			done++;
			continue;
		}
		change_explain(&call->changes[i], call->results[i], text);
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
