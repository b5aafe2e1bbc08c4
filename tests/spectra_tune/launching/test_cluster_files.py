"""cluster.yaml and rayjob.yaml are what Ray's launcher and KubeRay take, and say what the documents promise."""

import copy
import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from spectra_tune.launching.gpus import LATER
from studies.__main__ import parser
from studies.command import catalogue
from tests.tools.kuberay import RAY_JOB, misfits

ROOT = Path(__file__).parents[3]
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
    gpus = [
        kind.get("max_workers", 0) * kind["resources"].get("GPU", 0)
        for kind in CLUSTER["available_node_types"].values()
    ]
    head = CLUSTER["available_node_types"][CLUSTER["head_node_type"]]
    assert head["resources"][LATER] == sum(gpus), "blocks ask for GPUs before one is there"
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


def test_the_kubernetes_job_has_the_shape_of_a_ray_job():
    assert misfits(JOB, RAY_JOB) == []
    assert (JOB["apiVersion"], JOB["kind"]) == ("ray.io/v1", "RayJob")
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", JOB["metadata"]["name"])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda job: job["spec"].pop("entrypoint"), ".spec.entrypoint: missing"),
        (lambda job: job["spec"].update(rayClusterSpecs={}), ".spec.rayClusterSpecs: unknown"),
        (
            lambda job: job["spec"]["rayClusterSpec"]["headGroupSpec"]["rayStartParams"].update({"num-cpus": 0}),
            ".spec.rayClusterSpec.headGroupSpec.rayStartParams.num-cpus: str, got 0",
        ),
        (
            lambda job: job["spec"]["rayClusterSpec"]["workerGroupSpecs"][0].pop("maxReplicas"),
            ".spec.rayClusterSpec.workerGroupSpecs[0].maxReplicas: missing",
        ),
        (
            lambda job: job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"].update(containers=[]),
            ".spec.rayClusterSpec.headGroupSpec.template.spec.containers: at least 1",
        ),
    ],
)
def test_a_job_of_another_shape_is_seen(spoil, says):
    job = copy.deepcopy(JOB)
    spoil(job)
    assert misfits(job, RAY_JOB) == [says]


def test_what_the_shape_of_the_kubernetes_job_does_not_say():
    cluster = JOB["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    assert cluster["authOptions"] == {"mode": "token"}, "KubeRay hands a token to every container"
    for group in groups:
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
        assert not [one for one in container.get("env", ()) if one["name"].startswith("RAY_AUTH")]
    gpus = 0
    for group in cluster["workerGroupSpecs"]:
        assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
        gpus += group["maxReplicas"] * int(limits.get("nvidia.com/gpu", 0))
    later = json.loads(json.loads(cluster["headGroupSpec"]["rayStartParams"]["resources"]))
    assert later == {LATER: gpus}, "blocks ask for GPUs before one is there"
    version = re.search(r"^ray==(.*)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]
    assert cluster["rayVersion"] == version
    entry = shlex.split(JOB["spec"]["entrypoint"])
    assert entry[:3] == ["python", "-m", "studies"]
    given = parser().parse_args(entry[3:])
    assert (given.name in catalogue.listed(), given.address, given.resume) == (True, "auto", True)
    mounted = [
        mount["mountPath"] for group in groups for mount in group["template"]["spec"]["containers"][0]["volumeMounts"]
    ]
    assert all(given.storage.startswith(f"{path}/") for path in mounted), "all nodes see the storage"
