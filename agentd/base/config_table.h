/* config_table.h - a configuration file by any table of options: what config.h does for
 * agentd, for each program that has a table and a struct of its own.
 *
 * May include: agentd/base/config.h. */
#ifndef AGENTD_BASE_CONFIG_TABLE_H
#define AGENTD_BASE_CONFIG_TABLE_H

#include <stdio.h>

#include "agentd/base/config.h"

/* Static; its options are at most CONFIG_OPTIONS_MAX, their offsets are into a struct of `size`
 * octets. */
struct config_table {
	size_t count;
	const struct config_option *(*at)(size_t i); /* below `count` */
	size_t size;
	/* Cross checks: as config_validate. */
	enum ha_error (*validate)(const void *values, struct config_error *error);
	/* Whether what must be given may be missing, in the file of another group or in the main
	 * one; NULL: never. */
	bool (*may_lack)(const void *values, bool of_group);
	const char *introduction; /* of the commented example: whole lines */
};

extern const struct config_table agentd_config_table;

/* The place of an option by its full name; table->count if there is none. */
size_t config_table_index(const struct config_table *table, const char *name);

/* As config_nearest. */
const char *config_table_nearest(const struct config_table *table, const char *section,
                                 const char *name);

/* All defaults; options that must be given are zero. */
void config_table_defaults(const struct config_table *table, void *out);

/* Read a file over the defaults: as config_load. */
enum ha_error config_table_load(const struct config_table *table, const char *path, void *out,
                                struct config_error *error);

/* The same for the octets of a file of this name. */
enum ha_error config_table_load_text(const struct config_table *table, const char *name,
                                     const void *text, size_t size, void *out,
                                     struct config_error *error);

/* As config_text.h. */
void config_table_write_example(const struct config_table *table, FILE *out);
void config_table_write_manual(const struct config_table *table, FILE *out);

#endif
