"""What a power cut leaves of a directory.

A Disk is fed with the journal of recorder.c and keeps, for each file, what is durable and what was written since. cut()
builds the directory as a disk could have it afterwards: everything durable, and of the rest any part, torn at sectors.

Rules, all on the strict side of what file systems promise:
- a sync makes durable what had ended before it began; a write through O_DSYNC makes itself durable;
- unsynced writes survive sector by sector, each sector with any of the contents it had since the last sync;
- a name is durable after a sync of its directory, not before; a sync of the file is no help;
- a size changes with the write or truncation that changed it, durable or lost with a prefix of them.
"""

import os
import struct

SECTOR = 512
ZERO = bytes(SECTOR)
ENTRY = struct.Struct("<IBBHQQQQ")
MAGIC = 0x48524A31

(OPEN, WRITE_BEGIN, WRITE_END, SYNC_BEGIN, SYNC_END, TRUNCATE, ALLOCATE, RENAME, UNLINK, MKDIR, RMDIR, LINK,
 UNSUPPORTED) = range(1, 14)

# Mapped into memory by LMDB and made anew at each start.
UNWATCHED = ("lock.mdb",)


class Unsupported(Exception):
    """The program did what the recorder or this model cannot follow."""


def read_journal(path):
    """Entries of a journal: (kind, detail, name, number, file, offset, data). A torn end is left out."""
    with open(path, "rb") as file:
        octets = file.read()
    at = 0
    while at + ENTRY.size <= len(octets):
        magic, kind, detail, name_size, number, token, offset, data_size = ENTRY.unpack_from(octets, at)
        end = at + ENTRY.size + name_size + data_size
        if magic != MAGIC or end > len(octets):
            return
        name = octets[at + ENTRY.size:at + ENTRY.size + name_size].decode()
        yield kind, detail, name, number, token, offset, octets[end - data_size:end]
        at = end


