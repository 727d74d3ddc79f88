"""Only `actions` write. Whoever asks who can change a reward reads one file."""

import ast

from tests.guards.source import Module, at, dotted, none, product

ROWS = {
    "create", "bulk_create", "update", "delete", "get_or_create", "update_or_create", "bulk_update",
    "acreate", "abulk_create", "aupdate", "adelete", "aget_or_create", "aupdate_or_create", "abulk_update",
}  # fmt: skip
# Words that make the thing written to a table's rows, whichever way it was reached.
QUERY = {
    "objects", "unfenced", "filter", "exclude", "all", "select_for_update", "select_related", "order_by",
    "annotate", "queryset", "rows", "get_queryset", "using",
}  # fmt: skip
ONLY_ROWS = {"bulk_create", "get_or_create", "update_or_create", "bulk_update"}
SAVING = {"save", "asave"}
# What the tools write themselves: events, jobs, counters, keys.
FREE = {"kit", "actions"}


def writes(module: Module) -> list[str]:
    """Calls that write rows outside actions; `# write: reason` on the call excuses one, in plain sight."""
    if module.feature == "kit" or module.kind == "actions":
        return []
    return [
        at(module, node, f"{dotted(node.func)}() belongs into actions")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and _writes(node.func, node)
        and not module.excused(node, "write")
    ]


def _writes(method: ast.Attribute, call: ast.Call) -> bool:
    chain = dotted(method.value).split(".")
    if method.attr in ONLY_ROWS:
        return True
    if method.attr in ROWS:
        return bool(QUERY & set(chain)) or (method.attr == "delete" and not call.args and not call.keywords)
    # form.save, file storage and sessions have another meaning; a row's save() has no positional argument.
    return method.attr in SAVING and not call.args and "storage" not in chain[-1] and chain[-1] != "session"


def raw_writes(module: Module) -> list[str]:
    """SQL text outside actions, migrations and the kit that changes rows."""
    if module.feature == "kit" or module.kind in {"actions", "commands"}:
        return []
    verbs = ("insert into ", "update ", "delete from ", "truncate ", "copy ")
    return [
        at(module, node, "SQL that writes belongs into actions")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany", "copy"}
        and any(_text(argument).strip().lower().startswith(verbs) for argument in node.args[:1])
        and not module.excused(node, "write")
    ]


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    return ""


def test_only_actions_write() -> None:
    none([found for module in product() for found in (*writes(module), *raw_writes(module))])


def _offends(line: str, path: str = "kith/rewards/pages.py") -> bool:
    module = Module(path, line + "\n")
    return bool(writes(module) or raw_writes(module))


def test_the_guard_sees_writes_outside_actions() -> None:
    for line in (
        "reward.save()",
        "reward.save(update_fields=['status'])",
        "Reward.objects.create(status='granted')",
        "Reward.objects.filter(pk=1).update(status='approved')",
        "Reward.objects.bulk_create(rows)",
        "queries.pending_rewards().filter(x=1).delete()",
        "reward.delete()",
        "program.campaigns.get_or_create(code='x')",
        "cursor.execute('update rewards_reward set status = 1')",
        "cursor.execute(f'insert into {table} values (1)')",
    ):
        assert _offends(line), line
        assert not _offends(line, "kith/rewards/actions.py"), line
        assert not _offends(line, "kith/rewards/actions/approving.py"), line


def test_dictionaries_digests_and_said_reasons_are_no_writes() -> None:
    for line in (
        "context.update({'a': 1})",
        "hashlib.sha256().update(b'x')",
        "request.session.save()",
        "storage.save(name, content)",
        "cache.delete('key')",
        "cursor.execute('select 1')",
        "actions.create(name='x')",
        "reward.save()  # write: the framework's own hook",
    ):
        assert not _offends(line), line
    assert _offends("reward.save()  # write:"), "an empty reason is none"
