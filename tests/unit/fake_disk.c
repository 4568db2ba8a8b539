/* fake_disk.c - see fake_disk.h. A directory is a small table of names; every
 * change of names since the last sync is kept as a copy of that table. */
#include "tests/unit/fake_disk.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define SECTOR 512u
#define FILES 64u
#define HANDLES 64u
#define CHANGES 64u /* of names between two syncs */
#define DIRECTORY_HANDLE 1000

struct fake_file {
	uint8_t *seen; /* what a read gives */
	uint8_t *durable;
	uint8_t *dirty; /* per sector */
	uint32_t size;
	uint32_t durable_size;
};

struct fake_name {
	char text[48];
	int file; /* index, -1 = unused */
};

struct fake_names {
	struct fake_name names[FILES];
};

struct fake_disk {
	struct journal_io io;
	pthread_mutex_t mutex;
	uint32_t file_octets;
	uint64_t capacity;
	struct fake_file files[FILES];
	int handles[HANDLES];               /* file, -1 = closed */
	struct fake_names history[CHANGES]; /* [0] is durable, the last is seen */
	size_t changes;
	bool locked;
	int lock_handle;
	uint64_t countdown;
	int error;
	bool forever;
	bool failed;
	uint64_t random;
};

uint64_t fake_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static struct fake_names *seen_names(struct fake_disk *disk)
{
	return &disk->history[disk->changes];
}

/* Begin a change of names: from here on seen_names() is the new state. */
static struct fake_names *change_names(struct fake_disk *disk)
{
	if (disk->changes + 1 == CHANGES)
		abort(); /* a test that never syncs names is not about this disk */
	disk->history[disk->changes + 1] = disk->history[disk->changes];
	disk->changes++;
	return seen_names(disk);
}

static struct fake_name *find(struct fake_names *names, const char *text)
{
	for (size_t i = 0; i < FILES; i++) {
		if (names->names[i].file >= 0 && strcmp(names->names[i].text, text) == 0)
			return &names->names[i];
	}
	return NULL;
}

static void add(struct fake_names *names, const char *text, int file)
{
	for (size_t i = 0; i < FILES; i++) {
		struct fake_name *name = &names->names[i];
		if (name->file >= 0)
			continue;
		name->file = file;
		snprintf(name->text, sizeof(name->text), "%s", text);
		return;
	}
	abort();
}

static bool is_named(const struct fake_disk *disk, int file)
{
	for (size_t c = 0; c <= disk->changes; c++) {
		for (size_t i = 0; i < FILES; i++) {
			if (disk->history[c].names[i].file == file)
				return true;
		}
	}
	return false;
}

static bool is_open(const struct fake_disk *disk, int file)
{
	for (size_t i = 0; i < HANDLES; i++) {
		if (disk->handles[i] == file)
			return true;
	}
	return false;
}

static void drop_file(struct fake_file *file)
{
	free(file->seen);
	free(file->durable);
	free(file->dirty);
	*file = (struct fake_file){ 0 };
}

static int new_file(struct fake_disk *disk)
{
	for (int i = 0; i < (int)FILES; i++) {
		struct fake_file *file = &disk->files[i];
		if (file->seen && !is_named(disk, i) && !is_open(disk, i))
			drop_file(file);
		if (file->seen)
			continue;
		file->seen = calloc(1, disk->file_octets);
		file->durable = calloc(1, disk->file_octets);
		file->dirty = calloc(1, disk->file_octets / SECTOR + 1);
		if (!file->seen || !file->durable || !file->dirty)
			abort();
		return i;
	}
	abort();
}

/* Lock, count, and say whether this operation fails. */
static int enter(struct fake_disk *disk)
{
	pthread_mutex_lock(&disk->mutex);
	if (disk->failed && disk->forever)
		return -disk->error;
	if (disk->countdown == 0 || --disk->countdown > 0)
		return 0;
	disk->failed = true;
	return -disk->error;
}

static int leave(struct fake_disk *disk, int result)
{
	pthread_mutex_unlock(&disk->mutex);
	return result;
}

static int fake_open_directory(void *context, const char *path)
{
	struct fake_disk *disk = context;
	(void)path;
	const int error = enter(disk);
	return leave(disk, error ? error : DIRECTORY_HANDLE);
}

static int fake_list(void *context, int directory, journal_io_name *each, void *argument)
{
	struct fake_disk *disk = context;
	(void)directory;
	int result = enter(disk);
	const struct fake_names *names = seen_names(disk);
	for (size_t i = 0; i < FILES && !result; i++) {
		if (names->names[i].file >= 0)
			result = each(argument, names->names[i].text);
	}
	return leave(disk, result);
}

static int new_handle(struct fake_disk *disk, int file)
{
	for (int i = 0; i < (int)HANDLES; i++) {
		if (disk->handles[i] < 0) {
			disk->handles[i] = file;
			return i;
		}
	}
	return -EMFILE;
}

