"""The trained networks of a study that keeps them: from its storage into MLflow."""

import pickle
from functools import partial

import pandas
from rich.console import Console

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from spectra_tune.own_code import said
from spectra_tune.results import kept_runs
from studies.command.catalogue import Named
from studies.command.console import say


def log(console: Console, named: Named, tracker: tracking.Tracker, runs: pandas.DataFrame, place: str) -> None:
    """Writes the networks that a study keeps as MLflow models of its arms; those that cannot be are said, one a line.

    place: the storage.
    """
    kept = named.study.kept_models
    if kept is None:
        return
    from spectra_tune.launching.block_store import within  # loads ray

    folder, outcome, labels = within(place, named.name), named.study.outcome.metric, named.study.labels()
    chosen = kept_runs(runs[runs["stage"] == "confirm"], kept)
    models = []
    for run in chosen.to_dict("records"):
        key, seed, signature = (run["condition_signature"], run["arm"]), int(run["seed"]), run["signature"]
        load = partial(_loaded, folder, signature, tracker, key, seed)
        scores = {name: f"{run[name]:.6g}" for name in dict.fromkeys((outcome, kept.by.column))}
        name = f"{key[1]}, seed {seed}, {labels[key[0]]}"
        models.append(tracking.RunModel(key=key, seed=seed, signature=signature, name=name, scores=scores, load=load))
    arms = runs.loc[runs["stage"] == "confirm", ["condition_signature", "arm"]].drop_duplicates()
    for signature, arm in arms.itertuples(index=False):
        if (signature, arm) not in {model.key for model in models}:
            say(console, f"no model of {labels[signature]}, {arm}: none of its runs ended with finite weights")
    for model, error in tracker.log_models(models):
        signature, arm = model.key
        why = str(error) if isinstance(error, InvalidStudy) else said(error)
        say(console, f"WARNING: no model of {labels[signature]}, {arm}, seed {model.seed}: {why}")


def _loaded(folder: str, signature: str, tracker: tracking.Tracker, key: tuple[str, str], seed: int) -> tracking.Loaded:
    """A run's network as it was trained."""
    from spectra_tune.engine.kept_models import unpacked  # loads torch
    from spectra_tune.launching import kept_model

    content = kept_model(folder, signature)
    if content is None:
        raise InvalidStudy(f"its weights must be in {folder}, they are not; put them back and sync into a new store")
    try:
        return tracking.Loaded(*unpacked(content, tracker.member(key), seed))
    except (pickle.UnpicklingError, RuntimeError, LookupError, EOFError, ValueError) as error:  # as torch says it
        raise InvalidStudy(f"its weights in {folder}/models are damaged ({type(error).__name__})") from error
