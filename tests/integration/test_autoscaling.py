"""cluster.yaml rehearsed with Ray's fake machines: from no worker up for a study on GPUs, and down again."""

import json
from pathlib import Path

import psutil
import pytest
import yaml

from spectra_tune import tracking
from tests.tools import pretended_gpus
from tests.tools.nodes import killed, node, waited_for
from tests.tools.servers import free_port
from tests.tools.study_file import GOOD, written

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CLUSTER = yaml.safe_load((Path(__file__).parents[2] / "cluster.yaml").read_text())
HEAD = "ray.head.default"
"""What the fake provider calls the head's type."""

EMPTY_LISTS = [
    *("initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands"),
    *("head_start_ray_commands", "worker_start_ray_commands", "cluster_synced_files", "rsync_exclude", "rsync_filter"),
]


def rehearsed(address: str) -> dict:
    """cluster.yaml with machines of the fake provider: its types, their resources and bounds; idle for seconds only."""
    types = CLUSTER["available_node_types"]
    workers = {kind: {**one, "node_config": {}} for kind, one in types.items() if kind != CLUSTER["head_node_type"]}
    head = {"resources": types[CLUSTER["head_node_type"]]["resources"], "node_config": {}, "max_workers": 0}
    return {
        "cluster_name": CLUSTER["cluster_name"],
        "max_workers": CLUSTER["max_workers"],
        "upscaling_speed": CLUSTER["upscaling_speed"],
        "idle_timeout_minutes": 0.2,
        "provider": {
            "type": "fake_multinode",
            "gcs_address": address,
            "use_node_id_as_ip": True,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "available_node_types": {HEAD: head, **workers},
        "head_node_type": HEAD,
        **{name: {} for name in ("auth", "docker", "file_mounts")},
        **{name: [] for name in EMPTY_LISTS},
        "file_mounts_sync_continuously": False,
    }


def workers_of(head) -> int:
    """Fake machines that are there beside the head."""
    processes = psutil.Process(head.pid).children(recursive=True)
    return sum(1 for one in processes if one.is_running() and one.name() == "raylet") - 1


def test_a_study_brings_gpu_workers_up_from_none_and_they_go_again(folder):
    port = free_port()
    address = f"127.0.0.1:{port}"
    config = folder.parent / "cluster.json"
    config.write_text(json.dumps(rehearsed(address)))
    of_head = dict(CLUSTER["available_node_types"][CLUSTER["head_node_type"]]["resources"])
    options = ["--head", "--port", str(port), "--include-dashboard=false", "--node-ip-address", "127.0.0.1"]
    options += ["--num-cpus", str(of_head.pop("CPU")), "--resources", json.dumps(of_head)]
    quick = {"RAY_FAKE_CLUSTER": "1", "AUTOSCALER_UPDATE_INTERVAL_S": "1"}
    head = node(folder.parent, *options, "--autoscaling-config", str(config), **quick)
    log = folder.parent / "log"
    try:
        assert waited_for(lambda: "Ray runtime started" in (folder.parent / "node.log").read_text())
        assert workers_of(head) == 0
        arguments = ["run", written(folder, GOOD), "--address", address]
        study = pretended_gpus.started(*arguments, log=log, RAY_AUTH_MODE="disabled")
        try:
            assert waited_for(lambda: workers_of(head) > 0), log.read_text()
            assert study.wait(300) == 0, log.read_text()
        finally:
            killed(study)
        assert waited_for(lambda: workers_of(head) == 0)
    finally:
        killed(head)
    runs = tracking.read_tables("mine", f"sqlite:///{folder / 'mlflow.db'}").runs
    assert (runs["status"] == "ok").all()
    assert len(runs) == 36
