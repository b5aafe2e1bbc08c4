"""What pictures show is what the trained networks are: their outputs, their data, their singular values."""

from dataclasses import dataclass

import numpy
import pytest
import torch

from spectra_tune.design import Block, Condition, Treatment
from spectra_tune.engine import BlockTraining, figure_data
from spectra_tune.engine.figure_data import GRID, SPECTRA_SEEDS
from spectra_tune.networks import mlp
from spectra_tune.results import sigma_columns
from spectra_tune.tasks import moons, spirals
from tests.conftest import ARMS
from tests.laws.kinds import NETWORKS, Images, Surface, Tokens, on, task_of


def trained(task=None, seeds=range(6), network=None, **given):
    condition = Condition(task=task or moons(samples=100), network=network or mlp(width=5), epochs=6, **given)
    training = BlockTraining(Block(condition=condition, arms=ARMS, seeds=seeds))
    while not training.finished:
        training.advance()
    return training


def of(figures, figure):
    return figures[figures["figure"] == figure]


@pytest.mark.parametrize("name", ["mlp", "Convolves", "Attends", "gru", "transformer"])
def test_the_largest_singular_value_is_the_runs_sigma(name):
    training = trained(task_of(NETWORKS[name]), seeds=range(3), network=NETWORKS[name])
    runs, spectra = training.runs(), of(training.figures(), "spectrum")
    largest = spectra[spectra["y"] == 1].pivot(index="signature", columns="x", values="value")
    known = runs.set_index("signature")[sigma_columns(runs)].loc[largest.index]
    numpy.testing.assert_allclose(largest.to_numpy(), known.to_numpy(), rtol=1e-3)
    assert len(largest.dropna()) == 3 * len(ARMS)


def test_spectra_are_those_of_the_first_seeds_and_of_all_numbers():
    spectra = of(trained().figures(), "spectrum")
    assert spectra["signature"].nunique() == SPECTRA_SEEDS * len(ARMS)
    sizes = spectra.groupby(["signature", "x"])["y"].max().groupby("x").first()
    assert sizes.tolist() == [2, 5]  # of the two hidden layers


@pytest.mark.parametrize("network", [mlp(width=5), NETWORKS["Norms"], NETWORKS["Branching"]], ids=str)
def test_a_boundary_is_the_networks_output_for_the_first_seed(network):
    training = trained(network=network)
    runs, planes = training.runs(), of(training.figures(), "boundary")
    first = runs[runs["seed"] == 0]["signature"]
    assert set(planes["signature"]) == set(first)
    trainer = next(trainer for trainer in training._trainers if trainer.members[0].arm == "none")
    plane = planes[planes["signature"] == trainer.members[0].signature]
    module = trainer.module()
    module.load_state_dict(trainer.states()[0])
    logit = module.eval()(torch.tensor(plane[["x", "y"]].to_numpy()))[:, 0].detach()
    numpy.testing.assert_allclose(plane["value"], torch.sigmoid(logit), atol=1e-5)
    assert len(plane) == GRID**2


def test_the_data_of_the_first_seed_come_along():
    figures = trained().figures()
    x, y = moons(samples=100).draw("train", 0)
    data = of(figures, "data").groupby("signature").get_group(of(figures, "data")["signature"].iloc[0])
    numpy.testing.assert_allclose(data[["x", "y"]].to_numpy()[:100], x, rtol=1e-6)
    assert data["value"].tolist()[:100] == y.tolist()


def test_of_three_classes_the_most_probable_one_is_shown():
    planes = of(trained(task=spirals(samples=90, classes=3)).figures(), "boundary")
    assert set(planes["value"]) <= {0.0, 1.0, 2.0}


def test_a_diverged_run_has_no_figures():
    block = Block(
        condition=Condition(
            task=moons(samples=100), network=mlp(width=5), epochs=30, optimizer="sgd", learning_rate=1e6
        ),
        arms={"none": Treatment.none()},
        seeds=[0],
    )
    training = BlockTraining(block)
    while not training.finished:
        report = training.advance()
    assert report.runs["status"].tolist() == ["diverged"]
    assert training.figures().empty


@pytest.mark.parametrize("company", [[0], [0, 7, 3]])
def test_figures_do_not_depend_on_the_company(company):
    alone, together = trained(seeds=[0]).figures(), trained(seeds=company).figures()
    shown = together[together["signature"].isin(alone["signature"])]
    for name in ("boundary", "spectrum"):
        one, other = (of(table, name).reset_index(drop=True) for table in (alone, shown))
        assert one.equals(other)


@dataclass(frozen=True, kw_only=True)
class Pairs(Tokens):
    """Two tokens, which lie in no plane."""

    shape = (2,)

    def drawn(self, generator, count):
        x, y = super().drawn(generator, count)
        return x[:, :2], y


@pytest.mark.parametrize("task", [Surface(), Images(), Pairs()], ids=["regression", "images", "tokens"])
def test_what_is_no_class_in_the_plane_has_spectra_only(task):
    assert set(trained(task=task, network=on(task, mlp(width=5))).figures()["figure"]) == {"spectrum"}


def test_a_spectrum_too_long_for_a_picture_keeps_places_evenly_and_one_too_large_is_left_out(monkeypatch):
    def spectra():
        return of(trained(seeds=[0], network=NETWORKS["Convolves"]).figures(), "spectrum")

    whole = spectra().set_index(["signature", "x", "y"]).sort_index()
    monkeypatch.setattr(figure_data, "MOST_VALUES", 5)
    monkeypatch.setattr(figure_data, "MOST_NUMBERS", 20)
    thinned = spectra()
    assert set(thinned["x"]) == {1.0, 2.0, 5.0}  # a matrix, and convolutions of 8 numbers and of 16
    assert (thinned.groupby(["signature", "x"]).size() <= 5).all()
    for (signature, x), rows in thinned.groupby(["signature", "x"]):
        known = whole.loc[(signature, x)]["value"]
        assert rows["y"].iloc[[0, -1]].tolist() == [1, len(known)]
        assert rows["value"].tolist() == known.loc[rows["y"]].tolist()
