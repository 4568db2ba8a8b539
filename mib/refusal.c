/* refusal.c - from what went wrong to what a manager is told. */
#include "mib/refusal.h"

static const struct counter_info infos[REFUSAL_COUNT] = {
	[REFUSAL_NONE] = { .name = "snmp-set-done", .help = "SETs that were carried out" },
#define X(symbol, status_, name_, help_) [symbol] = { .name = (name_), .help = (help_) },
	MIB_REFUSALS(X)
#undef X
};

static _Atomic uint64_t values[REFUSAL_COUNT];

struct counter_set mib_set_counters = {
	.name = "snmp-set",
	.infos = infos,
	.values = values,
	.count = REFUSAL_COUNT,
};

enum mib_status mib_refusal_status(enum mib_refusal refusal)
{
	static const enum mib_status statuses[REFUSAL_COUNT] = {
#define X(symbol, status, name, help) [symbol] = (status),
		MIB_REFUSALS(X)
#undef X
	};

	return refusal < REFUSAL_COUNT ? statuses[refusal] : 0;
}

/* RFC 3416 section 4.2.5 knows one error for what passed the tests and fails. */
enum mib_refusal mib_refusal_of(enum ha_error why)
{
	if (why == HA_OK)
		return REFUSAL_NONE;
	return why == HA_E_UNCERTAIN ? REFUSAL_LATE : REFUSAL_COMMIT;
}

void mib_refusal_count(enum mib_refusal refusal)
{
	counter_add(&mib_set_counters, refusal, 1);
}