class Write:
    """Octets on their way. `ended` is false while the call has not returned."""

    def __init__(self, offset, data, ended=True):
        self.offset = offset
        self.data = data
        self.ended = ended

    def size_after(self, size):
        return max(size, self.offset + len(self.data))

    def sectors(self, image):
        del image
        if not self.data:
            return range(0)
        return range(self.offset // SECTOR, (self.offset + len(self.data) - 1) // SECTOR + 1)

    def content(self, sector, before):
        """The sector after this write."""
        begin = sector * SECTOR
        low = max(self.offset, begin)
        high = min(self.offset + len(self.data), begin + SECTOR)
        part = self.data[low - self.offset:high - self.offset]
        return part if len(part) == SECTOR else before[:low - begin] + part + before[high - begin:]


class Truncate:
    """A new size; what is beyond it becomes zero."""

    ended = True

    def __init__(self, size):
        self.size = size

    def size_after(self, size):
        del size
        return self.size

    def sectors(self, image):
        return [sector for sector in image if (sector + 1) * SECTOR > self.size]

    def content(self, sector, before):
        keep = max(0, self.size - sector * SECTOR)
        return before[:keep] + bytes(SECTOR - keep)


class Allocate(Truncate):
    """At least this size; nothing else changes."""

    def size_after(self, size):
        return max(size, self.size)

    def sectors(self, image):
        return ()


class Contents:
    """Sectors that are not zero, and a size."""

    def __init__(self, sectors=None, size=0):
        self.sectors = dict(sectors or {})
        self.size = size

    def apply(self, change):
        for sector in list(change.sectors(self.sectors)):
            self.sectors[sector] = change.content(sector, self.sectors.get(sector, ZERO))
        self.size = change.size_after(self.size)

    @classmethod
    def of_file(cls, path):
        contents = cls(size=os.path.getsize(path))
        with open(path, "rb") as file:
            at = 0
            while True:
                try:
                    at = os.lseek(file.fileno(), at, os.SEEK_DATA) // SECTOR * SECTOR
                except OSError:  # nothing but a hole up to the end
                    return contents
                file.seek(at)
                piece = file.read(1 << 20)
                for begin in range(0, len(piece), SECTOR):
                    sector = piece[begin:begin + SECTOR]
                    if any(sector):
                        contents.sectors[(at + begin) // SECTOR] = sector.ljust(SECTOR, b"\0")
                at += len(piece)

    def write(self, path):
        with open(path, "wb") as file:
            for sector in sorted(self.sectors):
                room = self.size - sector * SECTOR
                if room > 0 and self.sectors[sector] != ZERO:
                    file.seek(sector * SECTOR)
                    file.write(self.sectors[sector][:room])
            file.truncate(self.size)


class File:
    """One file: what is durable, and the changes since, in order."""

    def __init__(self, durable=None):
        self.durable = durable or Contents()
        self.pending = []

    def settle(self, changes):
        """Make some of the pending changes durable."""
        chosen = set(map(id, changes))
        for change in self.pending:
            if id(change) in chosen:
                self.durable.apply(change)
        self.pending = [change for change in self.pending if id(change) not in chosen]

    def now(self):
        """What a reader sees who does not care about power."""
        contents = Contents(self.durable.sectors, self.durable.size)
        for change in self.pending:
            contents.apply(change)
        return contents

    def cut(self, random, style):
        """The contents that a disk could have after a power cut."""
        contents = Contents(self.durable.sectors, self.durable.size)
        versions = {}
        for change in self.pending:
            image = contents.sectors.keys() | versions.keys() if isinstance(change, Truncate) else ()
            for sector in change.sectors(image):
                known = versions.setdefault(sector, [contents.sectors.get(sector, ZERO)])
                known.append(change.content(sector, known[-1]))
        kept_sizes = style.prefix(random, len(self.pending))
        for change in self.pending[:kept_sizes]:
            contents.size = change.size_after(contents.size)
        for sector, known in versions.items():
            contents.sectors[sector] = known[style.version(random, len(known))]
        return contents


class Style:
    """How lucky a power cut is."""

    NAMES = ("nothing", "everything", "few", "most", "any")

    def __init__(self, name):
        self.name = name
        self.chance = {"nothing": 0.0, "everything": 1.0, "few": 0.1, "most": 0.9, "any": 0.5}[name]

    def keeps(self, random):
        return random.random() < self.chance

    def version(self, random, count):
        """Which of the contents that a sector had."""
        if self.name == "any":
            return random.randrange(count)
        return count - 1 if self.keeps(random) else 0

    def prefix(self, random, count):
        if self.name in ("nothing", "everything"):
            return count if self.chance else 0
        return random.randint(0, count)


DIRECTORY = "directory"


class Names:
    """Paths to files, durable and live, and the changes between them: functions of a dictionary."""

    def __init__(self):
        self.durable = {".": DIRECTORY}
        self.live = {".": DIRECTORY}
        self.pending = []  # (parent directory, change)

    def change(self, parent, change):
        change(self.live)
        self.pending.append((parent, change))

    def settle(self, changes):
        chosen = set(map(id, changes))
        for _, change in self.pending:
            if id(change) in chosen:
                change(self.durable)
        self.pending = [(parent, change) for parent, change in self.pending if id(change) not in chosen]

    def cut(self, random, style):
        """Names after a power cut. File systems with a journal keep a prefix of the changes; others any of them."""
        names = dict(self.durable)
        if random.random() < 0.5:
            kept = self.pending[:style.prefix(random, len(self.pending))]
        else:
            kept = [change for change in self.pending if style.keeps(random)]
        for _, change in kept:
            change(names)
        # What is in a directory that was lost is lost with it.
        return {path: what for path, what in names.items() if is_reachable(path, names)}


def parent_of(path):
    return os.path.dirname(path) or "."


def is_reachable(path, names):
    while path != ".":
        path = parent_of(path)
        if names.get(path) != DIRECTORY:
            return False
    return True


def creation(path, what):
    def change(names):
        names[path] = what
    return change


def removal(path):
    def change(names):
        names.pop(path, None)
    return change


def renaming(source, target, what):
    def change(names):
        names.pop(source, None)
        names[target] = what
    return change


class Disk:
    """A directory and its files, as the recorder saw them change."""

    def __init__(self):
        self.names = Names()

    @classmethod
    def of_directory(cls, directory):
        """All that is there, taken as durable."""
        disk = cls()
        for base, directories, files in os.walk(directory):
            relative = os.path.relpath(base, directory)
            for name in directories:
                disk.names.durable[os.path.normpath(os.path.join(relative, name))] = DIRECTORY
            for name in files:
                path = os.path.normpath(os.path.join(relative, name))
                disk.names.durable[path] = File(Contents.of_file(os.path.join(directory, path)))
        disk.names.live = dict(disk.names.durable)
        return disk

    def follow(self, journal):
        """Do what one process did, up to its end."""
        Follower(self).follow(journal)

    def files(self):
        return {path: file for path, file in self.names.live.items() if file is not DIRECTORY}

    def adopt(self, directory):
        """After a kill without a power cut: calls that were under way did what the directory shows of them."""
        for path, file in self.files().items():
            if all(change.ended for change in file.pending) or not os.path.exists(os.path.join(directory, path)):
                continue
            live = Contents.of_file(os.path.join(directory, path))
            for change in file.pending:
                if not change.ended:
                    take_from(change, live)

    def differences(self, directory):
        """Files whose octets are not what the journal says: something escaped the recorder."""
        different = []
        seen = Disk.of_directory(directory)
        for path in sorted(set(self.names.live) | set(seen.names.live)):
            if os.path.basename(path) in UNWATCHED:
                continue
            ours, theirs = self.names.live.get(path), seen.names.live.get(path)
            if ours is None or theirs is None or (ours is DIRECTORY) != (theirs is DIRECTORY):
                different.append(path)
            elif ours is not DIRECTORY and not same(ours.now(), theirs.durable):
                different.append(path)
        return different

    def cut(self, directory, random, style):
        """Write what a power cut leaves into an empty directory, and become it."""
        names = self.names.cut(random, style)
        for path in sorted(names):
            target = os.path.join(directory, path)
            if names[path] is DIRECTORY:
                os.makedirs(target, exist_ok=True)
            else:
                names[path].cut(random, style).write(target)
        self.names = Disk.of_directory(directory).names


def take_from(change, live):
    data = bytearray()
    for sector in change.sectors({}):
        data += live.sectors.get(sector, ZERO)
    begin = change.offset % SECTOR
    size = max(0, min(len(change.data), live.size - change.offset))
    change.data = bytes(data[begin:begin + size])
    change.ended = True


def same(ours, theirs):
    if ours.size != theirs.size:
        return False
    return all(ours.sectors.get(sector, ZERO) == theirs.sectors.get(sector, ZERO)
               for sector in set(ours.sectors) | set(theirs.sectors) if sector * SECTOR < ours.size)


class Follower:
    """Applies the entries of one process's journal."""

    def __init__(self, disk):
        self.disk = disk
        self.names = disk.names
        self.opened = {}  # token to File or path of a directory
        self.writes = {}  # number to (file, change)
        self.syncs = {}  # number to what it covers

    def follow(self, journal):
        handlers = {
            OPEN: self.open, WRITE_BEGIN: self.write_begin, WRITE_END: self.write_end, SYNC_BEGIN: self.sync_begin,
            SYNC_END: self.sync_end, TRUNCATE: self.truncate, ALLOCATE: self.allocate, RENAME: self.rename,
            UNLINK: self.unlink, MKDIR: self.mkdir, RMDIR: self.unlink, LINK: self.link,
            UNSUPPORTED: self.unsupported,
        }
        for kind, *rest in read_journal(journal):
            handlers[kind](*rest)

    def open(self, detail, name, number, token, offset, data):
        del number, offset, data
        if detail == 2:
            self.opened[token] = name
            return
        if name not in self.names.live:
            self.names.change(parent_of(name), creation(name, File()))
        self.opened[token] = self.names.live[name]

    def write_begin(self, detail, name, number, token, offset, data):
        del detail, name
        file = self.opened[token]
        change = Write(offset, data, ended=False)
        file.pending.append(change)
        self.writes[number] = (file, change)

    def write_end(self, detail, name, number, token, offset, data):
        del name, token, data
        file, change = self.writes.pop(number)
        change.data = change.data[:offset]
        change.ended = True
        if detail:
            file.settle([change])

    def sync_begin(self, detail, name, number, token, offset, data):
        del detail, name, offset, data
        target = self.opened[token] if token else None
        files = [file for file in self.disk.files().values() if target is None or file is target]
        if isinstance(target, File) and target not in files:
            files.append(target)  # its name is gone
        covered = [(file, [change for change in file.pending if change.ended]) for file in files]
        names = [change for parent, change in self.names.pending if target is None or parent == target]
        self.syncs[number] = (covered, names)

    def sync_end(self, detail, name, number, token, offset, data):
        del detail, name, token, offset, data
        covered, names = self.syncs.pop(number)
        for file, changes in covered:
            file.settle(changes)
        self.names.settle(names)

    def truncate(self, detail, name, number, token, offset, data):
        del detail, name, number, data
        self.opened[token].pending.append(Truncate(offset))

    def allocate(self, detail, name, number, token, offset, data):
        del detail, name, number, data
        self.opened[token].pending.append(Allocate(offset))

    def rename(self, detail, name, number, token, offset, data):
        del detail, number, token, offset, data
        source, target = name.split("\0")
        if parent_of(source) != parent_of(target):
            raise Unsupported(f"a rename between directories: {source} to {target}")
        self.names.change(parent_of(target), renaming(source, target, self.names.live[source]))

    def link(self, detail, name, number, token, offset, data):
        del detail, number, token, offset, data
        source, target = name.split("\0")
        self.names.change(parent_of(target), creation(target, self.names.live[source]))

    def unlink(self, detail, name, number, token, offset, data):
        del detail, number, token, offset, data
        self.names.change(parent_of(name), removal(name))

    def mkdir(self, detail, name, number, token, offset, data):
        del detail, number, token, offset, data
        self.names.change(parent_of(name), creation(name, DIRECTORY))

    def unsupported(self, detail, name, number, token, offset, data):
        del detail, number, token, offset, data
        raise Unsupported(name)
