"""What the documents ask of a home agent, one row per demand, in our own words.

For the sections 3.4, 3.5, 3.8 and 5.7 of RFC 5944 there is one row for every MUST, SHOULD and MAY and their negations, in
the order of the text, also for those that bind others than a home agent; test_requirements.py holds their counts. The
other tables have what the cases are about, and requirements_tunnels.py what is asked of the ends of tunnels. A row that no
case names needs a reason, or tests of Hearth's own.

A row is (level, whom it binds, statement), (level, whom, statement, reason why there is no case) or (level, whom, statement,
proofs as proofs.py makes them). Its id is made of the document, the section and its place: 5944-3.8.2.1-07.
"""

from proofs import packets, suite
from requirements_foreign import FOREIGN_5944, FOREIGN_COMPANIONS
from requirements_mobile import MOBILE_5944, MOBILE_COMPANIONS
from requirements_tunnels import TUNNELS

HA, MN, FA, ALL = "home agent", "mobile node", "foreign agent", "all"

OF_NODE = "binds the mobile node, not the agent under test"
OF_AGENT = "binds the foreign agent, not the agent under test"
LOG = "is about the agent's own log, which cannot be seen over UDP"
ARP = suite("absent", "test_leaving_is_announced", "test_absent_node_is_answered_for", "test_node_at_home_is_not_answered_for")
AT_HOME = (suite("forward", "test_who_comes_home_is_told_there_that_it_may_not") +
           packets("home", "a registration reply to who is bound, on a link"))
SETTINGS = "is about how an agent is set up, not about what it answers"
PERMISSION = "permits and does not demand; what an agent chose is a key of the profile"

