"""Classes, for `describe`."""

import types
from typing import Any

from labhelpers.store import code, moves
from labhelpers.store.describe import Context, part, plain
from labhelpers.store.own import is_own

_DULL = {  # members of a class that say nothing about what it does
    "__module__",
    "__dict__",
    "__weakref__",
    "__doc__",
    "__qualname__",
    "__annotations__",
    "__annotate__",
    "__annotate_func__",
    "__annotations_cache__",
    "__conditional_annotations__",
    "__firstlineno__",
    "__static_attributes__",
    "__slots__",
    "__dataclass_params__",
    "__dataclass_fields__",
    "__match_args__",
    "__abstractmethods__",
    "_abc_impl",
    "__parameters__",
    "__orig_bases__",
    "__hash__",
    "__replace__",
    "__classcell__",
    "__type_params__",
}


@plain.register(type)
def _(cls: type, context: Context) -> Any:
    """Describe a class: one of the user's own by its members, one of a library by its name."""
    if not is_own(cls):
        return f"{cls.__module__}.{cls.__qualname__}"
    fields = {
        name: [repr(item.type), part(item.default, context), part(item.default_factory, context)]
        for name, item in getattr(cls, "__dataclass_fields__", {}).items()
    }
    found = _members(cls, context)
    bases = [part(base, context) for base in cls.__mro__[1:] if base is not object]
    content = [found, fields, bases]
    if is_own(type(cls)):  # its metaclass
        content.append(part(type(cls), context))
    flags = getattr(cls, "__dataclass_params__", None)
    if flags is not None and (flags.order or flags.unsafe_hash or not flags.eq):
        content.append([flags.order, flags.unsafe_hash, flags.eq])
    return {f"the code of {cls.__name__}": code.short(content)}


def _members(cls: type, context: Context) -> dict[str, Any]:
    """What a class and its own base classes define, less what their methods change."""
    members: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if is_own(base) and base is not object:
            members |= vars(base)
    found = {}
    for name, member in members.items():
        if getattr(member, "hooked", False):  # an optimizer's `step`: torch wraps it at first use
            member = member.__wrapped__
            if not is_own(member):
                continue
        inside = code.unwrapped(member)
        if isinstance(inside, types.FunctionType):
            if code.is_generated(cls, inside):  # by `dataclass`, from the fields
                continue
            _learn_changes(cls, name, inside, context)
        if not _is_dull(name, member) and not context.is_moving(cls, name):
            found[name] = part(member, context)
    return found


def _is_dull(name: str, member: Any) -> bool:
    """Whether a member of a class says nothing about what it does."""
    if name == "__hash__":
        return member is None
    slot = isinstance(member, types.MemberDescriptorType | types.GetSetDescriptorType)
    return slot or name in _DULL


# What these set are the choices themselves.
_BUILDERS = {
    "__init__",
    "__new__",
    "__post_init__",
    "__setstate__",
    "__init_subclass__",
    "reset_parameters",
    "extra_repr",
}


def _learn_changes(cls: type, name: str, method: types.FunctionType, context: Context) -> None:
    """Attributes that a method changes are no choices, if anything described calls the method."""
    if not _is_called(cls, name, context):
        context.idle.add(id(method))
        return
    context.idle.discard(id(method))
    first = method.__code__.co_varnames[:1]
    for holder, attribute, _ in moves.changed_by(method, {}):
        if attribute is not None and (holder,) == first:
            context.moving.add((id(cls), attribute))


def _is_called(cls: type, name: str, context: Context) -> bool:
    """Whether described code, or Python, or the library's base class may call a method."""
    if name in _BUILDERS:
        return False
    if name in context.called or (name[:2] == "__" and name[-2:] == "__"):
        return True
    return any(hasattr(base, name) for base in cls.__mro__[1:] if not is_own(base))
