/* walk_client.c - walks columns of an SNMP agent by v2c as fast as it answers:
 *
 *     bench_walk [OPTION]... ADDRESS:PORT OID...
 *
 * All OIDs, each the root of a column, are asked for in one request. A walk ends when
 * every column has come to its end, or after as many objects as were wanted. Prints one
 * line of JSON; --help says the rest. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/histogram.h"
#include "tests/bench/walk_ber.h"

#define SECOND_NS 1e9
#define WALKERS_MAX 256u
#define REQUEST_MAX 16384u /* octets: WALK_COLUMNS_MAX of the longest object identifiers */

/* What was asked for on the command line. */
struct plan {
	struct sockaddr_in agent;
	struct span community;
	enum walk_kind kind;
	uint32_t repetitions;
	unsigned columns;
	struct walk_oid roots[WALK_COLUMNS_MAX];
	struct walk_oid starts[WALK_COLUMNS_MAX];
	uint64_t varbinds; /* of a walk, 0 = to the end */
	double seconds;    /* walk again and again for so long, 0 = once */
	double timeout_s;
	unsigned tries;
	unsigned walkers;
	uint64_t until_ns;
};

struct tally {
	uint64_t varbinds;
	uint64_t requests;
	uint64_t timeouts;   /* requests, or repetitions of them, without an answer in time */
	uint64_t errors;     /* answers with an error status, malformed or without contents */
	uint64_t violations; /* objects that do not come after the one before */
	uint64_t walks;      /* that came to the end of all columns */
	struct histogram latency;
};

struct walker {
	pthread_t thread;
	const struct plan *plan;
	int fd;
	uint32_t id;
	bool broken;                        /* this walk cannot go on */
	unsigned count;                     /* columns that have not ended */
	unsigned columns[WALK_COLUMNS_MAX]; /* which */
	struct walk_oid at[WALK_COLUMNS_MAX];
	struct tally tally;
	uint8_t request[REQUEST_MAX];
	uint8_t response[WALK_DATAGRAM_MAX];
};

/* ---- one request ---- */

static size_t encode(struct walker *walker)
{
	const struct plan *plan = walker->plan;
	struct span oids[WALK_COLUMNS_MAX];
	const struct walk_request request = {
		.kind = plan->kind,
		.id = walker->id,
		.repetitions = plan->repetitions,
		.community = plan->community,
		.oids = oids,
		.count = walker->count,
	};

	for (unsigned i = 0; i < walker->count; i++)
		oids[i] = walk_oid_span(&walker->at[walker->columns[i]]);
	return walk_request_encode(&request, walker->request, sizeof(walker->request));
}

/* Await the answer to the newest request; what belongs to older ones is passed over.
 * False after the time that a try may take. */
static bool receive(struct walker *walker, struct walk_response *out)
{
	for (;;) {
		ssize_t size = recv(walker->fd, walker->response, sizeof(walker->response), 0);
		struct span datagram = { walker->response, size > 0 ? (size_t)size : 0 };

		if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (size < 0)
			continue; /* nobody listens: perhaps somebody will */
		if (!walk_response_decode(datagram, walker->plan->community, out)) {
			walker->tally.errors++;
			continue;
		}
		if (out->id == walker->id)
			return true;
	}
}

/* Ask for what comes after the columns' present places. False if there is no answer. */
static bool exchange(struct walker *walker, struct walk_response *out)
{
	size_t size;

	walker->id = (walker->id + 1) & INT32_MAX;
	size = encode(walker);
	for (unsigned try = 0; size && try < walker->plan->tries; try++) {
		uint64_t sent_ns = clock_monotonic_ns();

		walker->tally.requests++;
		if (send(walker->fd, walker->request, size, 0) < 0 && errno != ECONNREFUSED)
			break;
		if (receive(walker, out)) {
			histogram_add(&walker->tally.latency, clock_monotonic_ns() - sent_ns);
			return true;
		}
		walker->tally.timeouts++;
	}
	return false;
}

/* ---- one walk ---- */

