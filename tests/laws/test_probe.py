"""Probes give the known answers, the same for a member in any company, and a reason where there is no number."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
import torch
from torch import nn

from spectra_tune import probes
from spectra_tune.design import Block, Condition, InvalidStudy, Treatment
from spectra_tune.engine import run_block
from spectra_tune.engine.members.generators import seeded
from spectra_tune.networks import mlp
from spectra_tune.objectives import objective_of
from spectra_tune.probes import jacobians
from spectra_tune.probes.hidden import SHOWS_NONE, with_hidden
from spectra_tune.probes.probe_input import NOT_FINITE, OVERFLOWS, ProbeInput, ProbeResult, not_computed
from spectra_tune.results import PROBE_REASONS, probe_columns
from spectra_tune.tasks import moons
from tests.laws.kinds import NETWORKS, pairs, task_of, x_of

OF_NETWORKS = [name for name in probes.PROBES if name != "boundary"]  # which has a file of tests of its own


def drawn(build, *, members=3, features=2, classes=2, points=1000, seed=0, moved=0.05, regularized=None) -> ProbeInput:
    """Members of a network at random starts, moved from there by a little, with random points and labels.

    build() gives a module with weights of its own. regularized: by default every matrix but the last one.
    """
    starts = []
    for member in range(members):
        with seeded(1000 * seed + member):
            starts.append({name: value.detach().clone() for name, value in build().state_dict().items()})
    generator = torch.Generator().manual_seed(seed)
    states = [
        {name: value + moved * torch.randn(value.shape, generator=generator) for name, value in start.items()}
        for start in starts
    ]
    matrices = [name for name, value in starts[0].items() if value.ndim == 2]
    return ProbeInput(
        module=build(),
        states=states,
        initial=starts,
        regularized=tuple(regularized or matrices[:-1] or matrices),
        layers=tuple(str(n) for n in range(1, len(regularized or matrices[:-1] or matrices) + 1)),
        matrices=tuple(range(1, len(regularized or matrices[:-1] or matrices) + 1)),
        x=torch.randn(points, features, generator=generator),
        target=torch.randint(classes, (points,), generator=generator),
        objective=objective_of(SimpleNamespace(classes=classes)),
        low_F=numpy.full(features, -3.0),
        high_F=numpy.full(features, 3.0),
    )


def perceptron(*, features=2, classes=2, **given):
    """What builds a perceptron."""
    network = mlp(**{"width": 12, "depth": 3, "init": "he"} | given)
    task = SimpleNamespace(features=features, classes=classes)
    return lambda: network.build(task)


def linear(*sizes, activation=False):
    """What builds weights w1, w2, … in a row without biases; activation: with identities that count as hidden ones."""

    def build():
        row = nn.Sequential()
        for number, (below, above) in enumerate(zip(sizes, sizes[1:], strict=False), start=1):
            row.add_module(f"w{number}", nn.Linear(below, above, bias=False))
            if activation and number < len(sizes) - 1:
                row.add_module(f"hidden{number}", nn.LeakyReLU(1.0))
        return row

    return build


class Sines(nn.Module):
    """Shows nothing."""

    def __init__(self, width=6):
        super().__init__()
        self.inner, self.outer = nn.Linear(2, width), nn.Linear(width, 1)

    def forward(self, x):
        return self.outer(torch.sin(self.inner(x)))


def with_parameters(probed, **by_name) -> ProbeInput:
    """With some parameters set otherwise, (members, …); a name's dot is written as two underscores."""
    named = {name.replace("__", "."): values for name, values in by_name.items()}
    assert set(named) <= set(probed.states[0])
    states = [
        {**state, **{name: values[member] for name, values in named.items()}}
        for member, state in enumerate(probed.states)
    ]
    return replace(probed, states=states)


def stacked(probed, name):
    return torch.stack([state[name] for state in probed.states])


def only(probed, member) -> ProbeInput:
    return replace(probed, states=[probed.states[member]], initial=[probed.initial[member]])


def measured(name, probed) -> dict[str, ProbeResult]:
    return probes.implement(name)(probed)


def one(reading) -> float:
    """The value of a reading of a single member."""
    (value,), (reason,) = reading.values, reading.reasons
    assert reason is None, reason
    return float(value)


