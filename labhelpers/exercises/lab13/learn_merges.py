"""Lab 13, exercise `learn_merges`."""

from __future__ import annotations

import itertools
from collections import Counter

from labhelpers.exercises.grading import Exercise


def learn_merges(tokens, count):
    """Count, merge the most frequent pair from left to right, count again."""
    merges = []
    for _ in range(count):
        pairs = Counter(itertools.pairwise(tokens))
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        tokens = _merged(tokens, best)
    return merges, tokens


def _merged(tokens, pair):
    found, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            found.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            found.append(tokens[i])
            i += 1
    return found


def _learned(tokens, count, choose, merge):
    merges = []
    for _ in range(count):
        best = choose(Counter(itertools.pairwise(tokens)))
        merges.append(best)
        tokens = merge(tokens, best)
    return merges, tokens


def _most(pairs):
    return min(pairs, key=lambda pair: (-pairs[pair], pair))


def _inputs():
    texts = [("aaabaaabaa", 2), ("low lower lowest low", 4), ("abababcabab", 3), ("aaaaa", 1)]
    return [(list(text), count) for text, count in texts]


exercise = Exercise(
    learn_merges,
    _inputs,
    hints=[
        "itertools.pairwise(tokens) gives all neighbours, Counter counts them.",
        "min(pairs, key=lambda pair: (-pairs[pair], pair)): of equals the first in the alphabet.",
        (
            "Merge from left to right with a while loop: after a match go on two tokens later. "
            'What becomes of "aaa"?'
        ),
        "Each merge changes the neighbours: count again before the next one.",
    ],
)


@exercise.mistake(
    "the pairs are counted once, at the start: after a merge there are new neighbours. Count again."
)
def _counted_once(tokens, count):
    pairs = Counter(itertools.pairwise(tokens))
    merges = sorted(pairs, key=lambda pair: (-pairs[pair], pair))[:count]
    for pair in merges:
        tokens = _merged(tokens, pair)
    return merges, tokens


@exercise.mistake(
    '"aaa" became two tokens "aa" that share a letter: after a match go on two tokens later.'
)
def _overlapping(tokens, count):
    def merge(tokens, pair):
        found, i = [], 0
        while i < len(tokens):
            match = tuple(tokens[i : i + 2]) == pair
            found.append(tokens[i] + tokens[i + 1] if match else tokens[i])
            i += 2 if match and tokens[i + 1 : i + 3] != list(pair) else 1
        return found

    return _learned(tokens, count, _most, merge)


@exercise.mistake('merged from right to left: "aaa" has to become "aa", "a", not "a", "aa".')
def _from_the_right(tokens, count):
    def merge(tokens, pair):
        turned = [token[::-1] for token in reversed(tokens)]
        merged = _merged(turned, (pair[1][::-1], pair[0][::-1]))
        return [token[::-1] for token in reversed(merged)]

    return _learned(tokens, count, _most, merge)


@exercise.mistake("only the first place where the pair stands is merged: merge all of them.")
def _first_only(tokens, count):
    def merge(tokens, pair):
        places = [i for i in range(len(tokens) - 1) if tuple(tokens[i : i + 2]) == pair]
        i = places[0]
        return [*tokens[:i], tokens[i] + tokens[i + 1], *tokens[i + 2 :]]

    return _learned(tokens, count, _most, merge)


@exercise.mistake("of equally frequent pairs the *last* in the alphabet was taken: take the first.")
def _last_of_equals(tokens, count):
    def last(pairs):
        return max(pairs, key=lambda pair: (pairs[pair], pair))

    return _learned(tokens, count, last, _merged)


@exercise.mistake(
    "of equally frequent pairs the one met first was taken: take the first in the alphabet, so "
    "that the result does not depend on the order of the text."
)
def _first_met(tokens, count):
    def most_common(pairs):
        return pairs.most_common(1)[0][0]

    return _learned(tokens, count, most_common, _merged)


@exercise.mistake("the merges are strings here: keep the pairs, one cannot cut a string again.")
def _joined(tokens, count):
    merges, tokens = learn_merges(tokens, count)
    return [first + second for first, second in merges], tokens
