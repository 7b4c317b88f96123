"""What a syntax tree mentions: dotted names, calls, imports.

Trees are never changed, and `describe` asks for the same ones again and again: answers are kept.
"""

import ast
import functools


@functools.lru_cache(maxsize=4096)
def chains(tree: ast.AST | None) -> tuple[tuple[str, ...], ...]:
    """Return each dotted name in a tree, longest first, as in ``("np", "random", "rand")``."""
    found = []
    for node in ast.walk(tree) if tree is not None else ():
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name):
            found.append((node.id, *parts))
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def attributes(tree: ast.AST | None) -> frozenset[str]:
    """Return all names that stand after a dot in a tree: what it may call on an object."""
    walk = ast.walk(tree) if tree is not None else ()
    return frozenset(node.attr for node in walk if isinstance(node, ast.Attribute))


@functools.lru_cache(maxsize=4096)
def calls(tree: ast.AST | None) -> tuple[ast.Call, ...]:
    """Return all calls in a tree."""
    walk = ast.walk(tree) if tree is not None else ()
    return tuple(node for node in walk if isinstance(node, ast.Call))


def is_handed_on(tree: ast.AST | None, name: str) -> bool:
    """Whether a name is used other than before a dot: ``own`` in ``mine = own``."""
    if tree is None:
        return True
    dotted = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name)
    return any(id(node) not in dotted for node in named)


@functools.lru_cache(maxsize=4096)
def imports(tree: ast.AST | None, package: str) -> tuple[tuple[str, str | None, str], ...]:
    """Return the imports inside a function: module, imported name or None, and the name it gets."""
    found: list[tuple[str, str | None, str]] = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            found += [(alias.name, None, alias.asname or alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            found += [(module, alias.name, alias.asname or alias.name) for alias in node.names]
    return tuple(found)