def test_every_probe_has_its_file():
    folder = Path(probes.__file__).parent
    assert {file.stem for file in folder.glob("*.py")} - set(probes.PROBES) == {
        *("__init__", "hidden", "jacobians", "probe_input"),
    }
    for name in probes.PROBES:
        assert callable(probes.implement(name))


def test_declaring_probes_loads_nothing_heavy():
    code = "import sys, spectra_tune.probes\nassert not {'numpy', 'torch'} & set(sys.modules)\n"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("network", "task"), pairs(NETWORKS))
def test_every_probe_has_a_number_or_a_reason_for_every_network_and_task(network, task):
    condition = Condition(task=task, network=network, epochs=2)
    runs = run_block(Block(condition=condition, arms={"none": Treatment.none()}, seeds=[0], probes=probes.PROBES))
    assert (runs["status"] == "ok").all()
    (row,) = runs.to_dict("records")
    named = {reason.partition(":")[0] for reason in row[PROBE_REASONS].split("; ")}
    for column in probe_columns(runs.columns):
        assert numpy.isfinite(row[column]) or column.removeprefix("probe_") in named, column
    stems = (
        "spectral_norm",
        "sensitivity",
        "lipschitz_lower",
        "distance_from_init",
        "boundary",
        "dead_units",
        "gradient",
    )
    assert all(any(column.startswith(f"probe_{stem}") for column in runs.columns) for stem in stems)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_members_bits_do_not_depend_on_its_company(name, classes):
    probed = drawn(perceptron(classes=classes), members=5, classes=classes)
    together = measured(name, probed)
    for member in (0, 3):
        alone = measured(name, only(probed, member))
        assert alone.keys() == together.keys()
        for quantity, reading in alone.items():
            assert one(reading) == together[quantity].values[member], quantity


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_member_that_is_not_finite_has_a_reason_and_disturbs_no_other(name):
    probed = drawn(perceptron())
    spoiled = stacked(probed, "layer_2.bias")
    spoiled[1, 4] = torch.nan
    whole, with_nan = measured(name, probed), measured(name, with_parameters(probed, layer_2__bias=spoiled))
    assert whole.keys() == with_nan.keys()
    for quantity, reading in with_nan.items():
        assert reading.reasons == (None, NOT_FINITE, None), quantity
        assert (reading.values[[0, 2]] == whole[quantity].values[[0, 2]]).all()
    all_nan = measured(name, with_parameters(probed, layer_2__bias=torch.full_like(spoiled, torch.inf)))
    assert all_nan.keys() == whole.keys()
    assert all(reading.reasons == (NOT_FINITE,) * 3 for reading in all_nan.values())


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_measuring_neither_draws_nor_changes_anything(name):
    probed = drawn(perceptron())
    before = [{key: value.clone() for key, value in state.items()} for state in probed.states]
    state = torch.get_rng_state()
    first, second = measured(name, probed), measured(name, replace(probed))
    assert torch.equal(torch.get_rng_state(), state)
    for state, known in zip(probed.states, before, strict=True):
        assert all(torch.equal(known[key], value) and not value.requires_grad for key, value in state.items())
    assert not probed.x.requires_grad
    assert all((reading.values == second[quantity].values).all() for quantity, reading in first.items())


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_network_that_shows_nothing_is_measured_as_far_as_it_can_be(name):
    probed = drawn(Sines)
    readings = measured(name, probed)
    without = {
        "dead_units": {"dead_units", "always_on_units"},
        "gradient_flow": {"gradient_flow_slope"},
        "lipschitz": {"lipschitz_upper", "lipschitz_ratio"},
    }.get(name, set())
    assert {quantity for quantity, reading in readings.items() if reading.reasons[0]} == without
    if name in ("dead_units", "gradient_flow"):
        assert all(reading.reasons == (SHOWS_NONE,) * 3 for reading in readings.values())
    if name == "lipschitz":
        assert "needs a torch.nn.Sequential" in readings["lipschitz_upper"].reasons[2]


