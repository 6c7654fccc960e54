"""Stand-ins that speak the real protocols of Vault transit and Azure Key Vault over HTTP, and moto's KMS."""

import base64
import datetime
import ipaddress
import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from tests.support.proxy import Proxy


class Refused(Exception):
    """What the service answers instead: status, body, headers."""

    def __init__(self, status, body, **headers):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


class StandIn:
    """A server in this process behind a proxy; ``answer(method, path, body, headers)`` gives the JSON."""

    def __init__(self, tls=None):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self):
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                try:
                    status, headers = 200, {}
                    body = outer.answer(
                        self.command, self.path.partition("?")[0], json.loads(raw or b"{}"), self.headers
                    )
                except Refused as refused:
                    status, body, headers = refused.status, refused.body, refused.headers
                said = json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PUT = _any

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.proxy = Proxy(self.server.server_address[1])

    def stop(self):
        self.proxy.stop()
        self.server.shutdown()
        self.server.server_close()


class Vault(StandIn):
    """Transit keys of type aes256-gcm96 under /v1/transit, with versions and associated data as in Vault's API."""

    TOKEN = "s.a-token-of-the-tests"

    def __init__(self):
        self.keys, self.oldest = {1: secrets.token_bytes(32)}, 1
        super().__init__()
        self.address = f"http://127.0.0.1:{self.proxy.port}"

    def add_version(self):
        self.keys[max(self.keys) + 1] = secrets.token_bytes(32)

    def lose_keys(self):
        self.keys = {version: secrets.token_bytes(32) for version in self.keys}

    def forbid_old(self):
        self.add_version()
        self.oldest = max(self.keys)

    def answer(self, method, path, body, headers):
        if headers.get("X-Vault-Token") != self.TOKEN:
            raise Refused(403, {"errors": ["permission denied"]})
        verb, _, name = path.removeprefix("/v1/transit/").partition("/")
        if name != "panels":
            raise Refused(400 if verb != "keys" else 404, {"errors": ["encryption key not found"]})
        return {"data": getattr(self, f"_{verb}")(body)}

    def _keys(self, body):
        return {"name": "panels", "type": "aes256-gcm96", "latest_version": max(self.keys),
                "min_decryption_version": self.oldest}  # fmt: skip

    @staticmethod
    def _bound(body):
        return base64.b64decode(body["associated_data"]) if "associated_data" in body else None

    def _encrypt(self, body):
        version, nonce = max(self.keys), secrets.token_bytes(12)
        sealed = nonce + AESGCM(self.keys[version]).encrypt(
            nonce, base64.b64decode(body["plaintext"]), self._bound(body)
        )
        return {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}", "key_version": version}

    def _decrypt(self, body):
        try:
            prefix, version, sealed = body["ciphertext"].split(":")
            if prefix != "vault":
                raise ValueError
            number, raw = int(version[1:]), base64.b64decode(sealed, validate=True)
        except ValueError:
            raise Refused(400, {"errors": ["invalid ciphertext: could not decode base64"]}) from None
        if number < self.oldest:
            raise Refused(400, {"errors": ["ciphertext or signature version is disallowed by policy (too old)"]})
        try:
            plain = AESGCM(self.keys[number]).decrypt(raw[:12], raw[12:], self._bound(body))
        except (InvalidTag, ValueError, KeyError):
            raise Refused(400, {"errors": ["cipher: message authentication failed"]}) from None
        return {"plaintext": base64.b64encode(plain).decode()}


def certificate(folder):
    """A certificate for 127.0.0.1 that signs itself: a server's context, and the file that a client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    trusted, both = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    both.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + trusted.read_bytes()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, trusted


def _url64(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _from_url64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Azure(StandIn):
    """RSA keys of a vault with the challenge, get, wrapkey and unwrapkey of the REST API 7.x, over TLS."""

    TOKEN = "a-token-of-the-tests"
    OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)

    def __init__(self, folder):
        self.keys, self.newest, self.enabled, self.withheld = {}, "", True, set()
        self.add_version()
        context, self.trusted = certificate(folder)
        super().__init__(context)
        self.address = f"https://127.0.0.1:{self.proxy.port}"

    def add_version(self):
        self.newest = secrets.token_hex(16)
        self.keys[self.newest] = rsa.generate_private_key(65537, 2048)

    def lose_keys(self):
        self.keys = {version: rsa.generate_private_key(65537, 2048) for version in self.keys}

    def forbid_old(self):
        self.withheld = set(self.keys)
        self.add_version()

    def answer(self, method, path, body, headers):
        if headers.get("Authorization") != f"Bearer {self.TOKEN}":
            challenge = 'Bearer authorization="https://login.example/tenant", resource="https://vault.azure.net"'
            raise Refused(401, {"error": {"code": "Unauthorized"}}, WWW_Authenticate=challenge)
        _, _, name, version, verb = [*path.rstrip("/").split("/"), "", ""][:5]
        version = version or self.newest
        if name != "panels" or version not in self.keys:
            raise Refused(404, {"error": {"code": "KeyNotFound", "message": "not found"}})
        kid = f"{self.address}/keys/panels/{version}"
        if method == "GET":
            numbers = self.keys[version].public_key().public_numbers()
            return {
                "key": {"kid": kid, "kty": "RSA", "key_ops": ["wrapKey", "unwrapKey"], "n": _url64(numbers.n.to_bytes(256)),
                        "e": _url64(b"\x01\x00\x01")},
                "attributes": {"enabled": self.enabled, "created": 1, "updated": 1, "recoveryLevel": "Recoverable"},
            }  # fmt: skip
        if version in self.withheld:
            raise Refused(403, {"error": {"code": "Forbidden", "message": "the key is disabled"}})
        return {"kid": kid, "value": _url64(self._do(verb, self.keys[version], _from_url64(body["value"])))}

    def _do(self, verb, key, value):
        if verb == "wrapkey":
            return key.public_key().encrypt(value, self.OAEP)
        try:
            return key.decrypt(value, self.OAEP)
        except ValueError:
            raise Refused(400, {"error": {"code": "BadParameter", "message": "The parameter is incorrect"}}) from None


class StaticCredential:
    """A credential with one token that never ends."""

    def get_token(self, *scopes, **options):
        from azure.core.credentials import AccessToken

        return AccessToken(Azure.TOKEN, 4102444800)
