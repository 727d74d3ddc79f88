"""Every feature folder has the same file names, so nobody has to ask where something is."""

from django.conf import settings

from tests.guards.source import Module, modules, none

FIXED = {
    "__init__", "urls", "pages", "api", "jobs", "handlers", "admin", "forms", "schemas", "actions", "access",
    "providers", "queries", "models", "events", "rules", "sql", "templates", "migrations", "tests",
    "templatetags", "apps",
}  # fmt: skip
# What some need besides, because the framework wants it there.
ALSO = {
    "tenants": {"adapter", "middleware", "context"},
    "referrals": {"middleware"},
    "presets": {"demo", "story", "data"},
}
NOWHERE = {"utils", "util", "helpers", "helper", "services", "managers", "common", "misc"}
TESTS = {"__init__", "factories", "conftest"}
# The tools are free to be called what they are.
FREE = {"kit"}
# Folders beside the features.
WIRING = {"commands"}


def misnamed(module: Module) -> list[str]:
    """File names a feature folder may not have, and names that say nothing, anywhere."""
    found = [f"{module.path}: `{part}` says nothing" for part in module.parts if part in NOWHERE]
    if not module.feature or module.feature in FREE | WIRING:
        return found
    if module.feature not in settings.FEATURES:
        return [*found, f"{module.path}: `{module.feature}` has no place in settings.FEATURES"]
    if module.kind not in FIXED | ALSO.get(module.feature, set()):
        found.append(f"{module.path}: `{module.kind}` is not a file name of a feature")
    name = module.parts[-1]
    if module.kind == "tests" and not name.startswith("test_") and name not in TESTS:
        found.append(f"{module.path}: tests are called test_*")
    return found


def test_every_file_has_a_name_of_the_list() -> None:
    none([found for module in modules() for found in misnamed(module)])


def test_the_guard_sees_a_new_word() -> None:
    for path in (
        "kith/rewards/utils.py",
        "kith/kit/helpers.py",
        "kith/rewards/engine.py",
        "kith/rewards/middleware.py",
        "kith/bonuses/models.py",
        "kith/rewards/actions/utils.py",
        "kith/rewards/tests/helpers.py",
    ):
        assert misnamed(Module(path, "")), path
    for path in ("kith/rewards/actions/approving.py", "kith/tenants/middleware.py", "kith/kit/money.py"):
        assert not misnamed(Module(path, "")), path


def test_no_exception_outlives_its_file() -> None:
    used = {(module.feature, module.kind) for module in modules()}
    folders = {(path.parent.name, path.name) for path in _folders()}
    stale = [(feature, kind) for feature, kinds in ALSO.items() for kind in kinds]
    assert not [entry for entry in stale if entry not in used | folders]


def _folders() -> list:
    from tests.guards.source import KITH

    return [path for path in KITH.glob("*/*") if path.is_dir()]