def test_a_very_negative_bias_kills_every_unit_and_a_very_positive_one_keeps_all_on():
    probed = drawn(perceptron(depth=2), members=2)
    bias = torch.stack([torch.full((12,), -1e6), torch.full((12,), 1e6)])
    readings = measured("dead_units", with_parameters(probed, layer_1__bias=bias))
    assert list(readings) == [
        *("dead_units", "always_on_units"),
        *("dead_units_1", "dead_units_2", "always_on_units_1", "always_on_units_2"),
    ]
    assert list(readings["dead_units_1"].values) == [1.0, 0.0]
    assert list(readings["always_on_units_1"].values) == [0.0, 1.0]
    both = measured("dead_units", with_parameters(probed, layer_1__bias=bias, layer_2__bias=1e3 * bias))
    assert list(both["dead_units"].values) == [1.0, 0.0]
    assert list(both["always_on_units"].values) == [0.0, 1.0]
    assert readings["dead_units"].values[0] == (12 + 12 * readings["dead_units_2"].values[0]) / 24


def test_a_unit_that_one_point_activates_is_neither_dead_nor_always_on():
    probed = drawn(perceptron(width=2, depth=1), members=1, features=2)
    x = torch.full((1000, 2), -1.0)
    x[500] = 1.0
    eye, zero = torch.eye(2)[None], torch.zeros(1, 2)
    readings = measured("dead_units", replace(with_parameters(probed, layer_1__weight=eye, layer_1__bias=zero), x=x))
    assert one(readings["dead_units_1"]) == one(readings["always_on_units_1"]) == 0.0
    readings = measured(
        "dead_units", replace(with_parameters(probed, layer_1__weight=0 * eye, layer_1__bias=zero), x=x)
    )
    assert one(readings["dead_units_1"]) == 1.0  # at exactly 0 a unit is silent


@pytest.mark.parametrize(
    "probed, says",
    [
        (drawn(perceptron(activation="tanh")), "units of tanh are not silent below 0"),
        (drawn(linear(2, 5, 1, activation=True)), "units of leakyrelu are not silent below 0"),
        (drawn(perceptron(), points=999), "1000 or more points, got 999"),
    ],
)
def test_dead_units_are_those_of_relus_on_enough_points(probed, says):
    readings = measured("dead_units", probed)
    assert "dead_units_1" in readings
    assert all(says in str(reason) for reading in readings.values() for reason in reading.reasons)


def test_a_linear_networks_derivative_is_the_product_of_its_weights():
    probed = drawn(linear(5, 7, 4, 3), members=2, features=5, classes=3, points=40)
    readings = measured("sensitivity", probed)
    for member in range(2):
        w1, w2, w3 = (probed.states[member][f"{name}.weight"].double() for name in ("w1", "w2", "w3"))
        for norm, expected in (
            ("spectral", torch.linalg.matrix_norm(w3 @ w2 @ w1, 2)),
            ("frobenius", (w3 @ w2 @ w1).norm()),
        ):
            for summary in ("median", "p95", "max"):
                found = readings[f"sensitivity_{norm}_{summary}"].values[member]
                assert found == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("classes, features", [(2, 2), (2, 5), (4, 2), (3, 5)])
def test_derivatives_are_finite_differences(classes, features, monkeypatch):
    monkeypatch.setattr(jacobians, "MOST_POINTS", 7)  # tiles that do not divide the points
    network = perceptron(activation="tanh", classes=classes, features=features)
    probed = drawn(network, members=1, features=features, classes=classes, points=30)
    module, x_NF, step = probed.member(0), probed.points, 1e-6
    columns = []
    for feature in range(features):
        shift = torch.zeros(features, dtype=torch.float64)
        shift[feature] = step
        columns.append((module(x_NF + shift) - module(x_NF - shift)) / step / 2)
    expected_NOF = torch.stack(columns, dim=2)
    torch.testing.assert_close(jacobians.jacobians(module, x_NF), expected_NOF, rtol=1e-6, atol=1e-8)
    readings = measured("sensitivity", probed)
    for norm, norm_N in (
        ("spectral", torch.linalg.matrix_norm(expected_NOF, 2)),
        ("frobenius", torch.linalg.matrix_norm(expected_NOF)),
    ):
        expected = numpy.quantile(norm_N.numpy(), (0.5, 0.95, 1.0))
        found = [one(readings[f"sensitivity_{norm}_{summary}"]) for summary in ("median", "p95", "max")]
        assert found == pytest.approx(expected, rel=1e-6)


