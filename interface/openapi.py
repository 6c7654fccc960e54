"""The OpenAPI 3.1 document of the interface: every address, what it takes, and every answer that it gives."""

from typing import Any

from core.systems import PROBLEM, TITLES
from interface import schemas
from interface.services.once import LONGEST_KEY

Part = dict[str, Any]
VERSION = "1.0.0"
WAIT: Part = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
KEY: Part = {
    "name": "Idempotency-Key", "in": "header", "required": True,
    "description": (
        "Your own name for this sending, kept for a week. Send it again with the same body after a fault: "
        "nothing is made twice."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[A-Za-z0-9._~-]+$"},
}  # fmt: skip
REPLAYED: Part = {"description": "`true` when it was sent before.", "schema": {"type": "string"}}
ONE: Part = {"name": "referral_id", "in": "path", "required": True, "schema": schemas.ID}


def document(address: str) -> Part:
    """The whole document. ``address``: where the service is, like ``https://panels.example``."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Referrals to Young Futures Prevention Panels", "version": VERSION, "description": ABOUT},
        "servers": [{"url": address}],
        "security": [{"agency": ["referrals"]}],
        "paths": {
            "/api/token": {"post": _token()},
            "/api/v1/referrals": {"post": _send()},
            "/api/v1/referrals/{referral_id}": {"parameters": [ONE], "get": _status()},
            "/api/v1/referrals/{referral_id}/files": {"parameters": [ONE], "post": _add_file()},
            "/api/openapi.json": {"get": _open("This document", {"type": "object"})},
            "/api/schemas/referral-export.json": {"get": _open("The schema of an exported referral", {"type": "object"})},
        },
        "components": {"schemas": _schemas(), "securitySchemes": {"agency": _security(address)}},
    }  # fmt: skip


ABOUT = (
    "An agency's own system sends referrals, adds files and asks how they stand. The questions, limits and words are "
    "those of the pages. If a child is in danger now, call 999 first: the interface takes such a referral only with "
    "who was called and when."
)


def _security(address: str) -> Part:
    flow = {"tokenUrl": f"{address}/api/token", "scopes": {"referrals": "Send referrals and ask how they stand"}}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def _schemas() -> dict[str, Part]:
    return {
        "Referral": schemas.referral(), "Receipt": schemas.receipt(), "Status": schemas.status(),
        "File": schemas.file(), "Problem": schemas.problem(), "Token": schemas.token(),
        "TokenError": schemas.token_error(), "ExportedReferral": schemas.exported(),
    }  # fmt: skip


def _json(schema: Part, words: str, headers: Part | None = None, kind: str = "application/json") -> Part:
    answer: Part = {"description": words, "content": {kind: {"schema": schema}}}
    return answer | ({"headers": headers} if headers else {})


def _problems(*codes: int, **words: str) -> dict[str, Part]:
    """Answers that are problem documents; ``s409="..."`` says more than the usual title."""
    found = {}
    for code in codes:
        headers = WAIT if code in {429, 503} else {}
        said = words.get(f"s{code}", TITLES[code][1])
        found[str(code)] = _json(schemas.ref("Problem"), said, headers, PROBLEM)
    if "401" in found:
        found["401"]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return found


def _send() -> Part:
    made = _json(
        schemas.ref("Receipt"), "Sent. The same answer when it is sent again.",
        {"Location": {"schema": schemas.WORDS}, "Idempotency-Replayed": REPLAYED},
    )  # fmt: skip
    return {
        "operationId": "sendReferral", "summary": "Send a referral", "parameters": [KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schemas.ref("Referral")}}},
        "responses": {"201": made}
        | _problems(
            400, 401, 403, 409, 413, 415, 422, 429, 500, 503,
            s403="The agreement to share information has run out: urgent concerns alone.",
            s409="`possible-duplicate`: your agency sent a referral that may be about the same young person.",
            s422="`invalid`: put the named answers right. `call-first`: call, then send whom you called. "
            "`key-reused`: the key stands for another body.",
        ),
    }  # fmt: skip


def _add_file() -> Part:
    body = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    made = _json(
        schemas.ref("File"), "Kept. Nobody opens it before it was checked for viruses.",
        {"Idempotency-Replayed": REPLAYED},
    )  # fmt: skip
    return {
        "operationId": "addFile", "summary": "Add a file: PDF, DOCX, JPG or PNG, smaller than 10 MB", "parameters": [KEY],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}},
        "responses": {"201": made}
        | _problems(
            400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503, s409="There is a decision, so nothing can be added.",
            s422="The file is not taken, with what to do; or `key-reused`.",
        ),
    }  # fmt: skip


def _status() -> Part:
    return {
        "operationId": "getReferral", "summary": "How a referral stands",
        "responses": {"200": _json(schemas.ref("Status"), "As its sender may know it.")}
        | _problems(400, 401, 403, 404, 429, 500, 503),
    }  # fmt: skip


def _token() -> Part:
    asked = {
        "type": "object", "required": ["grant_type"],
        "properties": {
            "grant_type": {"const": "client_credentials"}, "client_id": {"type": "string"},
            "client_secret": {"type": "string"}, "scope": {"const": "referrals"},
        },
    }  # fmt: skip
    headers = {"WWW-Authenticate": {"schema": schemas.WORDS}}
    return {
        "operationId": "getToken", "summary": "Get an access token (RFC 6749, section 4.4)", "security": [],
        "description": "The credential goes into the body or, better, into HTTP Basic authentication.",
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": asked}}},
        "responses": {
            "200": _json(schemas.ref("Token"), "A token for half an hour."),
            "400": {"description": "The request is not one for a token.", "content": {
                "application/json": {"schema": schemas.ref("TokenError")}, PROBLEM: {"schema": schemas.ref("Problem")}}},
            "401": _json(schemas.ref("TokenError"), "Not a credential that works.", headers),
        }
        | _problems(413, 429, 500, 503),
    }  # fmt: skip


def _open(words: str, schema: Part) -> Part:
    return {"summary": words, "security": [], "responses": {"200": _json(schema, words)} | _problems(429, 500, 503)}
