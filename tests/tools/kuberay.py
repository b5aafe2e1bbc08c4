"""The shape of KubeRay's RayJob, written down by hand from its documented fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What KubeRay takes in an object: the keys that it needs, and those that it knows besides."""

    needs: Mapping[str, "Shape"]
    knows: Mapping[str, "Shape"] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ListOf:
    """A list of equal things, at least so many."""

    one: "Shape"
    least: int = 0


@dataclass(frozen=True, kw_only=True)
class MapOf:
    """Any keys, with values of one type."""

    one: type


Shape = type | Fields | ListOf | MapOf

CONTAINER = Fields(
    needs={"name": str, "image": str, "resources": Fields(needs={"limits": MapOf(one=str)})},
    knows={
        "env": ListOf(one=Fields(needs={"name": str}, knows={"value": str, "valueFrom": MapOf(one=dict)})),
        "volumeMounts": ListOf(one=Fields(needs={"name": str, "mountPath": str}, knows={"readOnly": bool})),
        "command": ListOf(one=str),
        "ports": ListOf(one=Fields(needs={"containerPort": int}, knows={"name": str})),
    },
)
VOLUME = Fields(
    needs={"name": str, "persistentVolumeClaim": Fields(needs={"claimName": str}, knows={"readOnly": bool})}
)
POD = Fields(
    needs={"containers": ListOf(one=CONTAINER, least=1)},
    knows={"volumes": ListOf(one=VOLUME), "nodeSelector": MapOf(one=str), "restartPolicy": str},
)
GROUP = {"rayStartParams": MapOf(one=str), "template": Fields(needs={"spec": POD}, knows={"metadata": dict})}
RAY_JOB = Fields(
    needs={
        "apiVersion": str,
        "kind": str,
        "metadata": Fields(needs={"name": str}, knows={"namespace": str, "labels": MapOf(one=str)}),
        "spec": Fields(
            needs={
                "entrypoint": str,
                "rayClusterSpec": Fields(
                    needs={
                        "headGroupSpec": Fields(needs=GROUP, knows={"serviceType": str}),
                        "rayVersion": str,
                        "workerGroupSpecs": ListOf(
                            one=Fields(
                                needs={**GROUP, "groupName": str, "minReplicas": int, "maxReplicas": int},
                                knows={"replicas": int, "numOfHosts": int, "idleTimeoutSeconds": int},
                            )
                        ),
                    },
                    knows={
                        "authOptions": Fields(needs={"mode": str}, knows={"secretName": str}),
                        "enableInTreeAutoscaling": bool,
                        "autoscalerOptions": Fields(needs={}, knows={"idleTimeoutSeconds": int, "version": str}),
                    },
                ),
            },
            knows={
                "activeDeadlineSeconds": int,
                "backoffLimit": int,
                "runtimeEnvYAML": str,
                "shutdownAfterJobFinishes": bool,
                "submissionMode": str,
                "suspend": bool,
                "ttlSecondsAfterFinished": int,
            },
        ),
    }
)
"""By KubeRay's documented API (ray.io/v1), as far as a study may need it; of a pod only what may be used here."""


def misfits(value: Any, shape: Shape, place: str = "") -> list[str]:
    """Where a value has not the shape that KubeRay takes."""
    if isinstance(shape, type):
        return [] if type(value) is shape else [f"{place}: {shape.__name__}, got {value!r}"]
    if not isinstance(value, list if isinstance(shape, ListOf) else dict):
        return [f"{place}: got {value!r}"]
    if isinstance(shape, ListOf):
        few = [f"{place}: at least {shape.least}"] if len(value) < shape.least else []
        return few + [line for at, one in enumerate(value) for line in misfits(one, shape.one, f"{place}[{at}]")]
    if isinstance(shape, MapOf):
        return [line for key, one in value.items() for line in misfits(one, shape.one, f"{place}.{key}")]
    known = {**shape.needs, **shape.knows}
    wrong = [f"{place}.{key}: missing" for key in shape.needs if key not in value]
    wrong += [f"{place}.{key}: unknown" for key in value if key not in known]
    return wrong + [line for key in value if key in known for line in misfits(value[key], known[key], f"{place}.{key}")]
