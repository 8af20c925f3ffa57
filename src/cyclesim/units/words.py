"""Words for units: plurals, spellings and short forms of one and the same unit."""

from __future__ import annotations

import re

NUMBER = "1"
"""The word to which all words for a number without units lead."""

TIME_WORD = "time"
"""The word that stands for the model's own unit of time, whatever that is."""

_SYNONYMS = {
    NUMBER: "dmnl dimensionless unitless nondimensional dimless nounit nounits none fraction ratio"
    " proportion probability % percent percentage pct radian rad boolean bool binary logical -",
    TIME_WORD: "timeunit timeperiod period",
    "second": "s sec secs",
    "minute": "min mins",
    "hour": "h hr hrs",
    "day": "d",
    "week": "wk wks",
    "month": "mo mos mon mth mths",
    "quarter": "qtr qtrs",
    "year": "yr yrs annum",
    "person": "people",
    "$": "dollar usd us$ usdollar $us",
    "€": "euro eur",
    "£": "gbp",
    "degree": "deg",
    "meter": "metre",
    "kilometer": "kilometre km",
    "centimeter": "centimetre cm",
    "liter": "litre",
    "labor": "labour",
    "fiber": "fibre",
    "center": "centre",
    "program": "programme",
    "kilogram": "kg kilo",
    "child": "children",
    "man": "men",
    "woman": "women",
    "mouse": "mice",
    "foot": "feet ft",
    "index": "indices indexes",
    "gas": "gases",
    "bus": "buses",
    "gallon": "gal",
}
SYNONYMS = {word: name for name, words in _SYNONYMS.items() for word in (name, *words.split())}
"""What each word leads to, written without blanks and in small letters."""

TIMES = ("second", "minute", "hour", "day", "week", "month", "quarter", "year", TIME_WORD)

_BLANKS = re.compile(r"[\s_]+")
_NO_PLURAL = ("ss", "us", "is", "as")


def singular(word: str) -> str:
    """Return the singular of a word by English rules; other words are left as they are."""
    small = word.casefold()
    if len(word) < 4 or not small.endswith("s") or small.endswith(_NO_PLURAL):
        return word
    if small.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if small.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]


def normal(name: str) -> str:
    """Return the form in which two spellings of one name are equal."""
    joined = _BLANKS.sub("", name).casefold()
    found = SYNONYMS.get(joined)
    if found is None:
        found = SYNONYMS.get(singular(joined), singular(joined))
    return found


def spelled(name: str) -> str:
    """Return a name as it is shown: as written, but a plain plural as its singular."""
    shown = " ".join(_BLANKS.sub(" ", name).split())
    key = normal(shown)
    if key in TIMES:
        return key
    return singular(shown) if normal(singular(shown)) == key else shown
