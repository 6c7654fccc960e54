"""An OpenID provider that can misbehave, as a process of its own: ``python -m tests.support.rogue_provider``.

It prints its port. POST /control with JSON sets how it answers next: ``claims`` to add or (None) leave out, ``alg``
(RS256, none, HS256), ``key`` (other: one it does not publish), ``issuer`` for its own description, ``answer`` to add to
the way back, ``moved``: the token address leads elsewhere. Unlike many test providers it checks PKCE: without the right
verifier it gives no token.
"""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

SECRET = "the secret that both sides know, for tests"


class Provider(ThreadingHTTPServer):
    """What it knows: keys, codes given out, and how to behave."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://localhost:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.other = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.codes: dict[str, dict[str, str]] = {}
        self.behaviour: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []

    def token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer, "sub": "person-1", "aud": asked["client_id"], "nonce": asked.get("nonce"), "iat": now,
            "exp": now + 300, "auth_time": now, "email": "somebody@elsewhere.example", "groups": ["administrator"],
        }  # fmt: skip
        claims |= self.behaviour.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        return self._signed(json.dumps(claims).encode())

    def _signed(self, claims: bytes) -> str:
        alg = self.behaviour.get("alg", "RS256")
        if alg == "none":
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            return f"{head}.{base64.urlsafe_b64encode(claims).rstrip(b'=').decode()}."
        if alg == "HS256":
            # The old trick: what everyone may know (the public key, the client's secret) used as a shared secret.
            shared = OctKey.import_key(self.behaviour.get("shared") or self.key.as_pem(private=False))
            return jws.serialize_compact({"alg": "HS256", "kid": "first"}, claims, shared)
        key = self.other if self.behaviour.get("key") == "other" else self.key
        return jws.serialize_compact({"alg": alg, "kid": "first"}, claims, key, algorithms=[alg])


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *ignored: Any) -> None: ...

    def _json(self, found: Any, code: int = 200) -> None:
        body = json.dumps(found).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        place, issuer = urlsplit(self.path), self.server.issuer
        if place.path == "/.well-known/openid-configuration":
            self._json({
                "issuer": self.server.behaviour.get("issuer", issuer), "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token", "jwks_uri": f"{issuer}/keys",
            })  # fmt: skip
        elif place.path == "/keys":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        elif place.path == "/authorize":
            self._authorize({name: values[0] for name, values in parse_qs(place.query).items()})
        elif place.path == "/asked":
            self._json(self.server.asked)
        else:
            self._json({}, 404)

    def _authorize(self, asked: dict[str, str]) -> None:
        self.server.asked.append(asked)
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = asked
        back = {"code": code, "state": asked.get("state", "")} | self.server.behaviour.get("answer", {})
        self.send_response(302)
        self.send_header(
            "Location", asked["redirect_uri"] + "?" + urlencode({k: v for k, v in back.items() if v is not None})
        )
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path == "/control":
            self.server.behaviour = json.loads(body)
            return self._json({})
        if self.server.behaviour.pop("moved", False):
            # Who follows takes the code, its verifier and the client's secret there.
            self.send_response(307)
            self.send_header("Location", f"{self.server.issuer}/elsewhere")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.server.codes.pop(sent.get("code", ""), None)
        hashed = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        is_right = (
            asked is not None and asked.get("code_challenge_method") == "S256" and proof == asked["code_challenge"]
        )
        if not is_right or asked is None:
            return self._json({"error": "invalid_grant"}, 400)
        return self._json({"access_token": "x", "token_type": "Bearer", "id_token": self.server.token(asked)})


def main() -> None:
    provider = Provider()
    print(provider.server_address[1], flush=True)
    provider.serve_forever()


if __name__ == "__main__":
    main()