RFC_5944 = {
    "3.4": [
        ("MAY", HA, "The lifetime granted may be shorter than the one asked for."),
        ("MUST NOT", FA, "A foreign agent never lengthens the lifetime of a request that it passes on."),
        ("MUST NOT", HA, "The home agent grants no longer lifetime than the request asks for."),
        ("MUST", MN, "A node that is given more than it asked for uses what it asked for.", OF_NODE),
        ("MUST", MN, "A node that is given less than it asked for uses what it was given.", OF_NODE),
        ("MUST", MN, "The lifetime of a denial means nothing and is not looked at.", OF_NODE),
        ("MUST", HA, "Every reply by a home agent carries an authorization-enabling extension."),
    ],
    "3.5.1": [
        ("MUST", ALL, "An authenticator covers the payload, all extensions before its own, and its own type, length and SPI."),
        ("MUST", ALL, "The receiver checks an authenticator by the association that its SPI selects."),
        ("MUST", ALL, "Any SPI can be tied to any algorithm and mode that the agent has."),
        ("MUST", ALL, "HMAC-MD5, the algorithm used unless agreed otherwise, is there."),
    ],
    "3.5.2": [
        ("MUST", ALL, "Requests, and replies of a home agent, hold at least one authorization-enabling extension."),
    ],
    "3.5.3": [
        ("MAY", MN, "Node and foreign agent may authenticate to each other; that is no concern of the home agent's."),
    ],
    "3.5.4": [
        ("MAY", ALL, "Foreign agent and home agent that share an association may authenticate to each other."),
        ("MUST NOT", ALL, "A deregistration and its reply carry no Foreign-Home authentication."),
        ("MUST", HA, "A reply with a Foreign-Home authentication is sent to the foreign agent's address."),
        ("MUST NOT", FA, "A foreign agent does not sign for a care-of address that it does not advertise."),
        ("MUST NOT", FA, "A foreign agent does not sign a deregistration that it passes on."),
        ("MUST NOT", HA, "A deregistration is not dropped because it has no Foreign-Home authentication."),
    ],
    "3.8": [
        ("MUST NOT", HA, "A reply is only ever sent in answer to a request."),
        ("MUST NOT", HA, "The end of a lifetime is not announced by a reply."),
    ],
    "3.8.1": [
        ("MUST", HA, "The agent knows its address and the prefix of the home network.", SETTINGS),
        ("MUST", HA, "The agent has an association of every node that it serves."),
        ("MUST", HA, "Accepting makes or changes a binding of home address, care-of address, identification and lifetime."),
        ("MAY", HA, "The agent may give a home address to a node that has none."),
        ("MUST", HA, "A home address that was given stands in the reply."),
        ("MAY", HA, "The agent may share associations with foreign agents."),
        ("MUST", HA, "The Foreign-Home authentication of a request from such a foreign agent is checked, unless the lifetime is 0."),
        ("MAY", HA, "With lifetime 0 the Foreign-Home authentication may be left unchecked."),
        ("MUST", HA, "Replies to such a foreign agent carry a Foreign-Home authentication by the shared association."),
    ],
    "3.8.2": [
        ("MUST", HA, "An accepted request changes the node's bindings."),
        ("SHOULD", HA, "An accepted request is answered."),
        ("SHOULD", HA, "A denied request is in most cases answered with a code that says why."),
        ("MUST", HA, "An agent without broadcasts ignores the flag B and does not deny for it."),
    ],
    "3.8.2.1": [
        ("MUST", HA, "A UDP checksum that is neither zero nor right ends the matter in silence."),
        ("MUST", HA, "The authentication of a request is checked."),
        ("MUST", HA, "The agent looks for at least one authorization-enabling extension and has all that are there checked."),
        ("MUST", MN, "A request holds at least one authorization-enabling extension.", OF_NODE),
        ("MUST", HA, "The agent checks the authenticator, or knows that an agent it trusts has."),
        ("MUST", HA, "A request of a node with which there is no association is dropped in silence."),
        ("MUST", HA, "A request without any authorization-enabling extension is dropped in silence."),
        ("MUST", HA, "A request whose authenticator is wrong is refused."),
        ("MUST", HA, "If it carries a valid Foreign-Home authentication, it is answered with code 131."),
        ("MAY", HA, "If no association is shared with the foreign agent, it may be answered with code 131."),
        ("MUST", HA, "Such an answer carries a valid Mobile-Home authentication."),
        ("SHOULD", HA, "Such an answer is signed by an association that the node is likely to have."),
        ("MUST", HA, "After a wrong authenticator nothing more is done with the request."),
        ("SHOULD", HA, "A wrong authenticator is logged as a security exception.", LOG),
        ("MUST", HA, "The identification is checked in the context of the SPI by which the request was authenticated."),
        ("MUST", HA, "A request with a wrong identification is refused."),
        ("SHOULD", HA, "It is answered with code 133 and an identification by the rules of the replay protection."),
        ("MUST", HA, "Nothing more is done with a request whose identification is wrong."),
        ("SHOULD", HA, "A wrong identification is logged as a security exception.", LOG),
        ("MUST", HA, "From a foreign agent with an association, a request that is no deregistration needs a valid Foreign-Home authentication."),
        ("MUST", FA, "It holds exactly one of them."),
        ("MUST", HA, "Its authenticator is checked."),
        ("MUST", HA, "If it is missing, wrong or not the only one, the registration is refused."),
        ("SHOULD", HA, "That refusal is a reply with code 132."),
        ("MUST", HA, "Nothing more is done with such a request."),
        ("SHOULD", HA, "A wrong Foreign-Home authentication is logged as a security exception.", LOG),
        ("MUST", HA, "A Foreign-Home authentication by somebody without an association leads to the request being discarded."),
        ("SHOULD", HA, "That is logged as a security exception.", LOG),
        ("MUST", HA, "A request sent to the broadcast address of the home network is denied."),
        ("MUST", HA, "Nothing is registered by such a request."),
        ("SHOULD", HA, "It is answered with code 136 and the agent's unicast address."),
    ],
    "3.8.2.2": [
        ("MUST", HA, "A request that passes the checks and can be accommodated changes the list of bindings."),
        ("MUST", HA, "It is answered: code 0 with simultaneous bindings, code 1 without them."),
        ("MUST", HA, "The reply goes to the source of the request, whichever care-of address it is about."),
        ("MAY", HA, "A foreign agent whose care-of address is deregistered through another may be told.", PERMISSION),
        ("MUST NOT", HA, "It is not told when there is no association with it."),
        ("MUST NOT", FA, "A foreign agent does not sign a deregistration of a care-of address that is not its own."),
        ("MUST NOT", HA, "The lifetime is not raised above what was asked for."),
        ("SHOULD", MN, "A node registers again before the lifetime granted has ended.", OF_NODE),
        ("MUST", HA, "A binding whose lifetime has ended is deleted."),
        ("MUST NOT", HA, "A duplicate of the accepted request does not reach beyond the lifetime granted first."),
        ("MUST", HA, "The first binding of a node sets off proxy and gratuitous ARP on the home link.", ARP),
        ("MUST", HA, "Proxy ARP goes on while there is a binding.", ARP),
    ],
    "3.8.2.3": [
        ("SHOULD", HA, "A request that is denied is answered with a code that says why."),
        ("MUST", HA, "Reserved bits that are set lead to code 134; section 3.3 has the receiver ignore r and x, so the profile says which."),
    ],
    "3.8.3": [
        ("MUST", HA, "Before an acceptance is sent the list of bindings has been changed."),
        ("SHOULD", HA, "An acceptance is sent."),
        ("SHOULD", HA, "A denial is sent in most cases."),
        ("MUST", HA, "The fields of a reply are filled by the rules of the sections that follow."),
    ],
    "3.8.3.1": [
        ("MUST", HA, "The answer to a broadcast or multicast request comes from the agent's unicast address."),
        ("MUST", HA, "The reply to a node that deregisters at home goes out on the home link, past any binding.",
         AT_HOME),
        ("MUST", HA, "A binding that is left after such a request was denied does not divert the reply.",
         AT_HOME),
        ("MUST", HA, "That denial too is sent as if the node were at home.",
         AT_HOME),
    ],
    "3.8.3.2": [
        ("SHOULD", HA, "An agent without simultaneous bindings accepts with code 1."),
        ("MUST", HA, "The lifetime of the reply is the one asked for, unless that is more than the agent grants."),
        ("MUST", HA, "A lifetime that was cut is the one for which service will be given."),
        ("SHOULD", HA, "A lifetime that was cut is the agent's longest for that node."),
        ("MUST", HA, "A home address in the request is copied into the reply."),
        ("MUST", HA, "A home address that the agent cannot serve is denied with code 129."),
        ("SHOULD", HA, "A node that asks with home address zero is given one, and it stands in the reply."),
        ("MUST", HA, "The agent's own unicast address in the field Home Agent is copied into the reply."),
        ("MUST", HA, "Otherwise the field Home Agent of the reply is the agent's unicast address."),
        ("MUST", HA, "Such a request is denied with a fitting code, as 136."),
    ],
    "3.8.3.3": [
        ("MUST", HA, "Extensions for the node, Mobile-Home, extensions for the foreign agent, Foreign-Home: in that order."),
        ("MUST", HA, "Every reply has the fixed part and the Mobile-Home authentication."),
        ("MUST", HA, "A reply to a foreign agent with an association has the Foreign-Home authentication."),
    ],
    "5.7": [
        ("MUST", ALL, "Replay protection by time stamps is there."),
        ("MAY", ALL, "Replay protection by nonces may be there."),
        ("MUST", ALL, "Node and home agent have agreed which is used; it belongs to the association."),
        ("MUST", ALL, "The low half of the identification is copied into the reply unchanged."),
        ("MUST", MN, "The node checks that low half.", OF_NODE),
        ("MUST NOT", MN, "A new request does not have the identification of the one before.", OF_NODE),
        ("SHOULD NOT", MN, "An identification does not come again while the association lasts.", OF_NODE),
    ],
    "5.7.1": [
        ("MAY", ALL, "Unless agreed otherwise, time stamps may be 7 seconds off."),
        ("SHOULD", ALL, "The tolerance is more than 3 seconds."),
        ("MUST", MN, "The identification is a time stamp in the format of NTP.", OF_NODE),
        ("SHOULD", MN, "Low bits that no clock provides are random.", OF_NODE),
        ("MUST", MN, "Each time stamp of a node is greater than all earlier ones.", OF_NODE),
        ("MUST", HA, "The agent checks the identification of every authenticated request."),
        ("MUST", HA, "A time stamp that is too far from the agent's clock is not valid."),
        ("MUST", HA, "A time stamp that is not greater than all accepted ones of that node is not valid."),
        ("MUST", HA, "A time stamp that is not valid leads to code 133, with the agent's time over the low half of the request."),
        ("MUST", MN, "The node checks the low half before it adjusts its clock.", OF_NODE),
    ],
    "5.7.2": [
        ("SHOULD", ALL, "Both halves of the identification differ from their values before; the agent's is the high one."),
    ],
}

