"""File systems that have no room left."""

import errno
import os

FILLER = "filler"  # what takes the room: who removes it gives the room back


def fill(directory):
    """All that is left of the file system of that directory."""
    descriptor = os.open(os.path.join(directory, FILLER), os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, bytes(4096))
    except OSError as why:
        assert why.errno == errno.ENOSPC
    finally:
        os.close(descriptor)
