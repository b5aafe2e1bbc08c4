"""Probes give the known answers, the same for a member in any company, and a reason where there is no number."""

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
import pytest
import torch

from spectra_tune import probes
from spectra_tune.design import InvalidStudy
from spectra_tune.networks import mlp, outputs_for
from spectra_tune.probes import jacobians, singular_values
from spectra_tune.probes.hidden import SHOWS_NONE
from spectra_tune.probes.probe_input import NOT_FINITE, OVERFLOWS, ProbeInput, ProbeResult, not_computed

OF_NETWORKS = [name for name in probes.PROBES if name != "boundary"]  # which has a file of tests of its own


def drawn(network, *, members=3, features=2, classes=2, points=1000, seed=0, moved=0.05) -> ProbeInput:
    """Members of a network at random starts, moved from there by a little, with random points and labels."""
    generator = torch.Generator().manual_seed(seed)
    starts = [network.init(generator) for _ in range(members)]
    initial = {name: torch.stack([one[name] for one in starts]) for name in starts[0]}
    shift = {name: moved * torch.randn(value.shape, generator=generator) for name, value in initial.items()}
    return ProbeInput(
        network=network,
        parameters={name: value + shift[name] for name, value in initial.items()},
        initial=initial,
        x_NF=torch.randn(points, features, generator=generator),
        label_N=torch.randint(classes, (points,), generator=generator),
        classes=classes,
        low_F=numpy.full(features, -3.0),
        high_F=numpy.full(features, 3.0),
    )


def perceptron(*, features=2, classes=2, **given):
    return mlp(**{"width": 12, "depth": 3, "init": "he"} | given).implement(features, outputs_for(classes))


def with_parameters(probed, **stacked) -> ProbeInput:
    return replace(probed, parameters=probed.parameters | stacked)


def only(probed, member) -> ProbeInput:
    def part(stacked):
        return {name: value[member : member + 1] for name, value in stacked.items()}

    return replace(probed, parameters=part(probed.parameters), initial=part(probed.initial))


def measured(name, probed) -> dict[str, ProbeResult]:
    return probes.implement(name)(probed)


def one(reading) -> float:
    """The value of a reading of a single member."""
    (value,), (reason,) = reading.values, reading.reasons
    assert reason is None, reason
    return float(value)


@dataclass(frozen=True)
class Linear:
    """Weights in a row without biases or activations."""

    sizes: tuple[int, ...]

    @property
    def in_series(self):
        return tuple(f"w{number}" for number in range(1, len(self.sizes)))

    regularized = in_series

    def init(self, generator):
        sides = zip(self.sizes[1:], self.sizes[:-1], strict=True)
        return {
            name: torch.randn(sides, generator=generator) for name, sides in zip(self.in_series, sides, strict=True)
        }

    def with_hidden(self, parameters, x):
        outputs = []
        for name in self.in_series:
            x = x @ parameters[name].T
            outputs.append(x)
        return outputs[-1], outputs[:-1]

    def forward(self, parameters, x):
        return self.with_hidden(parameters, x)[0]


@dataclass(frozen=True)
class Sines:
    """The tutorial's network: it has only what a network must have."""

    width: int = 6
    regularized: tuple[str, ...] = ("inner",)

    def init(self, generator):
        inner = torch.empty(self.width, 2).normal_(generator=generator)
        return {"inner": inner, "outer": torch.zeros(1, self.width), "shift": torch.zeros(1)}

    def forward(self, parameters, x):
        return torch.sin(x @ parameters["inner"].T) @ parameters["outer"].T + parameters["shift"]


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
    spoiled = probed.parameters["bias_2"].clone()
    spoiled[1, 4] = torch.nan
    whole, with_nan = measured(name, probed), measured(name, with_parameters(probed, bias_2=spoiled))
    assert whole.keys() == with_nan.keys()
    for quantity, reading in with_nan.items():
        assert reading.reasons == (None, NOT_FINITE, None), quantity
        assert (reading.values[[0, 2]] == whole[quantity].values[[0, 2]]).all()
    all_nan = measured(name, with_parameters(probed, bias_2=torch.full_like(spoiled, torch.inf)))
    assert all_nan.keys() == whole.keys()
    assert all(reading.reasons == (NOT_FINITE,) * 3 for reading in all_nan.values())


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_measuring_neither_draws_nor_changes_anything(name):
    probed = drawn(perceptron())
    before = {key: value.clone() for key, value in probed.parameters.items()}
    state = torch.get_rng_state()
    first, second = measured(name, probed), measured(name, replace(probed))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[key], value) for key, value in probed.parameters.items())
    assert not any(value.requires_grad for value in (*probed.parameters.values(), probed.x_NF))
    assert all((reading.values == second[quantity].values).all() for quantity, reading in first.items())


