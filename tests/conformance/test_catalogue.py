"""The cases and the demands hold together: nothing is left out, nothing is named that is not there, the page is fresh."""

import os
import re

import pytest

import catalogue
import coverage_page
import profiles
from foreign import catalogue as foreign_catalogue
from foreign import keys as foreign_keys
from mobile import catalogue as mobile_catalogue
from mobile import keys as mobile_keys
from proofs import is_there
from requirements import REQUIREMENTS, RFC_5944
from requirements_foreign import FOREIGN_5944
from requirements_mobile import MOBILE_5944
from requirements_tunnels import TUNNELS

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "../../docs")
OF_HOME, OF_FOREIGN, OF_MOBILE = catalogue.load(), foreign_catalogue.load(), mobile_catalogue.load()
CASES = OF_HOME + OF_FOREIGN + OF_MOBILE

# How often each word stands in a section of RFC 5944, with its negation: MUST, SHOULD, MAY.
COUNTS = {
    "3.4": (6, 0, 1),
    "3.5.1": (4, 0, 0),
    "3.5.2": (1, 0, 0),
    "3.5.3": (0, 0, 1),
    "3.5.4": (5, 0, 1),
    "3.8": (2, 0, 0),
    "3.8.1": (6, 0, 3),
    "3.8.2": (2, 2, 0),
    "3.8.2.1": (22, 8, 1),
    "3.8.2.2": (10, 1, 1),
    "3.8.2.3": (1, 1, 0),
    "3.8.3": (2, 2, 0),
    "3.8.3.1": (4, 0, 0),
    "3.8.3.2": (7, 3, 0),
    "3.8.3.3": (3, 0, 0),
    "5.7": (5, 1, 1),
    "5.7.1": (7, 2, 1),
    "5.7.2": (0, 1, 0),
}

# The same of what is asked of a foreign agent.
COUNTS_OF_FOREIGN = {
    "3.7": (5, 1, 0),
    "3.7.1": (8, 2, 3),
    "3.7.2": (5, 2, 0),
    "3.7.2.1": (7, 2, 0),
    "3.7.2.2": (7, 0, 1),
    "3.7.2.3": (3, 3, 0),
    "3.7.3": (0, 1, 0),
    "3.7.3.1": (10, 2, 0),
    "3.7.3.2": (7, 2, 1),
}

# And of a mobile node.
COUNTS_OF_MOBILE = {
    "3.6": (4, 3, 6),
    "3.6.1": (1, 0, 0),
    "3.6.1.1": (10, 0, 2),
    "3.6.1.2": (16, 3, 6),
    "3.6.1.3": (2, 0, 0),
    "3.6.2.1": (11, 3, 0),
    "3.6.2.2": (3, 2, 0),
    "3.6.2.3": (2, 2, 2),
    "3.6.3": (1, 3, 1),
}

# The same of the documents about tunnels, all of their sections; where the words themselves are explained is none.
WORDS_ABOUT_TUNNELS = {
    "RFC 2003": {
        "3": (0, 0, 1), "3.1": (3, 1, 3), "3.2": (2, 2, 0), "4": (0, 0, 1), "4.1": (4, 4, 1), "4.2": (0, 2, 0), "4.3": (1, 0, 1),
        "4.4": (1, 0, 0), "4.5": (1, 0, 1), "5": (0, 1, 0), "5.1": (1, 2, 2), "5.2": (0, 3, 0), "6.2": (0, 1, 0),
    },
    "RFC 2004": {"3": (1, 0, 0)},
    "RFC 2784": {
        "2.2": (1, 0, 0), "2.3": (3, 0, 0), "2.3.1": (1, 0, 0), "2.4": (0, 1, 0), "2.6": (1, 0, 0), "3": (1, 0, 0),
        "3.1": (3, 0, 0), "5.2": (1, 0, 0),
    },
    "RFC 2890": {"2.2": (2, 1, 1), "3": (2, 0, 0)},
}


def test_there_are_enough_cases():
    assert len(OF_HOME) >= 150
    assert len(OF_FOREIGN) >= 150
    assert len(OF_MOBILE) >= 150


