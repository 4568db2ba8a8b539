/* verify.c - walk record and listing side by side, both by home address. */
#include "agentd/load/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/load/history.h"
#include "proto/codes.h"

#define SENTENCES_MAX 20u

/* ---- the listing ---- */

#define IDENTIFICATION_DIGITS 16u

/* As agentctl prints it. */
static bool is_plain_hex(const char *text)
{
	return strlen(text) == IDENTIFICATION_DIGITS &&
	       strspn(text, "0123456789abcdefABCDEF") == IDENTIFICATION_DIGITS;
}

static bool parse_identification(const char *text, uint64_t *out)
{
	bool hex = is_plain_hex(text) || strncmp(text, "0x", 2) == 0;
	char *end;

	errno = 0;
	*out = strtoull(text, &end, hex ? 16 : 10);
	return errno == 0 && *end == '\0' && text[0] >= '0' &&
	       (hex || (text[0] <= '9' && end != text));
}

static bool parse_line(const char *line, struct listed *out)
{
	char home[INET_ADDRSTRLEN], care_of[INET_ADDRSTRLEN], identification[24], rest;

	if (sscanf(line, "%15s %15s %23s %c", home, care_of, identification, &rest) != 3)
		return false;
	return address_parse(home, &out->home) && address_parse(care_of, &out->care_of) &&
	       parse_identification(identification, &out->identification);
}

static enum ha_error append(struct listed **list, size_t *count, const struct listed *listed)
{
	/* Room doubles at powers of two. */
	if ((*count & (*count - 1)) == 0) {
		size_t room = *count ? 2 * *count : 1;
		struct listed *grown = realloc(*list, room * sizeof(*grown));

		if (!grown)
			return HA_E_NOMEM;
		*list = grown;
	}
	(*list)[(*count)++] = *listed;
	return HA_OK;
}

enum ha_error listing_read(FILE *in, struct listed **out, size_t *count, size_t *line)
{
	enum ha_error error = HA_OK;
	struct listed listed;
	char text[128];

	*out = NULL;
	*count = 0;
	for (*line = 1; error == HA_OK && fgets(text, sizeof(text), in); (*line)++)
		error = parse_line(text, &listed) ? append(out, count, &listed) : HA_E_SYNTAX;
	(*line)--;
	if (error == HA_OK && ferror(in))
		error = HA_E_IO;
	if (error != HA_OK) {
		free(*out);
		*out = NULL;
	}
	return error;
}

static int compare_listed(const void *left, const void *right)
{
	uint32_t a = address_host(((const struct listed *)left)->home);
	uint32_t b = address_host(((const struct listed *)right)->home);

	return a < b ? -1 : a > b;
}

/* ---- the comparison ---- */

struct walk {
	const struct listed *at, *end;
	uint64_t now_ms;
	FILE *people;
	unsigned sentences;
	struct record_file *settle;
	struct verify_result *result;
};

static void say(struct walk *walk, struct in_addr home, const struct outcome *found,
                const char *what)
{
	if (walk->sentences++ >= SENTENCES_MAX)
		return;
	fprintf(walk->people, "%s: %s%s", address_format(home).text, what,
	        found->count ? "; it has" : "");
	for (size_t i = 0; i < found->count; i++)
		fprintf(walk->people, " %s (identification 0x%016" PRIx64 ")",
		        address_format(found->at[i].care_of).text, found->at[i].identification);
	fputc('\n', walk->people);
}

/* Bindings of addresses below `home`, which the record does not have. */
static void skip_to(struct walk *walk, const struct in_addr *home)
{
	for (; walk->at < walk->end; walk->at++) {
		if (home && address_host(walk->at->home) >= address_host(*home))
			return;
		walk->result->unexplained++;
		say(walk, walk->at->home, &(struct outcome){ 0 },
		    "a binding that is not in the record");
	}
}

/* What the listing has for a home address. */
static struct outcome take_found(struct walk *walk, struct in_addr home)
{
	struct outcome found = { 0 };

