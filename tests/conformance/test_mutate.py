"""The table of mutants fits the sources, and says so when it does not. What the mutants are killed by is shown by the test
conformance.mutants, which builds and runs them.
"""

import json
import os

import pytest

import mutate

HERE = os.path.dirname(os.path.abspath(__file__))


def test_every_edit_fits():
    copies = mutate.copies()
    assert sorted(copies) == mutate.files()
    for text in copies.values():
        assert text.startswith('#include "tests/conformance/mutant.h"\n')


def test_every_mutant_is_in_its_file():
    text = "".join(mutate.copies().values())
    assert len(mutate.names()) >= 15
    assert [name for name in mutate.names() if f'MUTANT("{name}")' not in text] == []


def test_product_knows_nothing_of_mutants():
    for path in mutate.files():
        with open(os.path.join(HERE, "../..", path), encoding="utf-8") as file:
            assert "MUTANT" not in file.read()


def test_edits_are_applied_where_they_belong():
    edits = [("c;", 'MUTANT("c") ? d : c;'), ("a", 'MUTANT("a") ? b : a')]
    assert mutate.mutated("f", "a + b + c;\n", edits) == mutate.HEADER + 'MUTANT("a") ? b : a + b + MUTANT("c") ? d : c;\n'


@pytest.mark.parametrize(
    "edits, why",
    [
        ([("z", 'MUTANT("m")')], "0 times"), ([("a", 'MUTANT("m")')], "2 times"), ([("b", 'MUTANT("M m")')], "a name that is none"),
        ([("a b", 'MUTANT("m")'), ("b a", 'MUTANT("n")')], "overlaps"),
    ],
)
def test_edit_that_does_not_fit_is_refused(edits, why):
    with pytest.raises(mutate.BadEdit, match=why):
        mutate.mutated("f", "a b a\n", edits)


@pytest.mark.parametrize("suite, directory", [("home", ""), ("foreign", "foreign"), ("mobile", "mobile")])
def test_each_mutant_has_killers_on_record(suite, directory):
    with open(os.path.join(HERE, directory, "kills.json"), encoding="utf-8") as file:
        kills = json.load(file)
    assert list(kills) == mutate.names(suite)
    assert [name for name, cases in kills.items() if not cases] == []
