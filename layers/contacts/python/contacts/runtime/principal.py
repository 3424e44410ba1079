"""Who is calling, from the claims of the token that API Gateway has checked, and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contacts.domain.errors import Forbidden
from contacts.runtime.settings import Settings
from contacts.usecases.own_bulk_job import Caller

READ_SCOPE = "contacts:read"
WRITE_SCOPE = "contacts:write"
EXPORT_SCOPE = "contacts:export"
ADMIN_SCOPE = "contacts:admin"

#: The claim that names the caller's workspace, for tenants that have some.
_WORKSPACE_CLAIM = "custom:workspace_id"
#: Far below what a DynamoDB key takes.
_MAX_CLAIM_CHARS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller."""

    tenant: str
    user: str
    scopes: frozenset[str]
    workspace: str | None

    @property
    def is_admin(self) -> bool:
        """Whether the caller may do for others in the tenant what otherwise only they themselves may."""
        return ADMIN_SCOPE in self.scopes

    @property
    def as_caller(self) -> Caller:
        """The same, as use cases ask for it that tell a job's own user from others."""
        return Caller(tenant=self.tenant, user=self.user, is_admin=self.is_admin)

    def require(self, scope: str) -> None:
        """
        Raises:
            Forbidden: the token does not carry this scope.
        """
        if scope not in self.scopes:
            raise Forbidden(f"this needs the scope {scope}", code="SCOPE_MISSING")


def principal_of(event: Mapping[str, Any], settings: Settings) -> Principal:
    """The caller of an HTTP API event, payload 2.0.

    Raises:
        Forbidden: the token names no tenant or no user.
    """
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    return Principal(
        tenant=_required(claims, settings.tenant_claim),
        user=_required(claims, "sub"),
        scopes=_scopes(claims.get(settings.scope_claim)),
        workspace=_text(claims, _WORKSPACE_CLAIM),
    )


def _required(claims: Mapping[str, Any], name: str) -> str:
    value = _text(claims, name)
    if value is None:
        raise Forbidden(f"the token has no claim {name} that could be used", code="TOKEN_INCOMPLETE")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    usable = isinstance(value, str) and 0 < len(value) <= _MAX_CLAIM_CHARS and not value.isspace()
    return value if usable else None


def _scopes(claim: Any) -> frozenset[str]:
    # API Gateway hands every claim on as text; a list becomes "[one two]".
    if isinstance(claim, str):
        return frozenset(claim.removeprefix("[").removesuffix("]").split())
    if isinstance(claim, list):
        return frozenset(scope for scope in claim if isinstance(scope, str))
    return frozenset()
