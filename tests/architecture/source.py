"""The project's own source as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("campaigns", "dialer")


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, its tree, and the parent of each node."""

    name: str
    path: Path
    tree: ast.Module
    parents: dict[ast.AST, ast.AST]

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    def find(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The node's parent, its parent's parent, and so on."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function_of(self, node: ast.AST) -> str:
        """The name of the function or class in which a node stands, or `module`."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return next((one.name for one in self.around(node) if isinstance(one, kinds)), "module")

    def imports(self) -> set[str]:
        """Every module that is named in an import, wherever it stands."""
        found: set[str] = set()
        for node in self.find(ast.Import, ast.ImportFrom):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
        return found


@cache
def modules() -> tuple[Module, ...]:
    """Every module of both packages."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(_read(path) for path in paths)


def called(node: ast.AST) -> str:
    """The last name of what a call calls: `update` of `update(…)` and of `sa.update(…)`."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _read(path: Path) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return Module(name, path, tree, parents)
