#!/usr/bin/env python3
"""The MIB modules in mib/ are in order and keep the numbers that they have been given.

smilint exits 0 whatever it finds, so its words are compared: those of INHERENT, which come of how RFC 2006 wrote its
module, and no others. What a manager relies on (name, number, type, access, index, members of groups) is compared with
mib_outline/: a number that was published must never mean something else. After an addition `--write` writes the
outlines; look at the difference. `--self-test` plants faults. Base modules: mib_base/, since Debian has no package of
them.
"""

import collections
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import sources

BASE = os.path.join(sources.ROOT, "tests/lint/mib_base")
OUTLINES = "tests/lint/mib_outline"
LEVEL = "6"

INDEX = "{index-element-accessible} warning: index element `%s' of row `%s' should be not-accessible in SMIv2 MIB"
INTEGER = "{integer-misuse} warning: use Integer32 instead of INTEGER in SMIv2"

# module: what smilint says of it, without the numbers of lines.
INHERENT = {
    "MIP-MIB": [
        "{revision-missing} revision for last update is missing",
        INTEGER, INTEGER, INTEGER,
        INDEX % ("mipSecViolatorAddress", "mipSecViolationEntry"),
        INDEX % ("mnRegAgentAddress", "mnRegistrationEntry"),
        INDEX % ("mnRegCOA", "mnRegistrationEntry"),
        INDEX % ("faVisitorIPAddress", "faVisitorEntry"),
        INDEX % ("haMobilityBindingMN", "haMobilityBindingEntry"),
        INDEX % ("haMobilityBindingCOA", "haMobilityBindingEntry"),
        "{group-membership} warning: node `mipSecViolatorAddress' must be contained in at least one conformance group",
    ],
    "HEARTH-MIB": [],
}


def run(tool, options, path, folder):
    """What a tool of libsmi says of a module. It takes others from `folder` and BASE, and nothing from the system."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(f"path {BASE}:{folder}\n")
        config.flush()
        return subprocess.run([tool, "-c", config.name] + options + [path], capture_output=True, text=True)


def judge(path, expected, folder):
    """What smilint says beyond `expected`, and what of that it does not say, as printable lines."""
    done = run("smilint", ["-m", "-l", LEVEL], path, folder)
    left = collections.Counter(expected)
    for line in (done.stdout + done.stderr).splitlines():
        place, _, words = line.partition(": ")
        if left[words] > 0:
            left[words] -= 1
        else:
            yield f"{place}: {words or line}"
    if done.returncode != 0:
        yield f"{path}: smilint ends with status {done.returncode}"
    for words in left.elements():
        yield f"{path}: smilint does not say: {words}"


def text_of_type(holder):
    """A type by its name, or by its base, its numbers and its ranges."""
    parts = []
    for part in holder.iter():
        if part.tag == "type":
            parts.append(part.get("name"))
        elif part.tag == "typedef":
            parts.append(part.get("basetype"))
        elif part.tag == "parent":
            parts.append("of " + part.get("name"))
        elif part.tag == "range":
            parts.append(f"{part.get('min')}..{part.get('max')}")
        elif part.tag == "namednumber":
            parts.append(f"{part.get('name')}({part.get('number')})")
    return " ".join(parts)


def names_in(holder, *tags):
    return " ".join(part.get("name") for part in holder.iter() if part.tag in tags) or "none"


def facts_of(node):
    """What follows name and number in the line of a node."""
    facts = [node.tag]
    syntax = node.find("syntax")
    if syntax is not None:
        facts.append(text_of_type(syntax))
    for tag in ("access", "units", "default"):
        if node.find(tag) is not None:
            facts.append(f"{tag} {node.find(tag).text}")
    linkage = node.find("linkage")
    if linkage is not None:
        implied = " implied" if linkage.get("implied") == "true" else ""
        facts.append(f"index{implied} " + names_in(linkage, "index"))
        facts.append("create" if node.get("create") == "true" else "fixed")
    for tag in ("objects", "members"):
        if node.find(tag) is not None:
            facts.append(f"{tag} " + names_in(node.find(tag), "object", "member"))
    if node.find("requires") is not None:
        facts.append("mandatory " + names_in(node.find("requires"), "mandatory"))
        facts.append("optional " + names_in(node.find("requires"), "option"))
        facts.append("refined " + names_in(node.find("requires"), "refinement"))
    return facts


def outline_of(path, folder):
    """What managers rely on, a line for each name in order of the numbers; types come first."""
    done = run("smidump", ["-f", "xml"], path, folder)
    if done.returncode != 0:
        return [f"{path}: smidump ends with status {done.returncode}"]
    root = xml.etree.ElementTree.fromstring(done.stdout)
    types = [f"{part.get('name')}: {text_of_type(part)}" for part in root.iterfind("typedefs/typedef")]
    nodes = {tuple(map(int, part.get("oid").split("."))): part for part in root.iter() if part.get("oid")}
    lines = [f"{nodes[oid].get('name')} {nodes[oid].get('oid')}: " + "; ".join(facts_of(nodes[oid])) for oid in sorted(nodes)]
    return types + lines


def difference(name, outline, recorded):
    for line in outline:
        if line not in recorded:
            yield f"{name}: not in {OUTLINES} (check_mib.py --write, if it is meant): {line}"
    for line in recorded:
        if line not in outline:
            yield f"{name}: was published, and is no more: {line}"


HEAD = """BAD-MIB DEFINITIONS ::= BEGIN
IMPORTS MODULE-IDENTITY, OBJECT-TYPE, Integer32, enterprises FROM SNMPv2-SMI
        MODULE-COMPLIANCE, OBJECT-GROUP FROM SNMPv2-CONF;
