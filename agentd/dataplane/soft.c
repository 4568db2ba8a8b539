/* soft.c - exits in sets of four, of which the one that was used least recently gives
 * way; packets that were sent in a ring by identification. */
#include "agentd/dataplane/soft.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agentd/base/address.h"

#define WAYS 4u
#define TTL_UNREACHABLE 256u /* no packet can have it */
#define SECOND_NS UINT64_C(1000000000)

struct exit {
	struct in_addr address; /* 0: nobody */
	uint16_t mtu;
	uint16_t length;
	/* When it was learnt; 0 stands for never. */
	uint64_t mtu_ns;
	uint64_t length_ns;
	uint64_t broken_ns;
	uint64_t used_ns;
};

struct sent {
	uint64_t when_ns; /* 0: never */
	struct soft_sent packet;
};

struct order {
	struct soft_flow flow;
	uint32_t last;
	uint64_t taken_ns; /* 0: nobody's */
};

/* For errors: credit, of which each takes its share of a second. */
struct bucket {
	uint64_t credit_ns;
	uint64_t credited_ns;
};

struct soft {
	pthread_mutex_t lock;
	uint32_t sets;
	uint32_t sent_mask;
	uint64_t seed;
	uint16_t next_id;
	struct soft_size size;
	struct bucket errors[SOFT_CAUSES];
	struct exit *exits;
	struct order *orders; /* as many */
	struct sent *sent;
};

static uint32_t power_above(uint32_t least, uint32_t most, uint32_t wanted)
{
	uint32_t power = least;

	while (power < wanted && power < most)
		power *= 2;
	return power;
}

static uint32_t exits_of(struct soft_size size)
{
	return power_above(8, UINT32_C(1) << 24, size.exits);
}

static uint32_t sent_of(struct soft_size size)
{
	return power_above(8, 65536, size.sent);
}

size_t soft_octets(struct soft_size size)
{
	return sizeof(struct soft) + exits_of(size) * (sizeof(struct exit) + sizeof(struct order)) +
	       sent_of(size) * sizeof(struct sent);
}

struct soft *soft_new(struct soft_size size)
{
	struct soft *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->size = size;
	s->sets = exits_of(size) / WAYS;
	s->sent_mask = sent_of(size) - 1;
	s->exits = calloc(exits_of(size), sizeof(*s->exits));
	s->orders = calloc(exits_of(size), sizeof(*s->orders));
	s->sent = calloc(sent_of(size), sizeof(*s->sent));
	pthread_mutex_init(&s->lock, NULL);
	if (getrandom(&s->seed, sizeof(s->seed), GRND_NONBLOCK) != sizeof(s->seed))
		s->seed = (uintptr_t)s;
	s->next_id = size.first_id ? size.first_id : (uint16_t)(s->seed >> 48);
	if (!s->exits || !s->orders || !s->sent) {
		soft_free(s);
		return NULL;
	}
	return s;
}

void soft_free(struct soft *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s->exits);
	free(s->orders);
	free(s->sent);
	free(s);
}

static struct exit *set_of(struct soft *s, struct in_addr address)
{
	uint64_t x = (address_host(address) ^ s->seed) * UINT64_C(0x9e3779b97f4a7c15);

	return &s->exits[(x >> 32) % s->sets * WAYS];
}

static struct exit *find(struct soft *s, struct in_addr address)
{
	struct exit *set = set_of(s, address);

	for (size_t i = 0; i < WAYS; i++)
		if (address_equal(set[i].address, address))
			return &set[i];
	return NULL;
}

/* The row of an exit, which may have been another one's. */
static struct exit *take(struct soft *s, struct in_addr address, uint64_t now_ns)
{
	struct exit *set = set_of(s, address), *row = find(s, address);

	for (size_t i = 0; i < WAYS && !row; i++)
		if (set[i].address.s_addr == 0)
			row = &set[i];
	if (!row) {
		row = set;
		for (size_t i = 1; i < WAYS; i++)
			if (set[i].used_ns < row->used_ns)
				row = &set[i];
	}
	if (!address_equal(row->address, address))
		*row = (struct exit){ .address = address };
	row->used_ns = now_ns;
	return row;
}