static int open_locked(struct fake_disk *disk, const char *name, enum journal_io_mode mode)
{
	struct fake_name *entry = find(seen_names(disk), name);
	if (mode == JOURNAL_IO_LOCK && disk->locked)
		return -EWOULDBLOCK;
	if (!entry && mode == JOURNAL_IO_EXISTING)
		return -ENOENT;
	int file = entry ? entry->file : -1;
	if (!entry || mode == JOURNAL_IO_FRESH) {
		struct fake_names *names = change_names(disk);
		entry = find(names, name);
		if (entry)
			entry->file = -1;
		file = new_file(disk);
		add(names, name, file);
	}
	const int handle = new_handle(disk, file);
	if (mode == JOURNAL_IO_LOCK && handle >= 0) {
		disk->locked = true;
		disk->lock_handle = handle;
	}
	return handle;
}

static int fake_open(void *context, int directory, const char *name, enum journal_io_mode mode)
{
	struct fake_disk *disk = context;
	(void)directory;
	const int error = enter(disk);
	return leave(disk, error ? error : open_locked(disk, name, mode));
}

static int fake_close(void *context, int handle)
{
	struct fake_disk *disk = context;
	pthread_mutex_lock(&disk->mutex);
	if (handle != DIRECTORY_HANDLE) {
		if (disk->handles[handle] < 0)
			abort(); /* closed twice */
		disk->handles[handle] = -1;
		if (disk->locked && handle == disk->lock_handle)
			disk->locked = false;
	}
	return leave(disk, 0);
}

static struct fake_file *file_of(struct fake_disk *disk, int handle)
{
	if (handle < 0 || handle >= (int)HANDLES || disk->handles[handle] < 0)
		abort(); /* used after closing, or never opened */
	return &disk->files[disk->handles[handle]];
}

static int64_t fake_size(void *context, int handle)
{
	struct fake_disk *disk = context;
	const int error = enter(disk);
	const int64_t size = error ? error : (int64_t)file_of(disk, handle)->size;
	leave(disk, 0);
	return size;
}

static ssize_t fake_pread(void *context, int handle, void *octets, size_t size, uint64_t offset)
{
	struct fake_disk *disk = context;
	const int error = enter(disk);
	const struct fake_file *file = file_of(disk, handle);
	size_t n = 0;
	if (!error && offset < file->size) {
		n = file->size - offset < size ? (size_t)(file->size - offset) : size;
		memcpy(octets, file->seen + offset, n);
	}
	leave(disk, 0);
	return error ? error : (ssize_t)n;
}

static uint64_t octets_in_use(const struct fake_disk *disk)
{
	uint64_t sum = 0;
	for (int i = 0; i < (int)FILES; i++) {
		if (disk->files[i].seen && (is_named(disk, i) || is_open(disk, i)))
			sum += disk->files[i].size;
	}
	return sum;
}

static ssize_t write_locked(struct fake_disk *disk, struct fake_file *file, const void *octets,
                            size_t size, uint64_t offset)
{
	const uint64_t end = offset + size;
	if (end > disk->file_octets)
		return -EFBIG;
	if (end > file->size) {
		if (octets_in_use(disk) + (end - file->size) > disk->capacity)
			return -ENOSPC;
		file->size = (uint32_t)end;
	}
	memcpy(file->seen + offset, octets, size);
	if (size > 0)
		memset(file->dirty + offset / SECTOR, 1,
		       (size_t)((end - 1) / SECTOR - offset / SECTOR + 1));
	return (ssize_t)size;
}

static ssize_t fake_pwrite(void *context, int handle, const void *octets, size_t size,
                           uint64_t offset)
{
	struct fake_disk *disk = context;
	const int error = enter(disk);
	const ssize_t n = error ? error
	                        : write_locked(disk, file_of(disk, handle), octets, size, offset);
	leave(disk, 0);
	return n;
}

static void sync_sector(struct fake_file *file, uint32_t sector)
{
	memcpy(file->durable + (size_t)sector * SECTOR, file->seen + (size_t)sector * SECTOR,
	       SECTOR);
}

static int fake_sync_file(void *context, int handle)
{
	struct fake_disk *disk = context;
	const int error = enter(disk);
	struct fake_file *file = file_of(disk, handle);
	for (uint32_t s = 0; s < disk->file_octets / SECTOR; s++) {
		if (file->dirty[s] && !error)
			sync_sector(file, s);
		file->dirty[s] = 0;
	}
	if (!error)
		file->durable_size = file->size;
	return leave(disk, error);
}

static int fake_sync_directory(void *context, int directory)
{
	struct fake_disk *disk = context;
	(void)directory;
	const int error = enter(disk);
	if (!error) {
		disk->history[0] = *seen_names(disk);
		disk->changes = 0;
	}
	return leave(disk, error);
}

static int rename_locked(struct fake_disk *disk, const char *from, const char *to)
{
	if (!find(seen_names(disk), from))
		return -ENOENT;
	struct fake_names *names = change_names(disk);
	struct fake_name *target = find(names, to);
	if (target)
		target->file = -1;
	struct fake_name *source = find(names, from);
	const int file = source->file;
	source->file = -1;
	add(names, to, file);
	return 0;
}

