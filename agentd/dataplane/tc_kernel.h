/* tc_kernel.h - what tc.c needs of the kernel and its BPF library: the program and its
 * maps as descriptors, their pins, and the hooks of interfaces. Errors are those of
 * agentd/base/error.h; the library's words are in the reports.
 *
 * May include: agentd/base, bpf/tc_map.h. */
#ifndef AGENTD_DATAPLANE_TC_KERNEL_H
#define AGENTD_DATAPLANE_TC_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agentd/base/error.h"
#include "agentd/dataplane/bpf/tc_map.h"

/* X(id, name): the maps, by their names in the program. */
#define TC_MAPS(X)                                                                                 \
	X(CONFIG, config)                                                                          \
	X(GROUPS, groups)                                                                          \
	X(LINKS, links)                                                                            \
	X(OWN, own)                                                                                \
	X(OWN_FILTER, own_filter)                                                                  \
	X(FRESH, fresh)                                                                            \
	X(EXITS, exits)                                                                            \
	X(HEARD, heard)                                                                            \
	X(RANGES, ranges)                                                                          \
	X(TABLE, table)                                                                            \
	X(BINDINGS, bindings)                                                                      \
	X(MORE_ENDS, more_ends)                                                                    \
	X(ROWS, rows)                                                                              \
	X(REASONS, reasons)

enum tc_map {
#define X(id, name) TC_MAP_##id,
	TC_MAPS(X)
#undef X
	TC_MAP_COUNT
};

struct tc_sizes {
	uint32_t table, bindings, more_ends, rows;
};

/* Descriptors; -1 where there is none. */
struct tc_object {
	int program;
	int maps[TC_MAP_COUNT];
	uint32_t program_id;
	unsigned instance; /* as struct tc_options has it */
	bool adopted;
	char place[192]; /* directory of the pins */
};

/* Adopt what this instance has pinned below `directory` if it is of this version and these
 * sizes, else load and pin. What was pinned by others stays until tc_object_purge. */
enum ha_error tc_object_open(struct tc_object *object, const char *directory, unsigned instance,
                             const struct tc_sizes *sizes, char *report, size_t size);
/* Who may take the pins away later. */
void tc_object_give(const struct tc_object *object, const char *directory, uid_t user, gid_t group);
/* Take away what other versions of this instance have pinned, and its programs that are
 * not this one. */
void tc_object_purge(const struct tc_object *object, const char *directory);
/* Take away what any version of an instance has left. */
void tc_object_clear(const char *directory, unsigned instance);
/* Has any version of it pinned something there? */
bool tc_object_has_pins(const char *directory, unsigned instance);
/* Take away our own pins. */
void tc_object_unpin(const struct tc_object *object, const char *directory);
void tc_object_close(struct tc_object *object);

/* Put the program at the ingress of an interface, in the place of an earlier one of ours. */
enum ha_error tc_object_attach(const struct tc_object *object, int interface, const char *name,
                               char *report, size_t size);
/* Take the program of an instance away again. HA_E_NOTFOUND: it was not there. */
enum ha_error tc_object_detach(unsigned instance, int interface);
/* Is this very program there? */
bool tc_object_is_attached(const struct tc_object *object, int interface);
/* From every interface of this host where a program of that instance is, but not this
 * one; NULL: any. */
void tc_object_sweep(unsigned instance, const struct tc_object *object);

/* Maps. Keys and values are of the types in tc_map.h. */
enum ha_error tc_map_put(const struct tc_object *object, enum tc_map map, const void *key,
                         const void *value);
/* HA_E_NOTFOUND: it was not there. */
enum ha_error tc_map_remove(const struct tc_object *object, enum tc_map map, const void *key);
bool tc_map_get(const struct tc_object *object, enum tc_map map, const void *key, void *value);
/* The key after `key`, or the first for NULL; false at the end. */
bool tc_map_next(const struct tc_object *object, enum tc_map map, const void *key, void *next);
/* All or, on error, perhaps some. */
enum ha_error tc_map_put_many(const struct tc_object *object, enum tc_map map, const void *keys,
                              const void *values, uint32_t count);
/* The whole of an array as memory, or NULL. */
void *tc_map_share(const struct tc_object *object, enum tc_map map, size_t octets);
/* Sum over all processors. */
uint64_t tc_map_sum(const struct tc_object *object, enum tc_map map, uint32_t key);
/* Octets of the kernel's that all maps take. */
uint64_t tc_object_memory(const struct tc_object *object);

#endif
