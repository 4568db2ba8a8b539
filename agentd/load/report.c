/* report.c - flat JSON of numbers; nothing in it needs quoting. */
#include "agentd/load/report.h"

#include <inttypes.h>

#include "agentd/load/plan.h"
#include "proto/codes.h"

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static double per_second(uint64_t count, uint64_t window_ns)
{
	return window_ns ? (double)count / seconds(window_ns) : 0;
}

static double rate(const struct load_result *result)
{
	return per_second(result->in_window, result->window_ns);
}

static double latency_us(const struct load_result *result, uint32_t parts)
{
	return (double)histogram_percentile(&result->latency, parts) / 1e3;
}

static void number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, ", \"%s\": %" PRIu64, name, value);
}

static uint64_t accepted(const struct load_result *result)
{
	return result->codes[MIP_ACCEPTED] + result->codes[MIP_ACCEPTED_ONE_BINDING];
}

static void report_codes(FILE *out, const uint64_t codes[256])
{
	const char *separator = "";

	fprintf(out, ", \"codes\": {");
	for (unsigned code = 0; code < 256; code++) {
		if (codes[code] == 0)
			continue;
		fprintf(out, "%s\"%u\": %" PRIu64, separator, code, codes[code]);
		separator = ", ";
	}
	fprintf(out, "}");
}

