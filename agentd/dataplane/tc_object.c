/* tc_object.c - the program and its maps: loaded, pinned, adopted.
 *
 * Pins are in a directory of their own for each version of the program, told apart by
 * the layout of the maps and a checksum of the program. */
#include "agentd/dataplane/tc_kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/bpf/tc_program.skel.h"

#define PATH_SIZE 256u
#define PROGRAM_PIN "program"

static const char *const map_names[TC_MAP_COUNT] = {
#define X(id, name) #name,
	TC_MAPS(X)
#undef X
};

/* The library's last words before it failed: mostly they name the cause. */
static _Thread_local char words[160];

__attribute__((format(printf, 2, 0))) static int hear_library(enum libbpf_print_level level,
                                                              const char *format, va_list arguments)
{
	char line[sizeof(words)];

	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	if (level == LIBBPF_WARN && strncmp(line, "libbpf: ", 8) == 0)
		snprintf(words, sizeof(words), "%s", line + 8);
	if (level <= LIBBPF_INFO)
		log_debug("%s", line);
	return 0;
}

static uint64_t checksum(const void *octets, size_t size)
{
	const uint8_t *at = octets;
	uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* A path that is too long is none: nothing is found there. */
static void pin_path(char *path, size_t size, const char *place, const char *name)
{
	int length = snprintf(path, size, "%s/%s", place, name);

	if (length < 0 || (size_t)length >= size)
		path[0] = '\0';
}

/* ---- adopting ---- */

static bool map_has_entries(int fd, uint32_t wanted)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.max_entries == wanted;
}

static int open_pin(const char *place, const char *name)
{
	char path[PATH_SIZE];

	pin_path(path, sizeof(path), place, name);
	return bpf_obj_get(path);
}

/* All of it, and of these sizes. */
static bool adopt(struct tc_object *object, const struct tc_sizes *sizes)
{
	object->program = open_pin(object->place, PROGRAM_PIN);
	if (object->program < 0)
		return false;
	for (unsigned i = 0; i < TC_MAP_COUNT; i++) {
		object->maps[i] = open_pin(object->place, map_names[i]);
		if (object->maps[i] < 0)
			return false;
	}
	return map_has_entries(object->maps[TC_MAP_TABLE], sizes->table) &&
	       map_has_entries(object->maps[TC_MAP_BINDINGS], sizes->bindings) &&
	       map_has_entries(object->maps[TC_MAP_MORE_ENDS], sizes->more_ends) &&
	       map_has_entries(object->maps[TC_MAP_ROWS], sizes->rows);
}

static void close_all(struct tc_object *object)
{
	if (object->program >= 0)
		close(object->program);
	object->program = -1;
	for (unsigned i = 0; i < TC_MAP_COUNT; i++) {
		if (object->maps[i] >= 0)
			close(object->maps[i]);
		object->maps[i] = -1;
	}
}

/* ---- loading ---- */

static enum ha_error refused(char *report, size_t size, const char *what, int number)
{
	return ha_refuse(report, size, ha_error_of_errno(number), "BPF: %s: %s%s%s", what,
	                 strerror(number), *words ? "; " : "", words);
}

/* Descriptors that outlive the library's object. */
static bool keep(struct tc_object *object, const struct tc_program *loaded)
{
	const struct bpf_map *map;

	object->program = dup(bpf_program__fd(loaded->progs.hearth_ingress));
	for (unsigned i = 0; i < TC_MAP_COUNT; i++) {
		map = bpf_object__find_map_by_name(loaded->obj, map_names[i]);
		object->maps[i] = map ? dup(bpf_map__fd(map)) : -1;
		if (object->maps[i] < 0)
			return false;
	}
	return object->program >= 0;
}

static int load_program(struct tc_program *program, const struct tc_sizes *sizes)
{
	if (bpf_map__set_max_entries(program->maps.table, sizes->table) != 0 ||
	    bpf_map__set_max_entries(program->maps.bindings, sizes->bindings) != 0 ||
	    bpf_map__set_max_entries(program->maps.more_ends, sizes->more_ends) != 0 ||
	    bpf_map__set_max_entries(program->maps.rows, sizes->rows) != 0)
		return -EINVAL;
	return tc_program__load(program);
}

static enum ha_error load(struct tc_object *object, const struct tc_sizes *sizes, char *report,
                          size_t size)
{
	struct tc_program *program = tc_program__open();
	enum ha_error error = HA_OK;
	int failed;

	if (!program)
		return refused(report, size, "the program cannot be read", errno);
	failed = load_program(program, sizes);
	if (failed)
		error = refused(report, size, "the kernel refuses the program", -failed);
	else if (!keep(object, program))
		error = refused(report, size, "the program is loaded and not there", errno);
	tc_program__destroy(program);
	return error;
}

/* ---- pins ---- */

static enum ha_error pin(const struct tc_object *object, char *report, size_t size)
{
	char path[PATH_SIZE];

	if (mkdir(object->place, 0700) != 0 && errno != EEXIST)
		return ha_refuse(report, size, ha_error_of_errno(errno), "%s: %s", object->place,
		                 strerror(errno));
	for (unsigned i = 0; i < TC_MAP_COUNT; i++) {
		pin_path(path, sizeof(path), object->place, map_names[i]);
		if (bpf_obj_pin(object->maps[i], path) != 0)
			return refused(report, size, path, errno);
	}
	pin_path(path, sizeof(path), object->place, PROGRAM_PIN);
	return bpf_obj_pin(object->program, path) == 0 ? HA_OK : refused(report, size, path, errno);
}

