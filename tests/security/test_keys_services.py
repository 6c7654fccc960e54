"""Key services over the wire: what they wrap is bound, versions are told apart, and an outage is said soon (C6)."""

import importlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from accounts.roles import Role
from core.db import db
from core.key_services import AwsKms, AzureKeyVault, VaultTransit, put_together, take_apart
from core.keyring import KeyRing, keyring
from core.providers import KeyProviderError, LocalKeys, encode_keys, provider_from
from panels.models import CaseNote
from tests.conftest import ROOT_KEY
from tests.factories import world
from tests.factories.forms import day_parts
from tests.security.test_keys_rotation import run
from tests.support.client import words
from tests.support.key_services import Azure, StaticCredential, Vault
from tests.support.keys import Clock
from tests.support.proxy import Proxy

KEY, BOUND = bytes(range(32)), b"scope-key|reading|1"
KINDS = ("aws-kms", "azure-keyvault", "vault-transit")


class Kms:
    """moto's KMS behind a proxy, with one key under an alias."""

    def __init__(self):
        from moto.server import ThreadedMotoServer

        self.moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self.moto.start()
        self.port = self.moto.get_host_and_port()[1]
        self.proxy = Proxy(self.port)
        self.address = f"http://127.0.0.1:{self.proxy.port}"
        self.direct = importlib.import_module("boto3").client("kms", endpoint_url=f"http://127.0.0.1:{self.port}")
        self.lose_keys()

    def add_version(self):
        self.held = self.direct.create_key()["KeyMetadata"]["KeyId"]
        self.direct.update_alias(AliasName="alias/panels", TargetKeyId=self.held)

    def lose_keys(self):
        from urllib.request import Request, urlopen

        urlopen(Request(f"http://127.0.0.1:{self.port}/moto-api/reset", method="POST")).close()
        self.held = self.direct.create_key()["KeyMetadata"]["KeyId"]
        self.direct.create_alias(AliasName="alias/panels", TargetKeyId=self.held)

    def switch_off(self):
        self.direct.disable_key(KeyId=self.held)

    def stop(self):
        self.proxy.stop()
        self.moto.stop()


@pytest.fixture
def service(request, monkeypatch, tmp_path):
    """``service.new(clock)`` is a provider that talks to ``service.standin``. The kind is the fixture's parameter."""
    kind = request.param
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-2",
                        "AWS_DEFAULT_REGION": "eu-west-2", "VAULT_TOKEN": Vault.TOKEN}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VAULT_TOKEN_FILE", raising=False)
    standin = {"aws-kms": Kms, "azure-keyvault": lambda: Azure(tmp_path), "vault-transit": Vault}[kind]()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", standin.address)
    monkeypatch.setenv("VAULT_ADDR", standin.address)
    if kind == "azure-keyvault":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(standin.trusted))

    class Service:
        def __init__(self):
            self.kind, self.standin = kind, standin

        @staticmethod
        def new(clock=None):
            clock = clock or Clock()
            if kind == "aws-kms":
                return AwsKms("alias/panels", clock)
            if kind == "vault-transit":
                return VaultTransit("transit/panels", clock)
            return AzureKeyVault(
                f"{standin.address}/keys/panels", clock, credential=StaticCredential(), verify_challenge_resource=False
            )

    yield Service()
    standin.stop()


every_service = pytest.mark.parametrize("service", KINDS, indirect=True)


@every_service
def test_what_is_wrapped_comes_back_and_shows_nothing(service):
    provider = service.new()
    wrapped = provider.wrap(KEY, BOUND)
    assert provider.unwrap(wrapped, BOUND) == KEY
    assert KEY not in wrapped
    assert provider.wrap(KEY, BOUND) != wrapped
    assert service.new().unwrap(wrapped, BOUND) == KEY
    assert provider.health() is None


@every_service
def test_a_wrap_opens_for_what_it_is_bound_to_alone(service):
    provider = service.new()
    wrapped = provider.wrap(KEY, BOUND)
    with pytest.raises(KeyProviderError):
        provider.unwrap(wrapped, b"scope-key|slough|1")


@every_service
def test_a_changed_wrap_never_opens_as_something_else(service):
    provider = service.new()
    wrapped = provider.wrap(KEY, BOUND)
    sealed_at = len(wrapped) - len(take_apart(wrapped)[-1])
    for at in (0, 1, 2, 3, sealed_at, sealed_at + 20, len(wrapped) - 1):
        changed = wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :]
        try:
            assert provider.unwrap(changed, BOUND) == KEY  # the name of its version alone may say it otherwise
            assert at < sealed_at
        except KeyProviderError:
            pass
    for cut in (b"", wrapped[:1], wrapped[:-1], wrapped + b"x"):
        with pytest.raises(KeyProviderError):
            provider.unwrap(cut, BOUND)


