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

(DONE, CREATE, WRITE, SYNC, TRUNCATE, ALLOCATE, RENAME, UNLINK, MKDIR, LINK, OPEN, UNSUPPORTED) = range(1, 13)
FAILED, HAPPENED, DURABLE = range(3)

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
    """Octets on their way."""

    def __init__(self, moment, offset, data):
        self.moment = moment
        self.offset = offset
        self.data = data
        self.ended = False  # until the call has returned

    def size_after(self, size):
        return max(size, self.offset + len(self.data)) if self.data else size

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

    def __init__(self, moment, size):
        self.moment = moment
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
        # The mode comes with the name: agentd makes every file for itself alone.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
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
        versions = {}  # sector to its contents since the last sync, and the moments of those that are not durable
        for change in self.pending:
            image = contents.sectors.keys() | versions.keys() if isinstance(change, Truncate) else ()
            for sector in change.sectors(image):
                known, moments = versions.setdefault(sector, ([contents.sectors.get(sector, ZERO)], []))
                known.append(change.content(sector, known[-1]))
                moments.append(change.moment)
        for change in self.pending[:style.prefix(random, [change.moment for change in self.pending])]:
            contents.size = change.size_after(contents.size)
        for sector, (known, moments) in versions.items():
            contents.sectors[sector] = known[style.version(random, moments)]
        return contents


class Style:
    """How lucky a power cut is. What is asked for are numbers of changes that survive, given when they were made."""

    CHANCES = {"nothing": 0.0, "few": 0.1, "most": 0.9, "everything": 1.0}
    NAMES = (*CHANCES, "any", "past")

    def __init__(self, name):
        self.name = name
        self.chance = self.CHANCES.get(name, 0.5)
        self.moment = 0

    def begin(self, random, moments):
        """Called once per cut. "past": the disk is as it was at one moment, all files alike."""
        self.moment = random.choice([*moments, max(moments, default=0) + 1])

    def keeps(self, random):
        return random.random() < self.chance

    def until(self, moments):
        return sum(moment < self.moment for moment in moments)

    def version(self, random, moments):
        """Which of the contents that a sector had; 0 is the durable one."""
        if self.name == "past":
            return self.until(moments)
        if self.name == "any":
            return random.randint(0, len(moments))
        return len(moments) if self.keeps(random) else 0

    def prefix(self, random, moments):
        if self.name == "past":
            return self.until(moments)
        if self.name in ("nothing", "everything"):
            return len(moments) if self.chance else 0
        return random.randint(0, len(moments))


DIRECTORY = "directory"


class Names:
    """Paths to files, durable and live, and the changes between them."""

    def __init__(self):
        self.durable = {".": DIRECTORY}
        self.live = {".": DIRECTORY}
        self.pending = []

    def change(self, change):
        change.apply(self.live)
        self.pending.append(change)

    def settle(self, changes):
        chosen = set(map(id, changes))
        for change in self.pending:
            if id(change) in chosen:
                change.apply(self.durable)
        self.pending = [change for change in self.pending if id(change) not in chosen]

    def cut(self, random, style):
        """Names after a power cut. File systems with a journal keep a prefix of the changes; others any of them."""
        names = dict(self.durable)
        if style.name == "past" or random.random() < 0.5:
            kept = self.pending[:style.prefix(random, [change.moment for change in self.pending])]
        else:
            kept = [change for change in self.pending if style.keeps(random)]
        for change in kept:
            change.apply(names)
        # What is in a directory that was lost is lost with it.
        return {path: what for path, what in names.items() if is_reachable(path, names)}


class NameChange:
    """A name that goes, a name that comes, or both at once."""

    def __init__(self, moment, gone=None, come=None, what=None):
        self.moment = moment
        self.gone = gone
        self.come = come
        self.what = what
        self.parent = parent_of(come or gone)

    def apply(self, names):
        if self.gone:
            names.pop(self.gone, None)
        if self.come:
            names[self.come] = self.what

    def happened_in(self, directory):
        """Does the directory look as if it had? For a change that was under way when its process was killed."""
        if self.gone and os.path.lexists(os.path.join(directory, self.gone)):
            return False
        return not self.come or os.path.lexists(os.path.join(directory, self.come))


def parent_of(path):
    return os.path.dirname(path) or "."


def is_reachable(path, names):
    while path != ".":
        path = parent_of(path)
        if names.get(path) != DIRECTORY:
            return False
    return True


class Disk:
    """A directory and its files, as the recorder saw them change."""

    def __init__(self):
        self.names = Names()
        self.moment = 0  # counts changes
        self.under_way = []  # (change, what to do if it happened) when a process ended

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
        follower = Follower(self)
        follower.follow(journal)
        self.under_way = list(follower.under_way.values())

    def tick(self):
        self.moment += 1
        return self.moment

    def files(self):
        return {path: file for path, file in self.names.live.items() if file is not DIRECTORY}

    def adopt(self, directory):
        """After a kill: calls that were under way did what the directory shows of them."""
        for call in self.under_way:
            call.adopt(directory)
        self.under_way = []

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
        pending = [*self.names.pending, *(change for file in self.files().values() for change in file.pending)]
        style.begin(random, [change.moment for change in pending])
        names = self.names.cut(random, style)
        for path in sorted(names):
            target = os.path.join(directory, path)
            if names[path] is DIRECTORY:
                os.makedirs(target, exist_ok=True)
            else:
                names[path].cut(random, style).write(target)
        self.names = Disk.of_directory(directory).names


