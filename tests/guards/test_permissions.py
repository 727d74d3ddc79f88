"""The permission table, written out a second time: changing who may do what is a change to both."""

import ast

from kith.tenants import rules
from tests.guards.source import Module, none, product

ROLES = ("owner", "admin", "manager", "agent", "viewer", "auditor")

# o owner, a admin, m manager, g agent, v viewer, u auditor; a dot where the role lacks the permission.
TABLE = """
    analytics.view       o a m g v u
    audit.view           o a . . . u
    jobs.view            o a m . . u
    ledger.view          o a m . . u
    participants.edit    o a m g . .
    participants.export  o a m . . u
    participants.impersonate o a . . . .
    participants.import  o a m . . .
    participants.merge   o a m . . .
    participants.view    o a m g v u
    payouts.accounts     o a m . . .
    payouts.approve      o a m . . .
    payouts.make         o a m . . .
    payouts.send         o a m . . .
    payouts.view         o a m . . u
    programs.edit        o a . . . .
    programs.view        o a m g v u
    referrals.create     o a m g . .
    referrals.export     o a m . . u
    referrals.move       o a m g . .
    referrals.view       o a m g v u
    rewards.approve      o a m . . .
    rewards.view         o a m g v u
    tenants.keys         o a . . . .
    tenants.members      o a . . . .
    tenants.settings     o a . . . .
    tenants.view         o a m g v u
    tenants.views        o a m g . .
"""
LETTERS = "oamgvu"


def written() -> str:
    """The table as the code has it, in the same form."""
    rows = []
    for permission in sorted(rules.PERMISSIONS):
        held = [
            letter if permission in rules.permissions_of(role) else "."
            for letter, role in zip(LETTERS, ROLES, strict=True)
        ]
        rows.append(f"    {permission:<20} {' '.join(held)}")
    return "\n" + "\n".join(rows) + "\n"


def used_elsewhere() -> set[str]:
    """Permissions that code asks for outside the gates: `actor.may("x.y")`, navigation entries."""
    named = {
        node.value
        for module in product()
        if module.path != "kith/tenants/rules.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return named & set(rules.PERMISSIONS)


def unknown(module: Module) -> list[str]:
    """`requires("…")` and `may("…")` with a permission that is not declared."""
    found = []
    for node in ast.walk(module.tree):
        name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
        if isinstance(node, ast.Call) and name in {"requires", "may"} and node.args:
            given = node.args[0]
            if isinstance(given, ast.Constant) and given.value not in rules.PERMISSIONS:
                found.append(f"{module.path}:{node.lineno}: {given.value} is not in rules.PERMISSIONS")
    return found


def test_the_table_is_the_one_in_the_code() -> None:
    assert written() == TABLE, f"the code says:\n{written()}"


def test_every_role_is_in_the_table_and_nobody_else_may_anything() -> None:
    assert set().union(*rules.PERMISSIONS.values()) == set(ROLES)
    assert rules.permissions_of("stranger") == frozenset()
    for role in ROLES:
        assert rules.permissions_of(role) <= rules.permissions_of("owner"), role


def test_only_declared_permissions_are_asked_for() -> None:
    none([found for module in product() for found in unknown(module)])


def test_the_guard_sees_an_undeclared_permission() -> None:
    assert unknown(Module("kith/rewards/pages.py", "@requires('rewards.conjure')\ndef page(): ..."))
    assert unknown(Module("kith/rewards/pages.py", "actor.may('rewards.conjure')"))
    assert not unknown(Module("kith/rewards/pages.py", "actor.may('rewards.approve')"))