@every_service
def test_a_new_version_is_current_and_the_old_one_still_opens(service):
    clock = Clock()
    provider = service.new(clock)
    old = provider.wrap(KEY, BOUND)
    before = provider.current_version()
    assert provider.is_current(old)
    service.standin.add_version()
    clock.now += 60
    assert provider.current_version() != before
    assert not provider.is_current(old)
    assert provider.unwrap(old, BOUND) == KEY
    assert provider.is_current(provider.wrap(KEY, BOUND))


@every_service
def test_a_wrap_of_another_provider_is_neither_current_nor_opened(service):
    foreign = LocalKeys({1: ROOT_KEY}).wrap(KEY, BOUND)
    provider = service.new()
    assert not provider.is_current(foreign)
    with pytest.raises(KeyProviderError, match="Was KEY_PROVIDER changed"):
        provider.unwrap(foreign, BOUND)


@every_service
@pytest.mark.parametrize("mode", ["down", "silent"])
def test_an_outage_is_an_error_and_ends_by_itself(service, mode):
    clock = Clock()
    provider = service.new(clock)
    wrapped = provider.wrap(KEY, BOUND)
    service.standin.proxy.go(mode)
    clock.now += 60
    for act in (lambda: provider.unwrap(wrapped, BOUND), lambda: provider.wrap(KEY, BOUND)):
        with pytest.raises(KeyProviderError, match=service.kind):
            act()
    assert service.kind in provider.health()
    service.standin.proxy.go("up")
    assert provider.unwrap(wrapped, BOUND) == KEY
    clock.now += 60
    assert provider.health() is None


@every_service
def test_health_is_remembered_for_ten_seconds(service):
    clock = Clock()
    provider = service.new(clock)
    assert provider.health() is None
    seen = service.standin.proxy.seen
    service.standin.proxy.go("down")
    clock.now += 9
    assert provider.health() is None
    clock.now += 2
    assert provider.health() is not None
    assert service.standin.proxy.seen == seen


@every_service
def test_lost_keys_open_nothing(service):
    provider = service.new()
    wrapped = provider.wrap(KEY, BOUND)
    service.standin.lose_keys()
    with pytest.raises(KeyProviderError):
        service.new().unwrap(wrapped, BOUND)


@pytest.mark.parametrize("service", ["aws-kms"], indirect=True)
def test_a_key_that_is_switched_off_is_said(service):
    service.standin.switch_off()
    assert service.new().health() == "The key in aws-kms is switched off"


@pytest.mark.parametrize("service", ["azure-keyvault"], indirect=True)
def test_a_key_that_is_switched_off_in_the_vault_is_said(service):
    service.standin.enabled = False
    assert service.new().health() == "The key in azure-keyvault is switched off"


@pytest.mark.parametrize("service", ["vault-transit"], indirect=True)
def test_the_token_is_read_anew_from_its_file(service, monkeypatch, tmp_path):
    token = tmp_path / "token"
    token.write_text("s.an-old-one")
    monkeypatch.setenv("VAULT_TOKEN_FILE", str(token))
    provider = service.new()
    with pytest.raises(KeyProviderError, match="Forbidden"):
        provider.wrap(KEY, BOUND)
    token.write_text(f"{Vault.TOKEN}\n")
    assert provider.unwrap(provider.wrap(KEY, BOUND), BOUND) == KEY


@pytest.mark.parametrize(("kind", "key_id", "said"), [
    ("aws-kms", "", "Set ROOT_KEY_ID"),
    ("vault-transit", "", "Set ROOT_KEY_ID"),
    ("azure-keyvault", "", "Set ROOT_KEY_ID"),
    ("azure-keyvault", "http://vault.example/keys/panels", "https://NAME.vault.azure.net/keys/KEY"),
    ("azure-keyvault", "https://vault.example", "https://NAME.vault.azure.net/keys/KEY"),
    ("vault-transit", "transit/panels", "Set VAULT_ADDR"),
    ("elsewhere", "", "Set KEY_PROVIDER to one of: file, env, aws-kms, azure-keyvault, vault-transit"),
])  # fmt: skip
def test_settings_that_are_missing_are_named(monkeypatch, tmp_path, kind, key_id, said):
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    with pytest.raises(KeyProviderError, match=said.replace("/", "/")):
        provider_from(kind, tmp_path, key_id).wrap(KEY, BOUND)


def test_a_library_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(VaultTransit, "modules", ("no_such_library",))
    with pytest.raises(KeyProviderError, match=r"pip install '.\[vault\]'"):
        VaultTransit("transit/panels")


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=80))
def test_no_bytes_break_the_form_of_a_wrap(raw):
    try:
        parts = take_apart(raw)
    except KeyProviderError:
        return
    assert put_together(*parts) == raw


# ---- the whole service on a key service (C6)


@pytest.fixture
def on_service(app, known, service):
    """The installation with its keys moved to the key service; ``clock`` lets the cache of keys grow old."""
    ids = world.make(known)
    clock = Clock()
    keyring().provider.check_values = {}
    ring = KeyRing(keyring().store, service.new(clock), clock)
    old = keyring().provider
    app.extensions["keyring"] = ring
    from core import rotation

    assert set(rotation.rewrap_roots(ring, old)) == {None}
    return ids, clock