# The order in which a home agent looks at a request, and what follows: our reading of RFC 5944 section 3.8.2 with its
# companions. Sections are steps.
ORDER = {
    "1": [
        ("MUST", HA, "A wrong UDP checksum is dropped; a UDP checksum of zero is tolerated."),
        ("MUST", HA, "What is too short for a request is dropped."),
        ("SHOULD", HA, "A chain of extensions that breaks after a valid authenticator is answered, otherwise dropped."),
    ],
    "2": [
        ("MUST", HA, "An unknown extension of type 0 to 127 has the message dropped in silence; of 128 to 255 it is skipped."),
        ("MUST", HA, "A critical vendor extension that is understood as such but not in content leads to 140 or 141."),
    ],
    "3": [
        ("MUST", HA, "No association with that node, or no authorization-enabling extension: silence."),
        ("MUST", HA, "Of several authorization-enabling extensions all must be right."),
    ],
    "4": [
        ("MUST", HA, "A wrong authenticator, or one under an unknown SPI: 131 if the foreign agent is authentic, else silence or, by "
         "choice, 131."),
    ],
    "5": [
        ("MUST", HA, "A wrong identification: 133, and nothing else."),
    ],
    "6": [
        ("MUST", HA, "A foreign agent with an association must have signed exactly once: else 132; deregistrations are exempt."),
    ],
    "7": [
        ("MUST", HA, "A foreign agent without an association has signed: silence."),
    ],
    "8": [
        ("MUST", HA, "Sent to the broadcast address, or with a Home Agent that is not this one: 136."),
        ("MUST", HA, "Home Agent zero or all-ones, sent to a unicast address, with a NAI: dynamic assignment."),
    ],
    "9": [
        ("MUST", HA, "Reserved bits r and x are ignored, or refused with 134, as the profile says."),
        ("MUST", HA, "A home address that cannot be served: 129."),
    ],
    "10": [
        ("MUST", HA, "Reverse tunnels: 139, then 138, then 137."),
    ],
    "11": [
        ("MUST", HA, "The checks of UDP tunnels and of a gateway foreign agent's extensions."),
    ],
    "12": [
        ("SHOULD", HA, "A care-of address that would loop, or that cannot be one, is refused."),
    ],
    "13": [
        ("MUST", HA, "Simultaneous bindings above the limit: 135."),
        ("SHOULD", HA, "No resources: 130; policy: 129; all else: 128. Only 129 can be brought about over UDP."),
    ],
    "14": [
        ("MUST", HA, "Granted is the lesser of what was asked for and the agent's longest; infinity only if the agent allows it."),
    ],
    "accept": [
        ("MUST", HA, "Lifetime 0 with the home address as care-of address deletes all bindings."),
        ("MUST", HA, "Lifetime 0 with another care-of address deletes only that one, and absent is as good as deleted."),
        ("MUST", HA, "With S a binding is added beside the others; the same care-of address is a refresh."),
        ("MUST", HA, "Without S, or where it is not supported, all others are replaced."),
        ("MUST", HA, "The reply goes to the address and port that the request came from."),
        ("MUST", HA, "The flag B is ignored where broadcasts are not forwarded."),
    ],
}

