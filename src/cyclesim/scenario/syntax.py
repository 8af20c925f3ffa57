"""What a YAML parser complains about, in words that say what to do."""

from __future__ import annotations

_WORDS = (
    (
        "mapping values are not allowed",
        "a colon followed by a blank stands where no value can follow",
        "Put a text that holds ': ' in quotes, and begin keys of one level in one column.",
    ),
    (
        "found character '\\t'",
        "a tab stands where only blanks can",
        "Indent with blanks.",
    ),
    (
        "that cannot start any token",
        "a value cannot begin with this character",
        "Put the text in quotes.",
    ),
    (
        "found unexpected end of stream",
        "a quotation mark opened here is never closed",
        "Close it.",
    ),
    (
        "but got '<stream end>'",
        "a bracket opened here is never closed",
        "Close it.",
    ),
    (
        "expected ',' or ']'",
        "a list in brackets goes on without a comma, or is not closed",
        "Separate its items with commas and close it with ].",
    ),
    (
        "expected ',' or '}'",
        "keys in braces go on without a comma, or are not closed",
        "Separate them with commas, close with }, and put texts with commas or [ ] in quotes.",
    ),
    (
        "expected <block end>",
        "this does not line up with what stands above",
        "Begin the keys, or the dashes, of one level in one column.",
    ),
    (
        "expected '<document start>'",
        "the study has ended before this",
        "Look for a bracket too many, or for text that lost its indentation.",
    ),
    (
        "could not find expected ':'",
        "a key has no colon after it",
        "Write key: value.",
    ),
    (
        "expected the node content",
        "a value is missing here",
        "Write one, in quotes if it begins with a sign.",
    ),
    (
        "unacceptable character",
        "a character that no text may hold stands here",
        "Delete it.",
    ),
)  # fmt: skip


def in_plain_words(problem: str) -> tuple[str, str]:
    """Return a sentence and advice for what a parser said."""
    for said, message, hint in _WORDS:
        if said in problem:
            return message, hint
    first = problem.splitlines()[0].strip() if problem.strip() else "an escape cannot be read"
    return f"this is not YAML: {first}", "Compare it with a study of the library."
