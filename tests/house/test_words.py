"""Pages speak of children as children: the words that this service does not use, in templates, forms, messages and codes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "accounts",
    "audit",
    "cohort",
    "core",
    "desk",
    "interventions",
    "oversight",
    "panels",
    "referrals",
    "rights",
    "sharing",
)
# Each with the reason why it is not said. Patterns match whole words, whatever their case.
AVOIDED = {
    r"offenders?": "a young person",
    r"perpetrators?": "say what happened",
    r"(?:a|the|this|each|another|every) suspect|suspects": "suspected of",
    r"gang members?": "say what is worrying",
    r"nominals?": "a young person",
    r"at[- ]risk (?:youths?|children|young people)": "say what is worrying",
    r"high[- ]risk": "say what is worrying",
    r"risk scores?|scores? of (?:a|the) (?:child|young person)": "nobody is given a score",
    r"cohort members?": "a young person",
    r"hard to reach": "we could not reach them",
    r"refused|refuses|refusal": "chose not to; for a page or a lawful ground, say what is not allowed",
    r"fail(?:ed|ure) to attend|did not attend|(?-i:DNA)": "did not come",
    r"non-?complian(?:t|ce)": "stopped taking part",
    r"disengag(?:ed|ement|es)": "stopped taking part",
    r"abscond(?:ed|s)?": "missing",
    r"lifestyle choices?": "never a child's choice",
    r"drug runners?": "a child who may be exploited",
    r"dysfunctional": "say what is hard",
    r"the vulnerable": "a young person",
    r"rejected|rejects": "not taken forward",
    r"break[- ]glass": "emergency access",
    r"submit|submits|submitted|submitting|submission": "send",
    r"data subjects?|the subject|subjects": "a young person",
    r"legitimate relationships?": "why you need to see it",
}
WORDS = re.compile("|".join(rf"\b(?:{word})\b" for word in AVOIDED), re.IGNORECASE)
# Where an avoided word may stand, and why.
EXCEPTIONS: dict[str, dict[str, str]] = {"audit/chain.py": {"subjects": "a parameter of a statement"}}
# Attributes of HTML that people read or hear.
SPOKEN = re.compile(r'\b(?:aria-label|alt|title|placeholder|value)="([^"]*)"')
STRINGS = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'")


def said_by_template(text):
    """What a reader may see of a template: its text, spoken attributes, and sentences inside Jinja's own marks."""
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.DOTALL)
    inside = re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text, flags=re.DOTALL)
    sentences = [a or b for mark in inside for a, b in STRINGS.findall(mark)]
    outside = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    spoken = [value for value in SPOKEN.findall(outside) if " " in value]
    shown = re.sub(r"<[^>]*>", " ", outside)
    return [*shown.splitlines(), *spoken, *(s for s in sentences if " " in s)]


def said_by_module(source):
    """Sentences in a module's strings: what a page, a message or a code's label may show. Docstrings are for us."""
    tree = ast.parse(source)
    ours = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                ours.add(first.value)
        if isinstance(node, ast.Raise):
            # Errors of ours end in a log as their type alone; those that pages show are checked where they are caught.
            ours |= {c for c in ast.walk(node) if isinstance(c, ast.Constant) and not _is_shown(node)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in ours and " " in node.value
    ]


def _is_shown(node):
    """Errors whose message is for the page."""
    name = getattr(getattr(node.exc, "func", None), "id", "")
    return name in {"NotAllowed", "NotPossible", "NotNow", "ValidationError", "StopValidation", "ValueError"}


def avoided(sentences, path):
    allowed = EXCEPTIONS.get(path, {})
    return sorted(
        {
            f"{found}: {line.strip()[:90]}"
            for line in sentences
            for found in WORDS.findall(line)
            if found.lower() not in allowed
        }
    )


TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.html"))
MODULES = sorted(str(path.relative_to(ROOT)) for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


@pytest.mark.parametrize("path", TEMPLATES)
def test_no_template_uses_an_avoided_word(path):
    assert avoided(said_by_template((ROOT / path).read_text(encoding="utf-8")), path) == []


def test_no_form_message_or_code_uses_an_avoided_word():
    found = {path: avoided(said_by_module((ROOT / path).read_text(encoding="utf-8")), path) for path in MODULES}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize("said", [
    "He is a known offender", "The suspect was seen", "She refused support", "DNA twice", "has disengaged", "Submit",
    "<p>hard to reach</p>", '{{ hint("a gang member") }}', '<a aria-label="the vulnerable people">x</a>',
])  # fmt: skip
def test_the_dictionary_would_notice(said):
    assert avoided(said_by_template(said), "")


@pytest.mark.parametrize("said", [
    "suspected of any crime", "The dna of a good meeting", '<button type="submit">Send</button>', "{# refused #}",
    "vulnerable to harm", '{{ button("Send", kind="submit") }}',
])  # fmt: skip
def test_the_dictionary_lets_ordinary_words_pass(said):
    assert avoided(said_by_template(said), "") == []


def test_every_exception_is_still_needed():
    for path, words in EXCEPTIONS.items():
        text = (ROOT / path).read_text(encoding="utf-8").lower()
        assert not [word for word in words if word not in text], path
