"""Is it right what the agent sends? What everything must hold to is checked every time, whatever a case expects; what the case
expects comes on top. What is wrong is a Wrong with a sentence.
"""

import wire
from foreign import packets
from replies import Wrong, require

RELAYED_MAY_ADD = {wire.UDP_TUNNEL_REQUEST, wire.REVOCATION_SUPPORT, wire.FOREIGN_HOME}
REPLY_MAY_ADD = {wire.FA_ERROR, wire.CHALLENGE, wire.MESSAGE_STRING, wire.MOBILE_FOREIGN}
FROM_FOREIGN_AGENT = 2  # subtype of a Message String
ACCEPTED = (0, 1)


def extensions_behind(octets, begin):
    try:
        return wire.walk(octets, begin)
    except wire.Malformed as error:
        raise Wrong(f"what stands behind octet {begin} is malformed: {error}") from None


def kinds_of(extensions):
    return [e.kind for e in extensions]


def check_packet(frame):
    require(frame.sound, "its UDP length or checksum is wrong")
    require(frame.ttl > 0, "its TTL is 0")


def check_signature(added, kind, association, who):
    """Exactly one, valid and last, where there is an association; none where there is none."""
    found = [e for e in added if e.kind == kind]
    if association is None:
        require(not found, f"it has an authentication {kind}, though nothing is shared with {who} or none belongs there")
        return
    require(len(found) == 1, f"it has {len(found)} authentications {kind}, not 1")
    require(association.verifies(found[0]), f"its authentication {kind} (SPI {found[0].spi}) does not verify")
    require(added[-1] is found[0], f"something follows its authentication {kind}: {kinds_of(added)}")


def check_expected(added, expect):
    """The words `with` and `without`: types of extensions that the agent added."""
    for kind in expect.get("with", []):
        require(kinds_of(added).count(kind) == 1, f"of extension {kind} it has {kinds_of(added).count(kind)}, not 1")
    for kind in expect.get("without", []):
        require(kind not in kinds_of(added), f"it has an extension {kind}, which does not belong there")


# ---- what is relayed to a home agent


def is_served_here(sent, profile):
    """The tunnel ends at the agent: its care-of address, for a while, and the node does not decapsulate."""
    return is_ours(sent, profile) and not sent.flag("D")


def is_ours(sent, profile):
    return sent.fields["care_of"] in profile["care-of"] and sent.fields["lifetime"] > 0


def check_relay_addresses(frame, sent, expect, scene):
    care_of, known = sent.fields["care_of"], scene.profile["care-of"]
    source = care_of if care_of in known else known[0]
    require(frame.source == source, f"it comes from {frame.source}, not from {source}")
    destination = scene.address(expect["to"], sent.node) if "to" in expect else sent.fields["home_agent"]
    require(frame.destination == destination, f"it goes to {frame.destination}, not to {destination}")


def check_udp_request(added, sent, profile):
    """RFC 3519 section 4.5."""
    found = [e for e in added if e.kind == wire.UDP_TUNNEL_REQUEST]
    asked = any(e.kind == wire.UDP_TUNNEL_REQUEST for e in sent.extensions)
    wanted = profile["udp-tunnel"] != "no" and is_served_here(sent, profile) and not asked
    require(len(found) == wanted, f"it has {len(found)} UDP Tunnel Requests of the agent's, not {int(wanted)}")
    for extension in found:
        forced = 0x80 if profile["udp-tunnel"] == "forced" else 0
        require(
            extension.data == bytes([0, forced, 0, 0, 0]),
            f"its UDP Tunnel Request holds {extension.data.hex()}, not 00{forced:02x}000000",
        )


def check_revocation_support(added, sent, profile):
    """RFC 3543 section 3.2."""
    found = [e for e in added if e.kind == wire.REVOCATION_SUPPORT]
    wanted = profile["revocation"] != "no" and is_served_here(sent, profile) and sent.home_agent.association is not None
    require(len(found) == wanted, f"it has {len(found)} Revocation Support extensions, not {int(wanted)}")
    for extension in found:
        flags = 0x8000 if profile["revocation-inform"] else 0
        require(int.from_bytes(extension.data[:2], "big") == flags, f"its Revocation Support has flags {extension.data[:2].hex()}")
        require(len(extension.data) == 6 and any(extension.data[2:]), "its Revocation Support has no time stamp")