/* Times never are 0 in the table, and a clock that begins at 0 is no exception. */
static uint64_t stamp(uint64_t now_ns)
{
	return now_ns ? now_ns : 1;
}

static bool is_fresh(uint64_t since_ns, uint64_t age_ns, uint64_t now_ns)
{
	return since_ns && (now_ns < since_ns || now_ns - since_ns < age_ns);
}

struct soft_exit soft_look(struct soft *s, struct in_addr address, uint64_t now_ns)
{
	struct soft_exit known = { 0 };
	struct exit *row;

	pthread_mutex_lock(&s->lock);
	row = find(s, address);
	if (row) {
		row->used_ns = now_ns;
		if (is_fresh(row->mtu_ns, SOFT_MTU_NS, now_ns))
			known.mtu = row->mtu;
		if (is_fresh(row->length_ns, SOFT_LENGTH_NS, now_ns))
			known.length = row->length;
		known.broken = is_fresh(row->broken_ns, SOFT_BROKEN_NS, now_ns);
	}
	pthread_mutex_unlock(&s->lock);
	return known;
}

/* RFC 1191 section 7.1: what links are likely to have. */
static uint16_t plateau_below(uint16_t total)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002,
		                             1492,  1006,  508,  296,  68 };
	size_t i = 0;

	while (i + 1 < sizeof(plateaus) / sizeof(*plateaus) && plateaus[i] >= total)
		i++;
	return plateaus[i];
}

uint16_t soft_believed_mtu(uint16_t mtu, uint16_t total, uint16_t floor)
{
	if (mtu == 0 || mtu >= total)
		mtu = plateau_below(total);
	return mtu < floor ? floor : mtu;
}

uint16_t soft_too_big(struct soft *s, struct in_addr address, uint16_t mtu, uint16_t total,
                      uint16_t floor, uint64_t now_ns)
{
	struct exit *row;
	uint16_t now;

	mtu = soft_believed_mtu(mtu, total, floor);
	pthread_mutex_lock(&s->lock);
	row = take(s, address, now_ns);
	if (!is_fresh(row->mtu_ns, SOFT_MTU_NS, now_ns) || mtu <= row->mtu) {
		row->mtu = mtu;
		row->mtu_ns = stamp(now_ns);
	}
	now = row->mtu;
	pthread_mutex_unlock(&s->lock);
	return now;
}

void soft_too_far(struct soft *s, struct in_addr address, uint8_t ttl, uint64_t now_ns)
{
	struct exit *row;
	uint16_t length = (uint16_t)(ttl + 1u);

	pthread_mutex_lock(&s->lock);
	row = take(s, address, now_ns);
	if (!is_fresh(row->length_ns, SOFT_LENGTH_NS, now_ns) || length >= row->length) {
		row->length = length;
		row->length_ns = stamp(now_ns);
	}
	if (length >= TTL_UNREACHABLE)
		row->broken_ns = stamp(now_ns);
	pthread_mutex_unlock(&s->lock);
}

void soft_broken(struct soft *s, struct in_addr address, uint64_t now_ns)
{
	pthread_mutex_lock(&s->lock);
	take(s, address, now_ns)->broken_ns = stamp(now_ns);
	pthread_mutex_unlock(&s->lock);
}

void soft_works(struct soft *s, struct in_addr address, uint64_t now_ns)
{
	struct exit *row;

	pthread_mutex_lock(&s->lock);
	row = find(s, address);
	if (row) {
		row->broken_ns = 0;
		row->used_ns = now_ns;
	}
	pthread_mutex_unlock(&s->lock);
}

uint16_t soft_id(struct soft *s)
{
	uint16_t id;

	pthread_mutex_lock(&s->lock);
	if (s->next_id == 0)
		s->next_id++;
	id = s->next_id++;
	pthread_mutex_unlock(&s->lock);
	return id;
}

