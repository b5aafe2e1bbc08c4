"""Trained networks as MLflow models below the MLflow run of their arm: graphs that hold no code of anyone's."""

import importlib.metadata
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from spectra_tune.tracking.children import Child, Key
from spectra_tune.tracking.declaring import LONGEST_PARAMETER, cut, shortened

LONGEST_MODEL_NAME = 200
NOT_IN_A_NAME = r"[/:.%\"']"
"""What MLflow does not allow in the name of a model."""

GRAPH = "pt2"
"""MLflow's word for `torch.export`: weights with the graph of what is done with them, read without running a pickle."""

READY = "READY"
"""MLflow's word for a model that is whole."""


class Loaded(NamedTuple):
    """A trained network."""

    module: Any  # torch.nn.Module, in evaluation mode
    samples: Any  # an array that it takes
    outputs: Any  # an array: what it makes of them


@dataclass(frozen=True, slots=True, kw_only=True)
class RunModel:
    """The trained network of one run."""

    key: Key  # (condition_signature, arm)
    seed: int
    signature: str  # the run's
    name: str
    scores: Mapping[str, str]
    load: Callable[[], Loaded]


def log_models(
    client,
    experiment_id: str,
    children: Mapping[Key, Child],
    models: Iterable[RunModel],
    params: Callable[[Key], Mapping[str, Any]],
) -> list[tuple[RunModel, Exception]]:
    """Writes those that MLflow does not hold yet; half a one that a kill has left is written anew.

    params: of an arm, shown beside each of its models. Gives those that could not be loaded or written as a graph, and
    why; what the store raises is raised.
    """
    there, failed = _held(client, experiment_id), []
    for model in models:
        child = children[model.key]
        held = there.get((child.run_id, model.signature))
        if held is not None and held.status == READY:
            continue
        if held is not None:
            client.delete_logged_model(held.model_id)
        error = _log(client, experiment_id, child, model, params(model.key))
        if error is not None:
            failed.append((model, error))
    return failed


def _held(client, experiment_id: str) -> dict[tuple[str | None, str | None], Any]:
    """What MLflow holds of the experiment, by its MLflow run and the signature of the run."""
    found, token = {}, None
    while True:
        page = client.search_logged_models([experiment_id], page_token=token)
        found |= {(one.source_run_id, one.tags.get("signature")): one for one in page}
        token = page.token
        if not token:
            return found


def _log(client, experiment_id: str, child: Child, model: RunModel, params: Mapping[str, Any]) -> Exception | None:
    """Writes a model; why it could not be made."""
    from mlflow.entities import LoggedModelOutput

    try:
        loaded = model.load()
    except Exception as error:  # anything that the storage or a user's network may raise
        return error
    shown = {**model.scores, **params, "seed": model.seed}  # MLflow's pages of models show no tags
    held = client.create_logged_model(
        experiment_id,
        name=shortened(re.sub(NOT_IN_A_NAME, "_", model.name), LONGEST_MODEL_NAME),
        source_run_id=child.run_id,
        tags={"signature": model.signature, **model.scores},
        params={key: cut(str(value), LONGEST_PARAMETER) for key, value in shown.items()},
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model"
        try:
            _save(place, held, child.run_id, loaded)
        except OSError:
            raise
        except Exception as error:  # anything that tracing a user's network may raise
            client.delete_logged_model(held.model_id)
            return error
        client.log_model_artifacts(held.model_id, str(place))
    client.log_outputs(child.run_id, [LoggedModelOutput(held.model_id, step=0)])
    client.finalize_logged_model(held.model_id, READY)
    return None


def _save(place: Path, held: Any, run_id: str, loaded: Loaded) -> None:
    """Into a folder, as `mlflow.pytorch.load_model` reads it."""
    from mlflow.models import Model, infer_signature
    from mlflow.pytorch import save_model

    from spectra_tune.engine.kept_models import tracing  # loads torch

    module, samples, outputs = loaded
    torch_version = importlib.metadata.version("torch").partition("+")[0]
    with tracing():
        save_model(
            module,
            place,
            mlflow_model=Model(artifact_path=held.artifact_location, model_id=held.model_id, run_id=run_id),
            signature=infer_signature(samples, outputs),
            input_example=samples,
            pip_requirements=[f"torch=={torch_version}"],  # else a process of its own looks for them
            serialization_format=GRAPH,
        )
