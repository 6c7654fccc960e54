"""The protocol with an organisation's sign-in service: OpenID Connect, code flow with PKCE, every answer checked.

Nothing here writes, and no transaction is open while another host is asked (SECURITY-DESIGN 8).
The libraries are loaded with the first trip to a provider: many installations have none.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import current_app

from config.providers import Provider

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

TIMEOUT_SECONDS = 5
KEPT_SECONDS = 3600
# Another's clock may be this much off; a trip to them may last this long; "proved again" is at most this old.
LEEWAY_SECONDS, TRIP_SECONDS, AGAIN_SECONDS = 60, 600, 300


class NotProved(ValueError):
    """The provider's answer does not sign anybody in; the message is a code for the trail."""


@cache
def _trouble() -> tuple[type[Exception], ...]:
    """What the libraries raise when a provider does not answer as it should."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    return RequestException, AuthlibBaseError, JoseError, ValueError, KeyError, TypeError


@dataclass(frozen=True, slots=True)
class Trip:
    """What we remember while somebody is at the provider. ``purpose``: enter, link, again or invitation."""

    provider: str
    state: str
    nonce: str
    verifier: str
    purpose: str
    way_on: str
    at: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class Proved:
    """Whose account it is at the provider, and whether the provider asked for a second factor itself."""

    issuer: str
    subject: str
    has_second: bool


class Directory:
    """What a provider publishes about itself, kept for an hour in this process."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Any]] = {}
        self._guard = threading.Lock()

    def get(self, address: str, *, fresh: bool = False) -> Any:
        kept = self._kept.get(address)
        if kept and time.monotonic() - kept[0] < (60 if fresh else KEPT_SECONDS):
            return kept[1]
        import requests

        answer = requests.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
        with self._guard:
            self._kept[address] = (time.monotonic(), found)
        return found


def providers() -> tuple[Provider, ...]:
    found: tuple[Provider, ...] = current_app.extensions.get("providers", ())
    return found


def find(slug: str) -> Provider | None:
    return next((provider for provider in providers() if provider.slug == slug), None)


def _directory() -> Directory:
    found: Directory = current_app.extensions.setdefault("provider_directory", Directory())
    return found


def _published(provider: Provider) -> dict[str, Any]:
    """The provider's own description. Its issuer must be the one configured, or it describes somebody else."""
    found = _directory().get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found["issuer"] != provider.issuer:
        raise NotProved("issuer")
    return dict(found)


def _client(provider: Provider) -> "OAuth2Session":
    from authlib.integrations.requests_client import OAuth2Session

    back = f"{current_app.extensions['settings'].public_url}/sign-in/from/{provider.slug}"
    return OAuth2Session(
        provider.client_id, provider.secret, token_endpoint_auth_method=provider.auth_method, scope=provider.scope,
        redirect_uri=back, code_challenge_method="S256", default_timeout=TIMEOUT_SECONDS,
    )  # fmt: skip


def begin(provider: Provider, *, purpose: str, way_on: str = "", token: str = "") -> tuple[str, Trip]:
    """Where to send the browser, and what to remember until it is back. Raise NotProved where nobody answers."""
    trip = Trip(
        provider=provider.slug, state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48), purpose=purpose, way_on=way_on, at=int(time.time()), token=token,
    )  # fmt: skip
    more: dict[str, Any] = dict(provider.parameters)
    if purpose == "again":
        more |= {"prompt": "login", "max_age": 0}
    try:
        where = _published(provider)["authorization_endpoint"]
        address, _ = _client(provider).create_authorization_url(
            where, state=trip.state, code_verifier=trip.verifier, nonce=trip.nonce, **more
        )
    except _trouble() as error:
        raise NotProved(_code(error)) from None
    return str(address), trip


def finish(provider: Provider, trip: Trip, answer: Mapping[str, str]) -> Proved:
    """What the provider proves. Raise NotProved with what was wrong: state, issuer, audience, nonce, signature, ..."""
    _check_answer(provider, trip, answer)
    try:
        published = _published(provider)
        tokens = _client(provider).fetch_token(
            published["token_endpoint"], grant_type="authorization_code", code=answer["code"],
            code_verifier=trip.verifier, allow_redirects=False,
        )  # fmt: skip
        claims = _claims(provider, published, str(tokens["id_token"]))
        _check_claims(provider, trip, claims)
    except _trouble() as error:
        raise NotProved(_code(error)) from None
    return Proved(str(claims["iss"]), str(claims["sub"]), _has_second(provider, claims))


def _check_answer(provider: Provider, trip: Trip, answer: Mapping[str, str]) -> None:
    if trip.provider != provider.slug or int(time.time()) - trip.at > TRIP_SECONDS:
        raise NotProved("trip")
    if not secrets.compare_digest(answer.get("state", "").encode(), trip.state.encode()):
        raise NotProved("state")
    # RFC 9207: an answer that says whose it is must say the right one.
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise NotProved("issuer")
    if answer.get("error") or not answer.get("code"):
        raise NotProved("declined")


def _claims(provider: Provider, published: dict[str, Any], token: str) -> dict[str, Any]:
    """The claims of a token signed by one of the provider's keys with an algorithm that we allow, whatever it names."""
    from joserfc.errors import JoseError

    address = published["jwks_uri"]
    try:
        return dict(_decoded(provider, token, _directory().get(address)))
    except (JoseError, ValueError):
        # They may have changed their keys since we asked. (A new look is taken at most once a minute.)
        return dict(_decoded(provider, token, _directory().get(address, fresh=True)))


def _decoded(provider: Provider, token: str, keys: Any) -> Mapping[str, Any]:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    return jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(provider.algorithms)).claims


def _check_claims(provider: Provider, trip: Trip, claims: dict[str, Any]) -> None:
    from joserfc import jwt

    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS, iss={"essential": True, "value": provider.issuer}, sub={"essential": True},
        aud={"essential": True, "value": provider.client_id}, exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": trip.nonce},
    )  # fmt: skip
    registry.validate(claims)
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise NotProved("audience")
    if not str(claims["sub"]) or len(str(claims["sub"])) > 255:
        raise NotProved("subject")
    if trip.purpose == "again" and int(time.time()) - int(claims.get("auth_time", 0)) > AGAIN_SECONDS:
        raise NotProved("not again")


def _has_second(provider: Provider, claims: dict[str, Any]) -> bool:
    said = claims.get(provider.mfa_claim) if provider.mfa_claim else None
    values = said if isinstance(said, list) else [said]
    return any(value in provider.mfa_values for value in values if value is not None)


def _code(error: BaseException) -> str:
    """A word for the trail; messages of libraries quote what they were given."""
    if isinstance(error, NotProved):
        return str(error)
    claim = getattr(error, "claim", None)
    return str(claim) if claim else type(error).__name__
