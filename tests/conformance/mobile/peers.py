"""The associations of a mobile node, read from a file: a line each, `home`, `foreign` or `aaa`, with

    home spi=N algorithm=NAME key=HEX
"""

from associations import Association, FileError, fields_of, number, word_of

import wire

SECRET = {"spi": number, "algorithm": word_of(*wire.ALGORITHMS), "key": bytes.fromhex}
FIELDS = {kind: SECRET for kind in ("home", "foreign", "aaa")}


def parse(lines, path="associations"):
    """{kind: Association}."""
    found = {}
    for line_number, line in enumerate(lines, 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        try:
            kind, fields = fields_of(line, FIELDS)
            if kind in found:
                raise FileError(f"there is a second {kind}")
            found[kind] = Association(fields["spi"], fields["algorithm"], fields["key"])
        except FileError as error:
            raise FileError(f"{path}:{line_number}: {error}") from None
    if "home" not in found:
        raise FileError(f"{path}: there is no home")
    return found


def read(path):
    with open(path, encoding="utf-8") as file:
        return parse(file, path)


ROUTER_LINK = bytes.fromhex("025e00000101")


class Role:
    """Somebody on the link: link address, address, and what an agent advertises of itself unless a case says otherwise."""

    def __init__(self, link, address, care_of=None, flags="", challenged=False):
        self.link, self.address, self.care_of, self.flags = link, address, care_of, flags
        self.sequence = 300  # of the last advertisement
        self.offers = None  # flags of that
        self.registration_lifetime = None
        self.challenge = None  # the newest that the node has been told


def roles(profile):
    """Who is played: two foreign agents on subnets of their own, the home agent, and a router and host at home."""
    home_agent = profile["home-agent"] or profile["requested-home-agent"] or "10.64.0.1"
    return {
        "fa": Role(ROUTER_LINK, "198.51.100.1", "198.51.100.11", "FMGT"),
        "fa-2": Role(bytes.fromhex("025e00000202"), "198.51.101.1", "198.51.101.11", "FMGT"),
        "ha": Role(bytes.fromhex("025e00000303"), home_agent, None, "HMGT"),
        "neighbour": Role(bytes.fromhex("025e00000404"), "10.64.0.9"),
    }


CORRESPONDENT = "203.0.113.99"  # whose packets come for the node