def judge_relayed(frame, sent, expect, scene):
    """The request as it came to the home agent."""
    check_packet(frame)
    check_relay_addresses(frame, sent, expect, scene)
    begin = len(sent.kept)
    require(frame.payload[:begin] == sent.kept, "the request was changed before the end of what authorises it")
    added = extensions_behind(frame.payload, begin)
    strange = [kind for kind in kinds_of(added) if kind < 128 and kind not in RELAYED_MAY_ADD]
    require(not strange, f"behind what authorises it stand extensions that are not for a home agent: {strange}")
    left = [e.kind for e in sent.extensions if e.begin >= begin and e.kind in kinds_of(added) and e.kind not in RELAYED_MAY_ADD]
    require(not left, f"extensions that were for the foreign agent are relayed: {left}")
    signs = is_ours(sent, scene.profile) and sent.home_agent.association
    check_signature(added, wire.FOREIGN_HOME, signs or None, "the home agent")
    check_udp_request(added, sent, scene.profile)
    check_revocation_support(added, sent, scene.profile)
    check_expected(added, expect)


# ---- what goes to the mobile node


def check_reply_addresses(frame, sent, home, scene):
    require(frame.to == sent.node.link, f"its frame goes to {frame.to.hex(':')}, not to the node's link address")
    group = sent.destination in (packets.ALL_AGENTS, packets.ALL_ONES)
    source = scene.profile["agent"] if group else sent.destination
    require(frame.source == source, f"it comes from {frame.source}, not from {source}")
    destination = packets.ALL_ONES if home == "0.0.0.0" else home
    require(frame.destination == destination, f"it goes to {frame.destination}, not to {destination}")
    require(frame.port_there == sent.port, f"it goes to port {frame.port_there}, not to {sent.port}")


def check_added_to_reply(added, code_of_agent, sent, scene, expect):
    """What the agent may add to any reply; a challenge is fresh, a Message String says that it is the agent's."""
    strange = sorted(set(kind for kind in kinds_of(added) if kind < 128) - REPLY_MAY_ADD)
    require(not strange, f"it holds extensions that the agent may not add: {strange}")
    node = scene.senders[expect["signed-for"]] if "signed-for" in expect else sent.node
    check_signature(added, wire.MOBILE_FOREIGN, node.agent_association, "the mobile node")
    challenges = [e.data for e in added if e.kind == wire.CHALLENGE]
    wanted = scene.profile["challenge-in-reply"] and scene.profile["challenges"]
    require(len(challenges) == wanted, f"it has {len(challenges)} challenges for the next request, not {int(wanted)}")
    used = [e.data for e in sent.of(wire.CHALLENGE)]
    require(not challenges or challenges[0] not in used, "the challenge that it gives is the one just used")
    scene.session.offered[sent.node.link] = challenges[0] if challenges else None
    strings = [e for e in added if e.kind == wire.MESSAGE_STRING]
    may = scene.profile["message-strings"] == "denied" and code_of_agent is not None
    require(len(strings) <= may, f"it has {len(strings)} Message Strings of the agent's")
    for string in strings:
        require(string.subtype == FROM_FOREIGN_AGENT, f"the subtype of its Message String is {string.subtype}, not 2")


def read_reply(frame):
    try:
        return wire.Reply(frame.payload)
    except wire.Malformed as error:
        raise Wrong(f"it is malformed: {error}") from None