/* Take in an answer: its objects are of the columns in turn. */
static void take(struct walker *walker, struct walk_response *response)
{
	struct span newest[WALK_COLUMNS_MAX];
	bool ended[WALK_COLUMNS_MAX] = { false };
	struct walk_varbind varbind;
	unsigned turn = 0, left = 0;

	for (unsigned i = 0; i < walker->count; i++)
		newest[i] = walk_oid_span(&walker->at[walker->columns[i]]);
	for (; walk_response_next(response, &varbind); turn++) {
		unsigned i = turn % walker->count;
		const struct walk_oid *root = &walker->plan->roots[walker->columns[i]];

		if (ended[i])
			continue;
		if (varbind.type == WALK_END_OF_VIEW ||
		    !walk_oid_is_below(varbind.oid, walk_oid_span(root))) {
			ended[i] = true;
			continue;
		}
		if (walk_oid_compare(newest[i], varbind.oid) >= 0) {
			walker->tally.violations++;
			walker->broken = true;
		}
		newest[i] = varbind.oid;
		walker->tally.varbinds++;
	}
	if (response->varbinds.error != HA_OK || turn < walker->count || response->error) {
		walker->tally.errors++;
		walker->broken = true;
		return;
	}
	for (unsigned i = 0; i < walker->count; i++) {
		unsigned column = walker->columns[i];

		if (ended[i])
			continue;
		if (newest[i].at != walker->at[column].octets)
			memcpy(walker->at[column].octets, newest[i].at, newest[i].size);
		walker->at[column].size = newest[i].size;
		walker->columns[left++] = column;
	}
	walker->count = left;
}

static bool is_enough(const struct walker *walker, uint64_t before)
{
	const struct plan *plan = walker->plan;

	if (plan->varbinds && walker->tally.varbinds - before >= plan->varbinds)
		return true;
	return plan->until_ns && clock_monotonic_ns() >= plan->until_ns;
}

static void walk(struct walker *walker)
{
	uint64_t before = walker->tally.varbinds;
	struct walk_response response;

	walker->broken = false;
	walker->count = walker->plan->columns;
	for (unsigned i = 0; i < walker->count; i++) {
		walker->columns[i] = i;
		walker->at[i] = walker->plan->starts[i];
	}
	while (walker->count && !walker->broken) {
		if (is_enough(walker, before))
			return;
		if (exchange(walker, &response))
			take(walker, &response);
		else
			walker->broken = true;
	}
	walker->tally.walks += !walker->broken;
}

static void *run(void *context)
{
	struct walker *walker = context;

	do
		walk(walker);
	while (walker->plan->until_ns && clock_monotonic_ns() < walker->plan->until_ns);
	return NULL;
}

/* ---- all of them ---- */