@pytest.mark.parametrize("name", OF_NETWORKS)
def test_a_network_that_shows_nothing_is_measured_as_far_as_it_can_be(name):
    probed = drawn(Sines())
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
        assert "give it in_series" in readings["lipschitz_upper"].reasons[2]


def test_a_very_negative_bias_kills_every_unit_and_a_very_positive_one_keeps_all_on():
    probed = drawn(perceptron(depth=2), members=2)
    bias = torch.stack([torch.full((12,), -1e6), torch.full((12,), 1e6)])
    readings = measured("dead_units", with_parameters(probed, bias_1=bias))
    assert list(readings) == [
        *("dead_units", "always_on_units"),
        *("dead_units_1", "dead_units_2", "always_on_units_1", "always_on_units_2"),
    ]
    assert list(readings["dead_units_1"].values) == [1.0, 0.0]
    assert list(readings["always_on_units_1"].values) == [0.0, 1.0]
    both = measured("dead_units", with_parameters(probed, bias_1=bias, bias_2=bias))
    assert list(both["dead_units"].values) == [1.0, 0.0]
    assert list(both["always_on_units"].values) == [0.0, 1.0]
    assert readings["dead_units"].values[0] == (12 + 12 * readings["dead_units_2"].values[0]) / 24


def test_a_unit_that_one_point_activates_is_neither_dead_nor_always_on():
    probed = drawn(perceptron(width=2, depth=1), members=1, features=2)
    x = torch.full((1000, 2), -1.0)
    x[500] = 1.0
    eye, zero = torch.eye(2)[None], torch.zeros(1, 2)
    readings = measured("dead_units", replace(with_parameters(probed, weight_1=eye, bias_1=zero), x_NF=x))
    assert one(readings["dead_units_1"]) == one(readings["always_on_units_1"]) == 0.0
    readings = measured("dead_units", replace(with_parameters(probed, weight_1=0 * eye, bias_1=zero), x_NF=x))
    assert one(readings["dead_units_1"]) == 1.0  # at exactly 0 a unit is silent


@pytest.mark.parametrize(
    "probed, says",
    [
        (drawn(perceptron(activation="tanh")), "units of tanh are not silent below 0"),
        (drawn(Linear((2, 5, 1))), "give it activation = 'relu'"),
        (drawn(perceptron(), points=999), "1000 or more points, got 999"),
    ],
)
def test_dead_units_are_those_of_relus_on_enough_points(probed, says):
    readings = measured("dead_units", probed)
    assert "dead_units_1" in readings
    assert all(says in str(reason) for reading in readings.values() for reason in reading.reasons)


def test_a_linear_networks_derivative_is_the_product_of_its_weights():
    probed = drawn(Linear((5, 7, 4, 3)), members=2, features=5, classes=3, points=40)
    readings = measured("sensitivity", probed)
    for member in range(2):
        w1, w2, w3 = (probed.parameters[name][member].double() for name in ("w1", "w2", "w3"))
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
    parameters, x_NF, step = probed.member(0), probed.points_NF, 1e-6
    columns = []
    for feature in range(features):
        shift = torch.zeros(features, dtype=torch.float64)
        shift[feature] = step
        columns.append(
            (network.forward(parameters, x_NF + shift) - network.forward(parameters, x_NF - shift)) / step / 2
        )
    expected_NOF = torch.stack(columns, dim=2)
    torch.testing.assert_close(jacobians.jacobians(network, parameters, x_NF), expected_NOF, rtol=1e-6, atol=1e-8)
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
    dead = with_parameters(probed, bias_2=torch.full((1, 12), -1e6))
    assert all(one(reading) == 0.0 for reading in measured("sensitivity", dead).values())
    bounds = measured("lipschitz", dead)
    assert one(bounds["lipschitz_lower"]) == 0.0 < one(bounds["lipschitz_upper"])
    assert bounds["lipschitz_ratio"].reasons == ("the logits do not change with the input at any probe point",)

    class Constant(Linear):
        def forward(self, parameters, x):
            return parameters["w1"][:, 0].expand(len(x), -1)

    assert all(one(reading) == 0.0 for reading in measured("sensitivity", drawn(Constant((2, 1)), members=1)).values())


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
    probed = with_parameters(drawn(Linear((features, out)), members=1, features=features), w1=weight[None])
    readings = measured("singular_values", probed)
    assert list(readings) == ["spectral_norm_1", "frobenius_norm_1", "stable_rank_1", "effective_rank_1"]
    assert one(readings["stable_rank_1"]) == pytest.approx(stable, rel=1e-12)
    assert one(readings["effective_rank_1"]) == pytest.approx(effective, rel=1e-12)
    assert one(readings["frobenius_norm_1"]) == pytest.approx(weight.double().norm().item(), rel=1e-12)
    top = torch.linalg.matrix_norm(weight.double(), 2).item()
    assert one(readings["spectral_norm_1"]) == pytest.approx(top, rel=1e-12)


