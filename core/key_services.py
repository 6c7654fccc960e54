"""Root keys that never leave a key service: AWS KMS, Azure Key Vault, HashiCorp Vault transit. Optional extras."""

import base64
import importlib
import os
import secrets
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.providers import SERVICES, KeyProviderError, KeyProviderSilent

CONNECT_SECONDS, READ_SECONDS = 1, 2
ANSWER_SECONDS = 2.0
REMEMBER_SECONDS = 10.0
T = TypeVar("T")


class KeyService:
    """One root key in a service. An outage is a KeyProviderError after two seconds; it is never retried or got round.

    What is wrong, and which version is newest, is remembered for ten seconds by ``clock``: the ready check may be
    asked by anybody, and must not be a way to make the service busy.
    """

    name: str
    extra: ClassVar[str]
    modules: ClassVar[tuple[str, ...]]

    def __init__(self, key_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.key_id, self.clock = key_id, clock
        self._clients: tuple[int, Any] | None = None
        self._known: tuple[float, str] | None = None
        self._problem: tuple[float, str | None] | None = None
        if not key_id:
            raise KeyProviderError(f"Set ROOT_KEY_ID to the name of the root key for {self.name}")
        try:
            self.library = [importlib.import_module(module) for module in self.modules]
        except ImportError:
            raise KeyProviderError(
                f"{self.name} needs more libraries. Install them with: pip install '.[{self.extra}]'"
            ) from None

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        return self._ask(lambda client: self._wrap(client, key, bound))

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Raise KeyProviderError when the service does not answer, refuses, or the bytes are not ``bound``'s."""
        return self._ask(lambda client: self._unwrap(client, wrapped, bound))

    def current_version(self) -> str:
        """Raise KeyProviderError when the service does not say."""
        if self._known is None or self.clock() - self._known[0] > REMEMBER_SECONDS:
            self._known = (self.clock(), self._ask(self._newest))
        return self._known[1]

    def is_current(self, wrapped: bytes) -> bool:
        try:
            version = take_apart(wrapped)[0].decode()
        except (KeyProviderError, UnicodeDecodeError):
            return False  # from another provider, that was moved away from
        return version == self.current_version()

    def health(self) -> str | None:
        if self._problem is None or self.clock() - self._problem[0] > REMEMBER_SECONDS:
            self._problem = (self.clock(), self._examine())
        return self._problem[1]

    def _examine(self) -> str | None:
        try:
            self._ask(self._newest)
        except KeyProviderError as error:
            return str(error)
        return None

    def _ask(self, work: Callable[[Any], T]) -> T:
        """Do this with the service, for two seconds at most: libraries bound each wait, but not the sum of them."""
        client, done = self._client(), Future[T]()

        def run() -> None:
            try:
                done.set_result(work(client))
            except BaseException as error:  # handed over to whoever waits
                done.set_exception(error)

        threading.Thread(target=run, daemon=True, name=self.name).start()
        try:
            return done.result(ANSWER_SECONDS)
        except KeyProviderError:
            raise
        except TimeoutError:
            raise KeyProviderSilent(f"{self.name} did not answer within {ANSWER_SECONDS:g} seconds") from None
        except Exception as error:
            raise KeyProviderError(f"{self.name} could not be used ({type(error).__name__})") from None

    def _client(self) -> Any:
        """A client of this process: its connections must not be shared with a parent that was forked."""
        if self._clients is None or self._clients[0] != os.getpid():
            self._clients = (os.getpid(), self._connect())
        return self._clients[1]

    def _connect(self) -> Any:
        raise NotImplementedError

    def _wrap(self, client: Any, key: bytes, bound: bytes) -> bytes:
        raise NotImplementedError

    def _unwrap(self, client: Any, wrapped: bytes, bound: bytes) -> bytes:
        raise NotImplementedError

    def _newest(self, client: Any) -> str:
        raise NotImplementedError


def put_together(*parts: bytes) -> bytes:
    """A form version, then each part behind its length."""
    return b"\x01" + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def take_apart(wrapped: bytes) -> list[bytes]:
    """Raise KeyProviderError for anything that ``put_together`` did not make."""
    parts, rest = [], wrapped[1:]
    while wrapped[:1] == b"\x01" and len(rest) >= 2:
        (length,) = struct.unpack(">H", rest[:2])
        if len(rest) < 2 + length:
            break
        parts.append(rest[2 : 2 + length])
        rest = rest[2 + length :]
    if rest or len(parts) < 2:
        raise KeyProviderError("A wrapped key is not in a form of this key service. Was KEY_PROVIDER changed?")
    return parts


class AwsKms(KeyService):
    """A symmetric KMS key: what is bound is its encryption context. ROOT_KEY_ID is a key id, an ARN or an alias.

    KMS's own yearly rotation happens inside the key and needs nothing here; another key behind an alias is a new version.
    """

    name, extra, modules = "aws-kms", "aws", ("boto3", "botocore.config")

    def _connect(self) -> Any:
        boto3, config = self.library
        return boto3.client("kms", config=config.Config(
            connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": 1},
        ))  # fmt: skip

    def _wrap(self, client: Any, key: bytes, bound: bytes) -> bytes:
        made = client.encrypt(KeyId=self.key_id, Plaintext=key, EncryptionContext={"bound": bound.decode()})
        return put_together(made["KeyId"].encode(), made["CiphertextBlob"])

    def _unwrap(self, client: Any, wrapped: bytes, bound: bytes) -> bytes:
        key_id, blob = take_apart(wrapped)[:2]
        opened = client.decrypt(
            KeyId=key_id.decode(), CiphertextBlob=blob, EncryptionContext={"bound": bound.decode()}
        )  # fmt: skip
        return bytes(opened["Plaintext"])

    def _newest(self, client: Any) -> str:
        found = client.describe_key(KeyId=self.key_id)["KeyMetadata"]
        if not found["Enabled"]:
            raise KeyProviderError("The key in aws-kms is switched off")
        return str(found["Arn"])


class VaultTransit(KeyService):
    """A transit key of type aes256-gcm96: what is bound is its associated data. ROOT_KEY_ID is MOUNT/KEY.

    VAULT_ADDR says where; VAULT_TOKEN, or VAULT_TOKEN_FILE (read anew for each call, as an agent renews it), who.
    """

    name, extra, modules = "vault-transit", "vault", ("hvac",)

    def _connect(self) -> Any:
        address = os.environ.get("VAULT_ADDR", "")
        if not address:
            raise KeyProviderError("Set VAULT_ADDR to the address of the Vault server")
        return self.library[0].Client(
            url=address, timeout=(CONNECT_SECONDS, READ_SECONDS), namespace=os.environ.get("VAULT_NAMESPACE")
        )

    def _transit(self, client: Any) -> tuple[Any, str, str]:
        path = os.environ.get("VAULT_TOKEN_FILE")
        client.token = Path(path).read_text().strip() if path else os.environ.get("VAULT_TOKEN", "")
        mount, _, name = self.key_id.rpartition("/")
        return client.secrets.transit, name, mount or "transit"

    def _wrap(self, client: Any, key: bytes, bound: bytes) -> bytes:
        transit, name, mount = self._transit(client)
        made = transit.encrypt_data(
            name, plaintext=_base64(key), associated_data=_base64(bound), mount_point=mount
        )["data"]["ciphertext"]  # fmt: skip
        return put_together(_vault_version(made).encode(), made.encode())

    def _unwrap(self, client: Any, wrapped: bytes, bound: bytes) -> bytes:
        transit, name, mount = self._transit(client)
        sealed = take_apart(wrapped)[1].decode()
        opened = transit.decrypt_data(name, sealed, associated_data=_base64(bound), mount_point=mount)
        return base64.b64decode(opened["data"]["plaintext"])

    def _newest(self, client: Any) -> str:
        transit, name, mount = self._transit(client)
        return f"v{transit.read_key(name, mount_point=mount)['data']['latest_version']}"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _vault_version(ciphertext: str) -> str:
    """``v3`` of ``vault:v3:...``."""
    return ciphertext.split(":")[1]


class AzureKeyVault(KeyService):
    """An RSA key (3072 bits or more) in Key Vault or a managed HSM. ROOT_KEY_ID is https://NAME.vault.azure.net/keys/KEY.

    RSA-OAEP binds nothing, so it wraps a fresh key that seals ours together with what it is bound to.
    """

    name, extra, modules = "azure-keyvault", "azure", ("azure.keyvault.keys", "azure.keyvault.keys.crypto")

    def __init__(
        self, key_id: str, clock: Callable[[], float] = time.monotonic, credential: Any = None, **options: Any
    ) -> None:
        self.credential = credential
        self.options = options | {
            "retry_total": 0, "connection_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS
        }  # fmt: skip
        super().__init__(key_id, clock)
        self.vault, _, rest = key_id.partition("/keys/")
        self.key_name = rest.partition("/")[0]
        if not self.key_name or not self.vault.startswith("https://"):
            raise KeyProviderError("Set ROOT_KEY_ID to the key's address: https://NAME.vault.azure.net/keys/KEY")
        self._by_version: dict[tuple[int, str], Any] = {}

    def _connect(self) -> Any:
        if self.credential is None:
            self.credential = importlib.import_module("azure.identity").DefaultAzureCredential()
        return self.library[0].KeyClient(self.vault, self.credential, **self.options)

    def _crypto(self, version: str) -> Any:
        place = (os.getpid(), version)
        if place not in self._by_version:
            address = f"{self.vault}/keys/{self.key_name}/{version}"
            self._by_version[place] = self.library[1].CryptographyClient(address, self.credential, **self.options)
        return self._by_version[place]

    def _wrap(self, client: Any, key: bytes, bound: bytes) -> bytes:
        version, once, nonce = self._newest(client), secrets.token_bytes(32), secrets.token_bytes(12)
        sealed = nonce + AESGCM(once).encrypt(nonce, key, bound)
        wrapped = self._crypto(version).wrap_key("RSA-OAEP-256", once).encrypted_key
        return put_together(version.encode(), wrapped, sealed)

    def _unwrap(self, client: Any, wrapped: bytes, bound: bytes) -> bytes:
        version, once, sealed = take_apart(wrapped)[:3]
        opened = self._crypto(version.decode()).unwrap_key("RSA-OAEP-256", once).key
        return AESGCM(opened).decrypt(sealed[:12], sealed[12:], bound)

    def _newest(self, client: Any) -> str:
        found = client.get_key(self.key_name).properties
        if found.enabled is False:
            raise KeyProviderError("The key in azure-keyvault is switched off")
        return str(found.version)


def service(kind: str, key_id: str) -> KeyService:
    """``kind`` is one of ``SERVICES``. Raise KeyProviderError where a setting or a library is missing."""
    classes: dict[str, type[KeyService]] = dict(zip(SERVICES, (AwsKms, AzureKeyVault, VaultTransit), strict=True))
    return classes[kind](key_id)
