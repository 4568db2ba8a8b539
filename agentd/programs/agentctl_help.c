/* agentctl_help.c - walks over the table of verbs. */
#include "agentd/programs/agentctl_help.h"

#include <stdarg.h>
#include <string.h>

#include "agentd/programs/agentctl_words.h"

/* Options of agentctl itself, with what is so without them. */
struct own_help {
	const char *name, *value; /* "" = it has none */
	const char *help;
};

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static const struct own_help own_helps[] = {
	{ "--socket", "PATH", "the control socket of agentd; else " AGENTCTL_SOCKET },
	{ "--timeout", "SECONDS",
	  "how long agentd may be silent; else " TEXT(AGENTCTL_TIMEOUT_S) " seconds" },
	{ "--group", "N",
	  "the group that is asked, where agentd has several ('agentctl groups'); else 0" },
	{ "--json", "", "answers for programs, not tables" },
	{ "--help", "", "print this, or how the command before it is used" },
	{ "--version", "", "print the version of agentctl" },
};

#define OWN_HELPS (sizeof(own_helps) / sizeof(own_helps[0]))

static void write_verb(FILE *out, const char *before, const struct verb_info *info)
{
	fprintf(out, "%s%s%s%s\n      %s\n", before, info->name, *info->arguments ? " " : "",
	        info->arguments, info->help);
}

void agentctl_help(FILE *out)
{
	fputs("Ask a running agentd.\n\n"
	      "usage: agentctl [OPTION]... COMMAND\n\n"
	      "options, which may also stand behind the command:\n",
	      out);
	for (size_t i = 0; i < OWN_HELPS; i++)
		fprintf(out, "  %s%s%s\n      %s\n", own_helps[i].name,
		        *own_helps[i].value ? " " : "", own_helps[i].value, own_helps[i].help);
	fputs("\ncommands:\n", out);
	for (unsigned i = 0; i < VERB_COUNT; i++)
		write_verb(out, "  ", &verb_infos[i]);
	fputs("\nExit status: 0 done, 1 refused or not found, 2 wrong usage.\n", out);
}

bool agentctl_help_of(FILE *out, char *const *words, size_t count)
{
	size_t used;
	enum verb_id id = verb_of_words(words, count, &used);

	if (id != VERB_COUNT && (used > 1 || !verb_is_group(words[0]))) {
		write_verb(out, "usage: agentctl ", &verb_infos[id]);
		return true;
	}
	if (!verb_is_group(words[0]))
		return false;
	for (unsigned i = 0; i < VERB_COUNT; i++)
		if (strncmp(verb_infos[i].name, words[0], strlen(words[0])) == 0)
			write_verb(out, "usage: agentctl ", &verb_infos[i]);
	return true;
}

static void write_roff(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '-')
			fputc('\\', out);
		fputc(*text, out);
	}
}

void agentctl_manual(FILE *out)
{
	fputs(".\\\" Written by agentctl --manual; do not edit.\n"
	      ".TH AGENTCTL 8 \"\" \"Hearth\" \"Hearth\"\n"
	      ".SH NAME\nagentctl \\- ask and change a running agentd\n"
	      ".SH SYNOPSIS\n.B agentctl\n.RI [ OPTION ]...\n.I COMMAND\n"
	      ".SH DESCRIPTION\n"
	      "Answers are tables for people, or with\n.B \\-\\-json\n"
	      "one array of objects; for commands with one answer, one object; of\n.B trace\n"
	      "an object in each line, as they come; and of\n.B association import\n"
	      "an object with the array of the lines that were refused.\n"
	      "Keys are taken from files or standard input, and are in no answer.\n"
	      "Bindings and associations are read from the store, which trails the agent by up to\n"
	      "the checkpoint interval; the last line of the table of\n.B bindings\n"
	      "says by how much.\n"
	      ".SH OPTIONS\nThey may stand before the command or behind it.\n",
	      out);
	for (size_t i = 0; i < OWN_HELPS; i++) {
		fputs(".TP\n.B ", out);
		write_roff(out, own_helps[i].name);
		fprintf(out, " %s\n", own_helps[i].value);
		write_roff(out, own_helps[i].help);
		fputs(".\n", out);
	}
	fputs(".SH COMMANDS\n", out);
	for (unsigned i = 0; i < VERB_COUNT; i++) {
		fputs(".TP\n.B ", out);
		write_roff(out, verb_infos[i].name);
		fputc(' ', out);
		write_roff(out, verb_infos[i].arguments);
		fputc('\n', out);
		write_roff(out, verb_infos[i].help);
		fputs(".\n", out);
	}
	fputs(".SH FILES\n"
	      "A file of associations has one of them in each line; # begins a comment. Pools and\n"
	      "policies that they name stand before them:\n"
	      ".PP\n.nf\n"
	      "set pool.dial\\-in 10.64.0.1\\-10.64.255.254 sticky\n"
	      "set policy.gold.max\\-lifetime 600\n"
	      "mobile home=10.0.0.1 spi=256 algorithm=hmac\\-md5 key=...\n"
	      "mobile nai=ann@example.net pool=dial\\-in policy=gold spi=256 "
	      "algorithm=hmac\\-sha256 key=... replay=nonce\n"
	      "mobile nai=ann@example.net spi=2 algorithm=chap key=... use=mn\\-aaa\n"
	      "foreign\\-agent address=198.51.100.2 spi=512 algorithm=hmac\\-md5 key=...\n"
	      ".fi\n.PP\n"
	      "All take realm=N; those of mobile nodes also nai=NAME, bindings=N and tolerance=S.\n"
	      "The key is 32 to 128 hexadecimal digits. The file must be closed to everybody but\n"
	      "its owner.\n"
	      ".SH EXIT STATUS\n0 done; 1 refused, not found, or agentd does not answer; 2 wrong "
	      "usage.\n"
	      ".SH SEE ALSO\n.BR agentd (8),\n.BR agentd.yaml (5)\n",
	      out);
}

int agentctl_usage(enum verb_id verb, const char *format, ...)
{
	char what[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	words_hide_keys(what);
	fprintf(stderr, "agentctl: %s; usage: agentctl %s %s\n", what, verb_infos[verb].name,
	        verb_infos[verb].arguments);
	return EXIT_USAGE;
}
