"""What every suite in Python shares: tests/support on the path, and a running agentd as the fixture `agent`."""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))

from agent import Agent  # noqa: E402
from steady import steady_agent  # noqa: E402


@pytest.fixture
def tmp_path(tmp_path):
    """Taken away after the test where directories are in memory (tests/run); else pytest keeps those of three runs."""
    yield tmp_path
    if os.environ.get("HEARTH_IN_MEMORY"):
        shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def agent(tmp_path):
    """A home agent of its own with two associations of mobile nodes; stopped after the test."""
    with Agent(str(tmp_path)) as running:
        yield running


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    """Like `agent`, for all cases of a file that change nothing."""
    with steady_agent(tmp_path_factory.mktemp("steady")) as running:
        yield running


@pytest.fixture
def open_directory():
    """A directory that any user can reach. Not below pytest's own, which every other pytest that starts closes again."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="hearth-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)
