"""Words of code and prose, and the terms they are found by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

WORD = re.compile(r"[^\W\d]\w*|\d{3,}")
_ASCII_WORD = re.compile(r"[A-Za-z_]\w*|\d{3,}", re.ASCII)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_SUFFIXES = ("ing", "ed", "es", "s")
_SHORTEST_STEM = 4
_LONGEST_WORD = 80
EXACT = "="
"""Before a term that is a whole compound identifier, in lower case."""

_STOP_WORDS = """
    a an and are as at be been being but by can cannot could did do does doing done for from get gets
    got had has have having he her here him his how however i if in into is it its just me more most my
    no nor not now of off on once only or other our out over own please same she should so some such
    than that the their them then there these they this those through to too under until up us use used
    using very was we were what when where which while who why will with would you your also because
    about after all am any before below between both each few further def self cls return import none
    true false null nil undefined const let var function new this else elif try except catch finally
    raise throw pass break continue yield await async lambda fn pub impl struct mut func type interface
    package public private protected static void int str string bool boolean float char class end
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words of English and of every program: they tell no file from another."""


def words_in(text: str) -> list[str]:
    """The words of a text, in order; where it is plain ASCII, found by a pattern that is quicker."""
    return (_ASCII_WORD if text.isascii() else WORD).findall(text)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A lower-case word without its commonest endings, when enough of it stays."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word[: -len(suffix)]
    return word


@lru_cache(maxsize=400_000)
def terms_of(word: str) -> tuple[str, ...]:
    """The terms of one word: its parts by case and underscore, and itself when it is a compound."""
    if len(word) > _LONGEST_WORD:
        return ()
    parts = _PARTS.findall(word)
    terms = [
        stem(part.lower())
        for part in parts
        if len(part) > 1 and part.lower() not in STOP_WORDS and not (part.isdigit() and len(part) < 3)
    ]
    if len(parts) > 1:
        terms.append(exact_term(word))
    return tuple(terms)


def parts_of(word: str) -> list[str]:
    """The parts of a word by case and underscore, in lower case, not stemmed."""
    return [part.lower() for part in _PARTS.findall(word)]


def exact_term(word: str) -> str:
    """The term of a compound identifier as a whole."""
    return EXACT + word.strip("_").lower()


def terms_in(text: str) -> list[str]:
    """Every term of a text, in order, repeated as it is."""
    return [term for word in WORD.findall(text) for term in terms_of(word)]


def is_compound(word: str) -> bool:
    """Whether a word looks like an identifier rather than like prose."""
    return len(_PARTS.findall(word)) > 1 and not (word.istitle() or (word.isupper() and "_" not in word))


def compounds(words: Iterable[str]) -> list[str]:
    """The words that look like identifiers, each once, in order."""
    return list(dict.fromkeys(word for word in words if is_compound(word)))
