"""Which cases apply to an agent, by its profile alone: before there is an associations file, and for the page of coverage."""

from associations import PLAIN_NODE, wanted_kind
from engine import with_own_limits


def is_supported(kind, profile):
    """Can the agent have such a node?"""
    checks = [
        all(algorithm in profile["algorithms"] for algorithm in kind["algorithms"]),
        all(algorithm in profile["aaa"] for algorithm in kind["aaa"]),
        kind["replay"] == "timestamp" or profile["nonces"],
        not kind["nai"] or profile["nai"],
        not kind["pool"] or bool(profile["pools"]),
        len(kind["algorithms"]) < 2 or profile["several-associations"],
    ]
    return all(checks)


def policy_for(case, profile):
    """The policy under which the conditions of a case hold (None is the agent's own settings), and whether any does."""
    if profile is None:
        return None, True
    for policy in [None, *profile.policies]:
        limited = with_own_limits(profile.with_policy(policy), case.get("node", {}))
        if limited.unmet(case.get("agent", {})) is None:
            return policy, True
    return None, False


def applies(case, profile):
    kinds = [wanted_kind(wanted) for wanted in [case.get("node", {}), *case.get("nodes", {}).values()]]
    kinds += [
        {**PLAIN_NODE, "algorithms": tuple(agent.get("algorithms", ("hmac-md5",)))}
        for agent in case.get("agents", {}).values()
    ]
    return policy_for(case, profile)[1] and all(is_supported(kind, profile) for kind in kinds)
