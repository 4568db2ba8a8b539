/* store_fixture.c - see store_fixture.h. */
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

bool place_open_store(struct place *p, uint64_t map)
{
	p->report[0] = '\0';
	p->store = store_open(p->directory, map, &p->why, p->report, sizeof(p->report));
	return p->store != NULL;
}

void place_close_store(struct place *p)
{
	store_close(p->store);
	p->store = NULL;
}

void place_begin(struct place *p)
{
	*p = (struct place){ .directory = P_tmpdir "/hearth-store-XXXXXX" };
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->directory));
}

const char *path_in(const struct place *p, const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", p->directory, name);
	return path;
}

void place_end(struct place *p)
{
	place_close_store(p);
	unlink(path_in(p, "data.mdb"));
	unlink(path_in(p, "lock.mdb"));
	unlink(path_in(p, "store.lock"));
	CU_ASSERT_EQUAL(rmdir(p->directory), 0);
}

bool refused(struct place *p, enum ha_error why)
{
	place_close_store(p);
	return !place_open_store(p, FIXTURE_MAP) && p->why == why &&
	       strstr(p->report, p->directory);
}

struct store_bytes text(const char *string)
{
	return (struct store_bytes){ .at = string, .size = strlen(string) };
}

bool is_text(struct store_bytes bytes, const char *string)
{
	return bytes.size == strlen(string) && memcmp(bytes.at, string, bytes.size) == 0;
}

void put_text(struct store_write *w, const char *key, const char *value)
{
	store_put(w, STORE_PEERS, text(key), text(value));
}

enum ha_error put_one(struct place *p, const char *key, const char *value)
{
	struct store_write w = store_begin(p->store);
	put_text(&w, key, value);
	return store_commit(&w);
}

bool holds(struct place *p, const char *key, const char *value)
{
	struct store_reader reader;
	struct store_bytes found;
	if (store_read_open(p->store, &reader) != HA_OK)
		return false;
	const enum ha_error error = store_get(&reader, STORE_PEERS, text(key), &found);
	const bool right = value ? error == HA_OK && is_text(found, value) : error == HA_E_NOTFOUND;
	store_read_close(&reader);
	return right;
}