static void report_latency(FILE *out, const struct load_result *result)
{
	static const struct {
		const char *name;
		uint32_t parts; /* of a million */
	} rows[] = {
		{ "p50_us", 500000 },  { "p90_us", 900000 },  { "p99_us", 990000 },
		{ "p999_us", 999000 }, { "max_us", 1000000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(out, ", \"%s\": %.1f", rows[i].name, latency_us(result, rows[i].parts));
}

void report_run(FILE *out, const char *mode, const struct load_settings *settings,
                const struct load_result *result)
{
	fprintf(out, "{\"mode\": \"%s\", \"nodes\": %" PRIu32, mode, settings->nodes);
	fprintf(out, ", \"seconds\": %.3f, \"rate_per_s\": %.1f", seconds(result->window_ns),
	        rate(result));
	number(out, "sent", result->sent);
	number(out, "again", result->again);
	number(out, "copies", result->copies);
	number(out, "answered", result->answered);
	number(out, "accepted", accepted(result));
	number(out, "lost", result->lost);
	number(out, "late", result->late);
	number(out, "bad", result->bad);
	number(out, "first_accepted_ns", result->first_accepted_ns);
	fprintf(out, ", \"cpu_us_per_request\": %.2f",
	        result->in_window ? (double)result->cpu_ns / 1e3 / (double)result->in_window : 0);
	report_latency(out, result);
	report_codes(out, result->codes);
	fprintf(out, "}\n");
}

void report_run_for_people(FILE *out, const struct load_result *result)
{
	fprintf(out,
	        "%.0f answers/s for %.1f s, p50 %.3f ms, p99 %.3f ms; %" PRIu64 " sent, %" PRIu64
	        " accepted, %" PRIu64 " lost, %" PRIu64 " bad\n",
	        rate(result), seconds(result->window_ns), latency_us(result, 500000) / 1e3,
	        latency_us(result, 990000) / 1e3, result->sent, accepted(result), result->lost,
	        result->bad);
	for (unsigned code = MIP_ACCEPTED_ONE_BINDING + 1; code < 256; code++) {
		const struct mip_code_info *info = mip_code_info(code);

		if (result->codes[code] != 0)
			fprintf(out, "code %u, %s: %" PRIu64 "\n", code,
			        info ? info->text : "unknown", result->codes[code]);
	}
}

void report_verify(FILE *out, const struct verify_result *result)
{
	fprintf(out, "{\"nodes\": %" PRIu64, result->nodes);
	number(out, "bindings", result->bindings);
	number(out, "acknowledged", result->acknowledged);
	number(out, "unanswered", result->unanswered);
	number(out, "lost", result->lost);
	number(out, "resurrected", result->resurrected);
	number(out, "unexplained", result->unexplained);
	fprintf(out, "}\n");
}

void report_replay(FILE *out, const struct replay_result *result)
{
	fprintf(out, "{\"replayed\": %" PRIu64, result->replayed);
	number(out, "same_answer", result->same);
	number(out, "denied", result->denied);
	number(out, "silent", result->silent);
	number(out, "bad", result->bad);
	number(out, "replays_accepted", result->accepted);
	fprintf(out, "}\n");
}

static void report_tries(FILE *out, const struct storm_result *result)
{
	fprintf(out, ", \"completed_by_try\": [");
	for (unsigned i = 0; i < STORM_TRIES_MAX; i++)
		fprintf(out, "%s%" PRIu64, i ? ", " : "", result->completed_by_try[i]);
	fprintf(out, "]");
}

static double milliseconds(const struct histogram *histogram, uint32_t parts)
{
	return (double)histogram_percentile(histogram, parts) / 1e6;
}

void report_storm(FILE *out, const struct load_settings *settings,
                  const struct storm_result *result)
{
	fprintf(out, "{\"mode\": \"storm\", \"nodes\": %" PRIu32 ", \"rate\": %" PRIu32,
	        settings->nodes, settings->rate);
	fprintf(out, ", \"seconds\": %.3f, \"sent_per_s\": %.1f, \"completed_per_s\": %.1f",
	        seconds(result->window_ns), per_second(result->sent, result->window_ns),
	        per_second(result->completed_in_window, result->window_ns));
	number(out, "begun", result->nodes_begun);
	number(out, "sent", result->sent);
	number(out, "again", result->again);
	number(out, "completed", result->completed);
	number(out, "completed_in_window", result->completed_in_window);
	report_tries(out, result);
	number(out, "given_up", result->nodes_given_up);
	number(out, "denied", result->denied);
	number(out, "late", result->late);
	number(out, "bad", result->bad);
	fprintf(out, ", \"overdue_ms\": %.1f", (double)result->overdue_ns / 1e6);
	fprintf(out, ", \"cpu_part\": %.3f",
	        result->window_ns ? (double)result->cpu_ns / (double)result->window_ns : 0);
	fprintf(out, ", \"answer_p50_ms\": %.3f, \"answer_p99_ms\": %.3f",
	        milliseconds(&result->answer, 500000), milliseconds(&result->answer, 990000));
	fprintf(out, ", \"completion_p50_ms\": %.3f, \"completion_p99_ms\": %.3f",
	        milliseconds(&result->completion, 500000),
	        milliseconds(&result->completion, 990000));
	report_codes(out, result->codes);
	fprintf(out, "}\n");
}

void report_storm_for_people(FILE *out, const struct storm_result *result)
{
	fprintf(out,
	        "%" PRIu64 " nodes began, %" PRIu64
	        " completed; for %.1f s %.0f datagrams/s left and "
	        "%.0f registrations/s completed; a node took %.0f ms (99 of 100: %.0f ms)\n",
	        result->nodes_begun, result->completed, seconds(result->window_ns),
	        per_second(result->sent, result->window_ns),
	        per_second(result->completed_in_window, result->window_ns),
	        milliseconds(&result->completion, 500000),
	        milliseconds(&result->completion, 990000));
}

void report_flood(FILE *out, const char *kind, const struct flood_result *result)
{
	uint64_t accepted_count = result->codes[MIP_ACCEPTED] +
	                          result->codes[MIP_ACCEPTED_ONE_BINDING];

	fprintf(out, "{\"mode\": \"flood\", \"kind\": \"%s\", \"seconds\": %.3f", kind,
	        seconds(result->window_ns));
	number(out, "sent", result->sent);
	fprintf(out, ", \"sent_per_s\": %.1f", per_second(result->sent, result->window_ns));
	number(out, "answers", result->answers);
	number(out, "accepted", accepted_count);
	fprintf(out, ", \"cpu_part\": %.3f",
	        result->window_ns ? (double)result->cpu_ns / (double)result->window_ns : 0);
	report_codes(out, result->codes);
	fprintf(out, "}\n");
}

void report_watch(FILE *out, const struct watch_result *result)
{
	fprintf(out, "{\"mode\": \"watch\", \"sent\": %" PRIu64, result->sent);
	number(out, "accepted", result->accepted);
	number(out, "denied", result->denied);
	number(out, "bad", result->bad);
	fprintf(out, "}\n");
}
