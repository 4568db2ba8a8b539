/* print_json.c - the one file that knows the JSON library. */
#include "agentd/programs/print_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *value_json(const struct control_value *value)
{
	switch (value->kind) {
	case CONTROL_TEXT: {
		json_t *text = json_string(value->text);

		return text ? text : json_string("not UTF-8");
	}
	case CONTROL_NUMBER:
		/* The library's integers are signed; larger ones would turn negative. */
		return value->number <= INT64_MAX ? json_integer((json_int_t)value->number)
		                                  : json_real((double)value->number);
	case CONTROL_FLAG:
		return json_boolean(value->number != 0);
	case CONTROL_NULL:
		break;
	}
	return json_null();
}

static json_t *record_json(const struct control_value *values, size_t count)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < count; i++) {
		if (json_object_set_new(object, values[i].name, value_json(&values[i])) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

void print_json_record(enum verb_shape shape, bool first, const struct control_value *values,
                       size_t count)
{
	json_t *object = record_json(values, count);
	size_t flags = shape == VERB_OBJECT ? JSON_INDENT(2) : JSON_COMPACT;

	if (!object) {
		fputs("agentctl: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	if (shape == VERB_LIST)
		fputs(first ? "[\n" : ",\n", stdout);
	json_dumpf(object, stdout, flags);
	if (shape != VERB_LIST)
		putchar('\n');
	json_decref(object);
}

void print_json_list_end(bool empty)
{
	fputs(empty ? "[]\n" : "\n]\n", stdout);
}
