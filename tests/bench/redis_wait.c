/* redis_wait.c - the other yardstick: how many values a second a Redis server
 * takes and has on one replica, before it says so.
 *
 *     bench_redis_wait ADDRESS PORT CONNECTIONS SECONDS KEYS
 *
 * Every connection sends SET and WAIT 1 together, awaits both answers, and goes
 * on; the value has the size of one of our updates. Prints one JSON object. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024u
#define VALUE_OCTETS 132u
#define ANSWER_MAX 64u
#define SECOND_NS 1000000000ull
#define BUCKETS 20000u /* of the latencies, tenths of a millisecond */
#define BUCKET_NS 100000u

struct connection {
	int fd;
	uint64_t sent_ns;
	size_t held;
	char answer[ANSWER_MAX + 1];
};

static struct connection connections[CONNECTIONS_MAX];
static uint64_t latencies[BUCKETS];
static uint64_t done, sequence, keys;

static void die(const char *what)
{
	fprintf(stderr, "bench_redis_wait: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void put_both(struct connection *connection)
{
	static char value[VALUE_OCTETS + 1];
	char octets[512], key[32];
	int size;

	memset(value, 'v', VALUE_OCTETS);
	snprintf(key, sizeof(key), "binding:%" PRIu64, sequence++ * 618034u % keys);
	size = snprintf(octets, sizeof(octets),
	                "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%u\r\n%s\r\n"
	                "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$1\r\n0\r\n",
	                strlen(key), key, VALUE_OCTETS, value);
	connection->held = 0;
	connection->sent_ns = now_ns();
	if (write(connection->fd, octets, (size_t)size) != size)
		die("cannot send");
}

/* Both answers are there: "+OK", and the number of replicas. */
static bool is_answered(const struct connection *connection)
{
	int replicas;

	return sscanf(connection->answer, "+OK\r\n:%d\r", &replicas) == 1 && replicas >= 1 &&
	       connection->answer[connection->held - 1] == '\n';
}

static void take(struct connection *connection)
{
	ssize_t n = read(connection->fd, connection->answer + connection->held,
	                 ANSWER_MAX - connection->held);
	uint64_t bucket;

	if (n <= 0)
		die("the server closed a connection");
	connection->held += (size_t)n;
	connection->answer[connection->held] = '\0';
	if (connection->held > ANSWER_MAX / 2 || connection->answer[0] != '+') {
		fprintf(stderr, "bench_redis_wait: not an answer: %s\n", connection->answer);
		exit(1);
	}
	if (!is_answered(connection))
		return;
	bucket = (now_ns() - connection->sent_ns) / BUCKET_NS;
	latencies[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	done++;
	put_both(connection);
}

static void connect_all(int poll, const char *address, uint16_t port, unsigned count)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(port) };
	const int on = 1;

	if (inet_pton(AF_INET, address, &server.sin_addr) != 1)
		die("not an address");
	for (unsigned i = 0; i < count; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof(server)) != 0)
			die("cannot connect");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		connections[i].fd = fd;
		if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0)
			die("cannot watch");
		put_both(&connections[i]);
	}
}

static void run(int poll, uint64_t until_ns)
{
	struct epoll_event events[CONNECTIONS_MAX];

	while (now_ns() < until_ns) {
		int n = epoll_wait(poll, events, CONNECTIONS_MAX, 100);

		for (int i = 0; i < n; i++)
			take(events[i].data.ptr);
	}
}

static double percentile_ms(double part)
{
	uint64_t wanted = (uint64_t)(part * (double)done), seen = 0;
	unsigned i = 0;

	while (i + 1 < BUCKETS && (seen += latencies[i]) <= wanted)
		i++;
	return (i + 1) * (BUCKET_NS / 1e6);
}

int main(int argc, char **argv)
{
	int poll = epoll_create1(0);
	uint64_t start_ns, passed_ns;
	unsigned count;

	if (argc != 6 || poll < 0) {
		fprintf(stderr, "usage: bench_redis_wait ADDRESS PORT CONNECTIONS SECONDS KEYS\n");
		return 2;
	}
	count = (unsigned)strtoul(argv[3], NULL, 10);
	keys = strtoull(argv[5], NULL, 10);
	if (count == 0 || count > CONNECTIONS_MAX || keys == 0)
		return 2;
	start_ns = now_ns();
	connect_all(poll, argv[1], (uint16_t)strtoul(argv[2], NULL, 10), count);
	run(poll, start_ns + (uint64_t)(strtod(argv[4], NULL) * 1e9));
	passed_ns = now_ns() - start_ns;
	printf("{\"per_s\": %.1f, \"p50_ms\": %.1f, \"p99_ms\": %.1f}\n",
	       (double)done * 1e9 / (double)passed_ns, percentile_ms(0.5), percentile_ms(0.99));
	return done > 0 ? 0 : 1;
}
