"""What a syntax tree mentions: dotted names, calls, imports."""

import ast
from collections.abc import Iterator


def chains(tree: ast.AST | None) -> Iterator[list[str]]:
    """Yield each dotted name in a tree, longest first, as in ``["np", "random", "rand"]``."""
    for node in ast.walk(tree) if tree is not None else ():
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name):
            yield [node.id, *parts]


def attributes(tree: ast.AST | None) -> set[str]:
    """Return all names that stand after a dot in a tree: what it may call on an object."""
    walk = ast.walk(tree) if tree is not None else ()
    return {node.attr for node in walk if isinstance(node, ast.Attribute)}


def calls(tree: ast.AST | None) -> list[ast.Call]:
    """Return all calls in a tree."""
    walk = ast.walk(tree) if tree is not None else ()
    return [node for node in walk if isinstance(node, ast.Call)]


def is_handed_on(tree: ast.AST | None, name: str) -> bool:
    """Whether a name is used other than before a dot: ``own`` in ``mine = own``."""
    if tree is None:
        return True
    dotted = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name)
    return any(id(node) not in dotted for node in named)


def imports(tree: ast.AST | None, package: str) -> list[tuple[str, str | None, str]]:
    """Return the imports inside a function: module, imported name or None, and the name it gets."""
    found: list[tuple[str, str | None, str]] = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            found += [(alias.name, None, alias.asname or alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            found += [(module, alias.name, alias.asname or alias.name) for alias in node.names]
    return found
