/* config_file.c - the configuration file: YAML of exactly two levels, section
 * and option. The only file that knows the YAML library. What YAML offers
 * beyond that (anchors, tags, lists, several documents) is refused, so that a
 * file means what it seems to say. Values are judged by config_values.c. */
#include "agentd/base/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "agentd/base/config_table.h"
#include "agentd/base/config_values.h"

#define FILE_OCTETS_MAX (1u << 20)

struct load {
	const char *path;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	const struct config_table *table;
	const struct config *process;            /* NULL: the main file */
	void *values;                            /* what the table is about */
	unsigned long given[CONFIG_OPTIONS_MAX]; /* line of each option; 0 = not yet */
	struct config_error *error;
};

__attribute__((format(printf, 4, 5))) static enum ha_error
refuse(struct load *load, enum ha_error why, size_t line, const char *format, ...)
{
	char *text = load->error->text;
	size_t size = sizeof(load->error->text);
	int length = line ? snprintf(text, size, "%.200s:%lu: ", load->path, (unsigned long)line)
	                  : snprintf(text, size, "%.200s: ", load->path);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, size - (size_t)length, format, arguments);
	va_end(arguments);
	return why;
}

static size_t line_here(const struct load *load)
{
	return load->event.start_mark.line + 1;
}

/* What the library makes of text that is not YAML; its own words, our line. */
static enum ha_error refuse_syntax(struct load *load)
{
	const yaml_parser_t *p = &load->parser;
	const char *problem = p->problem ? p->problem : "unknown error";

	if (p->error == YAML_MEMORY_ERROR)
		return refuse(load, HA_E_NOMEM, 0, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return refuse(load, HA_E_SYNTAX, 0, "octet %zu: not UTF-8 text (%s)",
		              p->problem_offset + 1, problem);
	return refuse(load, HA_E_SYNTAX, p->problem_mark.line + 1, "not YAML: %s", problem);
}

static enum ha_error refuse_extras(struct load *load)
{
	const yaml_event_t *e = &load->event;
	const void *anchor = NULL, *tag = NULL;

	if (e->type == YAML_ALIAS_EVENT)
		return refuse(load, HA_E_SYNTAX, line_here(load), "aliases are not allowed here");
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor)
		return refuse(load, HA_E_SYNTAX, line_here(load), "anchors are not allowed here");
	if (tag)
		return refuse(load, HA_E_SYNTAX, line_here(load), "tags are not allowed here");
	return HA_OK;
}

static enum ha_error next_event(struct load *load)
{
	if (load->has_event)
		yaml_event_delete(&load->event);
	load->has_event = false;
	if (!yaml_parser_parse(&load->parser, &load->event))
		return refuse_syntax(load);
	load->has_event = true;
	return refuse_extras(load);
}

/* The scalar of this event as text without NUL, by a bounded copy. */
static enum ha_error take_scalar(struct load *load, const char *what, char *out, size_t size)
{
	const yaml_event_t *e = &load->event;

	if (e->type != YAML_SCALAR_EVENT)
		return refuse(load, HA_E_SYNTAX, line_here(load), "%s must be one plain value",
		              what);
	if (memchr(e->data.scalar.value, '\0', e->data.scalar.length))
		return refuse(load, HA_E_SYNTAX, line_here(load), "%s contains a NUL character",
		              what);
	if (e->data.scalar.length >= size)
		return refuse(load, HA_E_RANGE, line_here(load), "%s is longer than %zu octets",
		              what, size - 1);
	memcpy(out, e->data.scalar.value, e->data.scalar.length);
	out[e->data.scalar.length] = '\0';
	return HA_OK;
}

static enum ha_error refuse_name(struct load *load, const char *section, const char *name)
{
	const char *nearest = config_table_nearest(load->table, section, name);

	return refuse(load, HA_E_SYNTAX, line_here(load), "there is no %s '%s'%s%s%s%s%s",
	              section ? "option" : "section", config_excerpt(name).text,
	              section ? " in section " : "", section ? section : "",
	              nearest ? "; did you mean '" : "", nearest ? nearest : "",
	              nearest ? "'?" : "");
}