bad MODULE-IDENTITY LAST-UPDATED "202601010000Z" ORGANIZATION "a" CONTACT-INFO "b" DESCRIPTION "c"
    REVISION "202601010000Z" DESCRIPTION "d" ::= { enterprises 32473 }
one OBJECT-TYPE SYNTAX Integer32 MAX-ACCESS read-only STATUS current DESCRIPTION "e" ::= { bad 1 }
"""
TAIL = """all OBJECT-GROUP OBJECTS { %s } STATUS current DESCRIPTION "f" ::= { bad 3 }
rule MODULE-COMPLIANCE STATUS current DESCRIPTION "g" MODULE MANDATORY-GROUPS { all } ::= { bad 4 }
END
"""
TWO = 'two OBJECT-TYPE SYNTAX %s MAX-ACCESS read-only STATUS current DESCRIPTION "h" ::= { bad %u }\n'

# module, what smilint is expected to say, must something be wrong
CASES = [
    (HEAD + TAIL % "one", [], False),
    (HEAD + TWO % ("INTEGER", 2) + TAIL % "one, two", [INTEGER], False),
    (HEAD + TWO % ("INTEGER", 2) + TAIL % "one, two", [], True),
    (HEAD + TAIL % "one", [INTEGER], True),
    (HEAD + TWO % ("Integer32", 1) + TAIL % "one, two", [], True),
    (HEAD + TWO % ("Integer32", 2) + TAIL % "one", [], True),
    (HEAD + TWO % ("Gauge32", 2) + TAIL % "one, two", [], True),
    (HEAD.replace("Integer32, ", "") + TAIL % "one", [], True),
    (HEAD.replace("SNMPv2-SMI", "NO-SUCH-MIB") + TAIL % "one", [], True),
    (HEAD + TAIL % "one, three", [], True),
    ("BAD-MIB DEFINITIONS ::= BEGIN\n", [], True),
    ("", [], True),
]

# the same module as it was published: is there a difference
CHANGES = [
    (HEAD + TAIL % "one", False),
    (HEAD.replace('"e"', '"other words"') + TAIL % "one", False),
    (HEAD.replace("{ bad 1 }", "{ bad 7 }") + TAIL % "one", True),
    (HEAD.replace("read-only", "read-write") + TAIL % "one", True),
    (HEAD.replace("SYNTAX Integer32", "SYNTAX Integer32 (0..9)") + TAIL % "one", True),
    (HEAD + TWO % ("Integer32", 2) + TAIL % "one, two", True),
]


def self_test():
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "BAD-MIB.txt")

        def write(text):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)

        for number, (text, expected, refused) in enumerate(CASES):
            write(text)
            said = list(judge(path, expected, folder))
            if bool(said) != refused:
                print(f"self-test: case {number} was judged wrongly: {said}")
                wrong += 1
        write(CHANGES[0][0])
        published = outline_of(path, folder)
        for number, (text, differs) in enumerate(CHANGES):
            write(text)
            said = list(difference(path, outline_of(path, folder), published))
            if bool(said) != differs:
                print(f"self-test: change {number} was judged wrongly: {said}")
                wrong += 1
    print(f"check_mib self-test: {len(CASES) + len(CHANGES)} cases, {wrong} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    modules = [name for name in sources.files(".txt") if name.startswith("mib/")]
    complaints, names = [], [name for name in modules if os.path.basename(name) != "CMakeLists.txt"]
    for module in INHERENT:
        if f"mib/{module}.txt" not in names:
            complaints.append(f"mib/{module}.txt: is not there")
    for name in names:
        module = os.path.basename(name)[: -len(".txt")]
        record = f"{OUTLINES}/{module}"
        path, folder = os.path.join(sources.ROOT, name), os.path.join(sources.ROOT, "mib")
        complaints.extend(judge(path, INHERENT.get(module, []), folder))
        outline = outline_of(path, folder)
        if sys.argv[1:] == ["--write"]:
            with open(os.path.join(sources.ROOT, record), "w", encoding="ascii") as file:
                file.write("".join(line + "\n" for line in outline))
        complaints.extend(difference(name, outline, sources.text_of(record).splitlines()))
    return sources.report("check_mib", complaints, len(names))


if __name__ == "__main__":
    sys.exit(main())