def judge_denial(frame, sent, expect, scene):
    """A reply of the agent's own."""
    check_packet(frame)
    reply = read_reply(frame)
    codes = expect["code"] if isinstance(expect["code"], list) else [expect["code"]]
    require(reply.code in codes, f"its code is {reply.code}, not {' or '.join(map(str, codes))}")
    signed = reply.of(wire.MOBILE_HOME) + reply.of(wire.FOREIGN_HOME)
    require(not signed, "a denial of the agent's own is signed as a home agent's")
    lifetime = scene.profile["max-lifetime"] if reply.code == 69 else sent.fields["lifetime"]
    require(reply.lifetime == lifetime, f"its lifetime is {reply.lifetime}, not {lifetime}")
    require(reply.octets[4:8] == sent.octets[4:8], f"its home address is {reply.home}, not that of the request")
    require(reply.octets[8:12] == sent.octets[8:12], f"its home agent is {reply.home_agent}, not that of the request")
    require(reply.octets[12:20] == sent.identification, "its identification is not that of the request")
    check_reply_addresses(frame, sent, sent.fields["home"], scene)
    check_added_to_reply(reply.extensions, reply.code, sent, scene, expect)
    check_expected(reply.extensions, expect)


def judge_passed_on(frame, answer, expect, scene):
    """The home agent's reply as it came to the mobile node. `status`: of the FA Error that must stand behind it."""
    check_packet(frame)
    reply = read_reply(frame)
    sent, begin = answer.request, len(answer.kept)
    require(reply.octets[:begin] == answer.kept, "the home agent's reply was changed before the end of its authenticator")
    check_reply_addresses(frame, sent, answer.home, scene)
    added = extensions_behind(reply.octets, begin)
    errors = [e for e in added if e.kind == wire.FA_ERROR]
    status = expect.get("status")
    require(len(errors) == (status is not None), f"it has {len(errors)} FA Errors, not {int(status is not None)}")
    if errors:
        told = errors[0].data
        require(errors[0].subtype == 0 and told == bytes([status]), f"its FA Error holds {told.hex()}, not {status:02x}")
    left = [e.kind for e in answer.extensions if e.begin >= begin and e.kind in kinds_of(added) and e.kind not in REPLY_MAY_ADD]
    require(not left, f"extensions that were for the foreign agent are passed on: {left}")
    check_added_to_reply(added, status, sent, scene, expect)
    check_expected(added, expect)


def judge_refusal(frame, answer, expect, scene):
    """What the agent tells the node of a reply that it cannot use: in an FA Error, or in a denial in its place."""
    status = expect["status"]
    if scene.profile["fa-errors"] or expect.get("only-fa-error"):
        judge_passed_on(frame, answer, expect, scene)
    else:
        judge_denial(frame, answer.request, {**expect, "code": status}, scene)


def judge_delivered(frame, node, home, marker, scene):
    """What came out of a tunnel for a node."""
    require(frame.is_delivered() and frame.payload == marker, "it is another packet than the one that was sent")
    check_packet(frame)
    require(frame.to == node.link, f"its frame goes to {frame.to.hex(':')}, not to the node's link address")
    require(frame.destination == home, f"it goes to {frame.destination}, not to {home}")


def judge_acknowledgment(frame, revocation, care_of, expect, scene):
    """What a home agent hears of its revocation (RFC 3543 section 3.4)."""
    check_packet(frame)
    agent = revocation.home_agent
    require(frame.source == care_of, f"it comes from {frame.source}, not from {care_of}")
    require(frame.destination == agent.address, f"it goes to {frame.destination}, not to {agent.address}")
    try:
        found = wire.Acknowledgment(frame.payload)
    except wire.Malformed as error:
        raise Wrong(str(error)) from None
    require(frame.payload[4:8] == revocation.home, f"it is about {found.home}")
    require(frame.payload[8:12] == revocation.identifier, f"its identifier is {found.identifier:#x}, not the revocation's")
    flags = 0x8000 if expect.get("inform") else 0
    require((found.reserved, found.flags) == (0, flags), f"its flags are {found.flags:#x}, not {flags:#x}, or its reserved octet is set")
    check_signature(found.extensions, wire.FOREIGN_HOME, agent.association, "the home agent")


TUNNELLED_WORDS = {"node", "home", "to"}
RELAYED_WORDS = {"to", "with", "without"}
DENIED_WORDS = {"code", "with", "without", "signed-for"}
REPLY_WORDS = {"with", "without"}
ACKNOWLEDGED_WORDS = {"inform", "told"}
REFUSED_WORDS = {"status", "with", "without", "only-fa-error"}
