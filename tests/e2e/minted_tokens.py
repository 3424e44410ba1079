"""Tokens that nobody should have: signed with the issuer's own key, with another one, or not at all."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from local.issuer import AUDIENCE, Issuer
from tests.e2e.api_operations import EVERY_SCOPE
from tests.e2e.http_client import Api

TENANT_CLAIM, SCOPE_CLAIM = "custom:tenant_id", "scope"


@dataclass(frozen=True)
class Mint:
    """Whoever has the issuer's key."""

    stack: Mapping[str, Any]
    issuer: str
    key: RSAKey

    @classmethod
    def of(cls, stack: Mapping[str, Any], stack_directory: Path) -> Mint:
        key_file = stack_directory / "issuer.pem"
        key = RSAKey.import_key(key_file.read_bytes())
        key.ensure_kid()
        return cls(stack, Issuer.at(str(stack["awsEndpoint"]), key_file).issuer, key)

    def claims(self, *, without: str | None = None, **changed: Any) -> dict[str, Any]:
        """Claims that open every route, with these changes."""
        now = int(time.time())
        whole = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "minted-user",
            "iat": now - 60,
            "exp": now + 3600,
            TENANT_CLAIM: "minted-tenant",
            SCOPE_CLAIM: " ".join(EVERY_SCOPE),
            **changed,
        }
        return {name: value for name, value in whole.items() if name != without}

    def token(self, *, without: str | None = None, **changed: Any) -> str:
        """A token with these claims and a good signature."""
        return self.signed(self.key, self.claims(without=without, **changed))

    def signed(self, key: RSAKey, claims: Mapping[str, Any], **header: Any) -> str:
        """A token by RS256 under any key; its header names the issuer's, if it is not told otherwise."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, **header}, dict(claims), key)

    def unsigned(self) -> str:
        """The algorithm `none`: no signature, and none is asked for."""
        return f"{_encoded({'alg': 'none', 'kid': self.key.kid})}.{_encoded(self.claims())}."

    def by_public_key(self) -> str:
        """HS256, its secret the public key that everybody has: good for a verifier that lets the token choose."""
        signed = f"{_encoded({'alg': 'HS256', 'kid': self.key.kid})}.{_encoded(self.claims())}"
        # By hand: the library refuses to do such a thing.
        signature = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{_in_base64(signature)}"

    def with_other_claims(self, **changed: Any) -> str:
        """The header and signature of a good token around claims that it was not made for."""
        header, _, signature = self.token().split(".")
        return f"{header}.{_encoded(self.claims(**changed))}.{signature}"

    def caller(self, tenant: str, user: str = "minted-user") -> Api:
        """The API as a user with every scope in this tenant sees it."""
        headers = {"Authorization": f"Bearer {self.token(**{TENANT_CLAIM: tenant, 'sub': user})}"}
        return Api(httpx.Client(base_url=self.stack["apiUrl"], headers=headers, timeout=60, trust_env=False))


def _encoded(value: Mapping[str, Any]) -> str:
    return _in_base64(json.dumps(value).encode())


def _in_base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
