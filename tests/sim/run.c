/* run.c - the simulation: many seeds on all processors, one process each.
 *
 * The last line is one JSON object. A seed that breaks a rule is printed with
 * the way to see it again; the exit status is 1 then. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/plan.h"

#define SEED_LIMIT_S 120u /* a seed that runs longer does not end */
#define SHOWN_MAX 20u     /* seeds that fail */

static struct {
	uint64_t first, count;
	unsigned members, processes, tracing;
	uint64_t seconds;
} given = { .first = 1, .count = 200 };

static const char usage[] =
	"usage: tests/sim/run [--seeds N] [--first K] [--seed K] [--members N] [--seconds S]\n"
	"                     [--processes N] [--trace]\n"
	"  --seeds N       so many seeds (200), from --first on (1)\n"
	"  --seed K        this one alone, in this process\n"
	"  --members N     3 or 5; else by the seed\n"
	"  --seconds S     of virtual time in which things go wrong; else by the seed\n"
	"  --processes N   at a time; else as many as there are processors\n"
	"  --trace         with --seed: say what happens; twice: and what members say\n";

static const struct option options[] = {
	{ "seeds", required_argument, NULL, 'n' },
	{ "first", required_argument, NULL, 'f' },
	{ "seed", required_argument, NULL, 's' },
	{ "members", required_argument, NULL, 'm' },
	{ "seconds", required_argument, NULL, 'd' },
	{ "processes", required_argument, NULL, 'p' },
	{ "trace", no_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text && !*end)
		return value;
	fprintf(stderr, "%s is no number\n%s", text, usage);
	exit(2);
}

/* Takes one seed alone. */
static bool parse(int count, char **arguments)
{
	bool alone = false;
	int option;

	while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			given.count = number(optarg);
			break;
		case 'f':
			given.first = number(optarg);
			break;
		case 's':
			given.first = number(optarg);
			alone = true;
			break;
		case 'm':
			given.members = (unsigned)number(optarg);
			break;
		case 'd':
			given.seconds = number(optarg);
			break;
		case 'p':
			given.processes = (unsigned)number(optarg);
			break;
		case 't':
			given.tracing++;
			break;
		default:
			fputs(usage, option == 'h' ? stdout : stderr);
			exit(option == 'h' ? 0 : 2);
		}
	}
	return alone;
}

static void run_one(uint64_t seed, struct tally *out)
{
	struct plan plan;

	plan_make(seed, given.members, &plan);
	if (given.seconds)
		plan.faulty_ms = given.seconds * 1000;
	world_run(seed, &plan, given.tracing, out);
}

static uint64_t violations_of(const struct tally *tally)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < VIOLATION_COUNT; i++)
		sum += tally->violations[i];
	return sum;
}

/* ---- many ---- */

/* One process of those at work, and where it writes. */
struct slot {
	pid_t process;
	uint64_t seed;
	struct tally *tally; /* shared with it */
};

static void add(struct tally *sum, const struct tally *tally)
{
	for (unsigned i = 0; i < VIOLATION_COUNT; i++)
		sum->violations[i] += tally->violations[i];
#define X(field) sum->field += tally->field;
	TALLY_SUMS(X)
#undef X
	if (tally->recovery_ms_max > sum->recovery_ms_max)
		sum->recovery_ms_max = tally->recovery_ms_max;
}

static void start(struct slot *slot, uint64_t seed)
{
	slot->seed = seed;
	memset(slot->tally, 0, sizeof(*slot->tally));
	slot->process = fork();
	if (slot->process < 0) {
		perror("fork");
		exit(2);
	}
	if (slot->process > 0)
		return;
	alarm(SEED_LIMIT_S);
	run_one(seed, slot->tally);
	_exit(0);
}

static void finish(struct slot *slot, int status, struct tally *sum, unsigned *failed)
{
	struct tally *tally = slot->tally;

	slot->process = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		tally->violations[VIOLATION_FAILED]++;
		snprintf(tally->first, sizeof(tally->first),
		         WIFSIGNALED(status) ? "the process died of signal %d" : "exit status %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	add(sum, tally);
	if (!violations_of(tally) || ++*failed > SHOWN_MAX)
		return;
	printf("seed %llu: %s\n    tests/sim/run --seed %llu --trace\n",
	       (unsigned long long)slot->seed, tally->first, (unsigned long long)slot->seed);
	fflush(stdout);
}

static void run_all(struct tally *sum, unsigned *failed)
{
	unsigned slots = given.processes ? given.processes
	                                 : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	struct slot slot[64];
	uint64_t next = given.first, end = given.first + given.count;
	unsigned busy = 0;
	struct tally *shared;

	if (slots > 64)
		slots = 64;
	shared = mmap(NULL, slots * sizeof(*shared), PROT_READ | PROT_WRITE,
	              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	for (unsigned i = 0; i < slots; i++)
		slot[i] = (struct slot){ .tally = &shared[i] };
	while (next < end || busy > 0) {
		int status;
		pid_t process;

		for (unsigned i = 0; i < slots && next < end; i++) {
			if (slot[i].process)
				continue;
			start(&slot[i], next++);
			busy++;
		}
		process = wait(&status);
		for (unsigned i = 0; i < slots; i++) {
			if (slot[i].process != process)
				continue;
			finish(&slot[i], status, sum, failed);
			busy--;
		}
	}
}

static void print(const struct tally *tally, uint64_t seeds, unsigned failed)
{
	printf("{\"seeds\": %llu, \"failed_seeds\": %u, \"violations\": %llu",
	       (unsigned long long)seeds, failed, (unsigned long long)violations_of(tally));
#define X(field, name)                                                                             \
	printf(", \"" #field "\": %llu", (unsigned long long)tally->violations[VIOLATION_##name]);
#define Y(field) printf(", \"" #field "\": %llu", (unsigned long long)tally->field);
	JUDGE_VIOLATIONS(X)
	TALLY_SUMS(Y)
#undef X
#undef Y
	printf(", \"recovery_ms_max\": %llu}\n", (unsigned long long)tally->recovery_ms_max);
}

int main(int count, char **arguments)
{
	struct tally sum = { .commits = 0 };
	unsigned failed = 0;

	/* The log's buffers come and go with every start of a member. */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	if (parse(count, arguments)) {
		run_one(given.first, &sum);
		failed = violations_of(&sum) > 0;
		if (failed)
			printf("seed %llu: %s\n", (unsigned long long)given.first, sum.first);
		given.count = 1;
	} else {
		run_all(&sum, &failed);
	}
	print(&sum, given.count, failed);
	return failed > 0;
}