def test_a_constant_function_has_sensitivity_zero_and_no_lipschitz_ratio():
    probed = drawn(perceptron(depth=2), members=1)
    dead = with_parameters(probed, layer_2__bias=torch.full((1, 12), -1e6))
    assert all(one(reading) == 0.0 for reading in measured("sensitivity", dead).values())
    bounds = measured("lipschitz", dead)
    assert one(bounds["lipschitz_lower"]) == 0.0 < one(bounds["lipschitz_upper"])
    assert bounds["lipschitz_ratio"].reasons == ("the outputs do not change with the input at any probe point",)

    class Constant(nn.Linear):
        def forward(self, x):
            return self.weight[:, 0].expand(len(x), -1)

    constant = drawn(lambda: Constant(2, 1), members=1)
    assert all(one(reading) == 0.0 for reading in measured("sensitivity", constant).values())


@pytest.mark.parametrize(
    "weight, stable, effective",
    [
        (torch.diag(torch.tensor([3.0, 1.0])), 10 / 9, 4 / 3**0.75),  # shares 3/4, 1/4
        (torch.outer(torch.arange(1.0, 6), torch.arange(2.0, 5)), 1.0, 1.0),
        (
            2.5
            * torch.linalg.qr(torch.randn(9, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64))[0],
            9,
            9,
        ),
        (torch.diag(torch.tensor([1e-30, 0.0])), 1.0, 1.0),
    ],
    ids=["diagonal", "rank one", "orthogonal", "tiny"],
)
def test_ranks_have_their_known_values(weight, stable, effective):
    out, features = weight.shape
    probed = with_parameters(drawn(linear(features, out), members=1, features=features), w1__weight=weight[None])
    readings = measured("singular_values", probed)
    assert list(readings) == ["spectral_norm_1", "frobenius_norm_1", "stable_rank_1", "effective_rank_1"]
    assert one(readings["stable_rank_1"]) == pytest.approx(stable, rel=1e-12)
    assert one(readings["effective_rank_1"]) == pytest.approx(effective, rel=1e-12)
    assert one(readings["frobenius_norm_1"]) == pytest.approx(weight.double().norm().item(), rel=1e-12)
    top = torch.linalg.matrix_norm(weight.double(), 2).item()
    assert one(readings["spectral_norm_1"]) == pytest.approx(top, rel=1e-12)


def test_a_zero_weight_has_norms_but_no_ranks():
    probed = with_parameters(drawn(perceptron(), members=1), layer_2__weight=torch.zeros(1, 12, 12))
    readings = measured("singular_values", probed)
    assert one(readings["spectral_norm_2"]) == one(readings["frobenius_norm_2"]) == 0.0
    assert readings["stable_rank_2"].reasons == readings["effective_rank_2"].reasons
    assert readings["stable_rank_2"].reasons == ("the weight is zero: it has no direction",)
    assert one(readings["stable_rank_1"]) >= 1


@pytest.mark.parametrize("gain", [1.0, 2**0.5, 2.0])
def test_the_gradients_square_changes_by_half_the_gains_square_per_layer(gain):
    network = perceptron(features=8, width=512, depth=4, init="he", init_gain=gain / 2**0.5)
    readings = measured("gradient_flow", drawn(network, members=4, features=8, points=200, moved=0.0))
    assert list(readings) == [*(f"gradient_flow_{layer}" for layer in (1, 2, 3)), "gradient_flow_slope"]
    squares = numpy.stack([readings[f"gradient_flow_{layer}"].values ** 2 for layer in (1, 2, 3)])
    steps = numpy.concatenate([squares[:-1] / squares[1:], squares[-1:]])
    assert steps.mean() == pytest.approx(gain**2 / 2, rel=0.04)
    slopes = readings["gradient_flow_slope"].values
    assert slopes.mean() == pytest.approx(-numpy.log(gain**2 / 2) / 2, abs=0.03)


