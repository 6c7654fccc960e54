"""JSON Schemas of what the interface takes and gives, made from the forms of the pages, so that neither can drift."""

from typing import Any

from wtforms import Field
from wtforms.validators import Length

from core.codes.base import Labelled
from core.codes.concerns import Concern, ConcernStrength
from core.codes.files import FileKind, FileStatus
from core.codes.referrals import DangerAnswer, ReferralReason, ReferralStatus, SourceType
from core.forms import DateParts, Form
from interface.fields import CODE, CODES, DATE, LIST_FORMS, SECTION_FORMS, YES_NO, blank, fields_of, kind_of, offered
from interface.reading import MOST_ENTRIES
from interface.services.exporting import FORMAT
from interface.services.taking import STATUS_CODES
from referrals.answers import SECTIONS
from referrals.forms.base import Needed
from referrals.forms.helping import CheckForm
from referrals.forms.starting import CalledForm

Schema = dict[str, Any]
ID: Schema = {"type": "string", "pattern": "^[a-z2-7]{26}$"}
DAY: Schema = {"type": "string", "format": "date"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
WORDS: Schema = {"type": "string"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: dict[str, Schema], required: list[str] | None = None, **more: Any) -> Schema:
    """An object with these properties and no others; all are required unless ``required`` says which."""
    needed = list(properties) if required is None else required
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": needed} | more


def maybe(schema: Schema) -> Schema:
    return schema | {"type": [schema["type"], "null"]} | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def codes(found: Any) -> Schema:
    """A code of a list, with its words."""
    values: list[Labelled] = list(found)
    words = "; ".join(f"`{code.value}`: {code.label}" for code in values)
    return {"type": "string", "enum": [code.value for code in values], "description": words}


def is_needed(item: Field) -> bool:
    return bool(getattr(item, "required", "")) or any(isinstance(one, Needed) for one in item.validators)


def _of(item: Field) -> Schema:
    words = str(item.label.text)
    words += f" {item.description}" if item.description else ""
    return _typed(item) | {"description": words}


def _typed(item: Any) -> Schema:
    kind = kind_of(item)
    if kind == CODES:
        return {"type": "array", "items": {"type": "string", "enum": offered(item)}, "maxItems": 50}
    if kind == CODE:
        return {"type": "string", "enum": offered(item)}
    if kind in {DATE, YES_NO}:
        return DAY if kind == DATE else {"type": "boolean"}
    longest = [one.max for one in item.validators if isinstance(one, Length) and one.max > 0]
    return {"type": "string"} | ({"maxLength": min(longest)} if longest else {})


def section(form: type[Form], **more: Schema) -> Schema:
    """The schema of what one page asks for."""
    fields = fields_of(form)
    properties = {name: _of(item) if is_needed(item) else maybe(_of(item)) for name, item in fields.items()}
    required = [name for name, item in fields.items() if is_needed(item) and not isinstance(item, DateParts)]
    required += [name for name, item in fields.items() if isinstance(item, DateParts) and item.required]
    return record(properties | more, required)


def _concerns() -> Schema:
    strengths = codes(ConcernStrength)
    properties = {code.value: strengths | {"description": code.label} for code in Concern}
    return maybe(record(properties, [], description="What else you are worried about, and how sure you are."))


def _sections() -> dict[str, Schema]:
    found = {key: section(form) for key, form in SECTION_FORMS.items()}
    found["worries"] = section(SECTION_FORMS["worries"], concerns=_concerns())
    found["you"]["required"].remove("agency")
    for key, schema in found.items():
        schema["title"] = str(SECTIONS[key].title)
    return found


def start() -> Schema:
    return record(
        {
            "danger": codes(DangerAnswer) | {"title": "Is anyone in danger right now?"},
            "called": section(CalledForm) | {"description": "Needed unless danger is `no`: call first, then refer."},
            "area": WORDS | {"maxLength": 60, "description": "The short name of the area they live in, like `reading`."},
            "district": maybe(WORDS | {"maxLength": 60, "description": "Its short name, or `not_known`."}),
            "reason": codes(ReferralReason),
        },
        ["danger", "area", "reason"], title="Before anything else",
    )  # fmt: skip


def referral() -> Schema:
    """What is sent. Sections have the names, questions and limits of the pages."""
    lists = {
        key: {
            "type": ["array", "null"],
            "items": section(form),
            "maxItems": MOST_ENTRIES,
            "title": str(SECTIONS[key].title),
        }
        for key, form in LIST_FORMS.items()
    }
    own: dict[str, Schema] = {
        "declared": {
            "const": True,
            "description": f"The writer says: {blank(CheckForm)['declared'].label.text}",
        },
        "not_duplicates": {
            "type": ["array", "null"], "items": ID, "maxItems": MOST_ENTRIES,
            "description": "Earlier referrals, from a `possible-duplicate` answer, that are about somebody else.",
        },
    }  # fmt: skip
    sections = _sections()
    return record({"start": start()} | sections | lists | own, ["start", *sections, "declared"])


def _status() -> Schema:
    return {"type": "string", "enum": sorted(set(STATUS_CODES.values()))}


def receipt() -> Schema:
    door = record({"name": WORDS, "day": WORDS, "night": WORDS}, description="Whom to call when someone is in danger.")
    return record({
        "id": ID, "reference": WORDS, "status": {"const": "received"}, "area": WORDS, "sent_at": MOMENT,
        "acknowledge_by": DAY, "decide_by": DAY, "front_door": door,
    })  # fmt: skip


def file() -> Schema:
    return record({
        "id": ID, "kind": codes(FileKind), "size": {"type": "integer", "description": "In bytes."},
        "status": codes(FileStatus),
    })  # fmt: skip


def status() -> Schema:
    return record({
        "id": ID, "reference": WORDS, "status": _status(), "status_words": WORDS, "sent_at": MOMENT,
        "acknowledge_by": DAY, "decide_by": DAY, "acknowledged_at": maybe(MOMENT), "decided_at": maybe(MOMENT),
        "files": {"type": "array", "items": ref("File")},
    })  # fmt: skip


def problem() -> Schema:
    """RFC 9457. ``errors`` name what to put right by JSON pointer, in the words of the pages."""
    error = record({"pointer": WORDS, "detail": WORDS})
    earlier = record({"id": ID, "reference": WORDS, "sent_at": MOMENT})
    return record(
        {
            "type": WORDS, "title": WORDS, "status": {"type": "integer"}, "detail": WORDS,
            "errors": {"type": "array", "items": error}, "earlier": {"type": "array", "items": earlier},
            "request_id": {"type": ["string", "null"]},
        },
        ["type", "title", "status", "request_id"],
    )  # fmt: skip


def token() -> Schema:
    return record({
        "access_token": WORDS, "token_type": {"const": "Bearer"}, "expires_in": {"type": "integer"},
        "scope": {"const": "referrals"},
    })  # fmt: skip


def token_error() -> Schema:
    names = ["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]
    return record({"error": {"type": "string", "enum": names}, "error_description": WORDS})


def exported() -> Schema:
    """The document that a coordinator takes out of one referral."""
    door = record({"at": WORDS, "by": WORDS, "role": WORDS, "purpose": WORDS})
    taken = record({
        "id": ID, "name": WORDS, "kind": codes(FileKind), "size": {"type": "integer"}, "status": codes(FileStatus),
    })  # fmt: skip
    return record({
        "format": {"const": FORMAT}, "marking": {"const": "OFFICIAL-SENSITIVE"}, "exported": door, "id": ID,
        "reference": WORDS, "source": codes(SourceType), "status": _status(), "area": WORDS,
        "agency": {"type": ["string", "null"]}, "sent_at": MOMENT, "acknowledge_by": DAY, "decide_by": DAY,
        "acknowledged_at": maybe(MOMENT), "decided_at": maybe(MOMENT),
        "outcome": {"type": ["string", "null"], "description": "A code: why it was decided so."},
        "said_to_referrer": {"type": ["string", "null"]},
        "referral": {"type": "object", "description": "The answers by section, as they are sent, without what was left out."},
        "files": {"type": "array", "items": taken},
    })  # fmt: skip


def export_schema(address: str) -> Schema:
    """The document's schema by itself, for who keeps such a file."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address, "title": "A referral, exported"}
    return head | exported()


def statuses() -> dict[str, str]:
    """Each status code with the words that referrers read."""
    return {
        code: str(found.referrer_tag.text) for found, code in STATUS_CODES.items() if found is not ReferralStatus.DRAFT
    }