static enum ha_error take_option(struct load *load, const char *section, const char *name)
{
	char full[128], value[CONFIG_TEXT_MAX];
	struct config_error error;
	const struct config_option *option;
	size_t line = line_here(load), i;
	enum ha_error why;

	snprintf(full, sizeof(full), "%s.%s", section, name);
	i = config_table_index(load->table, full);
	if (i == load->table->count)
		return refuse_name(load, section, name);
	option = load->table->at(i);
	if (load->process && !option->of_group)
		return refuse(load, HA_E_SYNTAX, line,
		              "%s is of the whole process: it stands in the main file, and not in "
		              "that of a group",
		              full);
	if (load->given[i])
		return refuse(load, HA_E_SYNTAX, line, "%s is given twice, first on line %lu", full,
		              load->given[i]);
	load->given[i] = line;

	why = next_event(load);
	if (why == HA_OK)
		why = take_scalar(load, full, value, sizeof(value));
	if (why != HA_OK)
		return why;
	why = config_set_option(load->values, option, value, &error);
	if (why != HA_OK)
		return refuse(load, why, line, "%s", error.text);
	return HA_OK;
}

static bool section_exists(const struct config_table *table, const char *section)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->at(i)->section, section) == 0)
			return true;
	return false;
}

/* `section:` with nothing under it, as when all its options are commented out. */
static bool is_empty_value(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 &&
	       e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static enum ha_error take_section(struct load *load)
{
	char section[64], name[64];
	enum ha_error why = take_scalar(load, "the name of a section", section, sizeof(section));

	if (why != HA_OK)
		return why;
	if (!section_exists(load->table, section))
		return refuse_name(load, NULL, section);
	why = next_event(load);
	if (why != HA_OK || is_empty_value(&load->event))
		return why;
	if (load->event.type != YAML_MAPPING_START_EVENT)
		return refuse(load, HA_E_SYNTAX, line_here(load),
		              "section %s must contain options, each as 'name: value'", section);

	for (why = next_event(load); why == HA_OK && load->event.type != YAML_MAPPING_END_EVENT;
	     why = next_event(load)) {
		why = take_scalar(load, "the name of an option", name, sizeof(name));
		if (why == HA_OK)
			why = take_option(load, section, name);
		if (why != HA_OK)
			break;
	}
	return why;
}

static enum ha_error take_sections(struct load *load)
{
	enum ha_error why;

	if (is_empty_value(&load->event))
		return HA_OK;
	if (load->event.type != YAML_MAPPING_START_EVENT)
		return refuse(load, HA_E_SYNTAX, line_here(load),
		              "the file must consist of sections, each as 'name:' with its options "
		              "indented below");
	for (why = next_event(load); why == HA_OK && load->event.type != YAML_MAPPING_END_EVENT;
	     why = next_event(load)) {
		why = take_section(load);
		if (why != HA_OK)
			break;
	}
	return why;
}

static enum ha_error take_stream(struct load *load)
{
	enum ha_error why = next_event(load); /* start of the stream */

	if (why == HA_OK)
		why = next_event(load);
	if (why != HA_OK || load->event.type == YAML_STREAM_END_EVENT)
		return why;
	why = next_event(load); /* what the document holds */
	if (why == HA_OK)
		why = take_sections(load);
	if (why == HA_OK)
		why = next_event(load); /* its end */
	if (why == HA_OK)
		why = next_event(load);
	if (why == HA_OK && load->event.type != YAML_STREAM_END_EVENT)
		return refuse(load, HA_E_SYNTAX, line_here(load),
		              "a second document begins here; there must be one");
	return why;
}

static enum ha_error check_given(struct load *load)
{
	const struct config_table *table = load->table;
	bool may_lack = table->may_lack && table->may_lack(load->values, load->process != NULL);

	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = table->at(i);
		char allowed[240];

		if (option->preset || load->given[i] || may_lack)
			continue;
		config_allowed(option, allowed, sizeof(allowed));
		return refuse(load, HA_E_NOTFOUND, 0, "%s.%s is missing: it must be %s",
		              option->section, option->name, allowed);
	}
	return HA_OK;
}

/* A sentence of config_validate begins with the option it is about; the line
 * is where that was given, if it was. */
