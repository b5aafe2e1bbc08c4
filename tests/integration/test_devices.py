"""What blocks ask of processors and GPUs: a part by their memory, again after a death. The GPUs are pretended."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pandas
import pytest
import ray

from spectra_tune.engine import bytes_on_gpu, run_block
from spectra_tune.engine.gpu_memory import NOT_BUILT, gpu_bytes
from spectra_tune.launching import gpus as given_gpus
from spectra_tune.launching.block_store import write_ended
from spectra_tune.launching.gpus import gpu_share, resources
from spectra_tune.networks import mlp
from spectra_tune.results import unmeasured
from tests.conftest import ARMS
from tests.tools import pretended_gpus
from tests.tools.nodes import killed, node, trains, waited_for
from tests.tools.pretended_gpus import BLOCKS
from tests.tools.servers import free_port
from tests.tools.study_file import GOOD, written

GIB = 2**30


def has(monkeypatch, *memory, **there):
    """A cluster with these resources, and nodes whose GPUs have so much memory as far as they can tell."""
    monkeypatch.setattr(ray, "cluster_resources", lambda: there)
    monkeypatch.setattr(given_gpus, "_memory_of_gpus", lambda: tuple(enumerate(memory)))


@pytest.mark.parametrize(
    ("gpus", "needed", "blocks", "share"),
    [
        (0, GIB, 100, 0),
        (1, GIB, 100, 1 / 8),  # 24 GiB hold more than eight
        (1, 5 * GIB, 100, 1 / 4),
        (1, 11 * GIB, 100, 1),
        (1, float("inf"), 100, 1),
        (4, GIB, 6, 1 / 2),  # every GPU gets work
        (4, GIB, 1, 1),
    ],
)
def test_a_block_asks_for_what_its_memory_wants(monkeypatch, gpus, needed, blocks, share):
    has(monkeypatch, 24 * GIB, CPU=8, GPU=gpus)
    assert gpu_share(needed, blocks) == share
    assert resources(share).required_resources == {"CPU": 1, **({"GPU": share} if share else {})}


def test_the_smallest_gpu_counts_and_an_unknown_one_is_taken_for_small(monkeypatch):
    has(monkeypatch, 80 * GIB, 16 * GIB, GPU=2)
    assert gpu_share(5 * GIB, 100) == 1 / 2
    has(monkeypatch, 80 * GIB, None, GPU=2)
    assert gpu_share(5 * GIB, 100) == 1
    has(monkeypatch, GPU=2)
    assert gpu_share(3 * GIB, 100) == 1 / 2


def test_gpus_that_a_cluster_may_grow_to_count(monkeypatch):
    has(monkeypatch, CPU=2, gpus_later=4)
    assert gpu_share(3 * GIB, 100) == 1 / 2
    has(monkeypatch, 24 * GIB, CPU=2, gpus_later=4, GPU=1)
    assert gpu_share(GIB, 8) == 1 / 2


def test_what_a_block_needs_of_a_gpu_grows_with_its_programs_and_its_width(block):
    assert bytes_on_gpu(block) > GIB / 2
    fewer = replace(block, arms={"none": ARMS["none"]})
    assert bytes_on_gpu(fewer) < bytes_on_gpu(block), "with and without a penalty are two programs"
    assert bytes_on_gpu(replace(block, seeds=range(9))) == bytes_on_gpu(block), "programs are padded"
    wide = replace(block, condition=replace(block.condition, network=mlp(width=512)))
    assert bytes_on_gpu(wide) > bytes_on_gpu(block) + 256 * 36 * 512**2


@pytest.mark.parametrize(("ended", "waits"), [((), True), (("one",), True), (("one", "two"), False)])
def test_a_study_goes_on_on_gpus_while_blocks_that_were_given_some_are_left(tmp_path, ended, waits):
    assert not given_gpus.left_to_gpus(str(tmp_path))
    given_gpus.note_gpus(str(tmp_path), ["one", "two"])
    for block in ended:
        write_ended(str(tmp_path), block, {}, {})
    assert given_gpus.left_to_gpus(str(tmp_path)) == waits
    given_gpus.note_gpus(str(tmp_path), [])
    assert not given_gpus.left_to_gpus(str(tmp_path))


@pytest.mark.slow
@pytest.mark.integration
def test_blocks_share_gpus_and_a_retry_has_one_again(tmp_path):
    subprocess.run([sys.executable, "-m", "tests.tools.pretended_gpus", str(tmp_path)], check=True)
    runs = pandas.read_parquet(tmp_path / "runs.parquet")
    for name, block in BLOCKS.items():
        given = (tmp_path / f"{name}.given").read_text().splitlines()
        assert set(given) == {"[0] 0.5"}, given
        assert (len(given) > 20) == (name == "width4"), "a block that lost its worker went on"
        there = runs[runs["width"] == block.condition.network.width].reset_index(drop=True)
        assert unmeasured(there).equals(unmeasured(run_block(block)))


def contents(folder) -> dict:
    """What is in a folder, by name."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refused(file, *options) -> str:
    """The line that the command says when it refuses a study."""
    ended = subprocess.run(
        [sys.executable, "-m", "studies", "run", file, *options],
        env={**os.environ, "RAY_AUTH_MODE": "disabled", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@pytest.mark.slow
@pytest.mark.integration
def test_a_study_that_began_on_gpus_is_refused_where_there_are_none(folder):
    file = written(folder, GOOD.replace("[6]", "[40000]"))
    log = folder.parent / "log"
    study = pretended_gpus.started("run", file, log=log)
    try:
        assert waited_for(lambda: trains(study)), log.read_text()
        time.sleep(3)
        study.send_signal(signal.SIGINT)
        assert study.wait(60) == 130, log.read_text()
    finally:
        killed(study)
    before = contents(folder / "ray_results")
    line = refused(file, "--resume")
    assert "a study that began on GPUs must go on on them, got a cluster without for " in line
    assert "resume it with another --storage" in line
    assert contents(folder / "ray_results") == before


@pytest.mark.slow
@pytest.mark.integration
def test_a_gpu_that_torch_cannot_use_is_named(folder):
    if gpu_bytes() != NOT_BUILT:
        pytest.skip("needs a torch without CUDA")
    port = free_port()
    local = ["--node-ip-address", "127.0.0.1", "--include-dashboard=false"]
    head = node(folder.parent, "--head", "--port", str(port), "--num-gpus", "1", *local)
    try:
        assert waited_for(lambda: "Ray runtime started" in (folder.parent / "node.log").read_text())
        line = refused(written(folder), "--address", f"127.0.0.1:{port}")
    finally:
        killed(head)
    assert re.search(
        r"torch must be built for GPUs where Ray has one, at [\d.]+ it is not; install its CUDA build", line
    )
    assert not (folder / "ray_results").exists()
