"""What the commands run and run-foreign have in common: their options, the cases, the results, the exit status."""

import re
import sys

import associations
import catalogue
import engine
import profiles
import report


def add_options(parser, whom):
    parser.add_argument("--associations", metavar="FILE", help=f"the {whom} that it knows")
    parser.add_argument("--profile", metavar="FILE", help="what it supports and how it is set")
    parser.add_argument("--set", action="append", default=[], metavar="KEY:VALUE",
                        help="a key of the profile, over the file's")
    parser.add_argument("--json", metavar="FILE", help="write the results as JSON")
    parser.add_argument("--junit", metavar="FILE", help="write the results as JUnit XML")
    parser.add_argument("--only", metavar="REGEX", help="only cases whose id matches")
    parser.add_argument("--list", action="store_true", help="print id, clause and title of the cases, and run none")
    parser.add_argument("--timeout-ms", type=int, default=2000, metavar="N", help="longest wait for one answer")
    parser.add_argument("--hasty", action="store_true",
                        help="an agent answers in order: give up on an answer when a later request's has come")


def profile_of(given, keys=profiles.KEYS):
    return profiles.read(given.profile, keys).overlaid(dict(map(profiles.setting, given.set)))


def run(given, cases, session, target):
    results = report.Report(sys.stdout)
    session.start()
    for case in cases:
        results.add(case, *session.run(case))
    for case, text in session.stragglers():
        results.add(case, "fail", f"after it had ended, {text}")
    session.close()
    if given.json:
        results.write_json(given.json, target)
    if given.junit:
        results.write_junit(given.junit)
    return results.close()


def main(given, load, session_of, target, *unusable):
    """`load` gives all cases, `session_of(given)` the agent under test; `unusable`: further exceptions that end with 2."""
    try:
        cases = load()
        cases = [case for case in cases if re.search(given.only, case["id"])] if given.only else cases
        if given.list:
            for case in cases:
                print(f"{case['id']}\t{report.clause(case)}\t{case['title']}")
            return 0
        return run(given, cases, session_of(given), target)
    except BrokenPipeError:
        return 2
    except (
        OSError, re.error, catalogue.BadCase, profiles.ProfileError, associations.FileError, engine.Trouble, *unusable
    ) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
