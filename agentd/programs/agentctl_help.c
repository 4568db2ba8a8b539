/* agentctl_help.c - walks over the table of verbs. */
#include "agentd/programs/agentctl_help.h"

#define EXIT_USAGE 2

void agentctl_help(FILE *out)
{
	fputs("Ask a running agentd.\n\n"
	      "usage: agentctl [--socket PATH] [--timeout SECONDS] [--json] COMMAND\n\n"
	      "commands:\n",
	      out);
	for (unsigned i = 0; i < VERB_COUNT; i++)
		fprintf(out, "  %s%s%s\n      %s\n", verb_infos[i].name,
		        *verb_infos[i].arguments ? " " : "", verb_infos[i].arguments,
		        verb_infos[i].help);
	fputs("\nExit status: 0 done, 1 refused or not found, 2 wrong usage.\n", out);
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
	      ".SH NAME\nagentctl \\- ask and change a running home agent\n"
	      ".SH SYNOPSIS\n.B agentctl\n.RB [ \\-\\-socket\n.IR PATH ]\n.RB [ \\-\\-timeout\n"
	      ".IR SECONDS ]\n.RB [ \\-\\-json ]\n.I COMMAND\n"
	      ".SH DESCRIPTION\n"
	      "Answers are tables for people, or with\n.B \\-\\-json\n"
	      "one array of objects; for commands with one answer, one object.\n"
	      "Keys are taken from files or standard input, and are in no answer.\n"
	      "Bindings and associations are read from the store, which trails the agent by up to\n"
	      "the checkpoint interval; the last line of a table says by how much.\n"
	      ".SH COMMANDS\n",
	      out);
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

int agentctl_usage(enum verb_id verb)
{
	fprintf(stderr, "agentctl: usage: agentctl %s %s\n", verb_infos[verb].name,
	        verb_infos[verb].arguments);
	return EXIT_USAGE;
}