void soft_remember(struct soft *s, uint32_t realm, struct in_addr exit, uint16_t id, uint8_t ttl,
                   struct span inner, uint64_t now_ns)
{
	struct sent *sent = &s->sent[id & s->sent_mask];
	size_t size = inner.size < SOFT_QUOTE ? inner.size : SOFT_QUOTE;

	pthread_mutex_lock(&s->lock);
	sent->when_ns = stamp(now_ns);
	sent->packet = (struct soft_sent){
		.exit = exit, .realm = realm, .id = id, .ttl = ttl, .quote_size = (uint8_t)size
	};
	if (size)
		memcpy(sent->packet.quote, inner.at, size);
	pthread_mutex_unlock(&s->lock);
}

bool soft_recall(struct soft *s, struct in_addr exit, uint16_t id, uint64_t now_ns,
                 struct soft_sent *out)
{
	struct sent *sent = &s->sent[id & s->sent_mask];
	bool known;

	pthread_mutex_lock(&s->lock);
	known = is_fresh(sent->when_ns, SOFT_SENT_NS, now_ns) && sent->packet.id == id &&
	        address_equal(sent->packet.exit, exit);
	if (known)
		*out = sent->packet;
	pthread_mutex_unlock(&s->lock);
	return known;
}

/* One place for each flow: whose place another one has begins anew. */
static struct order *order_of(struct soft *s, const struct soft_flow *flow)
{
	uint64_t x = ((uint64_t)address_host(flow->source) << 32 | flow->key) + flow->has_key;

	x = (x ^ s->seed) * UINT64_C(0x9e3779b97f4a7c15);
	return &s->orders[(x >> 32) % (s->sets * WAYS)];
}

static bool is_same_flow(const struct soft_flow *a, const struct soft_flow *b)
{
	return address_equal(a->source, b->source) && a->has_key == b->has_key && a->key == b->key;
}

/* RFC 2890 section 2.2: late is what lies in the half before the newest, and that itself. */
static bool is_late(const struct order *order, const struct soft_flow *flow, uint32_t sequence,
                    uint64_t now_ns)
{
	return is_fresh(order->taken_ns, SOFT_ORDER_NS, now_ns) &&
	       is_same_flow(&order->flow, flow) && order->last - sequence <= INT32_MAX;
}

static bool look_at_order(struct soft *s, const struct soft_flow *flow, uint32_t sequence,
                          uint64_t now_ns, bool takes)
{
	struct order *order = order_of(s, flow);
	bool late;

	pthread_mutex_lock(&s->lock);
	late = is_late(order, flow, sequence, now_ns);
	if (!late && takes)
		*order = (struct order){ *flow, sequence, stamp(now_ns) };
	pthread_mutex_unlock(&s->lock);
	return !late;
}

bool soft_in_order(struct soft *s, const struct soft_flow *flow, uint32_t sequence, uint64_t now_ns)
{
	return look_at_order(s, flow, sequence, now_ns, false);
}

bool soft_take_in_order(struct soft *s, const struct soft_flow *flow, uint32_t sequence,
                        uint64_t now_ns)
{
	return look_at_order(s, flow, sequence, now_ns, true);
}

/* Credit grows with time, and one error takes what a second has over their number. */
bool soft_may_complain(struct soft *s, enum soft_cause cause, uint64_t now_ns)
{
	struct bucket *bucket = &s->errors[cause];
	uint64_t price, most;
	bool may;

	if (s->size.errors_per_s == 0)
		return false;
	price = SECOND_NS / s->size.errors_per_s;
	most = price * s->size.errors_burst;
	pthread_mutex_lock(&s->lock);
	if (bucket->credited_ns == 0 || now_ns > bucket->credited_ns) {
		uint64_t gained = bucket->credited_ns ? now_ns - bucket->credited_ns : most;

		bucket->credit_ns = gained > most - bucket->credit_ns ? most
		                                                      : bucket->credit_ns + gained;
		bucket->credited_ns = stamp(now_ns);
	}
	may = bucket->credit_ns >= price;
	if (may)
		bucket->credit_ns -= price;
	pthread_mutex_unlock(&s->lock);
	return may;
}
