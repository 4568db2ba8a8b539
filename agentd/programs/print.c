/* print.c - tables. A table of any length is printed page by page; columns
 * only ever grow wider. */
#include "agentd/programs/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/programs/print_json.h"

static void out_of_memory(void)
{
	fputs("agentctl: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

static char *cell_text(const struct control_value *value)
{
	char *out = NULL;
	int length = 0;

	switch (value->kind) {
	case CONTROL_NULL:
		out = strdup("-");
		break;
	case CONTROL_TEXT:
		out = strdup(*value->text ? value->text : "-");
		break;
	case CONTROL_NUMBER:
		length = asprintf(&out, "%llu", (unsigned long long)value->number);
		break;
	case CONTROL_FLAG:
		out = strdup(value->number ? "yes" : "no");
		break;
	}
	if (!out || length < 0)
		out_of_memory();
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?'; /* nothing that an answer carries commands the terminal */
	return out;
}

static void print_cell(const struct printer *printer, size_t column, const char *text)
{
	bool last = column + 1 == printer->columns;
	int width = (int)printer->widths[column];

	if (printer->right[column] && !printer->mixed[column])
		printf("%*s", width, text);
	else
		printf("%-*s", last ? 0 : width, text);
	fputs(last ? "\n" : "  ", stdout);
}

/* ---- a list ---- */

static void flush_page(struct printer *printer)
{
	for (size_t i = 0; i < printer->rows * printer->columns; i++) {
		print_cell(printer, i % printer->columns, printer->cells[i]);
		free(printer->cells[i]);
	}
	printer->rows = 0;
}

static void widen(struct printer *printer, size_t column, const char *text)
{
	size_t width = strlen(text);

	if (width > printer->widths[column])
		printer->widths[column] = width;
}

/* The names of the first record; the whole first page is in `cells` by then. */
static void begin_table(struct printer *printer, const struct control_value *values, size_t count)
{
	printer->columns = count;
	printer->cells = calloc((PRINT_PAGE_ROWS + 1) * count, sizeof(*printer->cells));
	if (!printer->cells)
		out_of_memory();
	for (size_t i = 0; i < count; i++) {
		printer->cells[i] = strdup(values[i].name);
		if (!printer->cells[i])
			out_of_memory();
		widen(printer, i, values[i].name);
	}
	printer->rows = 1;
}

static void add_row(struct printer *printer, const struct control_value *values, size_t count)
{
	if (count == 0)
		return;
	if (!printer->cells)
		begin_table(printer, values, count);
	for (size_t i = 0; i < printer->columns; i++) {
		static const struct control_value none = { .kind = CONTROL_NULL };
		const struct control_value *value = i < count ? &values[i] : &none;
		char *text = cell_text(value);

		if (value->kind == CONTROL_NUMBER)
			printer->right[i] = true;
		if (value->kind == CONTROL_TEXT)
			printer->mixed[i] = true;
		widen(printer, i, text);
		printer->cells[printer->rows * printer->columns + i] = text;
	}
	if (++printer->rows > PRINT_PAGE_ROWS)
		flush_page(printer);
}

/* Rows of a stream are printed before the next ones are known: where it is known
 * how wide a column can be, and that it holds numbers, it is so from the start. */
static void widen_stream(struct printer *printer, const struct control_value *values, size_t count)
{
	static const struct {
		const char *name;
		size_t width;
		bool right;
	} rows[] = {
		{ "peer", 21, false },    { "type", 14, false },      { "home", 15, false },
		{ "care_of", 15, false }, { "lifetime_s", 10, true }, { "code", 4, true },
		{ "missed", 6, true },
	};

	for (size_t i = 0; i < count; i++)
		for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
			if (strcmp(values[i].name, rows[row].name) == 0) {
				printer->widths[i] = rows[row].width;
				printer->right[i] = rows[row].right;
			}
}

static void print_entry(struct printer *printer, const struct control_value *values, size_t count)
{
	if (!printer->cells)
		widen_stream(printer, values, count);
	add_row(printer, values, count);
	flush_page(printer);
}

/* ---- one object ---- */

static void print_lines(const struct control_value *values, size_t count)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++)
		if (strlen(values[i].name) > width)
			width = strlen(values[i].name);
	for (size_t i = 0; i < count; i++) {
		char *text = cell_text(&values[i]);

		printf("%-*s  %s\n", (int)width, values[i].name, text);
		free(text);
	}
}

/* ---- sink ---- */

static void on_record(void *context, const struct control_value *values, size_t count)
{
	struct printer *printer = context;

	if (printer->json)
		print_json_record(printer->shape, printer->records == 0, values, count);
	else if (printer->shape == VERB_OBJECT)
		print_lines(values, count);
	else if (printer->shape == VERB_STREAM)
		print_entry(printer, values, count);
	else
		add_row(printer, values, count);
	if (printer->shape == VERB_STREAM)
		fflush(stdout);
	printer->records++;
}

static const char *plural(uint64_t number)
{
	return number == 1 ? "" : "s";
}

/* Below a table: how many rows, and what else is to be said of them all. */
static void print_facts(const struct printer *printer, const struct control_end *end)
{
	printf("%s%llu row%s", printer->records ? "\n" : "", (unsigned long long)printer->records,
	       plural(printer->records));
	for (size_t i = 0; i < end->fact_count; i++) {
		const struct control_value *fact = &end->facts[i];
		char *text = cell_text(fact);

		if (strcmp(fact->name, "store_lag_ms") == 0)
			printf("; the store trails by %s ms", text);
		else if (strcmp(fact->name, "next") == 0)
			printf("; more with --after %s", text);
		else
			printf("; %s %s", fact->name, text);
		free(text);
	}
	putchar('\n');
}

static void on_end(void *context, const struct control_end *end)
{
	struct printer *printer = context;

	printer->ended = true;
	printer->error = end->error;
	snprintf(printer->message, sizeof(printer->message), "%s", end->message);
	if (printer->json || end->error != HA_OK || printer->shape == VERB_OBJECT)
		return;
	flush_page(printer);
	print_facts(printer, end);
}

void printer_start(struct printer *printer, bool json, enum verb_shape shape)
{
	*printer = (struct printer){ .json = json, .shape = shape };
}

struct control_sink printer_sink(struct printer *printer)
{
	return (struct control_sink){ .context = printer, .record = on_record, .end = on_end };
}

bool printer_finish(struct printer *printer)
{
	flush_page(printer);
	free(printer->cells);
	printer->cells = NULL;
	if (printer->json && printer->shape == VERB_LIST &&
	    (printer->records || printer->error == HA_OK))
		print_json_list_end(printer->records == 0);
	return fflush(stdout) == 0 && !ferror(stdout);
}
