/* bindings.c - bindings of a store, and their flags as MIP-MIB has them. */
#include "mib/bindings.h"

#include "mib/counters.h"
#include "proto/message.h"

bool mib_binding_find(struct mib_group *group, struct store_bytes key, bool after,
                      struct binding_row *out)
{
	struct store_reader *reader = mib_group_reader(group);
	struct store_row raw;
	enum ha_error why;

	if (!reader)
		return false;
	why = store_seek(reader, STORE_BINDINGS, key, after, &raw);
	while (why == HA_OK) {
		if (binding_row_decode(mib_span(raw.key), mib_span(raw.value), out) == HA_OK)
			return true;
		mib_count(MIB_COUNT_UNREADABLE);
		why = store_next(reader, STORE_BINDINGS, &raw);
	}
	return false;
}

bool mib_registration_flags(struct mib_value *out, uint8_t flags)
{
	/* In the order of their bits. */
	static const uint16_t bits[] = {
		MIP_REQUEST_R, /* vjCompression, as it was called */
		MIP_REQUEST_GRE,       MIP_REQUEST_MINIMAL,      MIP_REQUEST_DECAPSULATES,
		MIP_REQUEST_BROADCAST, MIP_REQUEST_SIMULTANEOUS,
	};

	return mib_bits(out, flags, bits, sizeof(bits) / sizeof(bits[0]));
}
