"""The model of a power cut, and the recorder that feeds it: what a program did is what the journal says."""

import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import powercut  # noqa: E402
from powercut import SECTOR, Disk, Style  # noqa: E402

BUILD = os.environ.get("HEARTH_BUILD") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build")
RECORDER = os.path.join(BUILD, "tests/chaos/recorder.so")

sanitized = pytest.mark.skipif("HEARTH_SANITIZE:STRING=\n" not in open(os.path.join(BUILD, "CMakeCache.txt")).read(),
                               reason="sanitizers' libraries want to be first")


class Journal:
    """A journal made by hand: each call returns its number."""

    def __init__(self, path):
        self.path = str(path)
        self.number = 0
        self.octets = b""

    def entry(self, kind, detail=0, name="", number=None, file=0, offset=0, data=b""):
        if number is None:
            self.number += 1
            number = self.number
        self.octets += powercut.ENTRY.pack(powercut.MAGIC, kind, detail, len(name.encode()), number, file, offset,
                                           len(data)) + name.encode() + data
        with open(self.path, "wb") as out:
            out.write(self.octets)
        return number

    def done(self, number, result=powercut.HAPPENED, octets=0):
        self.entry(powercut.DONE, detail=result, number=number, offset=octets)

    def create(self, name, file):
        self.done(self.entry(powercut.CREATE, name=name))
        self.entry(powercut.OPEN, name=name, file=file)

    def write(self, file, offset, data, result=powercut.HAPPENED):
        self.done(self.entry(powercut.WRITE, file=file, offset=offset, data=data), result, len(data))

    def sync(self, file):
        self.done(self.entry(powercut.SYNC, file=file))

    def directory(self, file=99):
        self.entry(powercut.OPEN, detail=1, name=".", file=file)
        return file


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


def cut(journal, tmp_path, style, seed=1):
    """The files after a cut, by name."""
    disk = Disk()
    disk.follow(journal.path)
    target = pathlib.Path(tempfile.mkdtemp(dir=tmp_path))
    disk.cut(str(target), random.Random(seed), Style(style))
    return {path.name: path.read_bytes() for path in target.iterdir()}


def all_cuts(journal, tmp_path, styles=Style.NAMES, seeds=30):
    return [cut(journal, tmp_path, style, seed) for style in styles for seed in range(seeds)]


def durable_file(journal, data):
    journal.create("a", 1)
    journal.write(1, 0, data)
    journal.sync(1)
    journal.sync(journal.directory())


def test_what_was_synced_survives_every_cut(journal, tmp_path):
    durable_file(journal, b"x" * 2000)
    assert all(files == {"a": b"x" * 2000} for files in all_cuts(journal, tmp_path))


def test_without_a_sync_of_the_directory_the_name_may_go(journal, tmp_path):
    journal.create("a", 1)
    journal.write(1, 0, b"x")
    journal.sync(1)
    assert cut(journal, tmp_path, "nothing") == {}
    assert cut(journal, tmp_path, "everything") == {"a": b"x"}


def test_what_was_not_synced_may_go(journal, tmp_path):
    durable_file(journal, b"old!")
    journal.write(1, 0, b"new!")
    assert cut(journal, tmp_path, "nothing") == {"a": b"old!"}
    assert cut(journal, tmp_path, "everything") == {"a": b"new!"}
    assert {files["a"] for files in all_cuts(journal, tmp_path)} == {b"old!", b"new!"}


def test_a_write_is_torn_at_sectors_only(journal, tmp_path):
    durable_file(journal, b"o" * 2 * SECTOR)
    journal.write(1, 0, b"n" * 2 * SECTOR)
    seen = {files["a"] for files in all_cuts(journal, tmp_path, ("any",))}
    assert seen == {first * SECTOR + second * SECTOR for first in (b"o", b"n") for second in (b"o", b"n")}


def test_a_sector_has_only_contents_that_it_had(journal, tmp_path):
    """Later octets of a sector are never there without earlier ones."""
    durable_file(journal, b"....")
    journal.write(1, 0, b"A")
    journal.write(1, 1, b"B")
    assert {files["a"] for files in all_cuts(journal, tmp_path)} == {b"....", b"A...", b"AB.."}


def test_a_sync_covers_what_ended_before_it_began(journal, tmp_path):
    durable_file(journal, b"....")
    first = journal.entry(powercut.WRITE, file=1, offset=0, data=b"A")
    sync = journal.entry(powercut.SYNC, file=1)
    journal.done(first, octets=1)
    journal.done(sync)
    assert cut(journal, tmp_path, "nothing") == {"a": b"...."}


