#!/usr/bin/env python3
"""Write the cases beside this file: packets in, and what must become of them.

Packets are put together by scapy, and tunnels as the figures of the RFCs draw them: nothing is shared with the code
under test. README.md describes the form of a case. `--check` only compares.
"""
import logging
import pathlib
import struct
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption, fragment  # noqa: E402
from scapy.packet import Raw  # noqa: E402
from scapy.utils import checksum  # noqa: E402

AGENT, HOME, OTHER = "192.0.2.1", "10.0.0.5", "10.0.0.6"
CARE_OF, CARE_OF_2 = "198.51.100.7", "198.51.100.8"
PEER, ROUTER, GATEWAY = "203.0.113.9", "198.51.100.254", "203.0.113.77"
NAT, NAT_PORT = "203.0.113.50", 40001
FIRST_ID = 0x1000
OUTER_ANY = (4, 5, 10, 11)  # identification and header checksum are of who sends it
PROTOCOLS = {"ipip": 4, "gre": 47, "minimal": 55}


def octets(packet):
    return packet if isinstance(packet, bytes) else bytes(packet)


def plain(size=64, source=PEER, destination=HOME, ttl=64, df=False, ident=0x4321, tos=0, **more):
    """A UDP packet of that many octets."""
    ip = IP(src=source, dst=destination, ttl=ttl, id=ident, tos=tos, flags="DF" if df else 0, **more)
    head = len(octets(ip / UDP()))
    return octets(ip / UDP(sport=1111, dport=2222) / Raw(b"\x5a" * (size - head)))


def again(packet, **fields):
    """The packet with fields changed and its checksum right."""
    ip = IP(packet)
    for name, value in fields.items():
        setattr(ip, name, value)
    del ip.chksum
    return octets(ip)


def hop(packet):
    return again(packet, ttl=IP(packet).ttl - 1)


def minimal_header(inner, short):
    ip = IP(inner)
    body = struct.pack("!BB", ip.proto, 0 if short else 0x80), b"".join(
        bytes(map(int, text.split("."))) for text in ([ip.dst] if short else [ip.dst, ip.src]))
    return body[0] + struct.pack("!H", checksum(body[0] + b"\0\0" + body[1])) + body[1]


def body_of(inner, kind, short=False):
    """What stands behind the outer header."""
    if kind == "gre":
        return b"\x00\x00\x08\x00" + inner
    if kind == "minimal":
        return minimal_header(inner, short) + inner[IP(inner).ihl * 4:]
    return inner


def wrapped(inner, kind="ipip", source=AGENT, destination=CARE_OF, ttl=64, df=True, ident=0, ports=None, tos=None):
    """The packet in a tunnel; `ports` puts that into UDP."""
    inner_ip = IP(inner)
    body = body_of(inner, kind, inner_ip.src == source)
    if ports:
        body = octets(UDP(sport=ports[0], dport=ports[1]) / Raw(struct.pack("!BBH", 4, PROTOCOLS[kind], 0) + body))
        body = body[:6] + b"\0\0" + body[8:]
        pseudo = b"".join(bytes(map(int, a.split("."))) for a in (source, destination)) + struct.pack(
            "!BBH", 0, 17, len(body))
        body = body[:6] + struct.pack("!H", checksum(pseudo + body) or 0xffff) + body[8:]
    protocol = 17 if ports else PROTOCOLS[kind]
    if kind == "minimal":
        kept = IP(inner[:inner_ip.ihl * 4])
        kept.src, kept.dst, kept.proto = source, destination, protocol
        kept.len = inner_ip.ihl * 4 + len(body)
        del kept.chksum
        return octets(kept) + body
    ip = IP(src=source, dst=destination, ttl=ttl, id=ident, proto=protocol, flags="DF" if df else 0,
            tos=inner_ip.tos if tos is None else tos)
    return octets(ip / Raw(body))


def unsummed(packet):
    """Its UDP checksum left out, as who cannot compute one sends it."""
    return packet[:26] + b"\0\0" + packet[28:]


def error(kind, code, about, source=AGENT, destination=PEER, mtu=0, pointer=0, quote=548, ttl=64, tos=0xc0):
    """An ICMP error with so many octets of what it is about."""
    word = struct.pack("!BBH", pointer, 0, mtu)
    head = struct.pack("!BBH", kind, code, 0) + word + about[:quote]
    head = head[:2] + struct.pack("!H", checksum(head)) + head[4:]
    return octets(IP(src=source, dst=destination, ttl=ttl, proto=1, tos=tos, id=0) / Raw(head))


def echo(kind=8, source=HOME, destination=AGENT, ident=0x4321, ttl=64):
    return octets(IP(src=source, dst=destination, id=ident, ttl=ttl) / ICMP(type=kind, id=7, seq=9) / Raw(b"keepalive"))


