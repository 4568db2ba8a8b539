/* golden.h - what the tests of the golden vectors share: those of
 * tests/golden/vectors.json and extensions.json, and the members of their objects. A
 * member that is missing ends the test. Tests run in tests/.
 *
 * May include: jansson, CUnit, tests/unit. */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <arpa/inet.h>
#include <jansson.h>
#include <stdbool.h>

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static json_t *vectors; /* an array; set by golden_run */

static inline const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text)
		fprintf(stderr, "no text '%s' in a vector\n", key);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

static inline uint64_t number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	CU_ASSERT_TRUE_FATAL(json_is_integer(value));
	return (uint64_t)json_integer_value(value);
}

static inline struct in_addr address_of(const json_t *object, const char *key)
{
	struct in_addr address = { 0 };

	CU_ASSERT_EQUAL(inet_pton(AF_INET, text_of(object, key), &address), 1);
	return address;
}

static inline uint64_t hex_of(const json_t *object, const char *key)
{
	return strtoull(text_of(object, key), NULL, 16);
}

static inline bool is_udp(const json_t *vector)
{
	return strcmp(text_of(vector, "layer"), "udp_payload") == 0;
}

static inline unsigned type_of(const json_t *vector)
{
	unsigned type = 0;

	CU_ASSERT_EQUAL_FATAL(sscanf(text_of(vector, "hex"), "%2x", &type), 1);
	return type;
}

static inline struct octets octets_of(const json_t *object, const char *key)
{
	struct octets loose = octets_of_hex(text_of(object, key));
	struct octets exact = octets_copy(loose.at, loose.size);

	free(loose.at);
	return exact;
}

/* Take over the vectors of a file; false when it cannot be read. */
static inline bool golden_load(const char *path)
{
	json_error_t error;
	json_t *file = json_load_file(path, 0, &error);

	if (!file) {
		fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
		return false;
	}
	json_array_extend(vectors, json_object_get(file, "vectors"));
	json_decref(file);
	return true;
}

/* The main function: suite_run with the vectors at hand. */
static inline int golden_run(const char *name, CU_TestInfo *tests)
{
	int status = 1;

	vectors = json_array();
	if (golden_load("golden/vectors.json") && golden_load("golden/extensions.json"))
		status = suite_run(name, tests);
	json_decref(vectors);
	return status;
}

#endif
