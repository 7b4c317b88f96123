"""At the door: what several rooms ask of their arguments."""

from typing import Any


def is_whole(value: Any) -> bool:
    """Whether `value` is a whole number of any integer type (NumPy's, PyTorch's), but no bool."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return False
    try:
        value.__index__()
    except TypeError:  # a tensor of several numbers, or of fractions
        return False
    return True


def whole_number(name: str, value: Any, least: int = 1, example: str = "") -> int:
    """Return `value` as an int, or raise a ValueError unless it is a whole number from `least`."""
    if not is_whole(value) or value.__index__() < least:
        such = f", such as {example}" if example else ""
        raise ValueError(f"{name}={value!r} is not allowed: use a whole number from {least}{such}")
    return value.__index__()