static int fake_rename(void *context, int directory, const char *from, const char *to)
{
	struct fake_disk *disk = context;
	(void)directory;
	const int error = enter(disk);
	return leave(disk, error ? error : rename_locked(disk, from, to));
}

static int fake_unlink(void *context, int directory, const char *name)
{
	struct fake_disk *disk = context;
	(void)directory;
	int error = enter(disk);
	if (!error && !find(seen_names(disk), name))
		error = -ENOENT;
	if (!error)
		find(change_names(disk), name)->file = -1;
	return leave(disk, error);
}

static int fake_random_number(void *context, uint64_t *out)
{
	struct fake_disk *disk = context;
	const int error = enter(disk);
	if (!error)
		*out = fake_random(&disk->random);
	return leave(disk, error);
}

struct fake_disk *fake_disk_new(uint32_t file_octets, uint64_t capacity)
{
	struct fake_disk *disk = calloc(1, sizeof(*disk));
	if (!disk)
		abort();
	pthread_mutex_init(&disk->mutex, NULL);
	disk->file_octets = file_octets;
	disk->capacity = capacity;
	for (size_t i = 0; i < HANDLES; i++)
		disk->handles[i] = -1;
	for (size_t i = 0; i < FILES; i++)
		disk->history[0].names[i].file = -1;
	disk->io = (struct journal_io){
		.context = disk,
		.open_directory = fake_open_directory,
		.list = fake_list,
		.open = fake_open,
		.close = fake_close,
		.size = fake_size,
		.pread = fake_pread,
		.pwrite = fake_pwrite,
		.sync_file = fake_sync_file,
		.sync_directory = fake_sync_directory,
		.rename = fake_rename,
		.remove = fake_unlink,
		.random = fake_random_number,
	};
	return disk;
}

void fake_disk_free(struct fake_disk *disk)
{
	for (size_t i = 0; i < FILES; i++)
		drop_file(&disk->files[i]);
	pthread_mutex_destroy(&disk->mutex);
	free(disk);
}

const struct journal_io *fake_disk_io(struct fake_disk *disk)
{
	return &disk->io;
}

void fake_disk_set_capacity(struct fake_disk *disk, uint64_t capacity)
{
	pthread_mutex_lock(&disk->mutex);
	disk->capacity = capacity;
	pthread_mutex_unlock(&disk->mutex);
}

void fake_disk_fail(struct fake_disk *disk, uint64_t nth, int error, bool forever)
{
	pthread_mutex_lock(&disk->mutex);
	disk->countdown = nth;
	disk->error = error;
	disk->forever = forever;
	disk->failed = false;
	pthread_mutex_unlock(&disk->mutex);
}

bool fake_disk_failed(const struct fake_disk *disk)
{
	return disk->failed;
}

static void cut_file(const struct fake_disk *disk, struct fake_file *file, uint64_t *random)
{
	bool any = false;
	for (uint32_t s = 0; s < disk->file_octets / SECTOR; s++) {
		if (file->dirty[s] && fake_random(random) % 2) {
			sync_sector(file, s);
			any = true;
		}
		file->dirty[s] = 0;
	}
	if (any || fake_random(random) % 2)
		file->durable_size = file->size;
	file->size = file->durable_size;
	memcpy(file->seen, file->durable, disk->file_octets);
}

void fake_disk_cut(struct fake_disk *disk, uint64_t seed)
{
	uint64_t random = seed;
	fake_disk_restart(disk);
	disk->history[0] = disk->history[fake_random(&random) % (disk->changes + 1)];
	disk->changes = 0;
	for (size_t i = 0; i < FILES; i++) {
		if (disk->files[i].seen)
			cut_file(disk, &disk->files[i], &random);
	}
}

void fake_disk_restart(struct fake_disk *disk)
{
	fake_disk_fail(disk, 0, 0, false);
	disk->locked = false;
	for (size_t i = 0; i < HANDLES; i++)
		disk->handles[i] = -1;
}

uint8_t *fake_disk_file(struct fake_disk *disk, const char *name, uint32_t *size)
{
	const struct fake_name *entry = find(seen_names(disk), name);
	if (!entry)
		return NULL;
	if (size)
		*size = disk->files[entry->file].size;
	return disk->files[entry->file].seen;
}

void fake_disk_resize(struct fake_disk *disk, const char *name, uint32_t size)
{
	const struct fake_name *entry = find(seen_names(disk), name);
	if (!entry)
		abort();
	disk->files[entry->file].size = disk->files[entry->file].durable_size = size;
}

void fake_disk_put(struct fake_disk *disk, const char *name, const void *octets, uint32_t size)
{
	fake_disk_remove(disk, name);
	const int file = new_file(disk);
	memcpy(disk->files[file].seen, octets, size);
	memcpy(disk->files[file].durable, octets, size);
	disk->files[file].size = disk->files[file].durable_size = size;
	add(seen_names(disk), name, file);
}

void fake_disk_remove(struct fake_disk *disk, const char *name)
{
	struct fake_name *entry = find(seen_names(disk), name);
	if (entry)
		entry->file = -1;
}
