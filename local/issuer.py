"""The local issuer of access tokens: an RSA key in the state directory, its public half, and tokens signed with it."""

import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

ISSUER_PATH = "/_local/issuer"
DISCOVERY_PATH = f"{ISSUER_PATH}/.well-known/openid-configuration"
JWKS_PATH = f"{ISSUER_PATH}/.well-known/jwks.json"

AUDIENCE = "bulk-contacts-local"
TOKEN_HOURS = 12

CALLERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a-admin": ("tenant-a", ("contacts:read", "contacts:write", "contacts:export", "contacts:admin")),
    "a-user": ("tenant-a", ("contacts:read", "contacts:write")),
    "a-readonly": ("tenant-a", ("contacts:read",)),
    "b-admin": ("tenant-b", ("contacts:read", "contacts:write", "contacts:export", "contacts:admin")),
    "c-user": ("tenant-c", ("contacts:read", "contacts:write")),
}
"""Who the stack hands tokens to: the name in ``stack.json`` (and user id), the tenant, the scopes."""


class Issuer:
    """Signs tokens as ``issuer`` and publishes what a verifier needs (OpenID Connect discovery, RFC 7517)."""

    def __init__(self, issuer: str, key: RSAKey) -> None:
        self.issuer = issuer
        self._key = key

    @classmethod
    def at(cls, endpoint: str, key_file: Path) -> "Issuer":
        """The issuer served at this address; its key is made the first time and kept in ``key_file``."""
        if not key_file.exists():
            key_file.parent.mkdir(parents=True, exist_ok=True)
            key_file.touch(mode=0o600)
            key_file.write_bytes(RSAKey.generate_key(2048, auto_kid=True).as_pem(private=True))
        key = RSAKey.import_key(key_file.read_bytes())
        key.ensure_kid()
        return cls(endpoint + ISSUER_PATH, key)

    def discovery(self) -> dict[str, Any]:
        """The part of the discovery document that API Gateway reads."""
        return {
            "issuer": self.issuer,
            "jwks_uri": self.issuer.removesuffix(ISSUER_PATH) + JWKS_PATH,
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        }

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        return {"keys": [{**self._key.as_dict(private=False), "kid": self._key.kid, "alg": "RS256", "use": "sig"}]}

    def token(self, user: str, tenant: str, scopes: tuple[str, ...], *, tenant_claim: str, scope_claim: str) -> str:
        """An access token of ``TOKEN_HOURS`` hours. The claims' names are the template's parameters."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": user,
            "iat": now,
            "exp": now + TOKEN_HOURS * 3600,
            "token_use": "access",
            tenant_claim: tenant,
            scope_claim: " ".join(scopes),
        }
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)

    def tokens(self, *, tenant_claim: str, scope_claim: str) -> dict[str, str]:
        """A token for each of ``CALLERS``."""
        return {
            user: self.token(user, tenant, scopes, tenant_claim=tenant_claim, scope_claim=scope_claim)
            for user, (tenant, scopes) in CALLERS.items()
        }
