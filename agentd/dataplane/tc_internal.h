/* tc_internal.h - what the files of tc.h share. */
#ifndef AGENTD_DATAPLANE_TC_INTERNAL_H
#define AGENTD_DATAPLANE_TC_INTERNAL_H

#include <net/if.h>
#include <stdatomic.h>

#include "agentd/dataplane/tc.h"
#include "agentd/dataplane/tc_kernel.h"

struct tc_place {
	char name[IF_NAMESIZE];
	struct tc_link link;
	_Atomic int interface; /* where the program was last put; 0: nowhere */
};

struct tc {
	struct tc_object object;
	char *directory;
	struct tunnels_size size;
	struct tc_place places[TC_INTERFACES_MAX];
	size_t place_count;
	struct tc_sizes sizes;
	struct tc_range wanted[TC_RANGES_MAX];
	uint8_t wanted_count;
	bool has_hashed;
	/* Shared with the program. */
	struct tc_config *config;
	struct tc_group *groups;
	struct tc_link *links;
	struct tc_range *ranges;
	struct tc_binding *table;
	uint64_t *own_filter;
	struct tunnels_counters *rows;
	uint32_t exits;
	unsigned own_round;
	_Atomic uint64_t failures;
};

/* Does a map's entry say the same as the table? */
struct tc_image {
	struct tc_home key;
	struct tc_binding binding;
	struct tc_more_ends more;
};

/* Which networks get a table, and the sizes of all maps. */
void tc_plan(struct tc *tc, const struct tc_options *options);

/* As the program reads it; `home` is bound. */
void tc_image_of(const struct tunnels_home *home, struct tc_image *image);
/* The maps' entries of a home address; false: there are none. */
bool tc_image_get(const struct tc *tc, const struct tc_home *key, struct tc_image *image);

/* Attach where the program is not, and note the interface as one of ours; first error. */
enum ha_error tc_attach_all(struct tc *tc, char *report, size_t size);
/* From every interface that the map of links knows. */
void tc_detach_all(struct tc *tc);
/* Make the map of this host's own addresses say what is so. */
void tc_own_addresses(struct tc *tc);

#endif
