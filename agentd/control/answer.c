/* answer.c - answers as octets and back. Records are packed one by one as they
 * are completed: messages of one type after each other are one message, so an
 * answer never exists as a tree on the side that writes it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agentd/control/codec.h"
#include "agentd/control/purse.h"
#include "proto/control.pb-c.h"

/* Octets kept free for the end of an answer. */
#define END_ROOM 16384u
#define MESSAGE_MAX 1024u

struct packed_values {
	Hearth__Control__Value values[CONTROL_VALUES_MAX];
	Hearth__Control__Value *pointers[CONTROL_VALUES_MAX];
};

static void answer_fail(struct answer *answer, enum ha_error why)
{
	if (answer->error == HA_OK)
		answer->error = why;
}

void answer_begin(struct answer *answer)
{
	static const uint8_t header[CONTROL_HEADER_SIZE];

	answer->frame.size = 0;
	answer->value_count = 0;
	answer->text_size = 0;
	answer->records = 0;
	answer->error = octets_append(&answer->frame, header, sizeof(header));
}

static struct control_value *add(struct answer *answer, const char *name, enum control_kind kind)
{
	static struct control_value spare; /* never read */

	if (answer->value_count == CONTROL_VALUES_MAX) {
		answer_fail(answer, HA_E_NOSPACE);
		return &spare;
	}
	answer->values[answer->value_count] = (struct control_value){ .name = name, .kind = kind };
	return &answer->values[answer->value_count++];
}

void answer_text(struct answer *answer, const char *name, const char *format, ...)
{
	size_t room = sizeof(answer->text) - answer->text_size;
	char *at = answer->text + answer->text_size;
	va_list arguments;
	int length;

	if (room < 2) {
		add(answer, name, CONTROL_TEXT)->text = "";
		return;
	}
	va_start(arguments, format);
	length = vsnprintf(at, room, format, arguments);
	va_end(arguments);
	if (length < 0)
		*at = '\0';
	add(answer, name, CONTROL_TEXT)->text = at;
	answer->text_size += strlen(at) + 1;
}

void answer_text_or_null(struct answer *answer, const char *name, const char *text)
{
	if (text[0])
		answer_text(answer, name, "%s", text);
	else
		answer_null(answer, name);
}

void answer_number(struct answer *answer, const char *name, uint64_t number)
{
	add(answer, name, CONTROL_NUMBER)->number = number;
}

void answer_flag(struct answer *answer, const char *name, bool flag)
{
	add(answer, name, CONTROL_FLAG)->number = flag;
}

void answer_null(struct answer *answer, const char *name)
{
	add(answer, name, CONTROL_NULL);
}

static void pack_value(const struct control_value *value, Hearth__Control__Value *out)
{
	hearth__control__value__init(out);
	out->name = (char *)value->name;
	switch (value->kind) {
	case CONTROL_NULL:
		break;
	case CONTROL_TEXT:
		out->value_case = HEARTH__CONTROL__VALUE__VALUE_TEXT;
		out->text = (char *)value->text;
		break;
	case CONTROL_NUMBER:
		out->value_case = HEARTH__CONTROL__VALUE__VALUE_NUMBER;
		out->number = value->number;
		break;
	case CONTROL_FLAG:
		out->value_case = HEARTH__CONTROL__VALUE__VALUE_FLAG;
		out->flag = value->number != 0;
		break;
	}
}

static void pack_values(struct answer *answer, struct packed_values *out)
{
	for (size_t i = 0; i < answer->value_count; i++) {
		pack_value(&answer->values[i], &out->values[i]);
		out->pointers[i] = &out->values[i];
	}
}

static void append(struct answer *answer, const Hearth__Control__Answer *tree, size_t max)
{
	size_t size = hearth__control__answer__get_packed_size(tree);

	answer->value_count = 0;
	answer->text_size = 0;
	if (answer->error == HA_OK && answer->frame.size + size > CONTROL_HEADER_SIZE + max)
		answer_fail(answer, HA_E_NOSPACE);
	if (answer->error == HA_OK)
		answer_fail(answer, octets_reserve(&answer->frame, size));
	if (answer->error != HA_OK)
		return;
	hearth__control__answer__pack(tree, answer->frame.at + answer->frame.size);
	answer->frame.size += size;
}

