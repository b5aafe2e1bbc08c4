"""What blocks ask of processors and GPUs: a part by their memory, again after a death. The GPUs are pretended."""

import subprocess
import sys
from dataclasses import replace

import pandas
import pytest

from spectra_tune.blocks import bytes_on_gpu, run_block
from spectra_tune.launching import cluster
from spectra_tune.networks import mlp
from spectra_tune.results import unmeasured
from tests.conftest import ARMS
from tests.pretended_gpus import BLOCKS

GIB = 2**30


def has(monkeypatch, **resources):
    named = {name.replace("__", ":"): value for name, value in resources.items()}
    monkeypatch.setattr(cluster.ray, "cluster_resources", lambda: named)


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
    has(monkeypatch, CPU=8, GPU=gpus, accelerator_type__A10G=1)
    assert cluster.gpu_share(needed, blocks) == share
    assert cluster.resources(share).required_resources == {"CPU": 1, **({"GPU": share} if share else {})}


def test_the_smallest_gpu_counts_and_an_unknown_one_is_taken_for_small(monkeypatch):
    has(monkeypatch, GPU=2, accelerator_type__H100=1, accelerator_type__T4=1)
    assert cluster.gpu_share(5 * GIB, 100) == 1 / 2
    has(monkeypatch, GPU=2, accelerator_type__H100=1, accelerator_type__XPU9000=1)
    assert cluster.gpu_share(5 * GIB, 100) == 1
    has(monkeypatch, GPU=2)
    assert cluster.gpu_share(3 * GIB, 100) == 1 / 2


def test_what_a_block_needs_of_a_gpu_grows_with_its_programs_and_its_width(block):
    assert bytes_on_gpu(block) > GIB / 2
    fewer = replace(block, arms={"none": ARMS["none"]})
    assert bytes_on_gpu(fewer) < bytes_on_gpu(block), "with and without a penalty are two programs"
    assert bytes_on_gpu(replace(block, seeds=range(9))) == bytes_on_gpu(block), "programs are padded"
    wide = replace(block, condition=replace(block.condition, network=mlp(width=512)))
    assert bytes_on_gpu(wide) > bytes_on_gpu(block) + 256 * 36 * 512**2


@pytest.mark.slow
@pytest.mark.integration
def test_blocks_share_gpus_and_a_retry_has_one_again(tmp_path):
    subprocess.run([sys.executable, "-m", "tests.pretended_gpus", str(tmp_path)], check=True)
    runs = pandas.read_parquet(tmp_path / "runs.parquet")
    for name, block in BLOCKS.items():
        given = (tmp_path / f"{name}.given").read_text().splitlines()
        assert set(given) == {"[0] 0.5"}, given
        assert (len(given) > 20) == (name == "width4"), "a block that lost its worker went on"
        there = runs[runs["width"] == block.condition.network.width].reset_index(drop=True)
        assert unmeasured(there).equals(unmeasured(run_block(block)))