	for (; walk->at < walk->end && address_equal(walk->at->home, home); walk->at++) {
		size_t before = found.count;

		outcome_put(&found, (struct held){ .care_of = walk->at->care_of,
		                                   .identification = walk->at->identification,
		                                   .expires_ms = UINT64_MAX });
		if (found.count > before)
			continue;
		walk->result->unexplained++;
		say(walk, home, &found, "more bindings than there can be");
	}
	return found;
}

static void count_requests(const struct history *history, struct verify_result *result)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct load_record *answer;

		if (history->records[i].what != RECORD_SENT || history_is_copy(history, i))
			continue;
		answer = history_answer_to(history, i);
		if (!answer)
			result->unanswered++;
		else if (mip_code_is_accepted(answer->code))
			result->acknowledged++;
	}
}

static void count_finding(struct walk *walk, enum finding finding, struct in_addr home,
                          const struct outcome *found)
{
	struct verify_result *result = walk->result;
	uint64_t *const counts[] = {
		[FINDING_LOST] = &result->lost,
		[FINDING_RESURRECTED] = &result->resurrected,
		[FINDING_UNEXPLAINED] = &result->unexplained,
	};
	static const char *const texts[] = {
		[FINDING_LOST] = "an acknowledged binding is not there",
		[FINDING_RESURRECTED] = "a binding is there that had gone",
		[FINDING_UNEXPLAINED] = "a binding that nobody asked for",
	};

	if (finding == FINDING_ALLOWED)
		return;
	(*counts[finding])++;
	say(walk, home, found, texts[finding]);
}

static enum ha_error settle_one(struct walk *walk, struct in_addr home, const struct held *held)
{
	return record_add(walk->settle,
	                  &(struct load_record){ .what = RECORD_OBSERVED,
	                                         .home = home,
	                                         .care_of = held->care_of,
	                                         .identification = clock_ntp_of_ms(walk->now_ms),
	                                         .value = held->identification });
}

static enum ha_error settle(struct walk *walk, struct in_addr home, const struct outcome *found)
{
	enum ha_error error = HA_OK;

	if (found->count == 0)
		return settle_one(walk, home, &(struct held){ 0 });
	for (size_t i = 0; error == HA_OK && i < found->count; i++)
		error = settle_one(walk, home, &found->at[i]);
	return error;
}

static enum ha_error verify_node(struct walk *walk, const struct history *history)
{
	struct in_addr home = history->records[0].home;
	struct outcomes outcomes = { 0 };
	struct outcome found;
	enum ha_error error;

	skip_to(walk, &home);
	found = take_found(walk, home);
	count_requests(history, walk->result);
	error = history_outcomes(history, &outcomes);
	if (error == HA_OK)
		count_finding(walk, history_judge(history, &outcomes, &found, walk->now_ms), home,
		              &found);
	outcomes_free(&outcomes);
	walk->result->nodes++;
	if (error == HA_OK && walk->settle)
		error = settle(walk, home, &found);
	return error;
}

enum ha_error verify(struct load_record *records, size_t record_count, struct listed *listing,
                     size_t listing_count, uint64_t now_ms, FILE *people,
                     struct record_file *settle_in, struct verify_result *result)
{
	struct walk walk = { .at = listing,
		             .end = listing + listing_count,
		             .now_ms = now_ms,
		             .people = people,
		             .settle = settle_in,
		             .result = result };
	enum ha_error error = HA_OK;
	size_t at = 0;

	*result = (struct verify_result){ .bindings = listing_count };
	history_sort(records, record_count);
	if (listing_count > 0)
		qsort(listing, listing_count, sizeof(*listing), compare_listed);
	while (error == HA_OK && at < record_count) {
		struct history history = history_next(records, record_count, &at);

		error = verify_node(&walk, &history);
	}
	skip_to(&walk, NULL);
	return error;
}
