"""The adapter's own judgement, and the pin that ties it to one release of the engine."""

import inspect
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from ministack.services import stepfunctions

from local.engine import adapter, version
from local.engine.authorization import counts_as_tls, partiql_checks
from local.engine.runtime_modules import hidden_modules
from local.issuer import AUDIENCE, Issuer
from local.settings import ROOT, SettingsError, from_environment
from local.stack import _engine_environment

TABLE = "arn:aws:dynamodb:r:1:table/"


def test_the_engine_is_the_release_the_patches_were_written_for() -> None:
    version.require_adapted_version()
    assert f'"ministack=={version.ADAPTED_VERSION}"' in (ROOT / "pyproject.toml").read_text()


def test_another_release_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "ADAPTED_VERSION", "0.0.0")
    with pytest.raises(version.EngineVersionError, match=r"is written for 0\.0\.0"):
        version.require_adapted_version()


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("INSERT INTO \"t\" VALUE {'pk': ?}", ("dynamodb:PartiQLInsert", TABLE + "t")),
        ("insert  into t value {'pk': ?}", ("dynamodb:PartiQLInsert", TABLE + "t")),
        ('UPDATE "a-b.c" SET x = ? WHERE pk = ?', ("dynamodb:PartiQLUpdate", TABLE + "a-b.c")),
        ('DELETE FROM "t" WHERE pk = ?', ("dynamodb:PartiQLDelete", TABLE + "t")),
        ('SELECT a, "from" FROM "t" WHERE pk = ?', ("dynamodb:PartiQLSelect", TABLE + "t")),
        ('SELECT * FROM "t"."byX" WHERE x = ?', ("dynamodb:PartiQLSelect", TABLE + "t/index/byX")),
        ('\n SELECT *\n FROM "t"', ("dynamodb:PartiQLSelect", TABLE + "t")),
    ],
)
def test_a_statement_is_checked_as_its_action_on_its_table(statement: str, check: tuple[str, str]) -> None:
    body = json.dumps({"Statements": [{"Statement": statement}] * 2}).encode()
    assert partiql_checks("dynamodb:BatchExecuteStatement", body, "r", "1") == [check]
    single = json.dumps({"Statement": statement}).encode()
    assert partiql_checks("dynamodb:ExecuteStatement", single, "r", "1") == [check]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("dynamodb:PutItem", {"Statement": 'DELETE FROM "t"'}),
        ("dynamodb:ExecuteStatement", {"Statement": "EXISTS(SELECT 1)"}),
        ("dynamodb:ExecuteStatement", {}),
        ("dynamodb:BatchExecuteStatement", {"Statements": [{"Statement": 'DELETE FROM "t"'}, {"Statement": "?"}]}),
    ],
)
def test_what_is_not_understood_is_not_granted_as_partiql(action: str, body: object) -> None:
    assert partiql_checks(action, json.dumps(body).encode(), "r", "1") == []


@pytest.mark.parametrize(
    ("address", "private"), [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), ("", False)]
)
def test_loopback_alone_counts_as_tls(address: str, private: bool) -> None:
    assert counts_as_tls(address) is private


def test_of_an_executions_waits_its_definitions_own_remain() -> None:
    pause = adapter._PAUSE_BEFORE_AN_EXECUTION
    assert f"    time.sleep({pause})\n" in inspect.getsource(stepfunctions._run_execution)
    slept: list[float] = []
    time = adapter._without_the_pause_before_an_execution(SimpleNamespace(sleep=slept.append, time=lambda: 7))
    for seconds in (pause, 0.1, 2):
        time.sleep(seconds)
    assert (slept, time.time()) == ([0.1, 2], 7)


def test_a_layer_shows_its_requirements_and_theirs(tmp_path: Path) -> None:
    code, layer = tmp_path / "code", tmp_path / "layer"
    code.mkdir()
    layer.mkdir()
    (code / "typer").mkdir()  # vendored with the code
    assert {"pydantic", "pydantic_core", "openpyxl"} <= hidden_modules(code, [layer])
    (layer / "requirements.txt").write_text("pydantic>=2  # comment\n--hash=x\n")
    hidden = hidden_modules(code, [layer])
    assert not {"pydantic", "pydantic_core", "typing_extensions", "boto3", "botocore", "typer"} & hidden
    assert {"openpyxl", "ministack", "pytest"} <= hidden


def test_tokens_verify_with_the_published_key_and_say_what_the_template_reads(tmp_path: Path) -> None:
    issuer = Issuer.at("http://127.0.0.1:1", tmp_path / "state" / "key.pem")
    tokens = issuer.tokens(tenant_claim="org", scope_claim="scp")
    claims = {
        user: jwt.decode(token, KeySet.import_key_set(issuer.public_keys()), algorithms=["RS256"]).claims  # type: ignore[arg-type]
        for user, token in tokens.items()
    }
    assert {user: (claim["org"], claim["scp"]) for user, claim in claims.items()} == {
        "a-admin": ("tenant-a", "contacts:read contacts:write contacts:export contacts:admin"),
        "a-user": ("tenant-a", "contacts:read contacts:write"),
        "a-readonly": ("tenant-a", "contacts:read"),
        "b-admin": ("tenant-b", "contacts:read contacts:write contacts:export contacts:admin"),
        "c-user": ("tenant-c", "contacts:read contacts:write"),
    }
    admin = claims["a-admin"]
    assert (admin["iss"], admin["aud"], admin["sub"]) == (issuer.issuer, AUDIENCE, "a-admin")
    assert admin["exp"] - admin["iat"] == 12 * 3600
    assert "d" not in issuer.public_keys()["keys"][0]
    again = Issuer.at("http://127.0.0.1:1", tmp_path / "state" / "key.pem")
    assert again.public_keys() == issuer.public_keys()
    assert (tmp_path / "state" / "key.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1", "80.0"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SettingsError, match="PORT must be a number"):
        from_environment({"PORT": port})


def test_settings_come_from_the_environment_or_defaults() -> None:
    assert from_environment({}).endpoint == "http://127.0.0.1:4566"
    assert from_environment({}).directory == ROOT / ".local"
    own = from_environment({"PORT": "5000", "CONTACTS_LOCAL_DIR": "/x", "CONTACTS_LOCAL_OWNER_PID": "7"})
    assert (own.endpoint, own.directory, own.owner_pid) == ("http://127.0.0.1:5000", Path("/x"), 7)


def test_only_a_stack_that_is_started_again_saves_what_it_holds() -> None:
    own = from_environment({})
    assert _engine_environment(own)["PERSIST_STATE"] == "1"
    assert _engine_environment(replace(own, keeps_state=False))["PERSIST_STATE"] == "0"