COMPANIONS = {
    ("RFC 2794", "3"): [
        ("MUST", HA, "A NAI in the request comes back in the reply."),
        ("MUST", HA, "A reply to a node with a NAI has a home agent and a home address that are not zero."),
    ],
    ("RFC 2794", "2"): [
        ("MAY", MN, "A request with a NAI may have home address zero, and so ask for one."),
        ("MUST", MN, "The NAI stands before the authentications."),
    ],
    ("RFC 3024", "4.3.1"): [
        ("MUST", HA, "T with an encapsulation that is not supported: 139."),
        ("MAY", HA, "T not set where the agent demands it: 138."),
        ("MUST", HA, "T where no reverse tunnel is possible: 137."),
        ("MUST", HA, "The binding notes that a reverse tunnel was granted and how packets are wrapped.",
         suite("forward", "test_both_ways_through_the_tunnel",
               "test_a_reverse_tunnel_is_taken_from_the_care_of_address_alone")),
    ],
    ("RFC 3024", "4.3.2"): [
        ("MUST", HA, "A valid request for a reverse tunnel is answered."),
    ],
    ("RFC 3115", "2.1"): [
        ("MUST", HA, "A critical vendor extension is known as a whole, or the packet is dropped."),
    ],
    ("RFC 3115", "2.3"): [
        ("MUST", HA, "A critical vendor extension of an unknown vendor or type: 140 for the node's, 141 for the foreign agent's."),
        ("MUST", HA, "A normal vendor extension of an unknown vendor is skipped."),
    ],
    ("RFC 3519", "3.1"): [
        ("MUST", HA, "The fields Reserved 1 and Reserved 2 of a UDP Tunnel Request are ignored."),
        ("MUST", HA, "Reserved 3 must be zero; one passage has it skipped then, another denied."),
        ("SHOULD", HA, "F is granted, or the request denied with 129."),
    ],
    ("RFC 3519", "4.6"): [
        ("MUST", HA, "A source that is not the care-of address is the sign of a NAT; the tunnel is then granted."),
        ("SHOULD", HA, "Where there is no NAT the tunnel is declined, and the registration stands."),
        ("MUST", HA, "The answer to a UDP Tunnel Request that was accepted is a UDP Tunnel Reply."),
        ("SHOULD", HA, "R has the tunnel granted as well."),
        ("SHOULD", HA, "An agent that knows UDP tunnels answers each request for one, by granting or declining."),
    ],
    ("RFC 3519", "4.6.1"): [
        ("SHOULD", HA, "A NAT where traversal is not permitted: 129."),
        ("SHOULD", HA, "F where forcing is not permitted: 129."),
        ("SHOULD", HA, "Asked for by the node without D: 134."),
        ("SHOULD", HA, "Asked for by the foreign agent with D: 134."),
        ("SHOULD", HA, "Reserved 3 not zero: 134."),
        ("SHOULD", HA, "An encapsulation that is not supported: 142."),
    ],
    ("RFC 3543", "3.2"): [
        ("MUST", HA, "An agent that wants revocations adds the Revocation Support extension to its reply."),
        ("SHOULD NOT", HA, "It is not added where the request had none."),
        ("SHOULD NOT", HA, "Its flag I is not set where the request's was not."),
        ("MUST", HA, "Reserved bits are sent as zero."),
    ],
    ("RFC 3543", "3.3"): [
        ("MUST", HA, "A revocation without a valid authenticator is ignored in silence."),
        ("MUST", HA, "Reserved bits of a revocation are ignored."),
    ],
    ("RFC 3543", "3.4"): [
        ("MUST", HA, "A valid revocation is acknowledged."),
        ("MUST", HA, "The acknowledgment is authenticated, and copies home address and identifier."),
        ("MUST NOT", HA, "The flag I of an acknowledgment is not set unless the revocation's was."),
    ],
    ("RFC 3543", "3.5"): [
        ("MUST", HA, "A revocation that was seen before is ignored in silence."),
        ("MUST", HA, "A revocation with the agent's own direction bit is a reflection and is ignored in silence."),
    ],
    ("RFC 3543", "4.2.3.2"): [
        ("MUST", HA, "The binding that a revocation names is found by home, foreign and home domain address, and ends."),
        ("MUST", HA, "A revocation that is older than the registration does not end it."),
    ],
    ("RFC 4433", "5.3"): [
        ("MAY", HA, "An agent may send the node to another one: 143, and where to."),
        ("MUST", HA, "A Requested HA that is not where the request was sent: 136."),
    ],
    ("RFC 4433", "5.3.1"): [
        ("MUST", HA, "Home Agent zero or all-ones, sent to the agent's unicast address, is accepted."),
        ("MUST", HA, "The reply has the agent's address in Home Agent."),
    ],
    ("RFC 4433", "4.1"): [
        ("MUST", MN, "A node that asks for a home agent to be assigned has a NAI."),
    ],
    ("RFC 4721", "3.4"): [
        ("MUST", HA, "A challenge comes back after the Mobile-Home authentication; or it is skipped by who does not know it."),
        ("MAY", HA, "A wrong MN-AAA authentication, where it enables authorization: 144."),
        ("MUST", HA, "A challenge that is not known does not keep a request from being processed."),
    ],
    ("RFC 4721", "6"): [
        ("MUST", MN, "MN-AAA follows the Mobile-Home authentication."),
        ("MUST NOT", HA, "A reply holds no MN-AAA authentication."),
        ("MUST", HA, "MN-AAA is checked by HMAC-MD5 over all before it and its own type, subtype, length and SPI."),
    ],
    ("RFC 4721", "8"): [
        ("MUST", HA, "SPI 2 stands for the computation that RADIUS servers know from CHAP."),
    ],
    ("RFC 4857", "7.4"): [
        ("MUST", HA, "The address of a gateway foreign agent where that is not allowed: 146."),
        ("MUST", HA, "Care-of address zero without it: 145."),
        ("MUST", HA, "Where it is allowed, the gateway's address becomes the care-of address of the binding."),
        ("MUST", HA, "The reply then returns it before the Mobile-Home authentication."),
    ],
    ("RFC 4917", "5"): [
        ("MUST", HA, "A Message String of the home agent has subtype 1 and stands before the Mobile-Home authentication."),
    ],
    ("RFC 5944", "1.9"): [
        ("MUST", ALL, "Types 0 to 127 that are not known have the message dropped, 128 to 255 are skipped."),
        ("MUST", ALL, "A pad is one octet, and may stand anywhere between extensions."),
    ],
    ("RFC 5944", "3.3"): [
        ("MUST", HA, "The bits r and x are ignored."),
        ("MUST", MN, "The order of extensions in a request."),
    ],
    ("RFC 5944", "3.6.3"): [
        ("MUST", MN, "A retransmission with nonces is the very same message."),
        ("MUST NOT", MN, "A node does not register more than once in a second; an agent may enforce it."),
    ],
    ("RFC 5944", "5.1"): [
        ("SHOULD", HA, "Keyed MD5 in prefix and suffix mode is there for older nodes."),
        ("MAY", HA, "Other algorithms may be there."),
        ("MUST", HA, "SPIs 0 to 255 are reserved and select no association."),
    ],
}


