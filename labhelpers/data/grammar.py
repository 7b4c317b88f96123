"""A small language, drawn from a seed, in which every probability is known."""

import itertools
import math
import random
from collections.abc import Iterator

import torch
from torch import Tensor

from labhelpers import session
from labhelpers.data.characters import Text
from labhelpers.store.door import whole_number

SYLLABLES = ["".join(pair) for pair in itertools.product("bdfgklmnprstvz", "aeiou")]
OF, PLURAL, ENDINGS = "ke", "x", ("w", "q")  # the endings of a verb: singular, plural
ALPHABET = tuple(sorted({*"".join(SYLLABLES), PLURAL, *ENDINGS, " ", "."}))
MOST_WORDS = 2_000  # drawn without a long search

Table = dict[str, float]  # what can come next, spelled out with the space behind → probability
State = tuple[str, str]  # the table that comes next, and "", "singular" or "plural": the first noun
START = ("phrase", "")


class Language:
    """Sentences such as ``"bado tumix ke salo remiq. "``, whose entropy is known exactly.

    A sentence is a noun phrase, any number of further ones behind ``ke`` ("of"), and a verb that
    agrees with the *first* noun, however far back: *the keys of the cabinet are*. A noun phrase is
    any number of adjectives and a noun, singular or, with an ``x``, plural. The verb ends in ``w``
    after a singular first noun and in ``q`` after a plural one. Words are made of one to three
    syllables and have Zipf's frequencies, proportional to 1 / rank. No word stands for two things,
    and ``ke`` is no other word, so that a text can be read in one way only.

    Args:
        seed: of the words.
        nouns, verbs, adjectives: how many words of each kind.
        more: probability of a further noun phrase behind each.
        adjective: probability of an adjective, or of one more, before a noun.

    Raises ValueError for counts below 1, more than 2,000 words, or a probability that is not from
    0 to below 1.

    Example:
        >>> round(lab.Language(seed=0).entropy, 2)  # bits per character
        0.74
    """

    def __init__(
        self,
        seed: int = 0,
        nouns: int = 20,
        verbs: int = 10,
        adjectives: int = 10,
        more: float = 0.5,
        adjective: float = 0.2,
    ) -> None:
        counts = {"nouns": nouns, "verbs": verbs, "adjectives": adjectives}
        sizes = [whole_number(name, count) for name, count in counts.items()]
        if sum(sizes) > MOST_WORDS:
            raise ValueError(f"{sum(sizes)} words are too many: use {MOST_WORDS} at most")
        for name, value in {"more": more, "adjective": adjective}.items():
            if not 0 <= value < 1:
                raise ValueError(f"{name}={value!r} is not allowed: use a number from 0, below 1")

        words = iter(_words(random.Random(whole_number("seed", seed, least=0)), sum(sizes)))
        self.nouns, self.verbs, self.adjectives = (
            list(itertools.islice(words, size)) for size in sizes
        )
        self.more = more
        self.adjective = adjective

        # All that the language is: what can come next inside a noun phrase, and behind one.
        self._adjectives = _zipf([f"{word} " for word in self.adjectives], adjective)
        phrase = dict(self._adjectives)
        phrase |= _zipf([f"{word} " for word in self.nouns], (1 - adjective) / 2)
        phrase |= _zipf([f"{word}{PLURAL} " for word in self.nouns], (1 - adjective) / 2)
        self.tables: dict[str, Table] = {"phrase": phrase}
        for name, ending in zip(("singular", "plural"), ENDINGS, strict=True):
            verbs_here = _zipf([f"{word}{ending}. " for word in self.verbs], 1 - more)
            self.tables[name] = {f"{OF} ": more} | verbs_here

    @property
    def entropy(self) -> float:
        """Bits per character, in closed form: entropy of a sentence over its expected length.

        In the mean a sentence asks the table of verbs 1 / (1 - more) times, and before each of
        these the table of noun phrases 1 / (1 - adjective) times. By Wald's identity the entropies
        add up in the same way as the lengths.
        """
        phrase, verb = self.tables["phrase"], self.tables["singular"]
        bits = _entropy(phrase) / (1 - self.adjective) + _entropy(verb)
        length = _mean_length(phrase) / (1 - self.adjective) + _mean_length(verb)
        return bits / length

    def text(self, characters: int, seed: int = 0) -> Text:
        """Draw a text of that many characters, with the true surprisal of each of them.

        It begins with a sentence and may end inside one. Another seed draws another text.
        """
        characters = whole_number("characters", characters)
        draw = random.Random(whole_number("seed", seed, least=0))
        choices = {
            name: (list(table), list(itertools.accumulate(table.values())))
            for name, table in self.tables.items()
        }
        surprisals = {name: _spelled_bits(table) for name, table in self.tables.items()}
        spelled: list[str] = []
        bits: list[float] = []
        state = START
        while len(bits) < characters:
            units, sums = choices[state[0]]
            unit = draw.choices(units, cum_weights=sums)[0]
            spelled.append(unit)
            bits.extend(surprisals[state[0]][unit])
            state = self._after(state, unit)
        found = Text.from_string("".join(spelled)[:characters], ALPHABET)
        device = session.current().device
        return Text(found.tokens.to(device), ALPHABET, torch.tensor(bits[:characters]).to(device))

    def accepts(self, sentence: str) -> bool:
        """Tell whether `sentence`, with its full stop or without, is one that can be drawn."""
        spelled = sentence.strip().removesuffix(".") + ". "
        read = list(self._read(spelled))
        whole = "".join(unit for _, unit in read) == spelled
        ends = [unit.endswith(". ") for _, unit in read]
        return whole and sum(ends) == 1

    def verbs_in(self, text: Text) -> Tensor:
        """Find the verbs of a drawn text: (K, 2), the place of each verb's ending, and how many
        nouns stand between the verb and the first noun.
        """
        found: list[tuple[int, int]] = []
        place, between = 0, 0
        for (table, _), unit in self._read(str(text)):
            place += len(unit)
            if unit == f"{OF} ":
                between += 1
            elif table != "phrase":
                found.append((place - len("q. "), between))
                between = 0
        return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)

    def _read(self, spelled: str) -> Iterator[tuple[State, str]]:
        """Yield each unit of a text, and the state before it, as far as it can be read."""
        state = START
        *words, _ = spelled.split(" ")  # what is behind the last space is no whole unit
        for word in words:
            unit = f"{word} "
            if self.tables[state[0]].get(unit, 0.0) == 0.0:
                return
            yield state, unit
            state = self._after(state, unit)

    def _after(self, state: State, unit: str) -> State:
        """The state behind `unit`."""
        table, number = state
        if table != "phrase":
            return ("phrase", number) if unit == f"{OF} " else START
        if unit in self._adjectives:
            return state
        own = "plural" if unit.endswith(f"{PLURAL} ") else "singular"
        number = number or own  # the first noun decides
        return number, number


