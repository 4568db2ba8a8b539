/* status.c - one JSON object, written by hand: its texts are names and addresses of ours, which
 * have nothing to escape. */
#include "agentd/mobile/status.h"

#include <stdio.h>
#include <stdlib.h>

static void show_address(FILE *out, const char *name, struct in_addr address)
{
	if (address.s_addr)
		fprintf(out, "  \"%s\": \"%s\",\n", name, address_format(address).text);
	else
		fprintf(out, "  \"%s\": null,\n", name);
}

static uint64_t left_s(uint64_t until_ms, uint64_t now_ms)
{
	return until_ms > now_ms ? (until_ms - now_ms) / 1000 : 0;
}

static void put_remaining(FILE *out, const struct mobile *mobile, uint64_t now_ms)
{
	if (mobile->state != MOBILE_REGISTERED || mobile->lifetime.expires_ms == UINT64_MAX)
		fputs("  \"remaining_s\": null,\n", out);
	else
		fprintf(out, "  \"remaining_s\": %llu,\n",
		        (unsigned long long)left_s(mobile->lifetime.expires_ms, now_ms));
}

static void put_bindings(FILE *out, const struct mobile_stay *stay)
{
	fputs("  \"bindings\": [", out);
	for (size_t i = 0; i < stay->count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", address_format(stay->care_of[i]).text);
	fputs("],\n", out);
}

static void put_answer(FILE *out, const struct mobile *mobile)
{
	if (mobile->answered)
		fprintf(out, "  \"code\": %u,\n", mobile->code);
	else
		fputs("  \"code\": null,\n", out);
	fprintf(out, "  \"reason\": \"%s\",\n", mobile->reason);
}

static void put_tunnel(FILE *out, const struct mobile_stay *stay)
{
	static const char *const names[] = {
		[ENCAPSULATION_IPIP] = "ipip",
		[ENCAPSULATION_MINIMAL] = "minimal",
		[ENCAPSULATION_GRE] = "gre",
	};
	bool away = stay->bound && stay->way != MOBILE_AT_HOME;

	if (away)
		fprintf(out, "  \"encapsulation\": \"%s\",\n", names[stay->encapsulation]);
	else
		fputs("  \"encapsulation\": null,\n", out);
	fprintf(out, "  \"reverse_tunnel\": %s,\n", away && stay->reverse ? "true" : "false");
	fprintf(out, "  \"encapsulating_delivery\": %s,\n",
	        away && stay->reverse && stay->encapsulating ? "true" : "false");
	fprintf(out, "  \"udp_tunnel\": %s,\n", away && stay->udp ? "true" : "false");
}

static void put_counts(FILE *out, const struct mobile *mobile, const struct node_tunnel *tunnel)
{
	static const struct {
		const char *name;
		enum node_fate fate;
	} fates[] = {
#define X(symbol, name, help) { name, symbol },
		NODE_FATES(X)
#undef X
	};
	const char *comma = "";

	fputs("  \"counters\": {", out);
#define X(member, name, help)                                                                      \
	fprintf(out, "%s\n    \"%s\": %llu", comma, name,                                          \
	        (unsigned long long)mobile->counts.member);                                        \
	comma = ",";
	MOBILE_COUNTS(X)
#undef X
	for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]) && tunnel; i++)
		fprintf(out, "%s\n    \"packets-%s\": %llu", comma, fates[i].name,
		        (unsigned long long)node_tunnel_count(tunnel, fates[i].fate));
	fputs("\n  }\n", out);
}

char *mobile_status_text(const struct mobile *mobile, const struct node_tunnel *tunnel,
                         uint64_t now_ms)
{
	const struct mobile_stay *stay = &mobile->stay;
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "{\n  \"state\": \"%s\",\n", mobile_state_name(mobile->state));
	fprintf(out, "  \"enabled\": %s,\n", mobile->off ? "false" : "true");
	if (stay->attached)
		fprintf(out, "  \"attachment\": \"%s\",\n", mobile_way_name(mobile->at.way));
	else
		fputs("  \"attachment\": null,\n", out);
	show_address(out, "home_address", mobile->node.home);
	show_address(out, "home_agent", mobile->node.home_agent);
	show_address(out, "care_of", stay->attached ? mobile->at.care_of : (struct in_addr){ 0 });
	show_address(out, "foreign_agent",
	             stay->attached ? mobile->at.agent : (struct in_addr){ 0 });
	put_bindings(out, stay);
	put_answer(out, mobile);
	fprintf(out, "  \"lifetime_s\": %u,\n", mobile->granted_s);
	put_remaining(out, mobile, now_ms);
	put_tunnel(out, stay);
	put_counts(out, mobile, tunnel);
	fputs("}\n", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
