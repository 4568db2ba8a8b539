"""UDP tunnels through a NAT (RFC 3519): where they go, what says so, and what becomes of packets from elsewhere.

What a NAT makes of packets is made here by hand: they come from its address, CARE_OF, and the node's own is another one.
"""

from scapy_client import D, T
from forwarding import HOME, agent, binding, counters, register, world  # noqa: F401: fixtures among them
from waiting import wait_for
from world import AGENT, CARE_OF, CORRESPONDENT, OTHER_CARE_OF, Mobile

PRIVATE = "10.200.0.7"  # the node's care-of address behind the NAT
PORT, OTHER_PORT = 4341, 4342  # of the NAT
PLAIN, THROUGH_AGENT = (bytes([144, 6, 0, 0, flags, 4, 0, 0]) for flags in (0, 0x40))  # section 3.1; R
PATIENCE_S = 20  # for the answer to a keepalive that the log is waited for


def register_behind(world, extension, port, **options):
    assert register(world, care_of=PRIVATE, source=CARE_OF, flags=D | T, extensions=extension, port=port, **options) == 0


def endpoint(agent):
    return binding(agent, HOME, PRIVATE)["endpoint"]


def goes_to(agent, port):
    wait_for(lambda: endpoint(agent) == (f"{CARE_OF}:{port}" if port else CARE_OF), f"the tunnel goes to port {port}")


def keep_alive(world, size=56):
    """Is a keepalive answered that the agent has to put in order first?"""
    with world.echo("mobile", AGENT, HOME) as echo:
        echo.socket.settimeout(PATIENCE_S)
        return echo.ask(size)


def refused(world, agent, why, target=AGENT):
    """An echo request of the node's that is not answered, and counted so."""
    before = counters(agent)
    assert world.ping("mobile", target, count=1, source=HOME) == 0
    after = counters(agent)
    assert after[why] - before[why] == 1 and after["forward-keepalive"] == before["forward-keepalive"]


def test_it_goes_to_where_the_registration_came_from(world, agent):
    """Section 4.3: packets from another port of the NAT are dropped. Section 4.4: it takes a registration from there."""
    register_behind(world, PLAIN, PORT)
    goes_to(agent, PORT)
    node = Mobile(world, HOME, udp=PORT, reverse=True)
    assert world.reaches("correspondent", HOME)
    assert world.ping("mobile", AGENT, count=3, source=HOME) == 3
    wait_for(lambda: counters(agent)["forward-keepalive"] == 3, "all are counted")
    assert counters(agent)["forward-port-learnt"] == 0
    node.end()

    node = Mobile(world, HOME, udp=OTHER_PORT, reverse=True)
    refused(world, agent, "forward-reverse-kind")
    refused(world, agent, "forward-reverse-kind", CORRESPONDENT)
    assert endpoint(agent) == f"{CARE_OF}:{PORT}" and world.ping("correspondent", HOME, count=1) == 0
    node.end()  # for it has the port
    register_behind(world, PLAIN, OTHER_PORT)
    Mobile(world, HOME, udp=OTHER_PORT, reverse=True)
    assert world.reaches("correspondent", HOME)
    goes_to(agent, OTHER_PORT)


def test_with_r_the_first_keepalive_says_the_port(world, agent):
    """Section 4.6: from the address of the registration, of the home address, to the agent; and nothing else does."""
    register_behind(world, THROUGH_AGENT, PORT)
    goes_to(agent, 0)
    before = counters(agent)
    assert world.ping("correspondent", HOME, count=1) == 0
    wait_for(lambda: counters(agent)["forward-no-port"] == before["forward-no-port"] + 1, "it is counted")
    node = Mobile(world, HOME, care_of=OTHER_CARE_OF, udp=PORT, reverse=True)
    refused(world, agent, "forward-reverse-care-of")
    node.end()
    node = Mobile(world, HOME, udp=OTHER_PORT, encapsulation="gre", reverse=True)
    refused(world, agent, "forward-reverse-kind")
    node.end()
    node = Mobile(world, HOME, udp=OTHER_PORT, reverse=True)
    refused(world, agent, "forward-reverse-kind", CORRESPONDENT)
    goes_to(agent, 0)

    assert keep_alive(world) == 1
    goes_to(agent, OTHER_PORT)
    assert world.ping("correspondent", HOME) == 3 and world.ping("mobile", CORRESPONDENT, source=HOME) == 3
    wait_for(lambda: counters(agent)["forward-port-learnt"] == 1, "it is counted")
    assert counters(agent)["ports-refused"] == 0
    node.end()
    Mobile(world, HOME, udp=PORT, reverse=True)
    refused(world, agent, "forward-reverse-kind")
    goes_to(agent, OTHER_PORT)


def test_the_port_is_kept_until_the_node_registers_anew(world, agent):
    register_behind(world, THROUGH_AGENT, PORT)
    node = Mobile(world, HOME, udp=OTHER_PORT, reverse=True)
    assert keep_alive(world) == 1
    agent.kill()  # with what is only in the log
    agent.start(prefix=world.inside("agent"))
    assert world.reaches("correspondent", HOME)
    goes_to(agent, OTHER_PORT)
    register_behind(world, THROUGH_AGENT, PORT)
    goes_to(agent, 0)
    node.end()
    Mobile(world, HOME, udp=PORT, reverse=True)
    assert keep_alive(world, size=1300) == 1
    goes_to(agent, PORT)
    assert world.ping("correspondent", HOME) == 3