@pytest.mark.parametrize("classes", [2, 3])
def test_gradient_flow_is_that_of_the_trained_loss(classes):
    network = perceptron(depth=3, classes=classes)
    probed = drawn(network, members=1, classes=classes)
    module = probed.member(0)
    logits, hidden = with_hidden(module, probed.points)
    probability = torch.softmax(torch.cat((0 * logits, logits), dim=1) if classes == 2 else logits, dim=1)
    error = probability - torch.nn.functional.one_hot(probed.target, classes)
    error = error[:, 1:] if classes == 2 else error
    sizes = []
    for layer in (4, 3, 2):
        error = error @ module.get_parameter(f"layer_{layer}.weight")
        sizes.append(error.norm())
        error = error * (hidden[layer - 2][1] > 0)
    readings = measured("gradient_flow", probed)
    assert one(readings["gradient_flow_2"]) == pytest.approx((sizes[1] / sizes[0]).item(), rel=1e-10)
    assert one(readings["gradient_flow_1"]) == pytest.approx((sizes[2] / sizes[0]).item(), rel=1e-10)
    assert one(readings["gradient_flow_slope"]) == pytest.approx((sizes[0] / sizes[2]).log().item() / 2, rel=1e-10)


def test_gradients_that_are_not_there_have_a_reason():
    probed = drawn(perceptron(), members=1)
    cut = measured("gradient_flow", with_parameters(probed, layer_2__weight=torch.zeros(1, 12, 12)))
    assert one(cut["gradient_flow_1"]) == 0.0 < one(cut["gradient_flow_2"])
    assert "reaches hidden layer 1" in cut["gradient_flow_slope"].reasons[0]
    silent = measured("gradient_flow", with_parameters(probed, layer_4__weight=torch.zeros(1, 1, 12)))
    assert all("exactly zero at the last hidden layer" in reading.reasons[0] for reading in silent.values())
    shallow = measured("gradient_flow", drawn(perceptron(depth=1), members=1))
    assert shallow["gradient_flow_slope"].reasons == ("a flow needs 2 hidden layers, the network has one",)

    class Apart(nn.Module):
        """Its hidden layers lead nowhere, or the gradient ends in them."""

        def __init__(self, detached):
            super().__init__()
            self.one, self.other, self.relu, self.detached = nn.Linear(2, 5), nn.Linear(5, 1), nn.ReLU(), detached

        def forward(self, x):
            hidden = self.relu(self.relu(self.one(x).detach() if self.detached else self.one(x)))
            return self.other(hidden if self.detached else torch.sin(self.one(x)))

    for detached in (True, False):
        readings = measured("gradient_flow", drawn(lambda detached=detached: Apart(detached), members=1))
        assert all("outputs must be computed from" in reading.reasons[0] for reading in readings.values())


@pytest.mark.parametrize("name", ["dead_units", "gradient_flow"])
def test_a_network_without_hidden_layers_has_a_reason(name):
    readings = measured(name, drawn(linear(2, 1)))
    assert all(reading.reasons == (SHOWS_NONE,) * 3 for reading in readings.values())


def test_gradients_through_layers_of_different_widths_are_norms_not_means():
    probed = drawn(linear(2, 5, 3, 1, activation=True), members=1)
    w2, w3 = (probed.states[0][f"{name}.weight"].double() for name in ("w2", "w3"))
    readings = measured("gradient_flow", probed)
    assert one(readings["gradient_flow_1"]) == pytest.approx(((w3 @ w2).norm() / w3.norm()).item(), rel=1e-12)


def test_gradients_whose_squares_vanish_in_double_precision_are_measured():
    probed = drawn(linear(2, 5, 3, 1, activation=True), members=1)
    w2, w3 = (probed.states[0][f"{name}.weight"].double() for name in ("w2", "w3"))
    readings = measured("gradient_flow", with_parameters(probed, w3__weight=w3[None] * 1e-200))
    assert one(readings["gradient_flow_1"]) == pytest.approx(((w3 @ w2).norm() / w3.norm()).item(), rel=1e-12)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_lower_lipschitz_bound_is_never_above_the_upper(depth, classes, activation):
    network = perceptron(depth=depth, classes=classes, activation=activation)
    probed = drawn(network, members=4, classes=classes, moved=0.3)
    readings = measured("lipschitz", probed)
    lower, upper, ratio = (readings[f"lipschitz_{which}"].values for which in ("lower", "upper", "ratio"))
    assert (lower > 0).all()
    assert (lower <= upper).all()
    numpy.testing.assert_allclose(ratio, upper / lower)
    assert (lower == measured("sensitivity", replace(probed))["sensitivity_spectral_max"].values).all()


