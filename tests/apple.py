"""An imitation of Apple's GPU, which cannot be had here: a device without float64.

Every tensor counts as lying on it, but those that `.cpu()` or ``.to("cpu")`` gave, that were made
without a device, and what is computed from such tensors alone. On it, float64 and a way to NumPy
that does not lead over `.cpu()` are refused, in the words that PyTorch uses there.
"""

import contextlib

import torch
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

MPS = torch.device("mps")
NO_FLOAT64 = "MPS framework doesn't support float64"
_DEVICE = torch.Tensor.device.__get__
_TO_NUMPY = (torch.Tensor.numpy, torch.Tensor.__array__)
_DTYPE = torch.Tensor.dtype.__get__


def _is_mps(value):
    return isinstance(value, torch.device | str) and str(value).startswith("mps")


def _tensors(values):
    """Every tensor in nested lists, tuples and dicts."""
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, dict):
        yield from _tensors(list(values.values()))
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)


class AppleGPU(TorchFunctionMode):
    """Refuse what Apple's GPU refuses, inside the block."""

    def __init__(self):
        super().__init__()
        self.on_cpu = WeakIdKeyDictionary()
        self.seen = 0  # operations with a tensor on the device

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.Tensor.register_hook:
            args = (args[0], self._inside(args[1]))
        given = list(_tensors([args, kwargs]))
        lies_here = [tensor for tensor in given if tensor not in self.on_cpu]

        if func == _DEVICE:  # a new wrapper each time
            return MPS if lies_here else torch.device("cpu")
        if func in _TO_NUMPY and lies_here:
            raise TypeError("can't convert mps:0 device type tensor to numpy. Use Tensor.cpu()")

        asked = [*args[1:], *kwargs.values()]
        to_mps = any(_is_mps(value) for value in asked)
        to_cpu = func is torch.Tensor.cpu or (func is torch.Tensor.to and "cpu" in map(str, asked))
        result = self._run(func, args, kwargs)
        if to_cpu:
            result = result.view_as(result)  # another object: the original stays where it is
        leaves_it = to_cpu or (not lies_here and not to_mps)

        for tensor in _tensors(result):
            if leaves_it:
                self.on_cpu[tensor] = True
            elif to_mps and tensor in self.on_cpu:
                del self.on_cpu[tensor]
        if not leaves_it:
            self.seen += 1
            if any(_DTYPE(tensor) == torch.float64 for tensor in _tensors(result)):
                raise TypeError(f"{getattr(func, '__name__', func)}: {NO_FLOAT64}")
        return result

    def _inside(self, hook):
        """A mode is off during `backward`: put a hook's work back under it."""

        def seen(gradient):
            with self:
                return hook(gradient)

        return seen

    def _run(self, func, args, kwargs):
        plain = [torch.device("cpu") if _is_mps(value) else value for value in args]
        named = {key: torch.device("cpu") if _is_mps(v) else v for key, v in kwargs.items()}
        return func(*plain, **named)


class Generator(torch.Generator):
    """A generator of the imitated device draws on the CPU."""

    def __new__(cls, device="cpu"):
        return super().__new__(cls, "cpu")


@contextlib.contextmanager
def apple_gpu(monkeypatch):
    """Imitate the device for the block; gives the mode, which counts what ran there."""
    load, from_numpy = torch.load, torch.from_numpy
    mode = AppleGPU()

    def from_cpu(array):
        tensor = from_numpy(array)  # which no mode sees
        mode.on_cpu[tensor] = True
        return tensor

    monkeypatch.setattr(torch, "from_numpy", from_cpu)
    monkeypatch.setattr(torch, "Generator", Generator)
    monkeypatch.setattr(
        torch, "load", lambda *args, **options: load(*args, **options | {"map_location": "cpu"})
    )
    with mode:
        yield mode
