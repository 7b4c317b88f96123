"""Fingerprints: what was asked for, so that changed choices never load old results."""

import json
from typing import Any

from labhelpers.store import (  # noqa: F401  they register their rules
    describe_classes,
    describe_code,
    describe_models,
    describe_objects,
    describe_training,
    describe_values,
)
from labhelpers.store.code import short as digest
from labhelpers.store.describe import ERA, describe

__all__ = ["ERA", "describe", "differences", "digest"]


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Say in words, each once, which choices differ between two fingerprints.

    Example:
        >>> from labhelpers.store.fingerprint import differences
        >>> differences({"lr": 0.1, "epochs": 3}, {"lr": 0.2, "epochs": 3})
        ['lr changed from 0.1 to 0.2']
    """
    words = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if _text(before) == _text(after):  # so that NaN equals NaN
            continue
        if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
            words += differences(before, after)
        elif any(map(_is_long, (before, after))):
            words.append(f"{key} changed")
        else:
            words.append(f"{key} changed from {before} to {after}")
    return list(dict.fromkeys(words))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _is_long(value: Any) -> bool:
    return isinstance(value, dict | list) or (isinstance(value, str) and value[:1] == "#")
