"""The source code as the guards see it: files, syntax trees, and one way to name an offender."""

import ast
import functools
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
KITH = ROOT / "kith"
SHOWN = 40
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file; `path` is relative to the repository."""

    path: str
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text, self.path)

    @functools.cached_property
    def comments(self) -> dict[int, str]:
        """Line number -> comment on that line."""
        tokens = tokenize.generate_tokens(StringIO(self.text).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @property
    def parts(self) -> tuple[str, ...]:
        """Path below `kith`, without the suffix: ("rewards", "actions", "approving")."""
        return Path(self.path).with_suffix("").parts[1:]

    @property
    def feature(self) -> str:
        """The feature folder, or "" for a wiring file."""
        return self.parts[0] if len(self.parts) > 1 else ""

    @property
    def kind(self) -> str:
        """What the file is inside its feature: "actions" for actions.py and for actions/approving.py."""
        return self.parts[1] if len(self.parts) > 1 else self.parts[0]

    def functions(self) -> Iterator[Function]:
        """Every function, methods and nested ones included."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node

    def excused(self, node: ast.AST, word: str) -> bool:
        """Whether a line of `node` carries the comment `# word: reason`."""
        first, last = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]
        marks = (self.comments.get(line, "") for line in range(first, last + 1))
        return any(mark.partition(f"# {word}:")[2].strip() for mark in marks)


def modules(*folders: str) -> list[Module]:
    """Every Python file below the given folders of the repository, `kith` when none is named."""
    files = [path for folder in folders or ("kith",) for path in sorted((ROOT / folder).rglob("*.py"))]
    return [Module(str(path.relative_to(ROOT)), path.read_text()) for path in files]


def product() -> list[Module]:
    """The modules of Kith that are neither migrations nor tests."""
    return [module for module in modules() if not {"migrations", "tests"} & set(module.parts)]


def at(module: Module, node: ast.AST, what: str) -> str:
    """`path:line: what`, the form in which offenders are shown."""
    return f"{module.path}:{getattr(node, 'lineno', 1)}: {what}"


def dotted(node: ast.AST) -> str:
    """The names of an expression such as `Reward.objects.filter(x).update`, without the arguments."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    return node.id if isinstance(node, ast.Name) else ""


def none(found: list[str]) -> None:
    """Assert that there is no offender; show the first of them, each on its own line, when there are any."""
    lines = sorted(set(found))
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    assert not found, "\n" + "\n".join(lines[:SHOWN] + more)
