"""A command line that is printed does, pasted into a shell, what was meant."""

import ast
import os
import re
import shlex
from pathlib import Path

import pytest

from studies.__main__ import parser
from studies.command import catalogue
from studies.command.pasted import command
from tests.tools.study_file import written

COMMANDS = Path(__file__).parents[2] / "studies" / "command"


def parsed(line):
    program, *arguments = shlex.split(line)
    assert program == "spectra-tune"
    return parser().parse_args(arguments)


def test_what_is_where_it_is_by_default_needs_no_option(folder):
    uri, place = f"sqlite:///{folder}/mlflow.db", f"{folder}/ray_results"
    assert command("run", "capacity", "--resume", uri=uri, place=place) == "spectra-tune run capacity --resume"
    assert command("ui", uri=uri) == "spectra-tune ui"


@pytest.mark.parametrize("verb", ["run", "sync"])
def test_every_place_that_is_another_comes_back_from_the_shell(folder, verb):
    uri, place = f"sqlite:///{folder}/with blank/a'b.db", "s3://bucket/studies?scheme=http&endpoint_override=host:1"
    typed = catalogue.load(written(folder, name="it's mine.py"), smoke=True).typed
    flags = {"address": "10.0.0.1:6379"} if verb == "run" else {}
    given = parsed(command(verb, typed, uri=uri, place=place, **flags))
    assert (given.verb, given.storage, given.tracking_uri, given.smoke) == (verb, place, uri, True)
    assert given.name == str(folder.parent / "it's mine.py")
    assert getattr(given, "address", None) == flags.get("address")


def test_a_store_named_by_the_environment_needs_no_option_and_credentials_are_masked(folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://someone:planted@host:5000")
    assert command("ui", uri="http://someone:planted@host:5000") == "spectra-tune ui"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert (
        command("ui", uri="http://someone:planted@host:5000") == "spectra-tune ui --tracking-uri 'http://***@host:5000'"
    )


def test_no_other_text_of_the_commands_spells_a_command_line():
    spelt = re.compile(r"spectra-tune (run|sync|report|ui|rerun|show|advise)\b")
    for file in COMMANDS.glob("*.py"):
        tree = ast.parse(file.read_text())
        documents = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and isinstance(node.body[0], ast.Expr)
        }
        loose = {id(node.value) for node in tree.body if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents | loose:
                assert not spelt.search(node.value), f"{os.fspath(file)}:{node.lineno}"