static void unpin(const char *place)
{
	char path[PATH_SIZE];

	pin_path(path, sizeof(path), place, PROGRAM_PIN);
	(void)unlink(path);
	for (unsigned i = 0; i < TC_MAP_COUNT; i++) {
		pin_path(path, sizeof(path), place, map_names[i]);
		(void)unlink(path);
	}
	if (rmdir(place) != 0 && errno != ENOENT)
		log_notice("%s: %s", place, strerror(errno));
}

void tc_object_give(const struct tc_object *object, const char *directory, uid_t user, gid_t group)
{
	if (chown(object->place, user, group) != 0 || chown(directory, user, group) != 0)
		log_notice("%s: its pins stay when agentd ends: %s", directory, strerror(errno));
}

void tc_object_unpin(const struct tc_object *object, const char *directory)
{
	unpin(object->place);
	(void)rmdir(directory); /* another instance's pins may be in it */
}

/* Of the names that find_place makes; or -1. */
static int instance_of(const char *name)
{
	const char *first = strchr(name, '-'), *second = first ? strchr(first + 1, '-') : NULL;

	if (*name != 'v')
		return -1;
	return second ? atoi(second + 1) : 0;
}

/* All but `ours` are taken away. */
static void purge(const char *directory, unsigned instance, const char *ours)
{
	DIR *list = opendir(directory);
	const struct dirent *entry;
	char place[PATH_SIZE];

	if (!list)
		return;
	while ((entry = readdir(list))) {
		if (instance_of(entry->d_name) != (int)instance || strcmp(entry->d_name, ours) == 0)
			continue;
		pin_path(place, sizeof(place), directory, entry->d_name);
		unpin(place);
		log_notice("BPF: what an earlier agentd left in %s is taken away", place);
	}
	closedir(list);
}

void tc_object_purge(const struct tc_object *object, const char *directory)
{
	tc_object_sweep(object->instance, object);
	purge(directory, object->instance, strrchr(object->place, '/') + 1);
}

void tc_object_clear(const char *directory, unsigned instance)
{
	tc_object_sweep(instance, NULL);
	purge(directory, instance, "");
	(void)rmdir(directory); /* another instance's pins may be in it */
}

bool tc_object_has_pins(const char *directory, unsigned instance)
{
	DIR *list = opendir(directory);
	const struct dirent *entry;
	bool found = false;

	while (list && !found && (entry = readdir(list)))
		found = instance_of(entry->d_name) == (int)instance;
	if (list)
		closedir(list);
	return found;
}

/* ---- both ---- */

static enum ha_error find_place(struct tc_object *object, const char *directory, char *report,
                                size_t size)
{
	struct statfs system;
	char number[16] = "";
	size_t octets;
	const void *program = tc_program__elf_bytes(&octets);
	int length;

	if (object->instance)
		snprintf(number, sizeof(number), "-%u", object->instance);

	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return ha_refuse(report, size, ha_error_of_errno(errno),
		                 "%s cannot be made: %s; is a BPF file system mounted over it?",
		                 directory, strerror(errno));
	if (statfs(directory, &system) != 0 || system.f_type != BPF_FS_MAGIC)
		return ha_refuse(report, size, HA_E_UNSUPPORTED,
		                 "%s is not on a BPF file system; mount one (`mount -t bpf bpf "
		                 "/sys/fs/bpf`), or name a directory on one",
		                 directory);
	length = snprintf(object->place, sizeof(object->place), "%s/v%d-%016" PRIx64 "%s",
	                  directory, TC_LAYOUT, checksum(program, octets), number);
	if (length < 0 || (size_t)length >= sizeof(object->place))
		return ha_refuse(report, size, HA_E_RANGE, "%s is too long a path", directory);
	return HA_OK;
}

static enum ha_error identify(struct tc_object *object, char *report, size_t size)
{
	struct bpf_prog_info info = { 0 };
	uint32_t octets = sizeof(info);

	if (bpf_obj_get_info_by_fd(object->program, &info, &octets) != 0)
		return refused(report, size, "the program has no number", errno);
	object->program_id = info.id;
	return HA_OK;
}

enum ha_error tc_object_open(struct tc_object *object, const char *directory, unsigned instance,
                             const struct tc_sizes *sizes, char *report, size_t size)
{
	enum ha_error error;

	*object = (struct tc_object){ .program = -1, .instance = instance };
	for (unsigned i = 0; i < TC_MAP_COUNT; i++)
		object->maps[i] = -1;
	words[0] = '\0';
	libbpf_set_print(hear_library);
	error = find_place(object, directory, report, size);
	if (error)
		return error;
	object->adopted = adopt(object, sizes);
	if (!object->adopted) {
		close_all(object);
		error = load(object, sizes, report, size);
		if (!error) {
			unpin(object->place); /* of other sizes, or half of it */
			error = pin(object, report, size);
		}
	}
	if (!error)
		error = identify(object, report, size);
	if (error)
		close_all(object);
	return error;
}

void tc_object_close(struct tc_object *object)
{
	close_all(object);
}
