"""Credentials in addresses are masked, whole, however they are written; what is none stays."""

import pytest

from spectra_tune.credentials import without_secrets, without_user
from spectra_tune.errors import InvalidStudy
from studies.command import places
from studies.command.console import say, to_reader


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("http://me:planted@host:5000/path", "http://***@host:5000/path"),
        ("https://planted@host", "https://***@host"),
        ("postgresql://me:plan/ted@host/studies", "postgresql://***@host/studies"),
        ("postgresql://me:plan@ted@host/studies", "postgresql://***@host/studies"),
        ("mysql+pymysql://me:pl@nt/ed'@host/studies", "mysql+pymysql://***@host/studies"),
        ("postgresql://host/studies?user=me&password=planted", "postgresql://host/studies?user=me&password=***"),
        ("s3://bucket/a?access_key=planted&secret_key=planted", "s3://bucket/a?access_key=***&secret_key=***"),
        ("s3://b/a?X-Amz-Signature=planted&region=here", "s3://b/a?X-Amz-Signature=***&region=here"),
    ],
)
def test_credentials_are_masked_and_the_rest_stays(address, masked):
    said = without_secrets(f"got: {address} and {address}; mend it")
    assert said == f"got: {masked} and {masked}; mend it"
    assert without_secrets(said) == said
    alone = without_user(address)
    assert alone == address or "planted" not in alone


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:5000/#/models/a@b",
        "sqlite:////home/me@work/mlflow.db",
        "s3://bucket/a@b?scheme=http&endpoint_override=host:1",
        "write to me@host",
    ],
)
def test_what_is_no_credential_stays(address):
    assert without_secrets(address) == without_user(address) == address


def test_nothing_that_is_said_has_credentials(capsys):
    say(to_reader(), "stopped: no answer from postgresql://me:planted@host/studies")
    assert capsys.readouterr().out == "stopped: no answer from postgresql://***@host/studies\n"


def test_a_storage_address_with_credentials_is_refused_before_ray_records_it():
    with pytest.raises(InvalidStudy, match=r"without credentials, .* got s3://\*\*\*@bucket/studies; give them"):
        places.storage("s3://me:planted@bucket/studies")
    assert places.storage("s3://bucket/studies?scheme=http") == "s3://bucket/studies?scheme=http"
