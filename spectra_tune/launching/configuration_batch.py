"""One trial of a search: a few configurations of one side of one stratum, trained on search seeds as one block."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas

from spectra_tune import engine
from spectra_tune.design import Block, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationBatch:
    """What Tune's dict of a trial says. Numbers count the configurations of its side and stratum from 0."""

    stratum: int  # place among the study's conditions
    arm: str
    values: Mapping[int, Mapping[str, Any]]  # by number; those to train
    repeats: Mapping[int, int]  # number: the earlier configuration that it repeats
    seeds: tuple[int, ...]

    def config(self) -> dict[str, Any]:
        """The batch as Tune's dict."""
        return {
            "stratum": self.stratum,
            "arm": self.arm,
            "values": [[number, dict(values)] for number, values in self.values.items()],
            "repeats": [list(pair) for pair in self.repeats.items()],
            "seeds": list(self.seeds),
        }

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "ConfigurationBatch":
        """The batch of Tune's dict."""
        return cls(
            stratum=config["stratum"],
            arm=config["arm"],
            values={number: dict(values) for number, values in config["values"]},
            repeats=dict(config["repeats"]),
            seeds=tuple(config["seeds"]),
        )

    @property
    def name(self) -> str:
        """What is kept of it is kept under: told by what it holds, the same in a search that goes on."""
        return hashlib.sha256(json.dumps(self.config(), default=repr).encode()).hexdigest()[:16]

    def block(self, study: Study) -> Block:
        """The block that trains it; of one that has something to train."""
        return Block(
            condition=study.conditions[self.stratum],
            arms={str(number): study.configured(self.arm, values) for number, values in self.values.items()},
            seeds=self.seeds,
            stage="search",
            evaluations=study.outcome.selecting,
        )

    def labelled(self, study: Study, runs: pandas.DataFrame) -> pandas.DataFrame:
        """The run table of its block with the study's arm, the side and the configuration's number."""
        numbers = runs["arm"].astype(int)
        return runs.assign(arm=self.arm, side=study.sides()[self.arm], configuration=numbers)

    def failed(self, study: Study) -> pandas.DataFrame:
        """Its rows where it could not be trained."""
        return self.labelled(study, engine.failed_runs(self.block(study)))
