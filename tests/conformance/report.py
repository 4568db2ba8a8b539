"""What became of the cases: lines for people, JSON for programs, JUnit for CI."""

import json
import xml.etree.ElementTree as tree

from requirements import REQUIREMENTS


def clause(case):
    """The first requirement of a case, as "RFC 5944 3.8.2.1 MUST"."""
    row = REQUIREMENTS.get(case["requirements"][0])
    return f"{row['document']} {row['section']} {row['level']}" if row else case["requirements"][0]


class Report:
    """Results in order; a case that is said to fail later counts as failed."""

    def __init__(self, stream):
        self.stream = stream
        self.results = {}

    def add(self, case, result, why):
        self.results[case["id"]] = {
            "id": case["id"], "result": result, "why": why, "clause": clause(case), "title": case["title"]
        }
        if result != "pass":
            word = "FAILED" if result == "fail" else "not applicable"
            print(f"{word} {case['id']} ({clause(case)}): {why}", file=self.stream, flush=True)
            if result == "fail":
                print(f"    {case['title']}", file=self.stream, flush=True)

    def count(self, result):
        return sum(1 for row in self.results.values() if row["result"] == result)

    def close(self):
        """The closing lines; the exit status. Nothing run is a failure."""
        print(f"{self.count('n/a')} not applicable", file=self.stream)
        print(f"{self.count('pass')} passed, {self.count('fail')} failed", file=self.stream, flush=True)
        return 0 if self.count("pass") > 0 and self.count("fail") == 0 else 1

    def write_json(self, path, target):
        document = {
            "target": target,
            "passed": self.count("pass"),
            "failed": self.count("fail"),
            "not_applicable": self.count("n/a"),
            "cases": list(self.results.values()),
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.write("\n")

    def write_junit(self, path):
        suite = tree.Element(
            "testsuite", name="conformance", tests=str(len(self.results)), failures=str(self.count("fail")),
            skipped=str(self.count("n/a")),
        )
        for row in self.results.values():
            case = tree.SubElement(suite, "testcase", classname=row["clause"], name=row["id"])
            if row["result"] == "fail":
                tree.SubElement(case, "failure", message=row["why"]).text = row["title"]
            elif row["result"] == "n/a":
                tree.SubElement(case, "skipped", message=row["why"])
        tree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
