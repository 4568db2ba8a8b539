"""The client of the independent suite serves this one, too; and what packets are forwarded by."""

import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))


@pytest.fixture(params=["user", "tc"])
def path(request):
    return request.param


@pytest.fixture
def bpf(open_directory):
    """A BPF file system of the test's own; only a kernel that refuses one is a reason to skip."""
    place = str(open_directory) + ".bpf"
    os.mkdir(place)
    done = subprocess.run(["mount", "-t", "bpf", "bpf", place], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the kernel refuses: {done.stderr.strip()}")
    yield os.path.join(place, "hearth")
    subprocess.run(["umount", place], check=True)
    os.rmdir(place)