void answer_record(struct answer *answer)
{
	Hearth__Control__Answer tree = HEARTH__CONTROL__ANSWER__INIT;
	Hearth__Control__Record record = HEARTH__CONTROL__RECORD__INIT;
	Hearth__Control__Record *pointer = &record;
	struct packed_values packed;

	pack_values(answer, &packed);
	record.values = packed.pointers;
	record.n_values = answer->value_count;
	tree.records = &pointer;
	tree.n_records = 1;
	append(answer, &tree, CONTROL_ANSWER_MAX - END_ROOM);
	answer->records++;
}

/* After a failure the records are gone and only the failure is said. */
void answer_end(struct answer *answer, enum ha_error error, const char *message)
{
	Hearth__Control__Answer tree = HEARTH__CONTROL__ANSWER__INIT;
	Hearth__Control__End end = HEARTH__CONTROL__END__INIT;
	struct packed_values packed;
	char text[MESSAGE_MAX];

	if (answer->error != HA_OK) {
		error = answer->error;
		message = NULL;
		answer_begin(answer);
	}
	if (error != HA_OK && !message)
		message = ha_strerror(error);
	if (message) {
		snprintf(text, sizeof(text), "%s", message);
		end.message = text;
	}
	end.error = error;
	pack_values(answer, &packed);
	end.facts = packed.pointers;
	end.n_facts = answer->value_count;
	tree.end = &end;
	append(answer, &tree, CONTROL_ANSWER_MAX);
}

void answer_seal(struct answer *answer)
{
	if (answer->frame.size >= CONTROL_HEADER_SIZE)
		frame_header_encode(answer->frame.at, answer->frame.size - CONTROL_HEADER_SIZE);
}

void answer_free(struct answer *answer)
{
	octets_free(&answer->frame);
}

/* ---- reading ---- */

static void unpack_value(const Hearth__Control__Value *value, struct control_value *out)
{
	*out = (struct control_value){ .name = value->name };
	switch (value->value_case) {
	case HEARTH__CONTROL__VALUE__VALUE_TEXT:
		out->kind = CONTROL_TEXT;
		out->text = value->text;
		break;
	case HEARTH__CONTROL__VALUE__VALUE_NUMBER:
		out->kind = CONTROL_NUMBER;
		out->number = value->number;
		break;
	case HEARTH__CONTROL__VALUE__VALUE_FLAG:
		out->kind = CONTROL_FLAG;
		out->number = value->flag != 0;
		break;
	default:
		out->kind = CONTROL_NULL;
		break;
	}
}

static bool unpack_values(Hearth__Control__Value *const *values, size_t count,
                          struct control_value *out)
{
	if (count > CONTROL_VALUES_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		unpack_value(values[i], &out[i]);
	return true;
}

static bool deliver(const Hearth__Control__Answer *tree, const struct control_sink *sink)
{
	struct control_value values[CONTROL_VALUES_MAX];
	struct control_end end;

	for (size_t i = 0; i < tree->n_records; i++) {
		const Hearth__Control__Record *record = tree->records[i];

		if (!unpack_values(record->values, record->n_values, values))
			return false;
		sink->record(sink->context, values, record->n_values);
	}
	if (!tree->end)
		return true;
	if (!unpack_values(tree->end->facts, tree->end->n_facts, values))
		return false;
	end = (struct control_end){
		.error = (enum ha_error)tree->end->error,
		.message = tree->end->message ? tree->end->message : "",
		.facts = values,
		.fact_count = tree->end->n_facts,
	};
	sink->end(sink->context, &end);
	return true;
}

enum ha_error control_answer_decode(const void *at, size_t size, const struct control_sink *sink,
                                    bool *ended)
{
	Hearth__Control__Answer *tree;
	enum ha_error why = HA_OK;
	struct purse purse;

	*ended = false;
	/* A value costs a structure of about a hundred octets for a few on the wire. */
	purse_open(&purse, 64u * CONTROL_ANSWER_MAX);
	tree = hearth__control__answer__unpack(&purse.allocator, size, at);
	if (!tree)
		return HA_E_SYNTAX;
	*ended = tree->end != NULL;
	if (!deliver(tree, sink))
		why = HA_E_SYNTAX;
	hearth__control__answer__free_unpacked(tree, &purse.allocator);
	return why;
}