def test_a_zero_weight_has_norms_but_no_ranks():
    probed = with_parameters(drawn(perceptron(), members=1), weight_2=torch.zeros(1, 12, 12))
    readings = measured("singular_values", probed)
    assert one(readings["spectral_norm_2"]) == one(readings["frobenius_norm_2"]) == 0.0
    assert readings["stable_rank_2"].reasons == readings["effective_rank_2"].reasons
    assert readings["stable_rank_2"].reasons == ("the weight is zero: it has no direction",)
    assert one(readings["stable_rank_1"]) >= 1


def test_whole_spectra_are_those_of_an_svd_member_by_member():
    weight_MOI = torch.randn(3, 5, 8, generator=torch.Generator().manual_seed(0))
    weight_MOI[1, 2, 3] = torch.inf
    found_MK = singular_values.spectra(weight_MOI)
    assert found_MK.shape == (3, 5)
    assert found_MK.dtype == numpy.float64
    assert numpy.isnan(found_MK[1]).all()
    for member in (0, 2):
        expected = numpy.linalg.svd(weight_MOI[member].double().numpy(), compute_uv=False)
        numpy.testing.assert_allclose(found_MK[member], expected, rtol=1e-12)


@pytest.mark.parametrize("gain", [1.0, 2**0.5, 2.0])
def test_the_gradients_square_changes_by_half_the_gains_square_per_layer(gain):
    network = mlp(width=512, depth=4, init="he", init_gain=gain / 2**0.5).implement(8, 1)
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
    parameters = probed.member(0)
    logits, hidden = network.with_hidden(parameters, probed.points_NF)
    probability = torch.softmax(torch.cat((0 * logits, logits), dim=1) if classes == 2 else logits, dim=1)
    error = probability - torch.nn.functional.one_hot(probed.label_N, classes)
    error = error[:, 1:] if classes == 2 else error
    sizes = []
    for layer in (4, 3, 2):
        error = error @ parameters[f"weight_{layer}"]
        sizes.append(error.norm())
        error = error * (hidden[layer - 2] > 0)
    readings = measured("gradient_flow", probed)
    assert one(readings["gradient_flow_2"]) == pytest.approx((sizes[1] / sizes[0]).item(), rel=1e-10)
    assert one(readings["gradient_flow_1"]) == pytest.approx((sizes[2] / sizes[0]).item(), rel=1e-10)
    assert one(readings["gradient_flow_slope"]) == pytest.approx((sizes[0] / sizes[2]).log().item() / 2, rel=1e-10)


def test_gradients_that_are_not_there_have_a_reason():
    probed = drawn(perceptron(), members=1)
    cut = measured("gradient_flow", with_parameters(probed, weight_2=torch.zeros(1, 12, 12)))
    assert one(cut["gradient_flow_1"]) == 0.0 < one(cut["gradient_flow_2"])
    assert "reaches hidden layer 1" in cut["gradient_flow_slope"].reasons[0]
    silent = measured("gradient_flow", with_parameters(probed, weight_4=torch.zeros(1, 1, 12)))
    assert all("exactly zero at the last hidden layer" in reading.reasons[0] for reading in silent.values())
    shallow = measured("gradient_flow", drawn(perceptron(depth=1), members=1))
    assert shallow["gradient_flow_slope"].reasons == ("a flow needs 2 hidden layers, the network has one",)

    class Apart(Linear):
        def with_hidden(self, parameters, x):
            logits, hidden = super().with_hidden(parameters, x)
            return logits, [layer * 1 for layer in hidden]

    class Detached(Linear):
        def with_hidden(self, parameters, x):
            logits, hidden = super().with_hidden(parameters, x)
            return logits, [layer.detach() for layer in hidden]

    for network in (Apart((2, 5, 5, 1)), Detached((2, 5, 5, 1))):
        readings = measured("gradient_flow", drawn(network, members=1))
        assert all("with_hidden must compute the logits from" in reading.reasons[0] for reading in readings.values())