@pytest.mark.parametrize("rows, counts", [(RFC_5944, COUNTS), (FOREIGN_5944, COUNTS_OF_FOREIGN), (MOBILE_5944, COUNTS_OF_MOBILE)],
                         ids=["home", "foreign", "mobile"])
def test_every_word_of_each_section_has_a_row(rows, counts):
    found = {}
    for section, demands in rows.items():
        levels = [row[0].removesuffix(" NOT") for row in demands]
        found[section] = tuple(levels.count(word) for word in ("MUST", "SHOULD", "MAY"))
    assert found == counts


def test_no_name_is_of_two_cases():
    ids = [case["id"] for case in CASES]
    assert len(set(ids)) == len(ids)
    assert all(case["id"].startswith("foreign-") for case in OF_FOREIGN)
    assert all(case["id"].startswith("mobile-") for case in OF_MOBILE)


def test_every_case_names_demands_that_exist():
    unknown = {name for case in CASES for name in case["requirements"] if name not in REQUIREMENTS}
    assert unknown == set()
    assert [case["id"] for case in CASES if not case["requirements"]] == []


def test_every_demand_has_a_case_a_proof_or_a_reason():
    named = {name for case in CASES for name in case["requirements"]}
    assert [name for name, row in REQUIREMENTS.items() if name not in named and not row["proofs"] and not row["reason"]] == []


def test_no_reason_where_there_is_a_case():
    named = {name for case in CASES for name in case["requirements"]}
    assert [name for name, row in REQUIREMENTS.items() if name in named and row["reason"]] == []


def test_every_proof_is_there():
    assert [proof for row in REQUIREMENTS.values() for proof in row["proofs"] if not is_there(proof)] == []


def test_every_word_about_tunnels_has_a_row():
    for document, sections in WORDS_ABOUT_TUNNELS.items():
        assert set(TUNNELS[document]) == set(sections)
        for section, counts in sections.items():
            levels = [row[0].removesuffix(" NOT") for row in TUNNELS[document][section]]
            assert tuple(levels.count(word) for word in ("MUST", "SHOULD", "MAY")) == counts, (document, section)


def test_titles_are_one_sentence_and_unlike():
    titles = [case["title"] for case in CASES]
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if len(title) > 140] == []


def test_page_of_coverage_is_fresh():
    with open(os.path.join(DOCS, "protocol-coverage.md"), encoding="utf-8") as file:
        assert file.read() == coverage_page.page(), "docs/protocol-coverage.md is stale: run docs/generate"


def test_documentation_explains_every_word():
    with open(os.path.join(DOCS, "conformance.md"), encoding="utf-8") as file:
        text = file.read()
    words = set(profiles.KEYS) | catalogue.CASE_WORDS | catalogue.STEP_WORDS | catalogue.messages.SEND_WORDS
    words |= catalogue.CHAIN_WORDS | set(catalogue.messages.EDITS) | set(catalogue.messages.ADDRESSES)
    words |= set(catalogue.replies.EXPECTATIONS) | catalogue.replies.MODIFIERS
    words |= foreign_catalogue.CASE_WORDS | foreign_catalogue.STEP_WORDS | foreign_catalogue.CHAIN_WORDS
    words |= foreign_catalogue.messages.SEND_WORDS | foreign_catalogue.messages.ANSWER_WORDS
    words |= set().union(*foreign_catalogue.WORDS_OF.values())
    words |= mobile_catalogue.CASE_WORDS | mobile_catalogue.STEP_WORDS | mobile_catalogue.FORWARDS_WORDS
    words |= mobile_catalogue.messages.CHAIN_WORDS | set().union(*mobile_catalogue.WORDS_OF.values())
    assert sorted(word for word in words if f"`{word}`" not in text) == []