def test_lipschitz_bounds_bound_what_the_logits_do():
    network = perceptron()
    probed = drawn(network, members=1, moved=0.3)
    upper, x = one(measured("lipschitz", probed)["lipschitz_upper"]), probed.points
    logits = probed.member(0)(x)
    steepest = ((logits[1:] - logits[:-1]).norm(dim=1) / (x[1:] - x[:-1]).norm(dim=1)).max()
    assert steepest <= upper


def test_lipschitz_bounds_meet_where_one_direction_is_stretched_most():
    single = measured("lipschitz", drawn(linear(6, 4), members=40, features=6, classes=4, points=20))
    assert (single["lipschitz_lower"].values <= single["lipschitz_upper"].values).all()
    numpy.testing.assert_allclose(single["lipschitz_ratio"].values, 1.0, rtol=1e-8)
    aligned = {"w1__weight": torch.diag(torch.tensor([3.0, 1.0]))[None], "w2__weight": torch.tensor([[[2.0, 0.0]]])}
    probed = with_parameters(drawn(linear(2, 2, 1), members=1), **aligned)
    bounds = measured("lipschitz", probed)
    assert one(bounds["lipschitz_lower"]) == pytest.approx(6.0)
    assert one(bounds["lipschitz_upper"]) == pytest.approx(6.0, rel=1e-8)


class Residual(nn.Sequential):
    def forward(self, x):
        return super().forward(x) + 100 * x


def _twice():
    shared = nn.Linear(2, 2, bias=False)
    return nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(2, 1))


def _tied():
    row = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    row[2].weight = row[0].weight
    return row


def test_a_weight_in_series_counts_as_often_as_it_is_used():
    for build in (_twice, _tied):
        probed = drawn(build, members=4, classes=3 if build is _tied else 2, moved=0.0)
        probed = replace(probed, states=[{name: 5 * value for name, value in one.items()} for one in probed.states])
        bounds = measured("lipschitz", probed)
        assert (bounds["lipschitz_lower"].values <= bounds["lipschitz_upper"].values).all()
        assert (
            bounds["lipschitz_upper"].values[0] >= float(torch.linalg.matrix_norm(probed.states[0]["0.weight"], 2)) ** 2
        )


@pytest.mark.parametrize(
    "build",
    [
        lambda: Residual(nn.Linear(2, 2)),
        lambda: nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(3.0), nn.Linear(4, 1)),
        lambda: nn.Sequential(nn.Linear(2, 4), nn.ELU(alpha=5.0), nn.Linear(4, 1)),
        lambda: nn.Sequential(nn.Linear(2, 4), nn.Softmax(dim=1), nn.Linear(4, 1)),
    ],
    ids=["residual", "steep", "steep elu", "softmax"],
)
def test_what_is_no_row_of_slow_activations_has_no_upper_bound(build):
    bounds = measured("lipschitz", drawn(build, members=1, classes=3))
    assert one(bounds["lipschitz_lower"]) > 0
    assert "needs a torch.nn.Sequential" in bounds["lipschitz_upper"].reasons[0]


def test_what_has_not_moved_is_at_distance_zero_exactly():
    readings = measured("distance_from_init", drawn(perceptron(), moved=0.0))
    assert list(readings) == [*(f"distance_from_init_{layer}" for layer in (1, 2, 3)), "distance_from_init"]
    assert all((reading.values == 0.0).all() for reading in readings.values())


def test_distances_are_relative_to_the_start():
    probed = drawn(perceptron(), members=1, moved=0.0)
    tripled = measured(
        "distance_from_init", with_parameters(probed, layer_2__weight=3 * probed.initial[0]["layer_2.weight"][None])
    )
    assert [one(tripled[f"distance_from_init_{layer}"]) for layer in (1, 3)] == [0.0, 0.0]
    assert one(tripled["distance_from_init_2"]) == pytest.approx(2.0)
    whole = torch.cat([value.flatten() for value in probed.initial[0].values()]).norm()
    expected = 2 * probed.initial[0]["layer_2.weight"].norm() / whole
    assert one(tripled["distance_from_init"]) == pytest.approx(expected.item(), rel=1e-6)