def rows_of(document, section, rows, first=1):
    number = document.removeprefix("RFC ").lower().replace(" ", "-")
    for place, row in enumerate(rows, first):
        level, whom, text, *why = row
        why = why[0] if why else None
        yield f"{number}-{section}-{place:02d}", {
            "document": document, "section": section, "level": level, "whom": whom, "text": text,
            "reason": why if isinstance(why, str) else None, "proofs": () if isinstance(why, str) else why or (),
        }


def before(place, *tables):
    """How many rows other tables have for a section."""
    document, section = place
    others = [table.get(place, ()) for table in tables]
    if document == "RFC 5944" and place in MOBILE_COMPANIONS:
        others.append(RFC_5944.get(section, ()))
    if document in TUNNELS:
        others.append(TUNNELS[document].get(section, ()))
    return sum(map(len, others))


def all_rows():
    for section, rows in RFC_5944.items():
        yield from rows_of("RFC 5944", section, rows)
    for section, rows in FOREIGN_5944.items():
        yield from rows_of("RFC 5944", section, rows)
    for section, rows in MOBILE_5944.items():
        yield from rows_of("RFC 5944", section, rows, 1 + before(("RFC 5944", section), COMPANIONS, FOREIGN_COMPANIONS))
    for section, rows in ORDER.items():
        yield from rows_of("order", section, rows)
    for (document, section), rows in COMPANIONS.items():
        yield from rows_of(document, section, rows)
    for document, sections in TUNNELS.items():
        for section, rows in sections.items():
            yield from rows_of(document, section, rows)
    for place, rows in FOREIGN_COMPANIONS.items():  # behind what the same section asks of a home agent
        yield from rows_of(*place, rows, 1 + before(place, COMPANIONS))
    for place, rows in MOBILE_COMPANIONS.items():  # and of a foreign agent
        yield from rows_of(*place, rows, 1 + before(place, COMPANIONS, FOREIGN_COMPANIONS))


REQUIREMENTS = dict(all_rows())