def _words(draw: random.Random, count: int) -> list[str]:
    """Draw `count` different words, none of which is the word for "of"."""
    words = {OF: None}
    while len(words) <= count:
        word = "".join(draw.choice(SYLLABLES) for _ in range(draw.choice([1, 2, 2, 3])))
        words[word] = None
    return list(words)[1:]


def _zipf(units: list[str], share: float) -> Table:
    """Probabilities proportional to 1 / rank that add up to `share`."""
    weights = [1 / rank for rank in range(1, len(units) + 1)]
    total = sum(weights)
    return {unit: share * weight / total for unit, weight in zip(units, weights, strict=True)}


def _entropy(table: Table) -> float:
    return -sum(p * math.log2(p) for p in table.values() if p > 0)


def _mean_length(table: Table) -> float:
    return sum(p * len(unit) for unit, p in table.items())


def _spelled_bits(table: Table) -> dict[str, list[float]]:
    """The surprisal of each character of each unit, given the characters before it.

    It is the logarithm of the probability of all units that begin so, one character earlier and
    now. The surprisals of a unit's characters add up to the unit's own.
    """
    mass: dict[str, float] = {}
    for unit, p in table.items():
        for end in range(len(unit) + 1):
            mass[unit[:end]] = mass.get(unit[:end], 0.0) + p
    return {
        unit: [math.log2(mass[unit[:end]] / mass[unit[: end + 1]]) for end in range(len(unit))]
        for unit, p in table.items()
        if p > 0
    }
