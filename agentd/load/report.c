/* report.c - flat JSON of numbers; nothing in it needs quoting. */
#include "agentd/load/report.h"

#include <inttypes.h>

#include "agentd/load/plan.h"
#include "proto/codes.h"

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static double rate(const struct load_result *result)
{
	return result->window_ns ? (double)result->in_window / seconds(result->window_ns) : 0;
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

static void report_codes(FILE *out, const struct load_result *result)
{
	const char *separator = "";

	fprintf(out, ", \"codes\": {");
	for (unsigned code = 0; code < 256; code++) {
		if (result->codes[code] == 0)
			continue;
		fprintf(out, "%s\"%u\": %" PRIu64, separator, code, result->codes[code]);
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
	number(out, "answered", result->answered);
	number(out, "accepted", accepted(result));
	number(out, "lost", result->lost);
	number(out, "late", result->late);
	number(out, "bad", result->bad);
	number(out, "first_accepted_ns", result->first_accepted_ns);
	fprintf(out, ", \"cpu_us_per_request\": %.2f",
	        result->in_window ? (double)result->cpu_ns / 1e3 / (double)result->in_window : 0);
	report_latency(out, result);
	report_codes(out, result);
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
