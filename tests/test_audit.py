"""What `make check` says of known vulnerabilities."""

import json

from tests.tools.audit import said

CLEAN = {"name": "rich", "version": "14.0", "vulns": []}
UNKNOWN = {"name": "torch", "version": "2.13", "skip_reason": "not found"}
BROKEN = {"name": "flask", "version": "0.1", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]}


def test_a_vulnerability_fails_and_is_named(capsys):
    assert said(json.dumps({"dependencies": [CLEAN, UNKNOWN, BROKEN]}), "") == 1
    printed = capsys.readouterr().out
    assert "2 of 3 packages asked about, 2 vulnerabilities; the index has no records of the other 1" in printed
    assert "  flask 0.1: CVE-1\n" in printed


def test_what_cannot_be_asked_is_said_and_fails_nothing(capsys):
    assert said(json.dumps({"dependencies": [CLEAN]}), "") == 0
    assert said("", "Traceback\nConnectionError: no such host\n") == 0
    assert "skipped, the index gave no answer: ConnectionError: no such host" in capsys.readouterr().out
