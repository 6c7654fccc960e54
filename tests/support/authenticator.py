"""A passkey authenticator made of software: real keys and signatures, and the ways in which one might cheat."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass
class Passkey:
    id: bytes
    key: ec.EllipticCurvePrivateKey
    owner: str
    count: int = 0


class Authenticator:
    """Keeps passkeys of one person. ``origin``: the page that the browser says it is on."""

    def __init__(self, origin: str = "https://localhost") -> None:
        self.origin, self.keys = origin, []
        self.verifies = True

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _flags(self, more: int = 0) -> bytes:
        return bytes([PRESENT | more | (VERIFIED if self.verifies else 0)])

    def create(self, options: str) -> str:
        """The answer to a page that adds a passkey."""
        asked = json.loads(options)
        made = Passkey(secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1()), asked["user"]["id"])
        self.keys.append(made)
        numbers = made.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        place = hashlib.sha256(asked["rp"]["id"].encode()).digest()
        data = place + self._flags(ATTESTED) + made.count.to_bytes(4, "big") + bytes(16)
        data += len(made.id).to_bytes(2, "big") + made.id + cbor2.dumps(public)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(made, {
            "clientDataJSON": text(self._client_data("webauthn.create", asked["challenge"])),
            "attestationObject": text(attestation),
        })  # fmt: skip

    def get(self, options: str, *, key: Passkey | None = None, step: int = 1) -> str:
        """The answer to a page that asks for a passkey. ``step``: how far the counter moves."""
        asked, used = json.loads(options), key or self.keys[-1]
        used.count += step
        client = self._client_data("webauthn.get", asked["challenge"])
        data = hashlib.sha256(asked["rpId"].encode()).digest() + self._flags() + used.count.to_bytes(4, "big")
        signature = used.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(used, {
            "clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature),
            "userHandle": used.owner,
        })  # fmt: skip

    def _answer(self, used: Passkey, response: dict[str, Any]) -> str:
        return json.dumps({
            "id": text(used.id), "rawId": text(used.id), "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        })  # fmt: skip
