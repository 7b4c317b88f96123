"""Byte-pair encoding: tokens that are longer where a text repeats itself."""

import itertools
import re
from collections import Counter, defaultdict

import torch

from labhelpers.data.characters import Text
from labhelpers.store.door import whole_number

Pair = tuple[int, int]


class BytePairs:
    """Learn a vocabulary of `size` tokens from a text of characters (Sennrich et al. 2016,
    arXiv:1508.07909): merge the most frequent pair of neighbouring tokens into a new one, count
    again, and so on.

    Merges stay inside words: a word takes along the one space or line break before it, as in GPT-2,
    and no token holds more than one word. Of pairs equally frequent the one with the lower numbers
    is merged first. ``encode`` replaces pairs in the order in which they were learned.

    Attributes:
        vocabulary: the characters, then the merged tokens, spelled out.
        merges: each pair of token numbers, in order, and the number of the token it becomes.

    Raises ValueError when `size` is below the number of characters, or larger than the text has
    pairs to merge.

    Example:
        >>> from labhelpers.data.characters import Text
        >>> pairs = BytePairs(Text.from_string("low low lower", tuple(" elorw")), size=8)
        >>> pairs.vocabulary[6:]
        ('lo', 'low')
    """

    def __init__(self, text: Text, size: int) -> None:
        size = whole_number("size", size, least=len(text.vocabulary))
        self.characters = text.vocabulary
        vocabulary = list(text.vocabulary)
        self.merges: dict[Pair, int] = {}

        # Equal words are merged alike: each is held once, with the number of times it occurs.
        counted = Counter(_words(str(text)))
        number = {character: i for i, character in enumerate(vocabulary)}
        words = [[number[character] for character in word] for word in counted]
        counts = list(counted.values())
        pairs, homes = _pairs(words, counts)
        while len(vocabulary) < size:
            best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
            if best is None:
                raise ValueError(f"size={size} is too large: use {len(vocabulary)} at most")
            new = len(vocabulary)
            self.merges[best] = new
            vocabulary.append(vocabulary[best[0]] + vocabulary[best[1]])
            # Only the words that hold the pair change, and with them the counts of their pairs.
            for i in homes.pop(best):
                _count(words[i], -counts[i], pairs)
                words[i] = _merged(words[i], best, new)
                _count(words[i], counts[i], pairs)
                for pair in itertools.pairwise(words[i]):
                    homes[pair].add(i)
            pairs = Counter({pair: count for pair, count in pairs.items() if count > 0})
        self.vocabulary = tuple(vocabulary)

    def encode(self, text: Text) -> Text:
        """Return a text of the same characters in the learned tokens.

        Raises ValueError for a text that has another alphabet.
        """
        if text.vocabulary != self.characters:
            raise ValueError("this text has another alphabet than the one that was learned from")
        number = {character: i for i, character in enumerate(self.characters)}
        known: dict[str, list[int]] = {}
        tokens: list[int] = []
        for word in _words(str(text)):
            if word not in known:
                known[word] = self._encoded([number[character] for character in word])
            tokens += known[word]
        device = text.tokens.device
        return Text(torch.tensor(tokens, dtype=torch.int64, device=device), self.vocabulary)

    def _encoded(self, word: list[int]) -> list[int]:
        while len(word) > 1:
            first = min(itertools.pairwise(word), key=lambda pair: self.merges.get(pair, 1 << 60))
            if first not in self.merges:
                break
            word = _merged(word, first, self.merges[first])
        return word


def _words(string: str) -> list[str]:
    """Cut a string before each space or line break: the pieces together are the string."""
    return re.findall(r"\s?\S+|\s", string)


def _pairs(words: list[list[int]], counts: list[int]) -> tuple[Counter, defaultdict]:
    """Count each pair of neighbours, and note in which words it stands."""
    pairs: Counter[Pair] = Counter()
    homes: defaultdict[Pair, set[int]] = defaultdict(set)
    for i, (word, count) in enumerate(zip(words, counts, strict=True)):
        _count(word, count, pairs)
        for pair in itertools.pairwise(word):
            homes[pair].add(i)
    return pairs, homes


def _count(word: list[int], count: int, pairs: Counter) -> None:
    for pair in itertools.pairwise(word):
        pairs[pair] += count


def _merged(word: list[int], pair: Pair, new: int) -> list[int]:
    """Replace each `pair` by `new`, from left to right."""
    found: list[int] = []
    i = 0
    while i < len(word):
        if tuple(word[i : i + 2]) == pair:
            found.append(new)
            i += 2
        else:
            found.append(word[i])
            i += 1
    return found
