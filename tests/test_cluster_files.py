"""cluster.yaml and rayjob.yaml are what Ray's launcher and KubeRay take, and say what the documents promise."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CLUSTER = yaml.safe_load((ROOT / "cluster.yaml").read_text())
JOB = yaml.safe_load((ROOT / "rayjob.yaml").read_text())


def test_rays_own_schema_takes_the_cluster():
    util = pytest.importorskip("ray.autoscaler._private.util")
    util.validate_config(util.prepare_config(yaml.safe_load((ROOT / "cluster.yaml").read_text())))


def test_a_misspelt_key_is_refused_by_that_schema():
    util = pytest.importorskip("ray.autoscaler._private.util")
    with pytest.raises(Exception, match="idle_timeout"):
        util.validate_config(util.prepare_config({**CLUSTER, "idle_timeout_minute": 5}))


def test_what_the_schema_does_not_see():
    assert CLUSTER["cluster_name"]
    assert CLUSTER["auth"]["ssh_user"]
    assert CLUSTER["head_node_type"] in CLUSTER["available_node_types"]
    for kind in CLUSTER["available_node_types"].values():
        assert kind.get("min_workers", 0) <= kind.get("max_workers", CLUSTER["max_workers"]) <= CLUSTER["max_workers"]
        assert {"InstanceType", "ImageId"} <= set(kind["node_config"])
    assert CLUSTER["available_node_types"]["gpu_worker"]["min_workers"] == 0
    for file in CLUSTER["file_mounts"].values():
        assert file == "~/.ray/auth_token" or (ROOT / file).exists()


def test_nothing_listens_to_the_world_and_every_node_has_a_token():
    head, worker = (" ".join(CLUSTER[f"{kind}_start_ray_commands"]) for kind in ("head", "worker"))
    for commands in (head, worker):
        assert re.search(r"RAY_AUTH_MODE=token;[^&]*ray start", commands)
    assert CLUSTER["file_mounts"]["/home/ubuntu/.ray/auth_token"] == "~/.ray/auth_token", "one token for all nodes"
    assert "--dashboard-host=127.0.0.1" in head
    assert "mlflow server --host 127.0.0.1" in head
    assert "--allowed-hosts 'localhost:*,127.0.0.1:*'" in head
    assert "0.0.0.0" not in (ROOT / "cluster.yaml").read_text() + (ROOT / "rayjob.yaml").read_text()


def test_dependencies_are_those_of_the_project():
    needed = re.findall(
        r'^    "([\w-]+)', (ROOT / "pyproject.toml").read_text().split("[project.optional")[0], re.MULTILINE
    )
    installed = " ".join(CLUSTER["setup_commands"])
    for name in set(needed) - {"numpy", "scipy"}:  # which torch and scikit-learn bring
        assert re.search(rf"[ \"]{re.escape(name)}\b", installed), name


def test_the_kubernetes_job_has_the_fields_of_a_ray_job():
    assert (JOB["apiVersion"], JOB["kind"]) == ("ray.io/v1", "RayJob")
    cluster = JOB["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for group in groups:
        assert {"rayStartParams", "template"} <= set(group)
        (container,) = group["template"]["spec"]["containers"]
        assert {"name": "RAY_AUTH_MODE", "value": "token"} in container["env"]
        (token,) = (one for one in container["env"] if one["name"] == "RAY_AUTH_TOKEN")
        assert token["valueFrom"]["secretKeyRef"] == {"name": "ray-token", "key": "auth_token"}
        assert container["volumeMounts"][0]["name"] == group["template"]["spec"]["volumes"][0]["name"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
    for group in cluster["workerGroupSpecs"]:
        assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    version = re.search(r"^ray==(.*)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]
    assert cluster["rayVersion"] == version
    assert JOB["spec"]["entrypoint"].startswith("python -m studies run ")
