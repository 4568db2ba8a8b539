"""What the members of a cluster answered, as the switch's ports saw it, held against who led when.

A grant is an acceptance. Promises are broken by

    stale answers    an answer that left a member after another one led in a later term
    double grants    two acceptances of one request that differ; or an acceptance that left a member after another member
                     had accepted a newer request of the same mobile node: one place in its history was given twice

Whether grants were kept is for agentload verify: promised() writes what it needs.
"""

import calendar
import re
import struct
import time
from collections import namedtuple

ENTRY = struct.Struct(">QBBBxHxx4s4xQ")
REPLY, ANNOUNCEMENT = 1, 2
ACCEPTED = (0, 1)
RECORD = struct.Struct(">BBBxHxx4s4sQQ")
ANSWERED = 2
MS = 1_000_000
LIFETIME_SLACK_S = 2  # whole seconds, and how long an answer may have waited
LOG_SLACK_MS = 20  # between what a member does and the line that says so

Answer = namedtuple("Answer", "ns member code lifetime home identification")
Leading = namedtuple("Leading", "ns member term")
Finding = namedtuple("Finding", "kind answer text")

LINE = re.compile(r"^(\d+-\d+-\d+T\d+:\d+:\d+)\.(\d+)Z \w+ (.*)$", re.MULTILINE)
LEADS = re.compile(r"^this member leads the cluster, in term (\d+)$")


def read_tap(path, members):
    """Replies in the order of time; `members`: the numbers of the ports' members, in the order of the ports."""
    with open(path, "rb") as file:
        octets = file.read()
    answers = []
    for ns, port, kind, code, lifetime, home, identification in ENTRY.iter_unpack(octets[:len(octets) // 32 * 32]):
        if kind == REPLY:
            answers.append(Answer(ns, members[port], code, lifetime, home, identification))
    return sorted(answers)


def read_leading(member, log):
    """When a member said that it leads, from its log; times are whole milliseconds."""
    for second, millisecond, text in LINE.findall(log):
        leads = LEADS.search(text)
        if leads:
            ms = calendar.timegm(time.strptime(second, "%Y-%m-%dT%H:%M:%S")) * 1000 + int(millisecond)
            yield Leading(ms * MS, member, int(leads.group(1)))


def describe(answer):
    home = ".".join(map(str, answer.home))
    return (f"member {answer.member} answered {home}, identification {answer.identification:016x}, with code {answer.code} and "
            f"lifetime {answer.lifetime} at {answer.ns / 1e9:.6f}")


def stale_answers(answers, leadings):
    """Each answer belongs to the term in which its member led last; no other member may have led in a later one by then."""
    events = [(leading.ns - LOG_SLACK_MS * MS, 0, leading) for leading in leadings]  # its own answers may come before the line
    events += [(leading.ns + MS, 1, leading) for leading in leadings]  # the others' must not come after it
    events += [(answer.ns, 2, answer) for answer in answers]
    term_of, latest = {}, Leading(0, None, 0)
    for _, kind, event in sorted(events):
        if kind == 0:
            term_of[event.member] = max(event.term, term_of.get(event.member, 0))
        elif kind == 1:
            latest = max(latest, event, key=lambda leading: leading.term)
        elif event.member not in term_of:
            yield Finding("stale_answers", event, f"{describe(event)}, and never led")
        elif latest.member != event.member and latest.term > term_of[event.member]:
            late_ms = (event.ns - latest.ns) / MS
            yield Finding("stale_answers", event, f"{describe(event)}, {late_ms:.0f} ms after member {latest.member} led in term "
                          f"{latest.term}; it led in term {term_of[event.member]}")


def ends_later(answer, before):
    """Whether an answer grants more than an earlier one: a repeated answer has what is left of the lifetime."""
    return answer.lifetime - before.lifetime + (answer.ns - before.ns) / 1e9 > LIFETIME_SLACK_S


def double_grants(answers):
    first = {}  # by request: its first acceptance
    newest = {}  # by mobile node: the acceptance with the highest identification until then
    for answer in answers:
        if answer.code not in ACCEPTED:
            continue
        before = first.setdefault((answer.home, answer.identification), answer)
        if answer.code != before.code or ends_later(answer, before):
            yield Finding("double_grants", answer, f"{describe(answer)}, but earlier {describe(before)}")
        top = newest.setdefault(answer.home, answer)
        if answer.identification > top.identification:
            newest[answer.home] = answer
        elif answer.identification < top.identification and answer.member != top.member:
            yield Finding("double_grants", answer, f"{describe(answer)}, after {describe(top)}")


def judge(answers, leadings):
    """All findings."""
    return [*stale_answers(answers, leadings), *double_grants(answers)]


def promised(record_path, answers, out_path):
    """A record with every acceptance that left a member, also those that the load never got."""
    with open(record_path, "rb") as file:
        octets = file.read()
    octets = octets[:len(octets) // RECORD.size * RECORD.size]
    known = {(home, identification) for what, _, _, _, home, _, identification, _ in RECORD.iter_unpack(octets)
             if what == ANSWERED}
    with open(out_path, "wb") as out:
        out.write(octets)
        for answer in answers:
            if answer.code in ACCEPTED and (answer.home, answer.identification) not in known:
                out.write(RECORD.pack(ANSWERED, answer.code, 0, answer.lifetime, answer.home, bytes(4), answer.identification,
                                      answer.ns // MS))
