/* store_fixture.h - a store in a directory of its own, and rows of text.
 *
 * May include: replication/store.h. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdbool.h>

#include "replication/store.h"

#define FIXTURE_MAP (16u << 20)

struct place {
	char directory[64];
	struct store *store;
	enum ha_error why;
	char report[256];
};

/* Make the directory; opens nothing. */
void place_begin(struct place *p);
bool place_open_store(struct place *p, uint64_t map);
void place_close_store(struct place *p);
/* Closes and removes; no file may be left that is not the store's. */
void place_end(struct place *p);
/* The path of a file in it, borrowed until the next call. */
const char *path_in(const struct place *p, const char *name);
/* Close and open again: refused for that reason, in words that name it? */
bool refused(struct place *p, enum ha_error why);

struct store_bytes text(const char *string);
bool is_text(struct store_bytes bytes, const char *string);

/* Into STORE_PEERS. */
void put_text(struct store_write *w, const char *key, const char *value);
enum ha_error put_one(struct place *p, const char *key, const char *value);
/* Does the newest state hold that row there? NULL: no row of that key. */
bool holds(struct place *p, const char *key, const char *value);

#endif
