/* mib_model.h - what tables should answer, made from a world of rows without any of the
 * code that finds them: names and values in one sorted list.
 *
 * May include: tests/unit/mib_world.h. */
#ifndef TESTS_UNIT_MIB_MODEL_H
#define TESTS_UNIT_MIB_MODEL_H

#include "tests/unit/mib_world.h"

#define MODEL_NAME_MAX 40u
#define MODEL_OCTETS_MAX 32u

struct expected {
	size_t size;
	uint32_t name[MODEL_NAME_MAX];
	size_t order; /* of several of one name the first counts */
	enum mib_type type;
	uint64_t number; /* of an integer, its 32 bits */
	size_t octets_size;
	uint8_t octets[MODEL_OCTETS_MAX];
};

struct model {
	size_t count, room;
	struct expected *rows;
};

/* Of one table of mib/objects.h, in this context of the world. */
struct model_table {
	struct mib_table *table;
	void (*fill)(struct model *model, const struct world *world, uint32_t context);
};
extern const struct model_table model_tables[];
extern const size_t model_table_count;

void model_make(struct model *model, const struct world *world, const struct model_table *table,
                uint32_t context);
void model_free(struct model *model);

int model_compare(const struct expected *one, const uint32_t *name, size_t size);
/* The place of the first that is behind this name, or `count`. */
size_t model_after(const struct model *model, const uint32_t *name, size_t size);
bool model_is_value(const struct expected *expected, const struct mib_value *value);

#endif