static enum ha_error check_together(struct load *load)
{
	struct config_error error;
	enum ha_error why = load->table->validate(load->values, &error);
	char name[128];
	size_t i;

	if (why == HA_OK)
		return HA_OK;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(error.text, ":"), error.text);
	i = config_table_index(load->table, name);
	return refuse(load, why, i < load->table->count ? load->given[i] : 0, "%s", error.text);
}

static enum ha_error parse(struct load *load, const unsigned char *text, size_t size)
{
	enum ha_error why;

	if (!yaml_parser_initialize(&load->parser))
		return refuse(load, HA_E_NOMEM, 0, "out of memory");
	yaml_parser_set_encoding(&load->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&load->parser, text, size);
	why = take_stream(load);
	if (load->has_event)
		yaml_event_delete(&load->event);
	yaml_parser_delete(&load->parser);
	if (why == HA_OK)
		why = check_given(load);
	return why == HA_OK ? check_together(load) : why;
}

static enum ha_error read_file(struct load *load, unsigned char *text, size_t *size)
{
	FILE *file = fopen(load->path, "re");
	bool failed;

	if (!file)
		return refuse(load, HA_E_IO, 0, "cannot be opened: %s", strerror(errno));
	*size = fread(text, 1, FILE_OCTETS_MAX + 1, file);
	failed = ferror(file);
	if (failed)
		refuse(load, HA_E_IO, 0, "cannot be read: %s", strerror(errno));
	fclose(file);
	if (failed)
		return HA_E_IO;
	if (*size > FILE_OCTETS_MAX)
		return refuse(load, HA_E_SYNTAX, 0, "larger than %u octets", FILE_OCTETS_MAX);
	return HA_OK;
}

static void take_process(struct load *load)
{
	for (size_t i = 0; i < load->table->count; i++)
		if (!load->table->at(i)->of_group)
			config_option_copy(load->values, load->process, load->table->at(i));
}

/* *out is untouched on failure. */
static enum ha_error load_over(struct load *load, const void *text, size_t size, void *out)
{
	enum ha_error why;

	load->values = malloc(load->table->size);
	if (!load->values)
		return refuse(load, HA_E_NOMEM, 0, "out of memory");
	config_table_defaults(load->table, load->values);
	if (load->process)
		take_process(load);
	why = parse(load, text, size);
	if (why == HA_OK)
		memcpy(out, load->values, load->table->size);
	free(load->values);
	return why;
}

static enum ha_error load_file(struct load *load, void *out)
{
	unsigned char *text = malloc(FILE_OCTETS_MAX + 1);
	size_t size = 0;
	enum ha_error why;

	if (!text)
		return refuse(load, HA_E_NOMEM, 0, "out of memory");
	why = read_file(load, text, &size);
	if (why == HA_OK)
		why = load_over(load, text, size, out);
	free(text);
	return why;
}

enum ha_error config_table_load(const struct config_table *table, const char *path, void *out,
                                struct config_error *error)
{
	struct load load = { .table = table, .path = path, .error = error };

	return load_file(&load, out);
}

enum ha_error config_table_load_text(const struct config_table *table, const char *name,
                                     const void *text, size_t size, void *out,
                                     struct config_error *error)
{
	struct load load = { .table = table, .path = name, .error = error };

	return load_over(&load, text, size, out);
}

enum ha_error config_load_group_text(const char *name, const void *text, size_t size,
                                     const struct config *process, struct config *out,
                                     struct config_error *error)
{
	struct load load = {
		.table = &agentd_config_table, .path = name, .process = process, .error = error
	};

	return load_over(&load, text, size, out);
}

enum ha_error config_load_text(const char *name, const void *text, size_t size, struct config *out,
                               struct config_error *error)
{
	return config_load_group_text(name, text, size, NULL, out, error);
}

enum ha_error config_load_group(const char *path, const struct config *process, struct config *out,
                                struct config_error *error)
{
	struct load load = {
		.table = &agentd_config_table, .path = path, .process = process, .error = error
	};

	return load_file(&load, out);
}

enum ha_error config_load(const char *path, struct config *out, struct config_error *error)
{
	return config_load_group(path, NULL, out, error);
}
