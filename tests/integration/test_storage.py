"""Where a study's checkpoints lie: a bucket instead of a folder, a disk that fills up in the middle."""

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress

import pyarrow.fs
import pytest

from spectra_tune import tracking
from spectra_tune.engine import run_block
from spectra_tune.launching.block_store import filesystem_of, within
from spectra_tune.results import unmeasured
from studies.command import catalogue
from tests.tools.servers import PATIENCE_S, ended, free_port
from tests.tools.study_file import GOOD, written

SECRETS = {"AWS_ACCESS_KEY_ID": "planted-key", "AWS_SECRET_ACCESS_KEY": "planted-secret"}


def started(work, file, *options, **environment):
    with (work / "log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "studies", "run", file, "--quiet", *options],
            cwd=work,
            env={**os.environ, "COLUMNS": "200", **environment},
            stdout=log,
            stderr=log,
        )


def check_bits(file, uri):
    """The record has all blocks of the study, with the bits that they have in this process."""
    runs = tracking.read_tables("mine", uri).runs
    for block in catalogue.load(file).study.blocks():
        there = runs[runs["width"] == block.condition.network.width].reset_index(drop=True)
        assert unmeasured(there).equals(unmeasured(run_block(block)))


def test_a_place_keeps_its_query_at_the_end():
    assert within("/data/", "mine", "ended") == "/data/mine/ended"
    assert within("/odd?name", "mine") == "/odd?name/mine"
    assert within("s3://bucket/studies?scheme=http", "mine") == "s3://bucket/studies/mine?scheme=http"


def test_file_systems_that_arrow_has_not_are_fsspecs():
    files, path = filesystem_of("memory://bucket/studies")
    files.create_dir(path)
    with files.open_output_stream(f"{path}/one") as file:
        file.write(b"1")
    assert [one.base_name for one in files.get_file_info(pyarrow.fs.FileSelector(path))] == ["one"]


@contextmanager
def bucket(folder, monkeypatch):
    """An empty bucket of a local S3 server: its URI, and the environment that leads there."""
    pytest.importorskip("moto", reason="needs a local S3 server: pip install 'moto[server]'")
    port = free_port()
    with (folder / "s3.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    environment = {**SECRETS, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": address}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        end = time.monotonic() + PATIENCE_S
        made = False
        while not made and time.monotonic() < end:
            time.sleep(0.3)
            with suppress(OSError):
                urllib.request.urlopen(urllib.request.Request(f"{address}/bucket", method="PUT"))
                made = True
        yield "s3://bucket/studies"
    finally:
        ended(server)


@pytest.mark.slow
@pytest.mark.integration
def test_a_study_killed_in_the_middle_goes_on_from_a_bucket(tmp_path, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    file = written(work, GOOD.replace("[6]", "[600_000]"))
    with bucket(tmp_path, monkeypatch) as uri:
        files, path = filesystem_of(f"{uri}/mine")

        def there():
            found = files.get_file_info(pyarrow.fs.FileSelector(path, recursive=True, allow_not_found=True))
            return [one for one in found if one.type == pyarrow.fs.FileType.File]

        study = started(work, file, "--storage", uri)
        end = time.monotonic() + PATIENCE_S
        while not any(one.base_name.endswith(".pt") for one in there()) and time.monotonic() < end:
            time.sleep(0.3)
        assert study.poll() is None, (work / "log").read_text()
        assert started(work, file, "--storage", uri, "--tracking-uri", "sqlite:///other.db").wait(300) == 2
        assert f"study 'mine' is being run by process {study.pid} on " in (work / "log").read_text()
        assert study.poll() is None, (work / "log").read_text()
        study.kill()
        study.wait()
        assert started(work, file, "--storage", uri, "--resume").wait(300) == 0, (work / "log").read_text()
        kept = []
        for one in there():
            with files.open_input_stream(one.path) as stream:
                kept.append(stream.read())
    kept += [one.read_bytes() for one in work.rglob("*") if one.is_file()]
    assert len(kept) > 8
    assert not [one for one in kept for secret in SECRETS.values() if secret.encode() in one]
    assert sorted(one.name for one in work.iterdir()) == ["log", "mlartifacts", "mlflow.db"]
    check_bits(file, f"sqlite:///{work / 'mlflow.db'}")


@contextmanager
def small_disk(folder, kilobytes):
    """A disk of its own of so many kilobytes; skips where none can be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield lambda more: subprocess.run(["mount", "-o", f"remount,size={more}k", str(folder)], check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize(("what", "kilobytes"), [("storage", 250), ("records", 990)])
def test_a_full_disk_is_one_line_and_with_room_the_study_ends_as_ever(tmp_path, what, kilobytes):
    work = tmp_path / "work"
    work.mkdir()
    file = written(work, GOOD.replace("[6]", "[600]"))
    with small_disk(tmp_path / "small", kilobytes) as resized:
        uri = f"sqlite:///{(tmp_path / 'small' if what == 'records' else work) / 'mlflow.db'}"
        places = ["--tracking-uri", uri]
        if what == "storage":
            places += ["--storage", str(tmp_path / "small" / "ray")]
        assert started(work, file, *places).wait(300) == 1
        said = (work / "log").read_text()
        assert "Traceback" not in said
        assert "stopped: " in said or "failed: " in said
        resized(64_000)
        assert started(work, file, *places, "--resume").wait(300) == 0, (work / "log").read_text()
        check_bits(file, uri)
