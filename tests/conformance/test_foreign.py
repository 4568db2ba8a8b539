"""agentd as a foreign agent before its suite, with each variant. Every case that applies passes."""

import json

import pytest

from foreign import catalogue
from foreign.laboratory import Laboratory
from foreign.variants import KNOWN_FAILURES, VARIANTS

CASES = catalogue.load()


@pytest.fixture(scope="module", params=list(VARIANTS))
def results(request, tmp_path_factory):
    """Laboratory, output and JSON of one run over all cases."""
    directory = tmp_path_factory.mktemp(request.param)
    with Laboratory(str(directory), request.param) as laboratory:
        done = laboratory.run("--json", str(directory / "results.json"), "--timeout-ms", "20000")
    print(done.stdout)
    assert done.returncode in (0, 1), done.stdout
    return laboratory, done, json.loads((directory / "results.json").read_text())


def test_everything_that_applies_passes(results):
    _, done, document = results
    failed = {row["id"]: row["why"] for row in document["cases"] if row["result"] == "fail"}
    applicable = {row["id"] for row in document["cases"] if row["result"] != "n/a"}
    assert {name: why for name, why in failed.items() if name not in KNOWN_FAILURES} == {}
    assert set(failed) == set(KNOWN_FAILURES) & applicable, "a known failure is none any more: take its row out"
    assert document["passed"] >= 100
    assert done.returncode == (1 if failed else 0)


def test_what_applies_is_what_the_profile_says(results):
    """Nothing slips out of the count because a node or an address is missing."""
    laboratory, _, document = results
    passed = {row["id"] for row in document["cases"] if row["result"] != "n/a"}
    assert passed == {case["id"] for case in CASES if catalogue.applies(case, laboratory.profile)}
