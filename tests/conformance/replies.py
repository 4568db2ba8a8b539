"""Is a reply right? What every reply must hold to is checked every time, whatever a case expects; what the case expects
comes on top. A wrong reply is a Wrong with a sentence.
"""

import ipaddress

import wire

ACCEPTED = (0, 1)
MISMATCH = 133
# Denials that may come before the identification has been looked at: its high half is then free to be either.
BEFORE_IDENTIFICATION = (128, 129, 130, 131, 134, 140, 141, 144)
CLOCK_AGREEMENT_S = 2  # how far apart both clocks may be


class Wrong(Exception):
    """What was wrong, as a sentence."""


def require(condition, text):
    if not condition:
        raise Wrong(text)


# ---- what holds for every reply


def check_source(source, sent):
    require(
        source == sent.link.target, f"it came from {source[0]}:{source[1]}, not from {'%s:%d' % sent.link.target}"
    )


def check_authentication(reply, sent, expect, scene):
    """Exactly one Mobile-Home authentication, by the association of the request unless the case says otherwise."""
    found = reply.of(wire.MOBILE_HOME)
    require(len(found) == 1, f"it has {len(found)} Mobile-Home authentications, not 1")
    candidates = sent.associations or sent.sender.node.home_associations
    if "signed-by" in expect:
        who = expect["signed-by"]
        known = scene.senders.get(who, sent.sender).node.home_associations
        candidates = [known[who]] if isinstance(who, int) else known
    require(
        any(a.verifies(found[0]) for a in candidates),
        f"its Mobile-Home authentication (SPI {found[0].spi}) is not one by the node's association",
    )
    require(not reply.of(wire.MOBILE_FOREIGN), "a Mobile-Foreign authentication stands in a home agent's reply")
    require(not reply.of(wire.GENERALIZED), "a generalized authentication stands in a reply")


def check_foreign_authentication(reply, sent, expect):
    """One when the source has an association and it is no deregistration; otherwise none."""
    found = reply.of(wire.FOREIGN_HOME)
    if not sent.agent or sent.fields["lifetime"] == 0:
        require(not found, "a Foreign-Home authentication stands where none belongs")
        return
    require(len(found) == 1, f"it has {len(found)} Foreign-Home authentications, not 1")
    require(
        any(a.verifies(found[0]) for a in sent.agent.associations),
        f"its Foreign-Home authentication (SPI {found[0].spi}) does not verify",
    )


def check_order(reply, sent, expect):
    """For the node, 32, for the foreign agent, 34 (RFC 5944 section 3.8.3.3)."""
    kinds = [e.kind for e in reply.extensions]
    at = kinds.index(wire.MOBILE_HOME)
    if wire.FOREIGN_HOME in kinds:
        require(kinds[-1] == wire.FOREIGN_HOME, f"the Foreign-Home authentication is not the last of {kinds}")
    for kind in (wire.NAI, wire.MESSAGE_STRING, wire.DYNAMIC_HOME_AGENT, wire.GFA_ADDRESS):
        require(kind not in kinds[at:], f"extension {kind} stands after the Mobile-Home authentication: {kinds}")
    for kind in (wire.CHALLENGE,):
        require(kind not in kinds[:at], f"extension {kind} stands before the Mobile-Home authentication: {kinds}")


def check_not_skippable(reply, sent, expect):
    """Nothing that a node must discard a reply for, unless it asked."""
    allowed = {wire.MOBILE_HOME, wire.FOREIGN_HOME}
    if wire.UDP_TUNNEL_REQUEST in sent.asked:
        allowed.add(wire.UDP_TUNNEL_REPLY)
    if wire.GFA_ADDRESS in sent.asked:
        allowed.add(wire.GFA_ADDRESS)
    strange = sorted({e.kind for e in reply.extensions if e.kind < 128} - allowed)
    require(not strange, f"it holds extensions nobody asked for and nobody may skip: {strange}")


def check_identification(reply, sent, expect):
    require(
        reply.low == sent.low,
        f"the low half of its identification is {reply.low:08x}, {sent.low:08x} was sent",
    )
    if sent.sender.node.replay == "nonce":
        used = sent.sender.nonces[:-1] + [sent.identification >> 32]  # the last one told may be told once more
        require(
            "nonce" in expect or reply.high not in used, f"its nonce {reply.high:08x} has been used before"
        )
        return
    now_s = wire.ntp_now() >> 32
    is_time = (reply.high - sent.at_s + CLOCK_AGREEMENT_S) % 2**32 <= now_s - sent.at_s + 2 * CLOCK_AGREEMENT_S
    copied = reply.identification == sent.identification
    if reply.code == MISMATCH:
        require(is_time, f"the high half of its identification, {reply.high:08x}, is not the time of day {now_s:08x}")
    elif reply.code in BEFORE_IDENTIFICATION:
        require(copied or is_time, f"its identification {reply.identification:016x} is neither copied nor the time")
    else:
        require(
            copied, f"its identification is {reply.identification:016x}, {sent.identification:016x} was sent"
        )