def test_documentation_has_the_table_of_keys():
    with open(os.path.join(DOCS, "conformance.md"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert [row for row in [*profiles.documentation(), *profiles.documentation(foreign_keys.KEYS), *profiles.documentation(mobile_keys.KEYS)] if row not in lines] == []


GOOD = {"id": "a", "title": "A.", "requirements": [], "send": {}, "expect": "silence"}


@pytest.mark.parametrize(
    "change",
    [
        {"sent": {}}, {"title": "no sentence"}, {"send": {"flag": "S"}}, {"expect": {"cod": 1}}, {"agent": {"nat": True}},
        {"node": {"color": 1}}, {"before": [{"expect": "silence"}]}, {"after": [{"send": {}}]}, {"expect": "silent"},
        {"send": {"chain": ["mhea"]}}, {"send": {"edits": [{"turn": 1}]}}, {"agents": {"fa": {"key": 1}}},
    ],
    ids=lambda change: re.sub(r"\W+", "-", str(change)).strip("-"),
)
def test_slip_of_the_pen_is_refused(change):
    catalogue.check(GOOD)
    with pytest.raises(catalogue.BadCase):
        catalogue.check({**GOOD, **change})


GOOD_OF_FOREIGN = {"id": "a", "title": "A.", "requirements": [], "steps": [{"send": {}, "relayed": {}, "answer": {}, "reply": {}}]}


@pytest.mark.parametrize(
    "change",
    [
        {"step": []}, {"title": "no sentence"}, {"agent": {"nat": True}}, {"node": {"key": 1}}, {"steps": [{"send": {}}]},
        {"steps": [{"relayed": {}}]}, {"steps": [{"send": {"flag": "S"}, "silence": True}]},
        {"steps": [{"send": {}, "denied": {"cod": 1}}]}, {"steps": [{"send": {}, "silence": True, "denied": {"code": 1}}]},
        {"steps": [{"send": {"chain": ["mhea"]}, "silence": True}]}, {"steps": [{"send": {}, "answer": {"color": 1}}]},
        {"steps": [{"tunnelled": {}}]}, {"steps": [{"tunnelled": {"from": "ha"}, "lost": True}]},
    ],
    ids=lambda change: re.sub(r"\W+", "-", str(change)).strip("-"),
)
def test_slip_of_the_pen_about_a_foreign_agent_is_refused(change):
    foreign_catalogue.check(GOOD_OF_FOREIGN)
    with pytest.raises(catalogue.BadCase):
        foreign_catalogue.check({**GOOD_OF_FOREIGN, **change})


GOOD_OF_MOBILE = {"id": "a", "title": "A.", "requirements": [], "steps": [{"advertise": {}, "request": {}, "reply": {}, "forwards": True}]}


@pytest.mark.parametrize(
    "change",
    [
        {"step": []}, {"title": "no sentence"}, {"node": {"nat": True}}, {"steps": [{"advertise": {}}]}, {"steps": [{"reqest": {}}]},
        {"steps": [{"advertise": {"flag": "F"}, "request": {}}]}, {"steps": [{"request": {"lifetme": 1}}]},
        {"steps": [{"request": {}, "reply": {"cod": 1}}]}, {"steps": [{"request": {}, "reply": {"chain": ["mhea"]}}]},
        {"steps": [{"request": {}, "reply": {"edits": [{"turn": 1}]}}]}, {"steps": [{"arp": {"color": 1}}]},
        {"steps": [{"forwards": {"by": "fa"}}]}, {"steps": [{"advertise": [{}, {"color": 1}], "request": {}}]},
    ],
    ids=lambda change: re.sub(r"\W+", "-", str(change)).strip("-"),
)
def test_slip_of_the_pen_about_a_mobile_node_is_refused(change):
    mobile_catalogue.check(GOOD_OF_MOBILE)
    with pytest.raises(mobile_catalogue.BadCase):
        mobile_catalogue.check({**GOOD_OF_MOBILE, **change})


@pytest.mark.parametrize("text", ["CASES = [dict(a=1)]", "import os\nCASES = []", "print(1)", '"""only words"""'])
def test_file_of_cases_is_data_only(tmp_path, text):
    path = tmp_path / "a.py"
    path.write_text(text)
    with pytest.raises((catalogue.BadCase, ValueError)):
        catalogue.cases_of(str(path))