def pieces(packet, mtu):
    """Its fragments."""
    return [octets(part) for part in fragment(IP(packet), fragsize=(mtu - 20) // 8 * 8)]


def damaged(packet, at):
    return packet[:at] + bytes([packet[at] ^ 0x55]) + packet[at + 1:]


def lines_of(data, free):
    """Octets as lines, long runs of one octet as a count."""
    out, line, at = [], "", 0
    while at < len(data):
        run = at
        while run < len(data) and data[run] == data[at] and run not in free:
            run += 1
        if run - at >= 24:
            out += ["+ " + line] if line else []
            out.append(f"+ {data[at]:02x}*{run - at}")
            line, at = "", run
            continue
        line += ".." if at in free else f"{data[at]:02x}"
        at += 1
        if len(line) >= 100:
            out.append("+ " + line)
            line = ""
    return out + (["+ " + line] if line else [])


class Case:
    def __init__(self, name, *facts, network="10.0.0.0/24 link", agent=AGENT):
        self.lines = [f"case {name}"]
        if agent:
            self.lines.append(f"agent {agent}")
        if network:
            self.lines.append(f"network {network}")
        self.lines += facts

    def say(self, line):
        self.lines.append(line)
        return self

    def put(self, how, packet):
        self.lines += [f"in {how}", *lines_of(octets(packet), ())]
        return self

    def gives(self, verdict, *also):
        self.lines.append(f"verdict {verdict}")
        if also:
            self.lines.append("also " + " ".join(also))
        return self

    def out(self, what, packet=b"", free=OUTER_ANY):
        self.lines += [f"out {what}", *lines_of(octets(packet), free)]
        return self

    def outer(self, packet, free=OUTER_ANY):
        return self.out("outer", packet, free)

    def complains(self, packet):
        return self.out("icmp", packet)


BIND = f"bind {HOME} care-of={CARE_OF}"
BIND_2 = f"bind {HOME} care-of={CARE_OF_2}"
BIND_UDP = f"bind {HOME} care-of=192.168.1.2 endpoint={NAT} port={NAT_PORT} udp"


def reply_case(name, network, kind=3, port=434):
    """RFC 5944 section 3.8.3.1: who asked from the home address is answered on the home link, bound or not."""
    reply = octets(IP(src=AGENT, dst=HOME) / UDP(sport=port, dport=434) / Raw(bytes([kind]) + bytes(19)))
    case = Case(name, BIND, network=f"10.0.0.0/24 {network}").put("home host", reply)
    if network != "virtual" and (kind, port) == (3, 434):
        return case.gives("home-link").out("inner on-link", reply, ())
    return case.gives("tunnelled").outer(wrapped(reply))


def home_cases():
    packet = plain()
    yield Case("a packet goes to the care-of address", BIND).put("home wire", packet).gives("tunnelled").outer(
        wrapped(hop(packet)))
    yield Case("the routes have counted the hop", BIND).put("home routed", packet).gives("tunnelled").outer(
        wrapped(packet))
    yield Case("a packet of this host is not decremented", BIND).put(
        "home host", plain(source=AGENT)).gives("tunnelled").outer(wrapped(plain(source=AGENT)))
    yield Case("padding behind the packet stays behind", BIND).put("home wire", packet + b"\0" * 6).gives(
        "tunnelled").outer(wrapped(hop(packet)))
    two = plain(df=True)
    yield Case("each binding gets its copy", BIND, BIND_2).put("home wire", two).gives("tunnelled").outer(
        wrapped(hop(two))).outer(wrapped(hop(two), destination=CARE_OF_2))
    yield Case("TOS is copied outside", BIND).put("home wire", plain(tos=0xb8)).gives("tunnelled").outer(
        wrapped(hop(plain(tos=0xb8))))
    yield Case("DF outside can be a copy of that inside", BIND, "set df copied").put("home wire", packet).gives(
        "tunnelled").outer(wrapped(hop(packet), df=False)).put("home wire", two).gives("tunnelled").outer(
        wrapped(hop(two)))
    yield Case("the TTL outside is a setting", BIND, "set ttl 200").put("home wire", packet).gives(
        "tunnelled").outer(wrapped(hop(packet), ttl=200))
    yield Case("minimal encapsulation", BIND + " encapsulation=minimal").put("home wire", packet).gives(
        "tunnelled").outer(wrapped(hop(packet), "minimal"), ())
    mine = plain(source=AGENT)
    yield Case("minimal encapsulation of the agent's own packet is short", BIND + " encapsulation=minimal").put(
        "home host", mine).gives("tunnelled").outer(wrapped(mine, "minimal"), ())
    part = pieces(plain(size=400), 200)[1]
    yield Case("minimal encapsulation gives way for a fragment", BIND + " encapsulation=minimal").put(
        "home wire", part).gives("tunnelled").outer(wrapped(hop(part)))
    yield Case("GRE", BIND + " encapsulation=gre").put("home wire", packet).gives("tunnelled").outer(
        wrapped(hop(packet), "gre"))
    for kind in ("ipip", "minimal", "gre"):
        yield Case(f"{kind} in UDP", BIND_UDP + f" encapsulation={kind}").put("home wire", packet).gives(
            "tunnelled").outer(wrapped(hop(packet), kind, destination=NAT, ports=(434, NAT_PORT)),
                               () if kind == "minimal" else OUTER_ANY)
    yield Case("UDP tunnels begin at the port of registrations", BIND_UDP, "set udp-port 1434").put("home wire", packet).gives(
        "tunnelled").outer(wrapped(hop(packet), destination=NAT, ports=(1434, NAT_PORT)))
    optioned = plain(options=IPOption(b"\x94\x04\x00\x00"))
    yield Case("options stay inside", BIND).put("home wire", optioned).gives("tunnelled").outer(wrapped(hop(optioned)))
    empty = octets(IP(src=PEER, dst=HOME, id=1, proto=253))
    yield Case("a header alone is a packet", BIND).put("home wire", empty).gives("tunnelled").outer(
        wrapped(hop(empty)))
    yield Case("realms are worlds apart", f"bind {HOME} care-of={CARE_OF} realm=7 group=1", "agent 192.0.2.2 realm=7 group=1",
               network="10.0.0.0/24 virtual").put("home wire realm=7", packet).gives("tunnelled").outer(
        wrapped(hop(packet), source="192.0.2.2")).put("home wire", packet).gives(
        "unreachable", "error-sent").complains(error(3, 1, packet))
    yield Case("the outer source is that of the group", f"bind {HOME} care-of={CARE_OF} group=1",
               "agent 192.0.2.2 group=1").put("home wire", packet).gives("tunnelled").outer(
        wrapped(hop(packet), source="192.0.2.2"))


def home_drop_cases():
    packet = plain()
    yield Case("a wrong header checksum", BIND).put("home wire", damaged(packet, 10)).gives("header")
    yield Case("a packet that is cut off", BIND).put("home wire", packet[:40]).gives("header")
    yield Case("a packet of another version", BIND).put("home wire", b"\x65" + packet[1:]).gives("header")
    yield Case("an empty packet", BIND).put("home wire", b"").gives("header")
    yield Case("fenced nothing goes into a tunnel", BIND, "fence 0").put("home wire", packet).gives("fenced")
    yield Case("the fence is of a group", f"bind {HOME} care-of={CARE_OF} group=1", "agent 192.0.2.2 group=1",
               "fence 0").put("home wire", packet).gives("tunnelled").outer(
        wrapped(hop(packet), source="192.0.2.2"))
    yield Case("fenced nothing goes to the home link", "fence 0").put("home wire", packet).gives("fenced")
    yield Case("fenced this host still speaks to its home link", "fence 0").put(
        "home host", plain(source=AGENT)).gives("home-link").out("inner on-link", plain(source=AGENT), ())
    yield Case("fenced no error is sent", "fence 0", network="10.0.0.0/24 virtual").put("home wire", packet).gives(
        "fenced")
    yield Case("unbound on a link", network="10.0.0.0/24 link").put("home wire", packet).gives("home-link").out(
        "inner on-link", hop(packet), ())
    narrow = "10.0.0.0/24 router mtu=1000"
    large, exact = plain(size=1001), plain(size=1000, df=True)
    yield Case("what just fits the home link", network=narrow).put("home routed", exact).gives("home-link").out(
        "inner on-link", exact, ())
    case = Case("one octet more is fragmented for the home link", network=narrow).put("home wire", large).gives(
        "home-link", "fragmented")
    for part in pieces(hop(large), 1000):
        case.out("inner on-link", part, ())
    yield case
    fixed = plain(size=1001, df=True)
    yield Case("one octet more with DF is told to who sends to the home link", network=narrow).put(
        "home routed", fixed).gives("too-big", "mtu-told", "error-sent").complains(error(3, 4, fixed, mtu=1000))
    yield Case("unbound behind the agent as a router", network="10.0.0.0/24 router").put(
        "home routed", packet).gives("home-link").out("inner on-link", packet, ())
    yield Case("unbound in a virtual network", network="10.0.0.0/24 virtual").put("home wire", packet).gives(
        "unreachable", "error-sent").complains(error(3, 1, packet))
    yield Case("unbound with a TTL that runs out").put("home wire", plain(ttl=1)).gives(
        "expired", "error-sent").complains(error(11, 0, plain(ttl=1)))
    yield Case("the longest prefix is the network", "network 10.0.0.0/16 virtual").put("home wire", packet).gives(
        "home-link").out("inner on-link", hop(packet), ())
    away = plain(destination="172.16.0.1")
    yield Case("an address of no home network").put("home wire", away).gives("no-network")
    yield Case("a binding whose group has no address here", f"bind {HOME} care-of={CARE_OF} group=5").put(
        "home wire", packet).gives("no-agent")
    yield Case("a network whose group has no address here", network="10.0.0.0/24 link group=5").put(
        "home wire", packet).gives("no-agent")
    for what, to in (("the broadcast address of the network", "10.0.0.255"), ("the network's number", "10.0.0.0"),
                     ("all hosts", "255.255.255.255"), ("a multicast group", "224.0.1.5"), ("loopback", "127.0.0.1")):
        yield Case(f"from elsewhere to {what}", BIND).put("home wire", plain(destination=to)).gives("not-unicast")
    yield Case("a packet for the agent itself", BIND).put("home wire", plain(destination=AGENT)).gives("local").out(
        "host", plain(destination=AGENT), ())
    inside, elsewhere = "10.0.0.1", "own 10.0.0.1"
    mine = plain(destination=inside)
    for what, address in (("the agent's own address", AGENT), ("another address of ours", inside)):
        yield Case(f"who is bound at {what} does not get what is for us", elsewhere, f"bind {address} care-of={CARE_OF}").put(
            "home wire", plain(destination=address)).gives("local").out("host", plain(destination=address), ())
    for kind in ("link", "router", "virtual"):
        yield reply_case(f"a registration reply to who is bound, on a {kind}", kind)
    yield reply_case("a request of this host is no reply", "link", kind=1)
    yield reply_case("a reply from another port is none of the agent's", "link", port=435)
    for how in ("routed", "host"):
        yield Case(f"to an address of ours that another member has now: {how}", elsewhere, network="10.0.0.0/24 router").put(
            f"home {how}", mine).gives("home-link").out("inner on-link", mine, ())
    yield Case("to an address of ours that nobody can have", elsewhere, network="10.0.0.0/24 virtual").put(
        "home routed", mine).gives("unreachable", "error-sent").complains(error(3, 1, mine))
    yield Case("to an address of ours outside of home networks").put("home routed", plain(destination=AGENT)).gives(
        "no-network")
    for ttl in (0, 1):
        dying = plain(ttl=ttl)
        yield Case(f"a TTL of {ttl} runs out", BIND).put("home wire", dying).gives("expired", "error-sent").complains(
            error(11, 0, dying))
    yield Case("a TTL of 1 that was counted goes on", BIND).put("home routed", plain(ttl=1)).gives(
        "tunnelled").outer(wrapped(plain(ttl=1)))
    yield Case("a TTL of 0 never goes into a tunnel", BIND).put("home routed", plain(ttl=0)).gives(
        "expired", "error-sent").complains(error(11, 0, plain(ttl=0)))
    lost = error(3, 1, plain(source=HOME, destination=PEER), source=ROUTER, destination=HOME, ttl=1)
    yield Case("no error about an ICMP error", BIND).put("home wire", lost).gives("expired", "error-forbidden")
    for source in ("10.0.0.255", "10.0.0.0"):
        yield Case(f"no error to all hosts of a home link: {source}", BIND).put(
            "home wire", plain(source=source, ttl=1)).gives("expired", "error-forbidden")
    part = again(pieces(plain(size=400), 200)[1], ttl=1)
    yield Case("no error about a later fragment", BIND).put("home wire", part).gives("expired", "error-forbidden")
    yield Case("an echo request may be answered by an error", BIND).put(
        "home wire", echo(source=PEER, destination=HOME, ttl=1)).gives("expired", "error-sent").complains(
        error(11, 0, echo(source=PEER, destination=HOME, ttl=1)))
    yield Case("not too many errors", BIND, "set errors 1").put("home wire", plain(ttl=1)).gives(
        "expired", "error-sent").complains(error(11, 0, plain(ttl=1))).put("home wire", plain(ttl=1)).gives(
        "expired", "error-limited").say("now 1002").put("home wire", plain(ttl=1)).gives(
        "expired", "error-sent").complains(error(11, 0, plain(ttl=1)))
    fixed = plain(size=1481, df=True)
    yield Case("errors that strangers cause leave room for those that path MTU discovery needs", BIND,
               "set errors 1").put("home wire", plain(ttl=1)).gives("expired", "error-sent").complains(
        error(11, 0, plain(ttl=1))).put("home wire", plain(ttl=1)).gives("expired", "error-limited").put(
        "home wire", fixed).gives("too-big", "mtu-told", "error-sent").complains(error(3, 4, fixed, mtu=1480))
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.9", "240.0.0.1"):
        for how in ("wire", "routed"):
            yield Case(f"from {source}: {how}", BIND).put(f"home {how}", plain(source=source)).gives("bad-source")
    yield Case("from outside with an address of ours", BIND).put("home wire", plain(source=AGENT)).gives("own-source")
    yield Case("with another address of ours", BIND, "own 192.0.2.200").put(
        "home routed", plain(source="192.0.2.200")).gives("own-source")
    yield Case("the source is the exit of the tunnel", BIND).put("home wire", plain(source=CARE_OF)).gives(
        "exit-source")
    both = plain(source=CARE_OF)
    yield Case("the source is the exit of one of two", BIND, BIND_2).put("home wire", both).gives(
        "tunnelled", "exit-source").outer(wrapped(hop(both), destination=CARE_OF_2))
    yield Case("the exit is the home address", f"bind {HOME} care-of={HOME}").put("home wire", packet).gives(
        "self-exit")
    behind = f"bind {HOME} care-of={OTHER}"
    for how in ("wire", "routed"):
        yield Case(f"the exit is a bound home address: {how}", behind, f"bind {OTHER} care-of={CARE_OF}").put(
            f"home {how}", packet).gives("bound-exit")
    yield Case("one of two exits is a bound home address", behind, BIND_2, f"bind {OTHER} care-of={CARE_OF}").put(
        "home routed", packet).gives("tunnelled", "bound-exit").outer(wrapped(packet, destination=CARE_OF_2))
    yield Case("two that are bound to each other", behind, f"bind {OTHER} care-of={HOME}").put(
        "home routed", packet).gives("bound-exit").put("home routed", plain(destination=OTHER)).gives("bound-exit")
    yield Case("the exit is a home address that is at home", behind).put("home routed", packet).gives(
        "tunnelled").outer(wrapped(packet, destination=OTHER))
    yield Case("a UDP tunnel without a port yet",
               f"bind {HOME} care-of=192.168.1.2 endpoint={NAT} udp").put("home wire", packet).gives("no-port")


def size_cases():
    exact, one_more = plain(size=1480), plain(size=1481)
    yield Case("what just fits the link", BIND).put("home wire", exact).gives("tunnelled").outer(wrapped(hop(exact)))
    case = Case("one octet more is fragmented inside", BIND).put("home wire", one_more).gives(
        "tunnelled", "fragmented")
    for part in pieces(hop(one_more), 1480):
        case.outer(wrapped(part))
    yield case
    fixed = plain(size=1481, df=True)
    yield Case("one octet more with DF", BIND).put("home wire", fixed).gives(
        "too-big", "mtu-told", "error-sent").complains(error(3, 4, fixed, mtu=1480))
    for kind, room in (("minimal", 1488), ("gre", 1476)):
        fits, fails = plain(size=room, df=True), plain(size=room + 1, df=True)
        yield Case(f"what just fits {kind}", BIND + f" encapsulation={kind}").put("home wire", fits).gives(
            "tunnelled").outer(wrapped(hop(fits), kind), () if kind == "minimal" else OUTER_ANY).put(
            "home wire", fails).gives("too-big", "mtu-told", "error-sent").complains(error(3, 4, fails, mtu=room))
    fits, fails = plain(size=1468, df=True), plain(size=1469, df=True)
    yield Case("what just fits UDP", BIND_UDP).put("home wire", fits).gives("tunnelled").outer(
        wrapped(hop(fits), destination=NAT, ports=(434, NAT_PORT))).put("home wire", fails).gives(
        "too-big", "mtu-told", "error-sent").complains(error(3, 4, fails, mtu=1468))
    small = plain(size=1489)
    case = Case("fragments of minimal encapsulation are IP in IP", BIND + " encapsulation=minimal").put(
        "home wire", small).gives("tunnelled", "fragmented")
    for part in pieces(hop(small), 1480):
        case.outer(wrapped(part))
    yield case
    later = pieces(plain(size=3000), 1500)[1]
    case = Case("a fragment is fragmented again", BIND, "set link-mtu 576").put("home wire", later).gives(
        "tunnelled", "fragmented")
    start, body = IP(later).frag, later[20:]
    for at in range(0, len(body), 536):
        last = at + 536 >= len(body)
        case.outer(wrapped(octets(IP(src=PEER, dst=HOME, ttl=63, id=0x4321, proto=17, frag=start + at // 8,
                                     flags=IP(later).flags if last else "MF") / Raw(body[at:at + 536]))))
    yield case
    routed = plain(size=300, options=IPOption(b"\x83\x07\x04\x0a\x00\x00\x09\x00"))
    yield Case("a source route is not minimal encapsulation's", BIND + " encapsulation=minimal").put(
        "home wire", routed).gives("tunnelled").outer(wrapped(hop(routed)))
    yield Case("too narrow for any fragment", BIND, "set link-mtu 40").put("home wire", plain()).gives("uncut")
    case = Case("two copies, one of which is too big", BIND + " encapsulation=gre", BIND_2).put(
        "home wire", fixed_to(1478)).gives("tunnelled", "too-big", "mtu-told", "error-sent")
    yield case.outer(wrapped(hop(fixed_to(1478)), destination=CARE_OF_2)).complains(
        error(3, 4, fixed_to(1478), mtu=1476))
    yield Case("two copies that are too big, and one error", BIND + " encapsulation=gre", BIND_2).put(
        "home wire", fixed).gives("too-big", "mtu-told", "error-sent").complains(error(3, 4, fixed, mtu=1476))


def fixed_to(size):
    return plain(size=size, df=True)


def special_cases():
    inner = plain()
    for kind in ("ipip", "minimal", "gre"):
        came = wrapped(inner, kind, source=PEER_AGENT, destination=HOME)
        yield Case(f"a special tunnel of {kind} is opened", BIND).put("home wire", came).gives(
            "tunnelled", "special").outer(wrapped(hop(inner)))
    yield Case("a special tunnel back from the care-of address", BIND).put(
        "home wire", wrapped(inner, source=CARE_OF, destination=HOME)).gives("special-loop")
    yield Case("a special tunnel back from the other care-of address", BIND, BIND_2).put(
        "home wire", wrapped(inner, source=CARE_OF_2, destination=HOME)).gives("special-loop")
    nested = wrapped(plain(destination="10.9.9.9"), source=PEER, destination=HOME)
    yield Case("a tunnel of the mobile node's own is one more", BIND).put("home wire", nested).gives(
        "tunnelled").outer(wrapped(hop(nested)))
    dying = plain(ttl=1)
    yield Case("a special tunnel with a TTL that runs out", BIND).put(
        "home wire", wrapped(dying, source=PEER_AGENT, destination=HOME)).gives(
        "expired", "special", "error-sent").complains(error(11, 0, dying))
    looped = wrapped(plain(source=CARE_OF), source=PEER_AGENT, destination=HOME)
    yield Case("a special tunnel with a packet from the exit", BIND).put("home wire", looped).gives(
        "exit-source", "special")
    for source, verdict in ((AGENT, "own-source"), ("127.0.0.1", "bad-source"), ("224.0.0.5", "bad-source")):
        yield Case(f"a special tunnel with a packet from {source}", BIND).put(
            "home wire", wrapped(plain(source=source), source=PEER_AGENT, destination=HOME)).gives(verdict, "special")
    broken = wrapped(damaged(inner, 10), source=PEER, destination=HOME)
    yield Case("a tunnel that cannot be opened is any packet", BIND).put("home wire", broken).gives(
        "tunnelled").outer(wrapped(hop(broken)))

    def deep(levels, kinds):
        packet = plain(destination="10.9.9.9")
        for level in range(levels):
            packet = wrapped(packet, kinds[level % len(kinds)], source=PEER, destination=HOME if level == levels - 1
                             else f"10.9.9.{level + 10}")
        return packet

    for kinds in (("ipip",), ("gre",), ("minimal", "ipip"), ("ipip", "gre", "minimal")):
        yield Case("three tunnels and one more: " + " ".join(kinds), BIND).put("home wire", deep(3, kinds)).gives(
            "tunnelled").outer(wrapped(hop(deep(3, kinds))))
        yield Case("four tunnels are enough: " + " ".join(kinds), BIND).put("home wire", deep(4, kinds)).gives(
            "nesting")
    yield Case("one tunnel may be too many", BIND, "set nesting 1").put("home wire", deep(1, ("ipip",))).gives(
        "nesting")
    for ports in ((434, NAT_PORT), (NAT_PORT, 434)):
        yield Case(f"a tunnel in UDP may be too many: {ports[0]} to {ports[1]}", BIND, "set nesting 1").put(
            "home wire", wrapped(inner, source=PEER, destination=HOME, ports=ports)).gives("nesting")


PEER_AGENT = "203.0.113.88"


def reverse_cases():
    out = plain(source=HOME, destination=PEER)
    for kind in ("ipip", "minimal", "gre"):
        yield Case(f"a reverse tunnel of {kind}", BIND + f" encapsulation={kind}").put(
            "tunnel", wrapped(out, kind, source=CARE_OF, destination=AGENT)).gives("reverse").out("inner", out, ())
        yield Case(f"a reverse tunnel of {kind} in UDP", BIND_UDP + f" encapsulation={kind}").put(
            "tunnel", wrapped(out, kind, source=NAT, destination=AGENT, ports=(NAT_PORT, 434))).gives("reverse").out(
            "inner", out, ())
    def unsummed(source_port, port):
        packet = wrapped(out, source=NAT, destination=AGENT, ports=(source_port, port))
        return packet[:26] + b"\0\0" + packet[28:]

    yield Case("a UDP tunnel without a checksum, to the port of registrations", BIND_UDP, "set udp-port 1434").put(
        "tunnel", unsummed(NAT_PORT, 1434)).gives("reverse").out("inner", out, ()).put(
        "tunnel", unsummed(NAT_PORT, 434)).gives("reverse-kind")
    yield Case("nothing from port 0 while the port is not known", f"bind {HOME} care-of={NAT} udp").put(
        "tunnel", unsummed(0, 434)).gives("reverse-kind")
    yield Case("a datagram of a UDP tunnel", BIND_UDP).put(
        "datagram", wrapped(out, source=NAT, destination=AGENT, ports=(NAT_PORT, 434))).gives("reverse").out(
        "inner", out, ())
    case = Case("of a datagram the identification is not known, and minimal encapsulation has no other",
                BIND_UDP + " encapsulation=minimal")
    for ident in (FIRST_ID, FIRST_ID + 1):
        case.put("datagram", wrapped(out, "minimal", source=NAT, destination=AGENT, ports=(NAT_PORT, 434))).gives(
            "reverse").out("inner", again(out, id=ident), ())
    yield case
    yield Case("decapsulation leaves the TTL", BIND).put(
        "tunnel", wrapped(again(out, ttl=1), source=CARE_OF, destination=AGENT)).gives("reverse").out(
        "inner", again(out, ttl=1), ())
    came = wrapped(out, source=CARE_OF, destination=AGENT)
    yield Case("nothing is taken from the unbound").put("tunnel", came).gives("reverse-unbound")
    yield Case("nothing is taken from elsewhere", BIND).put(
        "tunnel", wrapped(out, source=PEER, destination=AGENT)).gives("reverse-care-of")
    yield Case("nothing in another encapsulation", BIND + " encapsulation=gre").put("tunnel", came).gives(
        "reverse-kind")
    yield Case("nothing in UDP where none was agreed upon", f"bind {HOME} care-of={NAT}").put(
        "tunnel", wrapped(out, source=NAT, destination=AGENT, ports=(NAT_PORT, 434))).gives("reverse-kind")
    yield Case("nothing from another port", BIND_UDP).put(
        "tunnel", wrapped(out, source=NAT, destination=AGENT, ports=(NAT_PORT + 1, 434))).gives("reverse-kind")
    yield Case("nothing to another port", BIND_UDP).put(
        "tunnel", wrapped(out, source=NAT, destination=AGENT, ports=(NAT_PORT, 435))).gives("reverse-kind")
    yield Case("nothing without UDP where it was agreed upon", BIND_UDP).put(
        "tunnel", wrapped(out, source=NAT, destination=AGENT)).gives("reverse-kind")
    keyed = octets(IP(src=CARE_OF, dst=AGENT, proto=47) / Raw(b"\x20\x00\x08\x00\x00\x00\x00\x01" + out))
    yield Case("nothing with a key that was not agreed upon", BIND + " encapsulation=gre").put("tunnel", keyed).gives(
        "reverse-kind")
    yield Case("through the second binding", BIND, BIND_2).put(
        "tunnel", wrapped(out, source=CARE_OF_2, destination=AGENT)).gives("reverse").out("inner", out, ())
    yield Case("nothing to somebody else", BIND).put(
        "tunnel", wrapped(out, source=CARE_OF, destination="192.0.2.99")).gives("not-ours")
    yield Case("nothing to the agent of another group", BIND, "agent 192.0.2.2 group=1").put(
        "tunnel", wrapped(out, source=CARE_OF, destination="192.0.2.2")).gives("reverse-agent")
    yield Case("fenced nothing comes out of a tunnel", BIND, "fence 0").put("tunnel", came).gives("fenced")
    yield Case("an inner TTL of 0", BIND).put(
        "tunnel", wrapped(again(out, ttl=0), source=CARE_OF, destination=AGENT)).gives("inner-dead")
    yield Case("a broken inner header", BIND).put(
        "tunnel", wrapped(damaged(out, 10), source=CARE_OF, destination=AGENT)).gives("tunnel-broken")
    yield Case("a broken outer header", BIND).put("tunnel", damaged(came, 10)).gives("tunnel-broken")
    yield Case("a tunnel with nothing in it", BIND).put(
        "tunnel", octets(IP(src=CARE_OF, dst=AGENT, proto=4))).gives("tunnel-broken")
    small = wrapped(out, "minimal", source=CARE_OF, destination=AGENT)
    yield Case("a wrong checksum of minimal encapsulation", BIND + " encapsulation=minimal").put(
        "tunnel", damaged(small, 22)).gives("tunnel-checksum")
    summed = wrapped(out, source=NAT, destination=AGENT, ports=(NAT_PORT, 434))
    yield Case("a wrong checksum of UDP", BIND_UDP).put("tunnel", damaged(summed, 60)).gives("tunnel-checksum")
    yield Case("GRE of another version", BIND + " encapsulation=gre").put(
        "tunnel", octets(IP(src=CARE_OF, dst=AGENT, proto=47) / Raw(b"\x00\x01\x08\x00" + out))).gives(
        "tunnel-unknown")
    yield Case("GRE with something else in it", BIND + " encapsulation=gre").put(
        "tunnel", octets(IP(src=CARE_OF, dst=AGENT, proto=47) / Raw(b"\x00\x00\x86\xdd" + out))).gives(
        "tunnel-unknown")
    yield Case("a fragment of an outer packet", BIND).put("tunnel", again(came, flags="MF")).gives("tunnel-fragment")
    local = plain(source=HOME, destination=AGENT)
    yield Case("through the tunnel to the agent itself", BIND).put(
        "tunnel", wrapped(local, source=CARE_OF, destination=AGENT)).gives("local").out("host", local, ())
    ping = echo()
    yield Case("an echo without UDP is the host's to answer", BIND).put(
        "tunnel", wrapped(ping, source=CARE_OF, destination=AGENT)).gives("local").out("host", ping, ())
    there = f"bind {OTHER} care-of={CARE_OF_2} encapsulation=gre"
    across = plain(source=HOME, destination=OTHER)
    yield Case("from one mobile node away to another", BIND, there).put(
        "tunnel", wrapped(across, source=CARE_OF, destination=AGENT)).gives("hairpin").outer(
        wrapped(hop(across), "gre", destination=CARE_OF_2))
    yield Case("to another one by the same foreign agent", BIND, f"bind {OTHER} care-of={CARE_OF}").put(
        "tunnel", wrapped(across, source=CARE_OF, destination=AGENT)).gives("hairpin").outer(wrapped(hop(across)))
    yield Case("to another one with a TTL that runs out", BIND, there).put(
        "tunnel", wrapped(again(across, ttl=1), source=CARE_OF, destination=AGENT)).gives(
        "expired", "error-sent").complains(error(11, 0, again(across, ttl=1), destination=HOME))
    yield Case("to another one that is at home", BIND).put(
        "tunnel", wrapped(across, source=CARE_OF, destination=AGENT)).gives("reverse").out(
        "inner on-link", hop(across), ())
    yield Case("to another one that is nowhere", BIND, network="10.0.0.0/24 virtual").put(
        "tunnel", wrapped(across, source=CARE_OF, destination=AGENT)).gives("unreachable", "error-sent").complains(
        error(3, 1, across, destination=HOME))
    yield Case("to loopback", BIND).put(
        "tunnel", wrapped(plain(source=HOME, destination="127.0.0.1"), source=CARE_OF, destination=AGENT)).gives(
        "not-unicast")


def gateway_cases():
    trusted = f"gateway {GATEWAY}/32"
    inward = plain(destination=HOME)
    came = wrapped(inward, source=GATEWAY, destination=AGENT)
    yield Case("from a gateway to a bound address", trusted, BIND).put("tunnel", came).gives("gateway").outer(
        wrapped(hop(inward)))
    yield Case("from a gateway to an unbound one", trusted).put("tunnel", came).gives("gateway").out(
        "inner on-link", hop(inward), ())
    outward = plain(source="172.16.5.5", destination=PEER)
    yield Case("from a gateway to anywhere", trusted, BIND).put(
        "tunnel", wrapped(outward, source=GATEWAY, destination=AGENT)).gives("gateway").out("inner", outward, ())
    yield Case("in any encapsulation", "gateway 203.0.113.0/24", BIND).put(
        "tunnel", wrapped(inward, "gre", source=GATEWAY, destination=AGENT)).gives("gateway").outer(
        wrapped(hop(inward)))
    yield Case("but not from beside it", trusted, BIND).put(
        "tunnel", wrapped(inward, source=PEER_AGENT, destination=AGENT)).gives("reverse-unbound")
    yield Case("nor with an address of ours inside", trusted, BIND).put(
        "tunnel", wrapped(plain(source=AGENT, destination=PEER), source=GATEWAY, destination=AGENT)).gives(
        "own-source")
    yield Case("nor with an address inside that no host has", trusted, BIND).put(
        "tunnel", wrapped(plain(source="127.0.0.1", destination=PEER), source=GATEWAY, destination=AGENT)).gives(
        "bad-source")
    yield Case("nor a broadcast", trusted, BIND).put(
        "tunnel", wrapped(plain(destination="224.0.1.9"), source=GATEWAY, destination=AGENT)).gives("not-unicast")
    home = plain(source=HOME, destination=PEER)
    inside = wrapped(home, source=CARE_OF, destination=AGENT)
    yield Case("a reverse tunnel in a gateway's", trusted, BIND).put(
        "tunnel", wrapped(inside, source=GATEWAY, destination=AGENT)).gives("reverse").out("inner", home, ())
    yield Case("a reverse tunnel of nobody in a gateway's", trusted).put(
        "tunnel", wrapped(inside, source=GATEWAY, destination=AGENT)).gives("reverse-unbound")
    deep = home
    for _ in range(5):
        deep = wrapped(deep, source=GATEWAY, destination=AGENT)
    yield Case("a gateway's tunnel in itself", trusted).put("tunnel", deep).gives("nesting")


def keepalive_cases():
    ports = (NAT_PORT, 434)
    came = wrapped(echo(), source=NAT, destination=AGENT, ports=ports)

    def answer(kind="ipip"):
        reply = echo(0, source=AGENT, destination=HOME, ident=FIRST_ID)
        return wrapped(reply, kind, destination=NAT, ports=(434, NAT_PORT))

    for kind in ("ipip", "gre"):
        yield Case(f"a keepalive in {kind} is answered", BIND_UDP + f" encapsulation={kind}").put(
            "tunnel", wrapped(echo(), kind, source=NAT, destination=AGENT, ports=ports)).gives("keepalive").outer(
            answer(kind))
    yield Case("a keepalive that a socket received", BIND_UDP).put("datagram", came).gives("keepalive").outer(answer())
    waiting = f"bind {HOME} care-of=192.168.1.2 endpoint={NAT} udp"
    yield Case("the first keepalive says the port", waiting).put("tunnel", came).gives(
        "keepalive", "port-learnt").out(f"port home={HOME} endpoint={NAT} port={NAT_PORT}").outer(answer())
    yield Case("not from another address", waiting).put(
        "tunnel", wrapped(echo(), source=PEER, destination=AGENT, ports=ports)).gives("reverse-care-of")
    yield Case("nor by data", waiting).put(
        "tunnel", wrapped(plain(source=HOME, destination=PEER), source=NAT, destination=AGENT, ports=ports)).gives(
        "reverse-kind")
    yield Case("nor by an echo to another host", waiting).put(
        "tunnel", wrapped(echo(destination=PEER), source=NAT, destination=AGENT, ports=ports)).gives("reverse-kind")
    yield Case("nor by an echo of somebody else", waiting).put(
        "tunnel", wrapped(echo(source=OTHER), source=NAT, destination=AGENT, ports=ports)).gives("reverse-unbound")
    yield Case("nor in another encapsulation than was agreed upon", waiting).put(
        "tunnel", wrapped(echo(), "gre", source=NAT, destination=AGENT, ports=ports)).gives("reverse-kind")
    for what, inside in (("a keepalive", echo()), ("data", plain(source=HOME, destination=PEER))):
        yield Case(f"nor by {what} from no port", waiting).put(
            "tunnel", unsummed(wrapped(inside, source=NAT, destination=AGENT, ports=(0, 434)))).gives("reverse-kind")
    yield Case("a keepalive from another port, when one is known", BIND_UDP).put(
        "tunnel", wrapped(echo(), source=NAT, destination=AGENT, ports=(NAT_PORT + 1, 434))).gives("reverse-kind")
    yield Case("fenced no keepalive is answered", BIND_UDP, "fence 0").put("tunnel", came).gives("fenced")


def gre(inner, sequence=None, key=None, check=False, reserved=0, wrong=0):
    """In GRE from the care-of address, with the fields that are not None (RFC 2784, 2890)."""
    flags = 0x8000 * check | 0x2000 * (key is not None) | 0x1000 * (sequence is not None) | reserved
    fields = b"".join(struct.pack("!I", value) for value in (key, sequence) if value is not None)
    body = struct.pack("!HH", flags, 0x800) + (b"\0" * 4 if check else b"") + fields + inner
    if check:
        body = body[:4] + struct.pack("!H", checksum(body) ^ wrong) + body[6:]
    return octets(IP(src=CARE_OF, dst=AGENT, proto=47) / Raw(body))


def gre_cases():
    """Optional parts of GRE's header."""
    out = plain(source=HOME, destination=PEER)
    bound = BIND + " encapsulation=gre"
    went = ("inner", out, ())
    yield Case("GRE with a checksum", bound).put("tunnel", gre(out, check=True)).gives("reverse").out(*went)
    yield Case("GRE with a wrong checksum", bound).put("tunnel", gre(out, check=True, wrong=0x0100)).gives("tunnel-checksum")
    yield Case("GRE's reserved bits are ignored", bound).put("tunnel", gre(out, reserved=0x03f8)).gives("reverse").out(*went)
    for name, bit in (("routing", 0x4000), ("strict source route", 0x0800), ("the first bit of recursion", 0x0400)):
        yield Case(f"GRE with {name}", bound).put("tunnel", gre(out, reserved=bit)).gives("tunnel-unknown")
    case = Case("GRE in order", bound)
    for sequence in (7, 8, 12, 0x7ffffff0, 0xfffffff0, 3):
        case.put("tunnel", gre(out, sequence)).gives("reverse").out(*went)
    yield case
    case = Case("GRE out of order", bound).put("tunnel", gre(out, 7)).gives("reverse").out(*went)
    for late in (7, 6, 0x80000008):
        case.put("tunnel", gre(out, late)).gives("reverse-late")
    yield case.put("tunnel", gre(out)).gives("reverse").out(*went).put("tunnel", gre(out, 8)).gives("reverse").out(*went)
    case = Case("GRE that begins anew after a while", bound).put("tunnel", gre(out, 7000)).gives("reverse").out(*went)
    case.put("tunnel", gre(out, 0)).gives("reverse-late")
    case.lines.append("now 1009")
    case.put("tunnel", gre(out, 1)).gives("reverse-late")
    case.lines.append("now 1010")
    yield case.put("tunnel", gre(out, 2)).gives("reverse").out(*went)
    case = Case("GRE of a gateway, with a sequence for each key", f"gateway {CARE_OF}/32")
    for key, sequence in ((1, 9), (2, 5), (None, 2)):
        case.put("tunnel", gre(out, sequence, key)).gives("gateway").out(*went)
    yield case.put("tunnel", gre(out, 9, 1)).gives("reverse-late").put("tunnel", gre(out, 6, 2)).gives("gateway").out(*went)
    inner = octets(IP(src=HOME, dst=AGENT, proto=47) / Raw(struct.pack("!HHI", 0x1000, 0x800, 5) + out))
    yield Case("GRE of the mobile node's own, out of order", bound).put("tunnel", gre(inner)).gives(
        "reverse", "unwrapped-again").out(*went).put("tunnel", gre(inner)).gives("reverse-late")
    back = plain(source=HOME, destination=CARE_OF)
    yield Case("GRE to where it came from", bound).put("tunnel", gre(back)).gives("reverse-loop")
    yield Case("IP in IP to where it came from", BIND).put(
        "tunnel", wrapped(back, source=CARE_OF, destination=AGENT)).gives("reverse").out("inner", back, ())


def own_tunnel_cases():
    group = plain(source=HOME, destination="224.1.2.3", ttl=1)
    own = wrapped(group, source=HOME, destination=AGENT)
    came = wrapped(own, source=CARE_OF, destination=AGENT)
    yield Case("a multicast that the mobile node wrapped for the foreign agent", BIND).put("tunnel", came).gives(
        "reverse-broadcast", "unwrapped-again").out("inner on-link", group, ())
    alien = wrapped(plain(source=PEER), source=HOME, destination=AGENT)
    yield Case("a packet of somebody else that it wrapped", BIND).put(
        "tunnel", wrapped(alien, source=CARE_OF, destination=AGENT)).gives("reverse-other")
    broken = wrapped(damaged(group, 10), source=HOME, destination=AGENT)
    yield Case("a broken packet that it wrapped", BIND).put(
        "tunnel", wrapped(broken, source=CARE_OF, destination=AGENT)).gives("tunnel-broken")
    one = plain(source=HOME, destination=PEER)
    small = wrapped(wrapped(one, "minimal", source=HOME, destination=AGENT), "minimal", source=CARE_OF,
                    destination=AGENT)
    yield Case("minimal encapsulation in minimal encapsulation", BIND + " encapsulation=minimal").put(
        "tunnel", small).gives("reverse", "unwrapped-again").out("inner", one, ())
    deep = one
    for _ in range(4):
        deep = wrapped(deep, source=HOME, destination=AGENT)
    yield Case("too many tunnels of its own", BIND).put(
        "tunnel", wrapped(deep, source=CARE_OF, destination=AGENT)).gives("nesting", "unwrapped-again")
    for what, to in (("all hosts", "255.255.255.255"), ("the home network", "10.0.0.255")):
        cast = plain(source=HOME, destination=to)
        yield Case(f"a broadcast to {what} from a reverse tunnel", BIND).put(
            "tunnel", wrapped(cast, source=CARE_OF, destination=AGENT)).gives("reverse-broadcast").out(
            "inner on-link", cast, ())
    cast = plain(source=HOME, destination="255.255.255.255")
    yield Case("it reaches others that are away, and not itself", BIND + " flags=BD",
               f"bind {OTHER} care-of={CARE_OF_2} flags=BD").put(
        "tunnel", wrapped(cast, source=CARE_OF, destination=AGENT)).gives("reverse-broadcast").out(
        "inner on-link", cast, ()).outer(wrapped(cast, destination=CARE_OF_2))
    yield Case("of a virtual network it reaches those alone", BIND, f"bind {OTHER} care-of={CARE_OF_2} flags=BD",
               network="10.0.0.0/24 virtual").put(
        "tunnel", wrapped(cast, source=CARE_OF, destination=AGENT)).gives("reverse-broadcast").outer(
        wrapped(cast, destination=CARE_OF_2))
    yield Case("from a home address of no network", BIND, network=None).put(
        "tunnel", wrapped(cast, source=CARE_OF, destination=AGENT)).gives("no-network")


def error_case(name, kind, code, quote, *facts, size=64, how="ipip", df=False, mtu=0, pointer=0, ident=0x4321,
               network="10.0.0.0/24 link"):
    """A packet goes out, and an error about it comes back. The case, and the packet as it went in."""
    packet = plain(size=size, df=df, ident=ident)
    bind = BIND_UDP if how.startswith("udp") else BIND
    way = how.removeprefix("udp-")
    ports = (434, NAT_PORT) if how.startswith("udp") else None
    sent = wrapped(hop(packet), way, destination=NAT if ports else CARE_OF, ports=ports, ident=FIRST_ID)
    case = Case(name, f"{bind} encapsulation={way}", *facts, network=network)
    case.put("home wire", packet).gives("tunnelled").outer(sent, () if way == "minimal" else OUTER_ANY)
    case.put("icmp", error(kind, code, sent, source=ROUTER, destination=AGENT, mtu=mtu, pointer=pointer, quote=quote))
    return case, packet


def icmp_cases():
    whole, least = 548, 28
    table = (
        (3, 0, (3, 1)), (3, 1, (3, 1)), (3, 2, (3, 1)), (3, 6, (3, 1)), (3, 7, (3, 1)), (3, 9, (3, 1)),
        (3, 10, (3, 1)), (3, 11, (3, 1)), (3, 12, (3, 1)), (3, 13, (3, 1)), (11, 0, (3, 1)), (11, 1, (3, 1)),
        (3, 3, None), (3, 5, None), (3, 15, None), (4, 0, None), (5, 1, None), (12, 0, None),
    )
    for kind, code, told in table:
        for quote, words in ((whole, "in full"), (least, "by 8 octets")):
            if told is None and quote == least:
                continue
            case, packet = error_case(f"ICMP {kind}/{code} about a packet quoted {words}", kind, code, quote)
            if told:
                yield case.gives("relayed", "error-sent").complains(error(*told, hop(packet)[:quoted(quote)]))
            else:
                yield case.gives("noted" if kind == 12 else "error-silent")
    case, packet = error_case("network unreachable, and the home address of no network", 3, 0, whole, network=None)
    yield case.gives("relayed", "error-sent").complains(error(3, 0, hop(packet)))
    for how, overhead in (("ipip", 20), ("minimal", 12), ("gre", 24), ("udp-ipip", 32)):
        for quote, words in ((whole, "in full"), (least, "by 8 octets")):
            case, packet = error_case(f"too big for the tunnel of {how}, quoted {words}", 3, 4, quote, size=1400,
                                      how=how, df=True, mtu=1300)
            if how == "udp-ipip" and quote == least:
                # Nothing says what was in UDP; the packet that was kept does.
                yield case.gives("relayed", "error-sent").complains(error(3, 4, hop(packet)[:68], mtu=1300 - overhead))
                continue
            yield case.gives("relayed", "error-sent").complains(
                error(3, 4, quoted_packet(hop(packet), how, quote), mtu=1300 - overhead))
    case, packet = error_case("too big, from a router that does not say for what", 3, 4, whole, size=1400, df=True)
    yield case.gives("relayed", "error-sent").complains(error(3, 4, quoted_packet(hop(packet), "ipip", whole), mtu=986))
    case, packet = error_case("too big, and fragments are allowed", 3, 4, whole, size=1400, mtu=1300)
    yield case.gives("noted")
    case, packet = error_case("what was learnt about the MTU is used", 3, 4, least, size=1400, mtu=1300)
    case.gives("noted").put("home wire", packet).gives("tunnelled", "fragmented")
    for part in pieces(hop(packet), 1280):
        case.outer(wrapped(part))
    fixed = plain(size=1290, df=True)
    case.put("home wire", fixed).gives("tunnelled", "mtu-told", "error-sent").outer(wrapped(hop(fixed))).complains(
        error(3, 4, fixed, mtu=1280))
    yield case.say("now 1601").put("home wire", packet).gives("tunnelled").outer(wrapped(hop(packet)))
    for mtu in (1, 68, 575):
        case, packet = error_case(f"an MTU of {mtu} is not believed, but the least that is", 3, 4, whole, size=1400, df=True,
                                  mtu=mtu)
        case.gives("relayed", "error-sent", "mtu-doubted").complains(
            error(3, 4, quoted_packet(hop(packet), "ipip", whole), mtu=556))
        fits, larger = plain(size=556, df=True), plain(size=557)
        case.put("home wire", fits).gives("tunnelled").outer(wrapped(hop(fits))).put("home wire", larger).gives(
            "tunnelled", "fragmented")
        for part in pieces(hop(larger), 556):
            case.outer(wrapped(part))
        yield case
    case, packet = error_case("an MTU of 576 is believed", 3, 4, whole, size=1400, df=True, mtu=576)
    yield case.gives("relayed", "error-sent").complains(error(3, 4, quoted_packet(hop(packet), "ipip", whole), mtu=556))
    case, packet = error_case("who sends no more than is believed is told nothing", 3, 4, whole, size=400, df=True, mtu=300)
    yield case.gives("noted", "mtu-doubted")
    case, packet = error_case("of an old router as little is believed", 3, 4, whole, size=500, df=True)
    yield case.gives("noted", "mtu-doubted")
    case, packet = error_case("with another floor less is believed", 3, 4, whole, "set mtu-floor 300", size=1400, df=True,
                              mtu=320)
    yield case.gives("relayed", "error-sent").complains(error(3, 4, quoted_packet(hop(packet), "ipip", whole), mtu=300))
    case, packet = error_case("a broken tunnel is told to the next one, who is tunnelled all the same", 3, 1, least)
    case.gives("relayed", "error-sent").complains(error(3, 1, hop(packet)))
    case.put("home wire", packet).gives("tunnelled", "broken-told", "error-sent").outer(wrapped(hop(packet))).complains(
        error(3, 1, packet))
    yield case.say("now 1031").put("home wire", packet).gives("tunnelled").outer(wrapped(hop(packet)))
    case, packet = error_case("what comes from the exit says that it works", 3, 1, least)
    out = plain(source=HOME, destination=PEER)
    case.gives("relayed", "error-sent").complains(error(3, 1, hop(packet)))
    case.put("tunnel", wrapped(out, source=CARE_OF, destination=AGENT)).gives("reverse").out("inner", out, ())
    yield case.put("home wire", packet).gives("tunnelled").outer(wrapped(hop(packet)))
    case, packet = error_case("a tunnel that is longer than the usual TTL", 11, 0, least)
    case.gives("relayed", "error-sent").complains(error(3, 1, hop(packet)))
    yield case.put("home wire", packet).gives("tunnelled").outer(wrapped(hop(packet), ttl=255))
    case, packet = error_case("minimal encapsulation has the packet's own TTL", 11, 0, least, how="minimal")
    case.gives("relayed", "error-sent").complains(error(3, 1, hop(packet)))
    case.put("home wire", packet).gives("tunnelled", "broken-told", "error-sent").outer(
        wrapped(hop(packet), "minimal"), ()).complains(error(3, 1, packet))
    high = again(packet, ttl=200)
    yield case.put("home wire", high).gives("tunnelled").outer(wrapped(hop(high), "minimal"), ())
    case, packet = error_case("port unreachable of a UDP tunnel", 3, 3, whole, how="udp-ipip")
    case.gives("noted")
    yield case.put("home wire", packet).gives("tunnelled", "broken-told", "error-sent").outer(
        wrapped(hop(packet), destination=NAT, ports=(434, NAT_PORT))).complains(error(3, 1, packet))
    case, packet = error_case("a parameter problem of the TOS is the sender's", 12, 0, whole, pointer=1)
    yield case.gives("relayed", "error-sent").complains(error(12, 0, hop(packet), pointer=1))
    case, packet = error_case("a parameter problem of an address is not", 12, 0, whole, how="minimal", pointer=16)
    yield case.gives("noted")
    case, packet = error_case("of minimal encapsulation the TTL is the sender's", 12, 0, whole, how="minimal", pointer=8)
    yield case.gives("relayed", "error-sent").complains(error(12, 0, hop(packet), pointer=8))


def quoted(quote):
    """Octets of the packet inside that an error of ours can quote when so many of the outer one were quoted: what was
    kept of it, 68, when the quote has no header inside."""
    return quote - 20 if quote > 60 else 68


def quoted_packet(packet, how, quote):
    overhead = {"ipip": 20, "gre": 24, "minimal": 12, "udp-ipip": 32}[how]
    return packet[:quote - overhead] if quote > 60 else packet[:68]


def icmp_drop_cases():
    packet = plain()
    sent = wrapped(hop(packet), ident=0x7777)

    def report(about=sent, kind=3, code=1, to=AGENT, quote=548):
        return error(kind, code, about, source=ROUTER, destination=to, quote=quote)

    yield Case("an error about a packet that goes there, if not from here", BIND).put("icmp", report()).gives(
        "relayed", "error-sent").complains(error(3, 1, hop(packet)))
    yield Case("an error about nothing that is known, by 8 octets", BIND).put("icmp", report(quote=28)).gives(
        "error-unknown")
    yield Case("an error about a packet to nobody").put("icmp", report()).gives("error-unknown")
    yield Case("an error about a packet to elsewhere", f"bind {HOME} care-of={CARE_OF_2}").put("icmp", report()).gives(
        "error-unknown")
    case = Case("an error with another packet inside than was sent, that would not go there", BIND)
    case.put("home wire", packet).gives("tunnelled").outer(wrapped(hop(packet)))
    other = wrapped(hop(plain(source=ROUTER, destination=OTHER, ident=9)), ident=FIRST_ID)
    yield case.put("icmp", report(other)).gives("error-unknown")
    case = Case("an error about a packet whose identification another one had as well", BIND)
    case.put("home wire", packet).gives("tunnelled").outer(wrapped(hop(packet)))
    other = hop(plain(ident=9))
    yield case.put("icmp", report(wrapped(other, ident=FIRST_ID))).gives("relayed", "error-sent").complains(
        error(3, 1, other))
    yield Case("a broken packet", BIND).put("icmp", damaged(report(), 10)).gives("header")
    yield Case("a wrong checksum of ICMP", BIND).put("icmp", damaged(report(), 40)).gives("error-broken")
    yield Case("an error that quotes too little", BIND).put("icmp", report(quote=24)).gives("error-broken")
    yield Case("an echo request", BIND).put("icmp", echo(source=PEER)).gives("error-else")
    yield Case("an error about something else", BIND).put(
        "icmp", report(plain(source=AGENT, destination=PEER))).gives("error-else")
    yield Case("an error about a tunnel of somebody else", BIND).put(
        "icmp", report(wrapped(packet, source="192.0.2.99"))).gives("error-else")
    yield Case("an error to somebody else", BIND).put("icmp", report(to="192.0.2.99")).gives("error-else")
    yield Case("an error about UDP from another port", BIND_UDP).put(
        "icmp", report(wrapped(packet, destination=NAT, ports=(999, NAT_PORT)))).gives("error-else")
    yield Case("fenced no error is relayed", BIND, "fence 0").put("icmp", report()).gives("fenced")
    case = Case("an error about an error is for nobody", BIND)
    lost = error(3, 1, plain(source=HOME, destination=PEER), source=ROUTER, destination=HOME)
    case.put("home wire", lost).gives("tunnelled").outer(wrapped(hop(lost)))
    yield case.put("icmp", report(wrapped(hop(lost), ident=FIRST_ID))).gives("noted", "error-forbidden")
    case = Case("the memory of a packet does not last for ever", BIND)
    case.put("home wire", packet).gives("tunnelled").outer(wrapped(hop(packet))).say("now 1061")
    yield case.put("icmp", report(wrapped(hop(packet), ident=FIRST_ID), quote=28)).gives("error-unknown")


def broadcast_cases():
    link, where = "broadcast 10.0.0.0/24", "10.0.0.0/24 link"
    cast = plain(source="10.0.0.1", destination="255.255.255.255", ttl=1)
    wants, direct = BIND + " flags=B", BIND + " flags=BD"
    yield Case("a broadcast to a co-located care-of address", direct).put(link, cast).gives("broadcast").outer(
        wrapped(cast))
    nested = wrapped(cast, destination=HOME, df=False)
    yield Case("a broadcast by a foreign agent is addressed to the home address first", wants).put(link, cast).gives(
        "broadcast", "broadcast-nested").outer(wrapped(nested), OUTER_ANY + (24, 25, 30, 31))
    yield Case("GRE outside, IP in IP inside", wants + " encapsulation=gre").put(link, cast).gives(
        "broadcast", "broadcast-nested").outer(wrapped(nested, "gre"), OUTER_ANY + (28, 29, 34, 35))
    yield Case("only the binding that asked for it", direct, BIND_2).put(link, cast).gives("broadcast").outer(
        wrapped(cast))
    yield Case("each binding that asked for it", direct, BIND_2 + " flags=BD").put(link, cast).gives(
        "broadcast").outer(wrapped(cast)).outer(wrapped(cast, destination=CARE_OF_2))
    yield Case("nobody asked for it", BIND).put(link, cast).gives("broadcast-nobody")
    yield Case("nobody of this network asked for it", f"bind 10.1.0.5 care-of={CARE_OF} flags=BD").put(
        link, cast).gives("broadcast-nobody")
    yield Case("nobody of this realm asked for it", direct + " realm=3").put(link, cast).gives("broadcast-nobody")
    yield Case("not to whom it is from", direct).put(
        link, plain(source=HOME, destination="255.255.255.255")).gives("broadcast-nobody")
    yield Case("not what this host sent", direct).put(
        link, plain(source=AGENT, destination="255.255.255.255")).gives("own-source")
    yield Case("fenced no broadcast is tunnelled", direct, "fence 0").put(link, cast).gives("fenced")
    yield Case("one member spreads what is on the link, and it is another one", direct, "elsewhere 0").put(
        link, cast).gives("broadcast-elsewhere")
    yield Case("another group's broadcasts are here", f"bind {HOME} care-of={CARE_OF} flags=BD group=1",
               "agent 192.0.2.2 group=1", "elsewhere 0", network="10.0.0.0/24 link group=1").put(link, cast).gives(
        "broadcast").outer(wrapped(cast, source="192.0.2.2"))
    loud = plain(source=HOME, destination="255.255.255.255")
    said = wrapped(loud, source=CARE_OF, destination=AGENT)
    there = f"bind {OTHER} care-of={CARE_OF_2} flags=BD"
    yield Case("through a tunnel to a link where another member spreads it", BIND, there, "elsewhere 0").put(
        "tunnel", said).gives("reverse-broadcast").out("inner on-link", loud, ())
    yield Case("through a tunnel to a network without a link it is spread by who has it", BIND, there, "elsewhere 0",
               network="10.0.0.0/24 virtual").put("tunnel", said).gives("reverse-broadcast").outer(
        wrapped(loud, destination=CARE_OF_2))
    directed = plain(source="10.0.0.1", destination="10.0.0.255")
    yield Case("to the broadcast address of the network", direct).put(link, directed).gives("broadcast").outer(
        wrapped(directed))
    group = plain(source="10.0.0.1", destination="239.1.2.3")
    yield Case("to a multicast group", direct).put(link, group).gives("broadcast").outer(wrapped(group))
    routers = plain(source="10.0.0.1", destination="224.0.0.2", ttl=1)
    yield Case("groups of a link stay there", direct).put(link, routers).gives("broadcast-category")
    yield Case("unless they are to go", direct, "set categories link-groups").put(link, routers).gives(
        "broadcast").outer(wrapped(routers)).put(link, cast).gives("broadcast-category")
    dhcp = octets(IP(src="0.0.0.0", dst="255.255.255.255", id=1) / UDP(sport=68, dport=67) / Raw(b"\1" * 40))
    yield Case("DHCP stays on its link", direct).put(link, dhcp).gives("broadcast-category")
    yield Case("unless it is to go, too", direct, "set categories dhcp").put(link, dhcp).gives("broadcast").outer(
        wrapped(dhcp))
    yield Case("no broadcasts at all", direct, "set categories none").put(link, cast).gives("broadcast-category")
    yield Case("a packet for one host", direct).put(link, plain()).gives("broadcast-unicast")
    yield Case("a broken broadcast", direct).put(link, damaged(cast, 10)).gives("header")
    yield Case("not more copies than are allowed", direct, f"bind {OTHER} care-of={CARE_OF_2} flags=BD",
               "set broadcasts 1").put(link, cast).gives("broadcast", "broadcast-capped").outer(wrapped(cast))
    large = plain(size=1490, source="10.0.0.1", destination="255.255.255.255")
    case = Case("a large broadcast is fragmented", direct).put(link, large).gives("broadcast", "fragmented")
    for part in pieces(large, 1480):
        case.outer(wrapped(part))
    yield case
    huge = plain(size=65530, source="10.0.0.1", destination="255.255.255.255")
    yield Case("a huge one cannot be addressed to the home address", wants).put(link, huge).gives(
        "broadcast-nobody", "too-long")
    fixed = plain(size=1490, source="10.0.0.1", destination="255.255.255.255", df=True)
    yield Case("no error about a broadcast", direct).put(link, fixed).gives("broadcast-nobody", "too-big")
    yield Case("a broadcast from the exit of the tunnel", direct).put(
        link, plain(source=CARE_OF, destination="255.255.255.255")).gives("broadcast-nobody", "exit-source")


FILES = {
    "home.txt": (home_cases, home_drop_cases),
    "size.txt": (size_cases,),
    "special.txt": (special_cases,),
    "reverse.txt": (reverse_cases, own_tunnel_cases),
    "gre.txt": (gre_cases,),
    "gateway.txt": (gateway_cases,),
    "keepalive.txt": (keepalive_cases,),
    "icmp.txt": (icmp_cases, icmp_drop_cases),
    "broadcast.txt": (broadcast_cases,),
}


def main():
    here, wrong = pathlib.Path(__file__).parent, 0
    for name, makers in FILES.items():
        blocks = ["\n".join(case.lines) for maker in makers for case in maker()]
        text = "# Written by make_cases.py.\n\n" + "\n\n".join(blocks) + "\n"
        if "--check" in sys.argv:
            if (here / name).read_text() != text:
                print(f"{name} is not what make_cases.py writes")
                wrong = 1
        else:
            (here / name).write_text(text)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