@pytest.mark.parametrize("name", ["dead_units", "gradient_flow"])
def test_a_network_without_hidden_layers_has_a_reason(name):
    readings = measured(name, drawn(Linear((2, 1))))
    assert all(reading.reasons == ("the network has no hidden layers",) * 3 for reading in readings.values())


def test_gradients_through_layers_of_different_widths_are_norms_not_means():
    probed = drawn(Linear((2, 5, 3, 1)), members=1)
    w2, w3 = (probed.parameters[name][0].double() for name in ("w2", "w3"))
    readings = measured("gradient_flow", probed)
    assert one(readings["gradient_flow_1"]) == pytest.approx(((w3 @ w2).norm() / w3.norm()).item(), rel=1e-12)


def test_gradients_whose_squares_vanish_in_double_precision_are_measured():
    probed = drawn(Linear((2, 5, 3, 1)), members=1)
    w2, w3 = (probed.parameters[name].double() for name in ("w2", "w3"))
    readings = measured(
        "gradient_flow", with_parameters(probed, w1=probed.parameters["w1"].double(), w2=w2, w3=w3 * 1e-200)
    )
    assert one(readings["gradient_flow_1"]) == pytest.approx(((w3 @ w2).norm() / w3.norm()).item(), rel=1e-12)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_lower_lipschitz_bound_is_never_above_the_upper(depth, classes, activation):
    network = perceptron(depth=depth, classes=classes, activation=activation)
    probed = drawn(network, members=8, classes=classes, moved=0.3)
    readings = measured("lipschitz", probed)
    lower, upper, ratio = (readings[f"lipschitz_{which}"].values for which in ("lower", "upper", "ratio"))
    assert (lower > 0).all()
    assert (lower <= upper).all()
    numpy.testing.assert_allclose(ratio, upper / lower)
    assert (lower == measured("sensitivity", replace(probed))["sensitivity_spectral_max"].values).all()


def test_lipschitz_bounds_bound_what_the_logits_do():
    network = perceptron()
    probed = drawn(network, members=1, moved=0.3)
    upper, parameters = one(measured("lipschitz", probed)["lipschitz_upper"]), probed.member(0)
    logits, x = network.forward(parameters, probed.points_NF), probed.points_NF
    steepest = ((logits[1:] - logits[:-1]).norm(dim=1) / (x[1:] - x[:-1]).norm(dim=1)).max()
    assert steepest <= upper


def test_lipschitz_bounds_meet_where_one_direction_is_stretched_most():
    single = measured("lipschitz", drawn(Linear((6, 4)), members=40, features=6, classes=4, points=20))
    assert (single["lipschitz_lower"].values <= single["lipschitz_upper"].values).all()
    numpy.testing.assert_allclose(single["lipschitz_ratio"].values, 1.0, rtol=1e-8)
    aligned = {"w1": torch.diag(torch.tensor([3.0, 1.0]))[None], "w2": torch.tensor([[[2.0, 0.0]]])}
    probed = replace(drawn(Linear((2, 2, 1)), members=1), parameters=aligned)
    bounds = measured("lipschitz", probed)
    assert one(bounds["lipschitz_lower"]) == pytest.approx(6.0)
    assert one(bounds["lipschitz_upper"]) == pytest.approx(6.0, rel=1e-8)


def test_weights_in_series_must_be_the_networks():
    class Wrong(Linear):
        in_series = ("w1", "w7")
        regularized = ("w1",)

        def init(self, generator):
            return {"w1": torch.randn(1, 2, generator=generator)}

        def forward(self, parameters, x):
            return x @ parameters["w1"].T

    reasons = measured("lipschitz", drawn(Wrong((2, 1)), members=1))["lipschitz_upper"].reasons
    assert "'w7' is not one of the network's" in reasons[0]


def test_what_has_not_moved_is_at_distance_zero_exactly():
    readings = measured("distance_from_init", drawn(perceptron(), moved=0.0))
    assert list(readings) == [*(f"distance_from_init_{layer}" for layer in (1, 2, 3)), "distance_from_init"]
    assert all((reading.values == 0.0).all() for reading in readings.values())