def same(ours, theirs):
    if ours.size != theirs.size:
        return False
    return all(ours.sectors.get(sector, ZERO) == theirs.sectors.get(sector, ZERO)
               for sector in set(ours.sectors) | set(theirs.sectors) if sector * SECTOR < ours.size)


class Call:
    """A call that was begun: what it does when it has happened."""

    def done(self, result, octets):
        """It returned."""

    def adopt(self, directory):
        """Its process was killed meanwhile."""


class WriteCall(Call):
    """The change is pending from the beginning: a sync by somebody else may already carry it to the disk."""

    def __init__(self, disk, file, change):
        self.disk = disk
        self.file = file
        self.change = change
        file.pending.append(change)

    def done(self, result, octets):
        self.change.data = self.change.data[:octets]
        self.change.ended = True
        if result == DURABLE:
            self.file.settle([self.change])

    def adopt(self, directory):
        paths = [path for path, file in self.disk.files().items() if file is self.file]
        live = Contents.of_file(os.path.join(directory, paths[0])) if paths else Contents()
        data = b"".join(live.sectors.get(sector, ZERO) for sector in self.change.sectors(()))
        begin = self.change.offset % SECTOR
        self.change.data = data[begin:begin + max(0, min(len(self.change.data), live.size - self.change.offset))]
        self.change.ended = True


class NameCall(Call):
    """A change of names."""

    def __init__(self, names, change):
        self.names = names
        self.change = change

    def done(self, result, octets):
        if result != FAILED:
            self.names.change(self.change)

    def adopt(self, directory):
        if self.change.happened_in(directory):
            self.names.change(self.change)


class SizeCall(Call):
    """A change of a file's size."""

    def __init__(self, disk, file, change):
        self.disk = disk
        self.file = file
        self.change = change

    def done(self, result, octets):
        if result != FAILED:
            self.file.pending.append(self.change)

    def adopt(self, directory):
        paths = [path for path, file in self.disk.files().items() if file is self.file]
        if paths and os.path.getsize(os.path.join(directory, paths[0])) != self.file.now().size:
            self.file.pending.append(self.change)


class CreateCall(Call):
    """A file that is opened, made if it is not there, emptied if that was asked for."""

    def __init__(self, disk, name, empties):
        self.disk = disk
        self.name = name
        self.empties = empties

    def done(self, result, octets):
        names = self.disk.names
        if result == FAILED:
            return
        if self.name not in names.live:
            names.change(NameChange(self.disk.tick(), come=self.name, what=File()))
        elif self.empties:
            names.live[self.name].pending.append(Truncate(self.disk.tick(), 0))

    def adopt(self, directory):
        path = os.path.join(directory, self.name)
        known = self.name in self.disk.names.live
        if os.path.exists(path) and (not known or os.path.getsize(path) == 0):
            self.done(HAPPENED, 0)


class SyncCall(Call):
    """Covers what had ended when it began."""

    def __init__(self, disk, target):
        self.names = disk.names
        files = [file for file in disk.files().values() if target is None or file is target]
        if isinstance(target, File) and target not in files:
            files.append(target)  # its name is gone
        self.covered = [(file, [change for change in file.pending if change.ended]) for file in files]
        self.covered_names = [change for change in disk.names.pending if target is None or change.parent == target]

    def done(self, result, octets):
        if result == FAILED:
            return
        for file, changes in self.covered:
            file.settle(changes)
        self.names.settle(self.covered_names)


class Follower:
    """Applies the entries of one process's journal."""

    def __init__(self, disk):
        self.disk = disk
        self.opened = {}  # token to File, or to the path of a directory
        self.under_way = {}  # number to Call

    def follow(self, journal):
        for kind, detail, name, number, token, offset, data in read_journal(journal):
            if kind == UNSUPPORTED:
                raise Unsupported(name)
            if kind == OPEN:
                self.opened[token] = name if detail else self.disk.names.live[name]
            elif kind == DONE:
                self.under_way.pop(number).done(detail, offset)
            else:
                self.under_way[number] = self.call(kind, detail, name, token, offset, data)

    def call(self, kind, detail, name, token, offset, data):
        disk = self.disk
        if kind == SYNC:
            return SyncCall(disk, self.opened[token] if token else None)
        if kind == CREATE:
            return CreateCall(disk, name, bool(detail))
        if kind == WRITE:
            return WriteCall(disk, self.opened[token], Write(disk.tick(), offset, data))
        if kind in (TRUNCATE, ALLOCATE):
            change = (Truncate if kind == TRUNCATE else Allocate)(disk.tick(), offset)
            return SizeCall(disk, self.opened[token], change)
        return NameCall(disk.names, self.name_change(kind, name))

    def name_change(self, kind, name):
        live, moment = self.disk.names.live, self.disk.tick()
        if kind == UNLINK:
            return NameChange(moment, gone=name)
        if kind == MKDIR:
            return NameChange(moment, come=name, what=DIRECTORY)
        source, target = name.split("\0")
        if parent_of(source) != parent_of(target):
            raise Unsupported(f"a change of two directories at once: {source} to {target}")
        return NameChange(moment, gone=source if kind == RENAME else None, come=target, what=live.get(source))
