"""The interface's documentation: for systems the OpenAPI document and a schema, for people a page."""

from typing import Any

from flask import current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from core.access import Door, requires
from core.systems import TITLES
from interface import openapi, schemas
from interface.services import tokens
from interface.views import api, bp, referrals
from referrals.services import sending


def _address() -> str:
    return str(current_app.extensions["settings"].public_url)


@api.get("/openapi.json")
@requires(Door.PUBLIC)
def openapi_document() -> ResponseReturnValue:
    return jsonify(openapi.document(_address()))


@api.get("/schemas/referral-export.json")
@requires(Door.PUBLIC)
def export_schema() -> ResponseReturnValue:
    return jsonify(schemas.export_schema(f"{_address()}/api/schemas/referral-export.json"))


@bp.get("/api")
@requires(Door.PUBLIC)
def documentation() -> ResponseReturnValue:
    """What the agency's developers read. Its tables come from the OpenAPI document."""
    document = openapi.document(_address())
    return render_template(
        "interface/documentation.html", calls=_calls(document), sections=_sections(), titles=TITLES,
        statuses=schemas.statuses(), areas=sending.areas(), most=referrals.MOST,
        minutes=int(tokens.LASTS.total_seconds() // 60),
    )  # fmt: skip


def _calls(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (method.upper(), path, call["summary"])
        for path, calls in document["paths"].items()
        for method, call in calls.items()
        if method in {"get", "post"}
    ]


def _sections() -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Key, title and fields (name, what it takes, what it is) of each part of a referral."""
    found = []
    for key, schema in schemas.referral()["properties"].items():
        described = schema.get("items", schema)
        if "properties" in described:
            needed = set(described["required"])
            rows = [
                (n, _takes(one, n in needed), one.get("description", "")) for n, one in described["properties"].items()
            ]
            found.append((key, schema.get("title", key), rows))
    return found


def _takes(schema: dict[str, Any], is_needed: bool) -> str:
    """``text, up to 100 characters, needed``."""
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    words = {"string": "text", "boolean": "true or false", "array": "list of codes", "object": "object"}[kind]
    offered = schema.get("enum") or schema.get("items", {}).get("enum")
    if schema.get("format") == "date":
        words = "date"
    if offered:
        codes = ", ".join(str(code) for code in offered if code)
        words = f"{'codes' if kind == 'array' else 'code'}: {codes}"
    if schema.get("maxLength"):
        words += f", up to {schema['maxLength']:,} characters"
    return f"{words}; needed" if is_needed else words
