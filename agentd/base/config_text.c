/* config_text.c - documents that are walks over the table of options. */
#include "agentd/base/config_text.h"

#include <string.h>

#include "agentd/base/config_table.h"
#include "agentd/base/config_values.h"

#define COLUMNS 76

static bool begins_section(const struct config_table *table, size_t i)
{
	return i == 0 || strcmp(table->at(i)->section, table->at(i - 1)->section) != 0;
}

static const char *preset_text(const struct config_option *option)
{
	return *option->preset ? option->preset : "\"\"";
}

/* Words of `text` in lines that begin with `lead`. */
static void write_wrapped(FILE *out, const char *lead, const char *text)
{
	int column = 0;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (column && column + 1 + length > COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%s%.*s", column ? " " : lead, length, text);
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void describe(const struct config_option *option, char *out, size_t size)
{
	char allowed[240];

	config_allowed(option, allowed, sizeof(allowed));
	snprintf(out, size, "%c%s%s.", allowed[0] - 'a' + 'A', allowed + 1,
	         option->reload == RELOAD_RESTART ? "; a change needs a restart" : "");
}

/* What stands for a value that must be given, in an example. */
static const char *sample(const struct config_option *option)
{
	return option->type == OPTION_TEXT ? "NAME" : "192.0.2.1";
}

void config_table_write_example(const struct config_table *table, FILE *out)
{
	char text[320];

	fputs(table->introduction, out);
	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = table->at(i);

		if (begins_section(table, i))
			fprintf(out, "\n%s:\n", option->section);
		else
			fputc('\n', out);
		write_wrapped(out, "  # ", option->help);
		describe(option, text, sizeof(text));
		write_wrapped(out, "  # ", text);
		if (option->preset)
			fprintf(out, "  #%s: %s\n", option->name, preset_text(option));
		else
			fprintf(out, "  %s: %s\n", option->name, sample(option));
	}
}

void config_write_example(FILE *out)
{
	config_table_write_example(&agentd_config_table, out);
}

void config_write_markdown(FILE *out)
{
	char allowed[240];

	fputs("# Options of agentd\n\n"
	      "Written by `agentd --options markdown`; do not edit. A file is YAML of two levels,\n"
	      "section and option; `agentd --example` prints one, `agentd --check FILE` judges one.\n"
	      "\"Live\" options follow the file at SIGHUP (`systemctl reload`); the others need a\n"
	      "restart. Options of the cluster seed an empty store and are then changed with\n"
	      "`agentctl config set`; after `agentctl config unset` the default counts, whatever the\n"
	      "file says.\n",
	      out);
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);

		if (begins_section(&agentd_config_table, i))
			fprintf(out,
			        "\n## %s\n\n| option | default | allowed | change | meaning |\n"
			        "|---|---|---|---|---|\n",
			        option->section);
		config_allowed(option, allowed, sizeof(allowed));
		fprintf(out, "| `%s` | %s%s%s | %s | %s | %s |\n", option->name,
		        option->preset ? "`" : "",
		        option->preset ? preset_text(option) : "must be given",
		        option->preset ? "`" : "", allowed,
		        option->owner == OWNER_CLUSTER     ? "cluster"
		        : option->reload == RELOAD_RESTART ? "restart"
		                                           : "live",
		        option->help);
	}
}

void config_table_write_manual(const struct config_table *table, FILE *out)
{
	char text[320];

	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = table->at(i);

		if (begins_section(table, i))
			fprintf(out, ".SS %s\n", option->section);
		fprintf(out, ".TP\n.B %s\n%s\n", option->name, option->help);
		describe(option, text, sizeof(text));
		fprintf(out, "%s\n", text);
		if (option->preset)
			fprintf(out, "Default: %s.\n", preset_text(option));
		if (option->owner == OWNER_CLUSTER)
			fputs("Owned by the cluster.\n", out);
	}
}

void config_write_manual(FILE *out)
{
	config_table_write_manual(&agentd_config_table, out);
}