def notes():
    found = db.session.scalar(select(func.count()).select_from(CaseNote))
    db.session.rollback()
    return found


def trouble(service, mode):
    """What goes wrong with the key service."""
    if mode in {"down", "silent"}:
        service.standin.proxy.go(mode)
    elif mode == "wrong key":
        service.kept = dict(service.standin.keys)
        service.standin.lose_keys()
    else:
        service.kept = dict(service.standin.keys)
        service.standin.forbid_old()


def mend(service, mode):
    if mode in {"down", "silent"}:
        service.standin.proxy.go("up")
    else:
        service.standin.keys = service.kept
        service.standin.oldest, service.standin.withheld = 1, set()
        service.standin.newest = list(service.kept)[-1]


def still_serves(known, sign_in, on_service, service, mode):
    ids, clock = on_service
    client = sign_in(Role.COORDINATOR)
    path = f"/cases/{ids['case_id']}"
    assert client.get(path).status_code == 200
    form = client.page(f"{path}/notes/new").form()
    from tests.support.client import form_values

    typed = form_values(form) | {"kind": "contact", "text": "She was there.", **day_parts("happened_on", _today())}
    before = notes()
    trouble(service, mode)
    clock.now += 16 * 60
    for answer in (client.get(path), client.get("/cases"), client.post(f"{path}/notes/new", data=typed)):
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers
        assert service.kind not in words(answer)
    assert notes() == before
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json) == (503, {"ready": False})
    assert client.get("/health/live").status_code == 200
    mend(service, mode)
    clock.now += 60
    assert client.get(path).status_code == 200
    assert client.post(f"{path}/notes/new", data=typed).status_code == 302
    assert notes() == before + 1
    assert client.get("/health/ready").json == {"ready": True}


def _today():
    from core.clock import today

    return today()


@pytest.mark.catalogue("C6")
@pytest.mark.parametrize("service", ["vault-transit"], indirect=True)
@pytest.mark.parametrize("mode", ["down", "silent", "wrong key", "old key"])
def test_without_the_key_service_nothing_is_shown_or_kept_and_it_comes_back_alone(
    known, sign_in, on_service, service, mode
):
    still_serves(known, sign_in, on_service, service, mode)


@pytest.mark.only("sqlite")
@pytest.mark.catalogue("C6", part="partly")
@pytest.mark.parametrize("service", ["aws-kms", "azure-keyvault"], indirect=True)
@pytest.mark.parametrize("mode", ["down", "silent"])
def test_the_same_with_the_other_services(known, sign_in, on_service, service, mode):
    still_serves(known, sign_in, on_service, service, mode)


@pytest.mark.only("sqlite")
@every_service
def test_one_call_a_quarter_of_an_hour_however_many_pages(known, sign_in, on_service, service):
    ids, clock = on_service
    client = sign_in(Role.COORDINATOR)
    client.get(f"/cases/{ids['case_id']}")
    asked = []
    original = keyring().provider.unwrap
    keyring().provider.unwrap = lambda raw, bound: (asked.append(bound), original(raw, bound))[1]
    for _ in range(5):
        assert client.get(f"/cases/{ids['case_id']}").status_code == 200
        assert client.get("/cases?sort=name").status_code == 200
    assert asked == []
    clock.now += 15 * 60
    for _ in range(5):
        assert client.get("/cases?sort=name").status_code == 200
    assert len(asked) == len(set(asked))
    assert f"scope-key|{known.areas['reading']}|1".encode() in asked


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("service", ["vault-transit"], indirect=True)
def test_an_operator_moves_from_the_file_to_a_service(app, known, service, tmp_path, monkeypatch, sign_in):
    ids = world.make(known)
    path = tmp_path / "old.key"
    path.write_text(encode_keys({1: ROOT_KEY}))
    path.chmod(0o600)
    monkeypatch.setenv("ROOT_KEY_FILE", str(path))
    app.extensions["keyring"] = KeyRing(keyring().store, service.new())
    assert run(app, "keys", "status").exit_code == 1
    result = run(app, "keys", "rotate", "--root", "--from", "file")
    assert result.exit_code == 0, result.output
    path.unlink()
    app.extensions["keyring"].forget()
    assert run(app, "keys", "status").exit_code == 0
    assert sign_in(Role.COORDINATOR).get(f"/cases/{ids['case_id']}").status_code == 200


@pytest.mark.only("sqlite")
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=90), st.booleans())
@pytest.mark.catalogue("C3", part="root keys")
def test_no_bytes_in_place_of_a_wrapped_root_open_or_break(raw, cut):
    provider = LocalKeys({1: ROOT_KEY})
    wrapped = provider.wrap(KEY, BOUND)
    for bad in (raw, wrapped[: len(raw)] if cut else wrapped + raw):
        if bad != wrapped:
            with pytest.raises(KeyProviderError):
                provider.unwrap(bad, BOUND)