def check_addresses(reply, sent, expect, scene):
    home = sent.fields["home"]
    if home != "0.0.0.0":
        require(reply.home == home, f"its home address is {reply.home}, {home} was asked for")
    elif reply.code in ACCEPTED:
        require(
            not ipaddress.IPv4Address(reply.home).is_multicast and reply.home not in ("0.0.0.0", "255.255.255.255"),
            f"the home address that it gives is {reply.home}",
        )
    require(
        reply.home_agent == scene.profile["home-agent"],
        f"its home agent is {reply.home_agent}, not {scene.profile['home-agent']}",
    )


def check_lifetime(reply, sent, expect):
    asked = sent.fields["lifetime"]
    if reply.code not in ACCEPTED:
        return
    require(reply.lifetime <= asked, f"its lifetime {reply.lifetime} is longer than {asked}, which was asked for")
    require((reply.lifetime == 0) == (asked == 0), f"its lifetime is {reply.lifetime} where {asked} was asked for")


def check_nai(reply, sent, expect):
    """RFC 2794 section 3: it comes back."""
    if wire.NAI not in sent.asked:
        return
    found = [e.data for e in reply.of(wire.NAI)]
    require(found == [sent.asked[wire.NAI]], f"the NAI was not returned once and unchanged: {found}")


def check_message_string(reply, profile):
    """RFC 4917: from the home agent it has subtype 1 and is UTF-8."""
    found = reply.of(wire.MESSAGE_STRING)
    wanted = {"never": False, "denied": reply.code not in ACCEPTED, "always": True}[profile["message-strings"]]
    require(not found or wanted, "it holds a Message String, which the profile rules out")
    for extension in found:
        require(extension.subtype == 1, f"the subtype of its Message String is {extension.subtype}, not 1")
        try:
            extension.data.decode("utf-8")
        except UnicodeDecodeError:
            raise Wrong("its Message String is not UTF-8") from None


def check_always(reply, sent, expect, scene):
    check_authentication(reply, sent, expect, scene)
    check_foreign_authentication(reply, sent, expect)
    check_order(reply, sent, expect)
    check_not_skippable(reply, sent, expect)
    check_identification(reply, sent, expect)
    check_addresses(reply, sent, expect, scene)
    check_lifetime(reply, sent, expect)
    check_nai(reply, sent, expect)
    check_message_string(reply, scene.profile_of(sent.sender.node))


# ---- what a case expects


def expect_code(reply, sent, wanted, scene):
    if wanted == "accepted":
        wanted = 1 if scene.profile_of(sent.sender.node)["simultaneous"] == 1 else 0
    elif wanted == "denied":
        require(
            reply.code >= 128 and reply.code != MISMATCH, f"its code is {reply.code}, not a denial by a home agent"
        )
        return
    elif wanted == "malformed-address":
        wanted = [int(code) for code in scene.profile["malformed-address"]]
    allowed = wanted if isinstance(wanted, list) else [wanted]
    require(reply.code in allowed, f"its code is {reply.code}, not {' or '.join(map(str, allowed))}")


def expect_lifetime(reply, sent, wanted, scene):
    asked, got = sent.fields["lifetime"], reply.lifetime
    if wanted == "max":
        profile = scene.profile_of(sent.sender.node)
        least, most = profile["max-lifetime-least"], profile["max-lifetime"]
        require(least <= got <= most, f"its lifetime is {got}, not the agent's longest ({least} to {most})")
    elif wanted == "less":
        require(got < asked, f"its lifetime is {got}, not less than {asked}")
    else:
        wanted = {"asked": asked, "infinite": wire.INFINITE}.get(wanted, wanted)
        require(got == wanted, f"its lifetime is {got}, not {wanted}")


def expect_home(reply, sent, wanted, scene):
    """`assigned`: the same as before, or remembered when it is the first."""
    sender = sent.sender
    if wanted == "assigned":
        require(
            sender.assigned in (None, reply.home),
            f"the home address it gives is {reply.home}, where it gave {sender.assigned} before",
        )
        sender.assigned = reply.home
    elif wanted == "own":
        require(reply.home == sender.node.home, f"its home address is {reply.home}, not {sender.node.home}")
    else:
        raise KeyError(wanted)


def expect_other_home(reply, sent, wanted, scene):
    """Not the address that another node of the case was given."""
    other = scene.senders[wanted].assigned
    require(reply.home != other, f"the home address it gives, {other}, is another node's")


