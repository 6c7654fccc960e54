"""Organisations' sign-in services (OpenID Connect) in `providers.toml`: who they are, and what proves their second factor."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config.reader import Table, check_unique, finish, open_file

PROVIDERS_FILE = Path(__file__).with_name("providers.toml")
# Only signatures whose key we fetch: "none" and shared secrets (HS256) are never among them.
ALGORITHMS = ("RS256", "PS256", "ES256")
AUTH_METHODS = "client_secret_basic|client_secret_post"
_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"


@dataclass(frozen=True)
class Provider:
    """One sign-in service. ``mfa_claim`` holding one of ``mfa_values`` says that it asked for a second factor itself."""

    slug: str
    name: str
    issuer: str
    client_id: str
    secret_variable: str
    auth_method: str
    scope: str
    algorithms: tuple[str, ...]
    mfa_claim: str
    mfa_values: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    sign_in_at: str = ""
    secret: str = field(default="", repr=False)

    @property
    def origins(self) -> tuple[str, ...]:
        """Hosts that the sign-in form may lead to."""
        found = (urlsplit(address) for address in (self.issuer, self.sign_in_at) if address)
        return tuple(f"{place.scheme}://{place.netloc}" for place in found)


def load_providers(path: Path = PROVIDERS_FILE) -> tuple[Provider, ...]:
    """Read and check the file; ConfigError names every mistake. Without a file there is none."""
    if not path.exists():
        return ()
    root = open_file(path)
    found = tuple(_provider(table) for table in root.tables("providers", optional=True))
    check_unique(root, "the provider slug", [provider.slug for provider in found])
    check_unique(root, "the issuer and client", [f"{one.issuer} {one.client_id}" for one in found])
    finish(path, root)
    return found


def _provider(table: Table) -> Provider:
    mfa, more = table.table("mfa", optional=True), table.table("parameters", optional=True)
    variable = table.text("secret_variable", pattern="[A-Z][A-Z0-9_]*", words="name an environment variable")
    provider = Provider(
        slug=table.text("slug", pattern=_SLUG, words="be small letters, digits and hyphens"),
        name=table.text("name"),
        issuer=table.text("issuer"),
        client_id=table.text("client_id"),
        secret_variable=variable,
        auth_method=table.text(
            "auth_method",
            default="client_secret_basic",
            pattern=AUTH_METHODS,
            words="be client_secret_basic or client_secret_post",
        ),
        scope=table.text("scope", default="openid"),
        algorithms=table.texts("algorithms", default=("RS256",)),
        mfa_claim=mfa.text("claim", default=""),
        mfa_values=mfa.texts("values", default=()),
        parameters=tuple((key, more.text(key)) for key in ("acr_values", "prompt", "domain_hint") if more.has(key)),
        sign_in_at=table.text("sign_in_at", default=""),
        secret=os.environ.get(variable, ""),
    )
    for part in (mfa, more, table):
        part.done()
    _check(table, provider)
    return provider


def _check(table: Table, provider: Provider) -> None:
    for name, address in (("issuer", provider.issuer), ("sign_in_at", provider.sign_in_at)):
        place = urlsplit(address)
        if address and (place.scheme != "https" and place.hostname not in {"localhost", "127.0.0.1"}):
            table.complain(f"'{name}' must be an https:// address")
    if "openid" not in provider.scope.split():
        table.complain("'scope' must contain openid")
    if bad := sorted(set(provider.algorithms) - set(ALGORITHMS)):
        table.complain(f"'algorithms' may not hold {', '.join(bad)}; use {', '.join(ALGORITHMS)}")
    if bool(provider.mfa_claim) != bool(provider.mfa_values):
        table.complain("'mfa' needs both 'claim' and 'values'")
    if not provider.secret:
        table.complain(f"the environment variable {provider.secret_variable} is not set")