def test_distances_are_relative_to_the_start():
    probed = drawn(perceptron(), members=1, moved=0.0)
    tripled = measured("distance_from_init", with_parameters(probed, weight_2=3 * probed.initial["weight_2"]))
    assert [one(tripled[f"distance_from_init_{layer}"]) for layer in (1, 3)] == [0.0, 0.0]
    assert one(tripled["distance_from_init_2"]) == pytest.approx(2.0)
    whole = torch.cat([value.flatten() for value in probed.initial.values()]).norm()
    expected = 2 * probed.initial["weight_2"].norm() / whole
    assert one(tripled["distance_from_init"]) == pytest.approx(expected.item(), rel=1e-6)


def test_a_start_at_zero_has_no_relative_distance():
    probed = drawn(perceptron(), members=1)
    initial = probed.initial | {"weight_1": torch.zeros_like(probed.initial["weight_1"])}
    readings = measured("distance_from_init", replace(probed, initial=initial))
    assert "started at zero" in readings["distance_from_init_1"].reasons[0]
    assert one(readings["distance_from_init"]) > 0


def test_what_overflows_says_so():
    huge = {name: torch.full_like(value, 1e38).double() ** 3 for name, value in drawn(perceptron()).parameters.items()}
    probed = replace(drawn(perceptron(), classes=2), parameters=huge)
    for name in ("dead_units", "sensitivity", "lipschitz"):
        assert set().union(*(reading.reasons for reading in measured(name, probed).values())) == {OVERFLOWS}
    # a derivative whose square overflows or vanishes is not one that does
    for scale in (1e200, 1e-200):
        weight = scale * torch.tensor([[[3.0, 0.0], [0.0, 4.0]]], dtype=torch.float64)
        probed = replace(drawn(Linear((2, 2)), members=1, classes=3), parameters={"w1": weight}, initial={"w1": weight})
        sensitivity = measured("sensitivity", probed)
        assert one(sensitivity["sensitivity_spectral_max"]) == pytest.approx(4 * scale, rel=1e-12)
        assert one(sensitivity["sensitivity_frobenius_max"]) == pytest.approx(5 * scale, rel=1e-12)


def test_a_network_that_only_single_precision_can_run_has_a_reason():
    class Single(Linear):
        def with_hidden(self, parameters, x):
            logits, hidden = super().with_hidden(parameters, x)
            return logits @ torch.ones(1, 1), hidden

    probed = drawn(Single((2, 5, 1)))
    probed = replace(probed, parameters={name: value.double() for name, value in probed.parameters.items()})
    for name in ("dead_units", "sensitivity", "gradient_flow", "lipschitz"):
        readings = measured(name, probed)
        assert all("torch in double precision" in str(r) for reading in readings.values() for r in reading.reasons)


def test_a_lack_of_memory_is_not_a_reason():
    class Huge(Linear):
        def with_hidden(self, parameters, x):
            raise torch.OutOfMemoryError("no memory")

    for name in ("dead_units", "sensitivity"):
        with pytest.raises(torch.OutOfMemoryError):
            measured(name, drawn(Huge((2, 1))))


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
    with pytest.raises(InvalidStudy, match="a reading must"):
        ProbeResult(values=numpy.array(values), reasons=reasons)
    assert not_computed(2, "why").reasons == ("why", "why")


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"initial": {}}, "equal names and shapes"),
        ({"label_N": torch.zeros(3, dtype=torch.int64)}, "points, features"),
    ],
)
def test_what_does_not_belong_together_is_not_probed(changes, says):
    with pytest.raises(InvalidStudy, match=says):
        replace(drawn(perceptron()), **changes)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_showing_hidden_layers_changes_no_bit_of_the_logits(activation):
    network = perceptron(activation=activation, classes=3)
    parameters = network.init(torch.Generator().manual_seed(1))
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(2))
    act, layers = getattr(torch, activation), []
    for layer in (1, 2, 3):
        weight, bias = parameters[f"weight_{layer}"], parameters[f"bias_{layer}"]
        layers.append(act(torch.nn.functional.linear(layers[-1] if layers else x, weight, bias)))
    expected = torch.nn.functional.linear(layers[-1], parameters["weight_4"], parameters["bias_4"])
    logits, hidden = network.with_hidden(parameters, x)
    assert torch.equal(network.forward(parameters, x), expected)
    assert torch.equal(logits, expected)
    assert len(hidden) == 3
    assert all(torch.equal(one, other) for one, other in zip(hidden, layers, strict=True))