def only(reply, kind, subtype=None):
    found = reply.of(kind, subtype)
    require(len(found) == 1, f"it has {len(found)} extensions {kind}, not 1")
    return found[0]


def expect_udp_tunnel(reply, sent, wanted, scene):
    """RFC 3519 section 3.2."""
    data = only(reply, wire.UDP_TUNNEL_REPLY).data
    require(len(data) == 5, f"the UDP Tunnel Reply has {len(data)} octets of data, not 5")
    code, forced, keepalive = data[0], bool(data[1] & 0x80), int.from_bytes(data[3:5], "big")
    if wanted == "declined":
        require(code >= 64, f"the UDP Tunnel Reply has code {code}, which does not decline")
        return
    require(code == 0, f"the UDP Tunnel Reply has code {code}, not 0")
    require(forced == (wanted == "forced"), f"its flag F is {int(forced)}")
    require(data[1] & 0x7F == 0 and data[2] == 0, "its reserved bits are not zero")
    require(keepalive == scene.profile["nat-keepalive"], f"its keepalive interval is {keepalive} s")


def expect_extension(reply, sent, wanted, scene):
    for kind in wanted:
        only(reply, kind)


def expect_no_extension(reply, sent, wanted, scene):
    for kind in wanted:
        require(not reply.of(kind), f"it has an extension {kind}, which does not belong there")


def expect_challenge(reply, sent, wanted, scene):
    """RFC 4721 section 3.4."""
    if not scene.profile["challenge"]:
        require(not reply.of(wire.CHALLENGE), "it returns a challenge, which the profile rules out")
        return
    data = only(reply, wire.CHALLENGE).data
    require(data == sent.asked[wire.CHALLENGE], "the challenge was not returned unchanged")


def expect_redirection(reply, sent, wanted, scene):
    data = only(reply, wire.DYNAMIC_HOME_AGENT).data
    require(len(data) == 4, f"the redirected home agent has {len(data)} octets, not 4")


def expect_revocation_support(reply, sent, wanted, scene):
    """RFC 3543 section 3.2. `inform`: the flag I may be set; `plain`: it may not."""
    data = only(reply, wire.REVOCATION_SUPPORT).data
    require(len(data) == 6, f"the Revocation Support extension has {len(data)} octets of data, not 6")
    flags, seconds = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
    require(flags & 0x7FFF == 0, "its reserved bits are not zero")
    require(wanted == "inform" or flags == 0, "its flag I is set though the request's was not")
    require(seconds != 0, "its time stamp is zero")


EXPECTATIONS = {
    "code": expect_code,
    "lifetime": expect_lifetime,
    "home": expect_home,
    "home-is-not": expect_other_home,
    "udp-tunnel": expect_udp_tunnel,
    "with": expect_extension,
    "without": expect_no_extension,
    "challenge": expect_challenge,
    "redirection": expect_redirection,
    "revocation-support": expect_revocation_support,
}
# Words that change what is checked of every reply.
MODIFIERS = {"signed-by", "nonce"}


def judge(octets, source, sent, expect, scene):
    """A reply to `sent`, all of it. Returns it read; raises Wrong."""
    check_source(source, sent)
    try:
        reply = wire.Reply(octets)
    except wire.Malformed as error:
        raise Wrong(f"it is malformed: {error}") from None
    if "code" in expect:
        expect_code(reply, sent, expect["code"], scene)
    check_always(reply, sent, expect, scene)
    for word, wanted in expect.items():
        if word not in MODIFIERS and word != "code":
            EXPECTATIONS[word](reply, sent, wanted, scene)
    sent.sender.told = reply.identification
    if sent.sender.node.replay == "nonce":
        sent.sender.nonces.append(reply.high)
    if reply.code in ACCEPTED and sent.sender.node.replay != "nonce":
        sent.sender.newest = max(sent.sender.newest, sent.identification)
    return reply


def judge_acknowledgment(octets, source, sent, expect):
    """A Revocation Acknowledgment (RFC 3543 section 3.4)."""
    check_source(source, sent)
    try:
        read = wire.Acknowledgment(octets)
    except wire.Malformed as error:
        raise Wrong(f"it is malformed: {error}") from None
    require(read.home == sent.fields["home"], f"its home address is {read.home}")
    require(read.identifier == sent.identifier, f"its identifier is {read.identifier:08x}")
    require(read.reserved == 0 and read.flags & 0x7FFF == 0, "its reserved bits are not zero")
    require(expect.get("inform") or read.flags == 0, "its flag I is set though the revocation's was not")
    found = [e for e in read.extensions if e.kind == wire.FOREIGN_HOME]
    require(len(found) == 1, f"it has {len(found)} Foreign-Home authentications, not 1")
    require(
        any(a.verifies(found[0]) for a in sent.agent.associations), "its Foreign-Home authentication does not verify"
    )
    return read