def test_a_sync_that_failed_or_did_not_return_covers_nothing(journal, tmp_path):
    durable_file(journal, b"....")
    journal.write(1, 0, b"A")
    journal.done(journal.entry(powercut.SYNC, file=1), powercut.FAILED)
    journal.entry(powercut.SYNC, file=1)
    assert cut(journal, tmp_path, "nothing") == {"a": b"...."}


def test_a_write_through_is_durable_by_itself(journal, tmp_path):
    durable_file(journal, b"....")
    journal.write(1, 0, b"A", powercut.DURABLE)
    assert all(files == {"a": b"A..."} for files in all_cuts(journal, tmp_path))


def test_a_write_through_that_was_interrupted_is_open(journal, tmp_path):
    durable_file(journal, b"....")
    journal.entry(powercut.WRITE, file=1, offset=0, data=b"A")
    assert {files["a"] for files in all_cuts(journal, tmp_path)} == {b"....", b"A..."}


def test_a_short_write(journal, tmp_path):
    durable_file(journal, b"....")
    journal.done(journal.entry(powercut.WRITE, file=1, offset=0, data=b"ABC"), octets=2)
    journal.sync(1)
    assert cut(journal, tmp_path, "nothing") == {"a": b"AB.."}


def test_a_rename_is_whole(journal, tmp_path):
    durable_file(journal, b"1")
    journal.create("b", 2)
    journal.write(2, 0, b"2")
    journal.sync(2)
    journal.sync(99)
    journal.done(journal.entry(powercut.RENAME, name="b\0a"))
    outcomes = [tuple(sorted(files.items())) for files in all_cuts(journal, tmp_path)]
    assert set(outcomes) == {(("a", b"1"), ("b", b"2")), (("a", b"2"),)}


def test_a_removal_is_durable_with_its_directory(journal, tmp_path):
    durable_file(journal, b"1")
    journal.done(journal.entry(powercut.UNLINK, name="a"))
    assert {tuple(files) for files in all_cuts(journal, tmp_path)} == {("a",), ()}
    journal.sync(99)
    assert cut(journal, tmp_path, "everything", 100) == {}
    assert cut(journal, tmp_path, "nothing", 100) == {}


def test_a_directory_that_is_lost_takes_its_files(journal, tmp_path):
    journal.done(journal.entry(powercut.MKDIR, name="d"))
    journal.create("d/a", 1)
    journal.write(1, 0, b"x")
    journal.sync(1)
    journal.entry(powercut.OPEN, detail=1, name="d", file=2)
    journal.sync(2)
    assert cut(journal, tmp_path, "nothing") == {}
    journal.sync(journal.directory())
    disk = Disk()
    disk.follow(journal.path)
    (tmp_path / "kept").mkdir()
    disk.cut(str(tmp_path / "kept"), random.Random(1), Style("nothing"))
    assert (tmp_path / "kept/d/a").read_bytes() == b"x"


def test_sizes(journal, tmp_path):
    durable_file(journal, b"abcdef")
    journal.done(journal.entry(powercut.TRUNCATE, file=1, offset=2))
    journal.done(journal.entry(powercut.ALLOCATE, file=1, offset=4))
    assert cut(journal, tmp_path, "nothing") == {"a": b"abcdef"}
    assert cut(journal, tmp_path, "everything") == {"a": b"ab\0\0"}
    journal.sync(1)
    assert cut(journal, tmp_path, "nothing", 2) == {"a": b"ab\0\0"}


def test_the_past_is_one_moment_for_all_files(journal, tmp_path):
    """Never a later write without an earlier one, whatever the file."""
    for name, file in (("a", 1), ("b", 2)):
        journal.create(name, file)
        journal.write(file, 0, b"0")
        journal.sync(file)
    journal.sync(journal.directory())
    for step in b"123456789":
        journal.write(1, 0, bytes([step]))
        journal.write(2, 0, bytes([step]))
    pairs = {(files["a"], files["b"]) for files in all_cuts(journal, tmp_path, ("past",), 200)}
    assert all(int(a) - int(b) in (0, 1) for a, b in pairs)
    assert len(pairs) > 10


def test_a_torn_journal_ends_where_it_is_torn(journal, tmp_path):
    durable_file(journal, b"x")
    whole = len(journal.octets)
    journal.write(1, 0, b"y" * 100)
    for size in range(whole, whole + 140, 7):
        with open(journal.path, "wb") as out:
            out.write(journal.octets[:size])
        assert cut(journal, tmp_path, "nothing", size) == {"a": b"x"}


# ---- the recorder ----

