/* meta.c - numbers that the store keeps about itself, in network order. */
#include "agentd/flow/meta.h"

#include "proto/cursor.h"

void meta_put_number(struct store_write *w, const char *name, uint64_t value)
{
	uint8_t octets[8];
	struct writer number = writer_over(octets, sizeof(octets));

	put_u64(&number, value);
	store_put(w, STORE_META, (struct store_bytes){ name, strlen(name) },
	          (struct store_bytes){ octets, sizeof(octets) });
}

enum ha_error meta_get_number(struct store_reader *reader, const char *name, uint64_t *out)
{
	struct store_bytes value;
	struct reader number;
	enum ha_error error = store_get(reader, STORE_META,
	                                (struct store_bytes){ name, strlen(name) }, &value);

	*out = 0;
	if (error != HA_OK)
		return error == HA_E_NOTFOUND ? HA_OK : error;
	number = reader_over(value.at, value.size);
	*out = get_u64(&number);
	return reader_finish(&number) == HA_OK ? HA_OK : HA_E_DAMAGED;
}
