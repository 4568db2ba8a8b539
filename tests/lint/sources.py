"""Which files the lints look at: everything git knows or would take in, as paths from the root of the project."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files(*suffixes):
    """Tracked files and new ones that are not ignored; with suffixes only those that end so."""
    command = ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return sorted(
        name
        for name in set(listed)
        if name and (not suffixes or name.endswith(suffixes)) and os.path.isfile(os.path.join(ROOT, name))
    )


def is_written(path, build):
    """A file of a compilation database that somebody wrote: of the project, and not made by the build."""
    return path.startswith(ROOT + "/") and not path.startswith(os.path.abspath(build) + "/")


def text_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def report(lint, complaints, looked_at):
    """Print what is wrong and return the exit status. Looking at nothing is a failure."""
    for complaint in complaints:
        print(complaint)
    if looked_at == 0:
        print(f"{lint}: there was nothing to look at")
        return 1
    print(f"{lint}: {looked_at} files, {len(complaints)} complaints")
    return 1 if complaints else 0