PROGRAM = """
import os, sys
directory = sys.argv[1]
os.mkdir(directory + "/d")
fd = os.open(directory + "/d/data", os.O_RDWR | os.O_CREAT, 0o600)
os.pwrite(fd, b"x" * 5000, 100)
os.fdatasync(fd)
os.writev(fd, [b"one", b"two"])
os.pwritev(fd, [b"three", b"four"], 8192)
os.ftruncate(fd, 9000)
os.posix_fallocate(fd, 0, 20000)
through = os.open(directory + "/d/data", os.O_WRONLY | os.O_DSYNC)
os.pwrite(through, b"meta", 4096)
os.open(directory + "/gone", os.O_CREAT | os.O_WRONLY)
os.unlink(directory + "/gone")
appending = os.open(directory + "/log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
os.write(appending, b"first ")
os.write(os.dup(appending), b"second")
os.chdir(directory)
at = os.open("d", os.O_RDONLY)
os.rename("data", "renamed", src_dir_fd=at, dst_dir_fd=at)
os.fsync(at)
os.link("log", "second-name")
os.mkdir("empty"); os.rmdir("empty")
os.close(os.open("d/renamed2", os.O_CREAT | os.O_WRONLY)); os.replace("d/renamed2", "d/renamed3")
open(os.devnull).close()
try:
    os.open(directory + "/missing", os.O_RDWR)
except FileNotFoundError:
    pass
"""


def run_recorded(tmp_path, program, **environment):
    directory = tmp_path / "watched"
    directory.mkdir()
    done = subprocess.run(
        ["/usr/bin/python3", "-S", "-c", program, str(directory)], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "LD_PRELOAD": RECORDER, "HEARTH_RECORDER_DIRECTORY": os.path.realpath(directory),
             "HEARTH_RECORDER_JOURNAL": str(tmp_path / "journal"), **environment})
    return done, str(directory)


@sanitized
def test_the_recorder_misses_nothing(tmp_path):
    done, directory = run_recorded(tmp_path, PROGRAM)
    assert done.returncode == 0, done.stderr
    disk = Disk()
    disk.follow(str(tmp_path / "journal"))
    assert disk.differences(directory) == []
    assert set(disk.names.live) == {".", "d", "d/renamed", "d/renamed3", "log", "second-name"}


@sanitized
def test_the_recorder_knows_what_is_durable(tmp_path):
    done, _ = run_recorded(tmp_path, PROGRAM)
    assert done.returncode == 0, done.stderr
    disk = Disk()
    disk.follow(str(tmp_path / "journal"))
    durable = disk.names.live["d/renamed"].durable
    assert b"".join(durable.sectors.get(sector, bytes(SECTOR)) for sector in range(9))[4096:4100] == b"meta"
    assert 8192 // SECTOR not in durable.sectors, "written after the sync"
    assert "d/renamed" in disk.names.durable, "its directory was synced after the rename"
    assert "d/renamed3" not in disk.names.durable
    assert "d" not in disk.names.durable, "its parent was not"


@sanitized
def test_a_kill_after_every_entry(tmp_path):
    """Wherever the process dies, the model can be brought to what the directory shows."""
    done, _ = run_recorded(tmp_path, PROGRAM)
    assert done.returncode == 0, done.stderr
    entries = sum(1 for _ in powercut.read_journal(str(tmp_path / "journal")))
    assert entries > 40
    for kill_at in range(1, entries + 1):
        place = tmp_path / str(kill_at)
        place.mkdir()
        done, directory = run_recorded(place, PROGRAM, HEARTH_RECORDER_KILL_AT=str(kill_at))
        assert done.returncode == -9
        disk = Disk()
        disk.follow(str(place / "journal"))
        disk.adopt(directory)
        assert disk.differences(directory) == [], f"killed after entry {kill_at}"


@sanitized
def test_what_escapes_is_seen(tmp_path):
    """stdio of the C library is not recorded; the comparison tells."""
    program = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
out = libc.fopen((sys.argv[1] + "/a").encode(), b"w")
libc.fputs(b"text", ctypes.c_void_p(out))
libc.fclose(ctypes.c_void_p(out))
"""
    done, directory = run_recorded(tmp_path, program)
    assert done.returncode == 0, done.stderr
    disk = Disk()
    disk.follow(str(tmp_path / "journal"))
    disk.adopt(directory)
    assert disk.differences(directory) == ["a"]


@sanitized
def test_a_writable_mapping_is_refused(tmp_path):
    program = """
import mmap, os, sys
fd = os.open(sys.argv[1] + "/a", os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, 4096)
mmap.mmap(fd, 4096)
"""
    done, _ = run_recorded(tmp_path, program)
    assert done.returncode == 0, done.stderr
    with pytest.raises(powercut.Unsupported):
        Disk().follow(str(tmp_path / "journal"))


def test_layout_of_entries():
    """The struct of recorder.h has no holes: 40 octets."""
    assert powercut.ENTRY.size == struct.calcsize("<IBBHQQQQ") == 40
