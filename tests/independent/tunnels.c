/* tunnels.c - the codecs of packets and tunnels, driven line by line, for tests that look
 * at them with other eyes. Octets are in hexadecimal.
 *
 *     wrap ipip|minimal|gre FLAGS LOCAL REMOTE PACKET   the outer packet
 *     unwrap PACKET             ipip|minimal|gre FLAGS SOURCE DESTINATION KEY SEQUENCE PACKET
 *     tell SOURCE TYPE CODE MTU PACKET                  the ICMP error about it
 *     quote PACKET              TYPE CODE MTU ipip|minimal|gre REMOTE ID PACKET, of an ICMP error
 *     fragments MTU PACKET                              its fragments
 *
 * FLAGS are some of u (in UDP, from port 434 to 62001), c, k, s (checksum, key and sequence
 * of GRE), or -. Each line is answered by one; what is refused by `refused: ` and why. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/icmp4.h"
#include "proto/tunnel.h"

#define KEY 0xa1b2c3d4u
#define SEQUENCE 5u
#define FAR_PORT 62001u
#define OUTER_ID 0x4321u
#define OUTER_TTL 64u

static const char *const names[] = {
	[ENCAPSULATION_IPIP] = "ipip",
	[ENCAPSULATION_MINIMAL] = "minimal",
	[ENCAPSULATION_GRE] = "gre",
};

static uint8_t input_room[IP4_TOTAL_MAX], output_room[IP4_TOTAL_MAX], scratch_room[IP4_TOTAL_MAX];

/* The next word of the line; a line that ends early is the test's fault. */
static const char *word(char **rest)
{
	const char *next = strtok_r(NULL, " \n", rest);

	if (!next) {
		fprintf(stderr, "tunnels: a word is missing\n");
		exit(2);
	}
	return next;
}

static struct in_addr address(char **rest)
{
	struct in_addr found;
	const char *text = word(rest);

	if (inet_pton(AF_INET, text, &found) != 1) {
		fprintf(stderr, "tunnels: '%s' is no address\n", text);
		exit(2);
	}
	return found;
}

static unsigned number(char **rest)
{
	return (unsigned)strtoul(word(rest), NULL, 0);
}

static struct span octets(char **rest)
{
	const char *text = word(rest);
	size_t size = 0;
	unsigned octet;

	for (; size < sizeof(input_room) && sscanf(text + 2 * size, "%2x", &octet) == 1; size++)
		input_room[size] = (uint8_t)octet;
	return (struct span){ .at = input_room, .size = size };
}

static void print_octets(const char *before, struct span span)
{
	printf("%s", before);
	for (size_t i = 0; i < span.size; i++)
		printf("%02x", span.at[i]);
}

static void print_address(const char *before, struct in_addr address)
{
	char text[INET_ADDRSTRLEN];

	printf("%s%s", before, inet_ntop(AF_INET, &address, text, sizeof(text)));
}

static void refuse(enum ha_error error)
{
	printf("refused: %s", ha_strerror(error));
}

static void wrap(char **rest)
{
	const char *name = word(rest), *flags = word(rest);
	struct tunnel_end end = {
		.udp = strchr(flags, 'u'),
		.has_checksum = strchr(flags, 'c'),
		.has_key = strchr(flags, 'k'),
		.has_sequence = strchr(flags, 's'),
		.key = KEY,
		.local_port = TUNNEL_UDP_PORT,
		.remote_port = FAR_PORT,
	};
	struct tunnel_outer outer = { .ttl = OUTER_TTL, .id = OUTER_ID, .sequence = SEQUENCE };
	struct writer out = writer_over(output_room, sizeof(output_room));
	enum ha_error error;
	struct span inner;

	while (end.encapsulation < ENCAPSULATION_GRE && strcmp(name, names[end.encapsulation]) != 0)
		end.encapsulation++;
	end.local = address(rest);
	end.remote = address(rest);
	inner = octets(rest);
	error = tunnel_wrap(&end, &outer, inner, &out);
	if (error != HA_OK)
		refuse(error);
	else
		print_octets("", writer_span(&out));
}

static void unwrap(char **rest)
{
	struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
	struct tunnel_unwrapped packet;

	if (tunnel_unwrap(octets(rest), &scratch, &packet) != HA_OK) {
		printf("refused: %s", tunnel_fault_text(packet.fault));
		return;
	}
	printf("%s %s%s%s%s", names[packet.encapsulation], packet.udp ? "u" : "-",
	       packet.has_checksum ? "c" : "", packet.has_key ? "k" : "",
	       packet.has_sequence ? "s" : "");
	print_address(" ", packet.outer.source);
	print_address(" ", packet.outer.destination);
	printf(" %#x %u", packet.key, packet.sequence);
	print_octets(" ", packet.inner);
}

static void tell(char **rest)
{
	struct writer out = writer_over(output_room, sizeof(output_room));
	struct icmp4_error told = { .source = address(rest), .ttl = OUTER_TTL };
	enum ha_error error;
	struct span packet;

	told.type = (uint8_t)number(rest);
	told.code = (uint8_t)number(rest);
	told.mtu = (uint16_t)number(rest);
	packet = octets(rest);
	if (!icmp4_may_answer(packet)) {
		printf("refused: it may not be answered");
		return;
	}
	error = icmp4_error_write(&out, &told, packet);
	if (error != HA_OK)
		refuse(error);
	else
		print_octets("", writer_span(&out));
}

static void quote(char **rest)
{
	struct writer scratch = writer_over(scratch_room, sizeof(scratch_room));
	struct span packet = octets(rest);
	struct tunnel_quoted quoted;
	struct icmp4 icmp = { 0 };
	struct ip4 ip;
	enum ha_error error = ip4_read(packet, &ip);

	if (error == HA_OK)
		error = icmp4_read(ip4_payload(packet, &ip), &icmp);
	if (error == HA_OK)
		error = tunnel_quote(icmp.body, &scratch, &quoted);
	if (error != HA_OK) {
		refuse(error);
		return;
	}
	printf("%u %u %u %s", icmp.type, icmp.code, icmp.mtu, names[quoted.encapsulation]);
	print_address(" ", quoted.outer.destination);
	printf(" %u", quoted.outer.id);
	print_octets(" ", quoted.inner);
}

static void fragments(char **rest)
{
	struct writer out = writer_over(output_room, sizeof(output_room));
	unsigned mtu = number(rest);
	struct ip4_fragments cut;
	enum ha_error error = ip4_fragments_begin(&cut, octets(rest), mtu);

	if (error != HA_OK)
		refuse(error);
	while (error == HA_OK && ip4_fragments_next(&cut, &out)) {
		print_octets(" ", writer_span(&out));
		out = writer_over(output_room, sizeof(output_room));
	}
}

static const struct {
	const char *name;
	void (*run)(char **rest);
} commands[] = {
	{ "wrap", wrap },   { "unwrap", unwrap },       { "tell", tell },
	{ "quote", quote }, { "fragments", fragments },
};

static void run(char *line)
{
	char *rest;
	const char *name = strtok_r(line, " \n", &rest);

	for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0) {
			commands[i].run(&rest);
			putchar('\n');
			return;
		}
	fprintf(stderr, "tunnels: no such command\n");
	exit(2);
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (getline(&line, &room, stdin) > 0)
		run(line);
	free(line);
	return 0;
}