static void fail(const char *what)
{
	fprintf(stderr, "bench_walk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct walker *start(const struct plan *plan, unsigned number)
{
	struct walker *walker = calloc(1, sizeof(*walker));
	struct timeval timeout = { .tv_sec = (time_t)plan->timeout_s };

	if (!walker)
		fail("a walker");
	timeout.tv_usec = (suseconds_t)((plan->timeout_s - (double)timeout.tv_sec) * 1e6);
	walker->plan = plan;
	walker->id = number << 20;
	walker->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (walker->fd < 0 ||
	    setsockopt(walker->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
	    connect(walker->fd, (const struct sockaddr *)&plan->agent, sizeof(plan->agent)) != 0)
		fail("a socket");
	if (pthread_create(&walker->thread, NULL, run, walker) != 0)
		fail("a thread");
	return walker;
}

static void add(struct tally *sum, const struct tally *more)
{
	sum->varbinds += more->varbinds;
	sum->requests += more->requests;
	sum->timeouts += more->timeouts;
	sum->errors += more->errors;
	sum->violations += more->violations;
	sum->walks += more->walks;
	sum->latency.total += more->latency.total;
	if (more->latency.max > sum->latency.max)
		sum->latency.max = more->latency.max;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->latency.counts[i] += more->latency.counts[i];
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void print(const struct tally *tally, double seconds)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	printf("{\"varbinds\": %" PRIu64 ", \"seconds\": %.6f, \"varbinds_per_s\": %.1f",
	       tally->varbinds, seconds, (double)tally->varbinds / seconds);
	printf(", \"requests\": %" PRIu64 ", \"timeouts\": %" PRIu64 ", \"errors\": %" PRIu64,
	       tally->requests, tally->timeouts, tally->errors);
	printf(", \"violations\": %" PRIu64 ", \"walks\": %" PRIu64, tally->violations,
	       tally->walks);
	printf(", \"p50_us\": %.1f, \"p99_us\": %.1f",
	       (double)histogram_percentile(&tally->latency, 500000) / 1e3,
	       (double)histogram_percentile(&tally->latency, 990000) / 1e3);
	printf(", \"user_s\": %.3f, \"system_s\": %.3f}\n", seconds_of(used.ru_utime),
	       seconds_of(used.ru_stime));
}

static void walk_all(struct plan *plan)
{
	static struct tally sum;
	struct walker *walkers[WALKERS_MAX];
	uint64_t begin_ns = clock_monotonic_ns();

	if (plan->seconds > 0)
		plan->until_ns = begin_ns + (uint64_t)(plan->seconds * SECOND_NS);
	for (unsigned i = 0; i < plan->walkers; i++)
		walkers[i] = start(plan, i);
	for (unsigned i = 0; i < plan->walkers; i++) {
		pthread_join(walkers[i]->thread, NULL);
		add(&sum, &walkers[i]->tally);
		close(walkers[i]->fd);
		free(walkers[i]);
	}
	print(&sum, (double)(clock_monotonic_ns() - begin_ns) / SECOND_NS);
}

/* ---- command line ---- */

static const char usage[] =
	"usage: bench_walk [OPTION]... ADDRESS:PORT OID...\n"
	"  --bulk N        GETBULK with N repetitions; else GETNEXT\n"
	"  --from INDEX    begin after this index in each column, such as 10.0.0.1\n"
	"  --varbinds N    end a walk after so many objects\n"
	"  --seconds S     walk again and again for so long\n"
	"  --walkers N     so many walks at once, each with a socket of its own [1]\n"
	"  --timeout S     seconds that an answer may take [5]\n"
	"  --tries N       how often a request is sent until a walk is given up [3]\n"
	"  --community C   [public]\n"
	"Prints objects, seconds, requests, those without an answer, errors, objects out of order,\n"
	"walks that came to the end, and how long requests took.\n";

static _Noreturn void refuse(const char *what)
{
	fprintf(stderr, "bench_walk: %s\n%s", what, usage);
	exit(2);
}

static void read_agent(struct plan *plan, char *text)
{
	char *port = strrchr(text, ':');
	unsigned long number = port ? strtoul(port + 1, NULL, 10) : 0;

	if (!port || number < 1 || number > UINT16_MAX)
		refuse("ADDRESS:PORT is wanted");
	*port = '\0';
	plan->agent = (struct sockaddr_in){ .sin_family = AF_INET,
		                            .sin_port = htons((uint16_t)number) };
	if (inet_pton(AF_INET, text, &plan->agent.sin_addr) != 1)
		refuse("the address is none of IPv4");
}

static void read_columns(struct plan *plan, char **words, int count, const char *from)
{
	if (count < 1 || count > (int)WALK_COLUMNS_MAX)
		refuse("from 1 to 16 columns are wanted");
	for (; plan->columns < (unsigned)count; plan->columns++) {
		struct walk_oid *start = &plan->starts[plan->columns];

		if (!walk_oid_of_text(words[plan->columns], start))
			refuse("a column is no object identifier");
		plan->roots[plan->columns] = *start;
		if (from && !walk_oid_append(start, from))
			refuse("--from is no index");
	}
}

static const char *read_options(struct plan *plan, int argc, char **argv)
{
	static const struct option options[] = {
		{ "bulk", required_argument, NULL, 'b' },
		{ "community", required_argument, NULL, 'c' },
		{ "from", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "seconds", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "tries", required_argument, NULL, 'r' },
		{ "varbinds", required_argument, NULL, 'v' },
		{ "walkers", required_argument, NULL, 'w' },
		{ 0 },
	};
	const char *from = NULL, *community = "public";

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'b':
			plan->kind = WALK_BULK;
			plan->repetitions = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			community = optarg;
			break;
		case 'f':
			from = optarg;
			break;
		case 's':
			plan->seconds = strtod(optarg, NULL);
			break;
		case 't':
			plan->timeout_s = strtod(optarg, NULL);
			break;
		case 'r':
			plan->tries = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'v':
			plan->varbinds = strtoull(optarg, NULL, 10);
			break;
		case 'w':
			plan->walkers = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			refuse("there is no such option");
		}
	}
	plan->community = (struct span){ (const uint8_t *)community, strlen(community) };
	return from;
}

int main(int argc, char **argv)
{
	static struct plan plan = {
		.kind = WALK_NEXT,
		.timeout_s = 5,
		.tries = 3,
		.walkers = 1,
	};
	const char *from = read_options(&plan, argc, argv);

	if (optind >= argc)
		refuse("ADDRESS:PORT is wanted");
	read_agent(&plan, argv[optind]);
	read_columns(&plan, argv + optind + 1, argc - optind - 1, from);
	if (plan.walkers < 1 || plan.walkers > WALKERS_MAX || plan.tries < 1 ||
	    !(plan.timeout_s > 0) || (plan.kind == WALK_BULK && plan.repetitions < 1))
		refuse("a number is out of its range");
	if (plan.community.size > 255)
		refuse("the community is too long");
	walk_all(&plan);
	return 0;
}
