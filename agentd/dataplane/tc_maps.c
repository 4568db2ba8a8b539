/* tc_maps.c - reading and writing maps. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agentd/dataplane/tc_kernel.h"

/* The kernel refills its stock of entries behind our back; for a moment it may be empty. */
#define TRIES 100

enum ha_error tc_map_put(const struct tc_object *object, enum tc_map map, const void *key,
                         const void *value)
{
	int failed = -ENOMEM;

	for (int i = 0; i < TRIES && failed == -ENOMEM; i++)
		failed = bpf_map_update_elem(object->maps[map], key, value, BPF_ANY);
	if (failed == -E2BIG)
		return HA_E_CAPACITY;
	return failed ? ha_error_of_errno(-failed) : HA_OK;
}

enum ha_error tc_map_remove(const struct tc_object *object, enum tc_map map, const void *key)
{
	int failed = bpf_map_delete_elem(object->maps[map], key);

	return failed == -ENOENT ? HA_E_NOTFOUND : failed ? ha_error_of_errno(-failed) : HA_OK;
}

bool tc_map_get(const struct tc_object *object, enum tc_map map, const void *key, void *value)
{
	return bpf_map_lookup_elem(object->maps[map], key, value) == 0;
}

bool tc_map_next(const struct tc_object *object, enum tc_map map, const void *key, void *next)
{
	return bpf_map_get_next_key(object->maps[map], key, next) == 0;
}

enum ha_error tc_map_put_many(const struct tc_object *object, enum tc_map map, const void *keys,
                              const void *values, uint32_t count)
{
	uint32_t done = count;
	int failed = bpf_map_update_batch(object->maps[map], keys, values, &done, NULL);

	return failed ? ha_error_of_errno(-failed) : HA_OK;
}

void *tc_map_share(const struct tc_object *object, enum tc_map map, size_t octets)
{
	void *memory = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_SHARED, object->maps[map], 0);

	return memory == MAP_FAILED ? NULL : memory;
}

uint64_t tc_map_sum(const struct tc_object *object, enum tc_map map, uint32_t key)
{
	int processors = libbpf_num_possible_cpus();
	uint64_t sum = 0, *values;

	if (processors <= 0)
		return 0;
	values = calloc((size_t)processors, sizeof(*values));
	if (values && tc_map_get(object, map, &key, values))
		for (int i = 0; i < processors; i++)
			sum += values[i];
	free(values);
	return sum;
}

/* "memlock:\t1234" of what /proc says of a descriptor. */
static uint64_t memory_of(int fd)
{
	char path[64], line[128];
	unsigned long long octets = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "memlock:", 8) == 0)
			octets = strtoull(line + 8, NULL, 10);
	fclose(file);
	return octets;
}

uint64_t tc_object_memory(const struct tc_object *object)
{
	uint64_t octets = 0;

	for (unsigned i = 0; i < TC_MAP_COUNT; i++)
		octets += memory_of(object->maps[i]);
	return octets;
}