def test_a_start_at_zero_has_no_relative_distance():
    probed = drawn(perceptron(), members=1)
    start = probed.initial[0]
    initial = start | {"layer_1.weight": torch.zeros_like(start["layer_1.weight"])}
    readings = measured("distance_from_init", replace(probed, initial=[initial]))
    assert "started at zero" in readings["distance_from_init_1"].reasons[0]
    assert one(readings["distance_from_init"]) > 0


def test_what_overflows_says_so():
    probed = drawn(perceptron())
    huge = [{name: torch.full_like(value, 1e38).double() ** 3 for name, value in of.items()} for of in probed.states]
    for name in ("dead_units", "sensitivity", "lipschitz"):
        readings = measured(name, replace(probed, states=huge)).values()
        assert set().union(*(reading.reasons for reading in readings)) == {OVERFLOWS}
    # a derivative whose square overflows or vanishes is not one that does
    for scale in (1e200, 1e-200):
        weight = scale * torch.tensor([[[3.0, 0.0], [0.0, 4.0]]], dtype=torch.float64)
        sensitivity = measured(
            "sensitivity", with_parameters(drawn(linear(2, 2), members=1, classes=3), w1__weight=weight)
        )
        assert one(sensitivity["sensitivity_spectral_max"]) == pytest.approx(4 * scale, rel=1e-12)
        assert one(sensitivity["sensitivity_frobenius_max"]) == pytest.approx(5 * scale, rel=1e-12)


def test_a_network_that_only_single_precision_can_run_has_a_reason():
    class Single(Sines):
        def forward(self, x):
            return super().forward(x) @ torch.ones(1, 1)

    for name in ("sensitivity", "dead_units", "gradient_flow", "lipschitz"):
        readings = measured(name, drawn(Single))
        assert all("torch in double precision" in str(r) for reading in readings.values() for r in reading.reasons)


def test_a_lack_of_memory_is_not_a_reason():
    class Huge(Sines):
        def forward(self, x):
            raise torch.OutOfMemoryError("no memory")

    for name in ("dead_units", "sensitivity"):
        with pytest.raises(torch.OutOfMemoryError):
            measured(name, drawn(Huge))


@pytest.mark.parametrize(
    "values, reasons",
    [
        ([numpy.nan], (None,)),
        ([numpy.nan], ("",)),
        ([0.0], ("a reason",)),
        ([numpy.inf], (None,)),
        ([0.0, 1.0], (None,)),
    ],
)
def test_a_reading_has_a_value_or_a_reason_never_both_or_neither(values, reasons):
    with pytest.raises(InvalidStudy, match="a result must"):
        ProbeResult(values=numpy.array(values), reasons=reasons)
    assert not_computed(2, "why").reasons == ("why", "why")


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"initial": []}, "equal names and shapes"),
        ({"initial": [{}] * 3}, "equal names and shapes"),
        ({"target": torch.zeros(3, dtype=torch.int64)}, r"x must be \(points, …\)"),
    ],
)
def test_what_does_not_belong_together_is_not_probed(changes, says):
    with pytest.raises(InvalidStudy, match=says):
        replace(drawn(perceptron()), **changes)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_showing_hidden_layers_changes_no_bit_of_the_outputs(network):
    with seeded(0):
        module = network.build(task_of(network)).eval()
    x = x_of(task_of(network), 60)
    outputs, hidden = with_hidden(module, x)
    assert torch.equal(module(x), outputs)
    if isinstance(module, nn.Sequential):
        layers, below = [], x
        for child in module:
            below = child(below)
            layers += [below] if isinstance(child, (nn.ReLU, nn.Tanh)) else []
        assert len(layers) == len(hidden)
        assert all(torch.equal(one, other) for (_, one), other in zip(hidden, layers, strict=True))


def test_one_activation_for_two_layers_is_two_layers():
    readings = measured("dead_units", drawn(lambda: NETWORKS["Tied"].build(moons()), members=1))
    assert {"dead_units_1", "dead_units_2"} <= set(readings)
