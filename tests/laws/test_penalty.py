"""Every penalty's gradient is autograd's of what it says it is, its value too, and strength 0 is no regularizer."""

from dataclasses import fields
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from spectra_tune import penalties
from spectra_tune.design import Block, Condition, InvalidStudy, Seeds, Study, Treatment
from spectra_tune.engine import BlockTraining, failed_runs, rehearse, run_block
from spectra_tune.networks import cnn, gcn, mlp, rnn, transformer
from spectra_tune.networks.attention import Encoder
from spectra_tune.operators.dense import Matrix
from spectra_tune.operators.of_module import operators_of
from spectra_tune.penalties import PENALTIES
from spectra_tune.penalties.pulled import fan_scales
from spectra_tune.results import sigma_columns, unmeasured
from spectra_tune.tasks import as_sequence, digits, moons
from studies.command.rehearsal import rehearse_own
from tests.laws.kinds import Images, InTurn, Ring, Tokens

VALUES = {
    "spectral_norm": lambda weight, target: (torch.linalg.svdvals(weight)[..., 0] - target) ** 2,
    "spectrum": lambda weight, target: (torch.linalg.svdvals(weight) ** 2 - target[:, None] ** 2).square().mean(dim=-1),
    "frobenius": lambda weight, _: (torch.linalg.svdvals(weight) ** 2).sum(dim=-1),
    "to_init": lambda weight, _: (torch.linalg.svdvals(weight - started(weight.detach())) ** 2).sum(dim=-1),
}
"""What each is, from the singular values, without its strength."""

SHAPES = [(8, 2), (2, 8), (17, 17), (50, 16), (1, 5), (130, 140)]
MEMBERS = 6
STRENGTH = torch.linspace(0.1, 1.0, MEMBERS, dtype=torch.float64)
TARGET = torch.linspace(0.5, 20.0, MEMBERS, dtype=torch.float64)
BOTH_SIDES = torch.zeros(MEMBERS, dtype=torch.bool)
WITH_TARGETS = [name for name, one in PENALTIES.items() if one.targets]
WITH_SIDES = [name for name, one in PENALTIES.items() if one.one_sided]
WITH_POWER = [name for name, one in PENALTIES.items() if one.power]
OF_MATRICES = [name for name, one in PENALTIES.items() if one.matrices]


def drawn(shape):
    return torch.randn(MEMBERS, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def started(weight):
    """Where a weight was when its penalty was made."""
    return weight.flip(-1) / 2


def penalty_of(name, weight, gradient, strength=STRENGTH, one_sided=BOTH_SIDES, power=1):
    now = weight.clone()
    weight.copy_(started(now))
    operator = Matrix(weight[0]).follow([weight], [gradient])
    penalty = penalties.implement(name).Penalty(operator, strength, one_sided, power)
    weight.copy_(now)
    return penalty


def treatment(name, strength=0.1):
    target = {"sigma_end": 1.0} if PENALTIES[name].targets else {}
    return Treatment(penalty=name, strength=strength, **target)


def test_every_penalty_is_tried():
    assert set(VALUES) == set(PENALTIES)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", PENALTIES)
def test_value_and_gradient_are_autograds_of_the_singular_values(name, shape):
    weight = drawn(shape).requires_grad_()
    value = STRENGTH * VALUES[name](weight, TARGET)
    (expected,) = torch.autograd.grad(value.sum(), weight)
    loss = torch.ones_like(weight)  # what is there already, the penalty is added to
    penalty = penalty_of(name, weight.detach(), loss)
    penalty(TARGET)
    torch.testing.assert_close(loss - 1, expected, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(penalty.value(TARGET), value.detach(), rtol=1e-6, atol=1e-9)
    assert (loss - 1).abs().max() > 1e-3


@pytest.mark.parametrize("power", [2, 3])
@pytest.mark.parametrize("name", WITH_POWER)
def test_a_power_is_of_sigma_and_of_its_target(name, power):
    weight = drawn((8, 5)).requires_grad_()
    sigma = torch.linalg.svdvals(weight)[:, 0]
    value = STRENGTH * (sigma**power - TARGET**power) ** 2
    (expected,) = torch.autograd.grad(value.sum(), weight)
    gradient = torch.zeros_like(weight)
    penalty = penalty_of(name, weight.detach(), gradient, power=power)
    penalty(TARGET)
    torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(penalty.value(TARGET), value.detach(), rtol=1e-6, atol=1e-9)


def test_a_power_changes_what_is_trained_and_stands_in_the_table():
    static = {"strength": 0.1, "sigma_end": 1.0}
    runs = trained(mlp(width=8), moons(samples=40), one=Treatment(**static), two=Treatment(**static, power=2))
    powers = runs.groupby("arm")["power"].first()
    assert powers.to_dict() == {"none": 1, "one": 1, "two": 2}
    one, two = (runs[runs["arm"] == arm]["sigma_1"].to_numpy() for arm in ("one", "two"))
    assert (one != two).all()


@pytest.mark.parametrize("name", sorted(set(PENALTIES) - set(WITH_POWER)))
def test_a_power_is_refused_where_sigma_is_not_compared(name):
    target = {"sigma_end": 1.0} if PENALTIES[name].targets else {}
    with pytest.raises(InvalidStudy, match=f"penalty {name!r} does not compare .*: leave power away, got 2") as refused:
        Treatment(penalty=name, strength=0.1, power=2, **target)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("power", [0, 1.5, "2"])
def test_a_power_is_a_whole_number(power):
    with pytest.raises(InvalidStudy, match="power must be a whole number >= 1"):
        Treatment(strength=0.1, sigma_end=1.0, power=power)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_member_has_equal_bits_in_any_company(name):
    weight, target = drawn((9, 8)).float(), TARGET.float()
    together = torch.zeros_like(weight)
    penalty_of(name, weight, together, STRENGTH.float())(target)
    for some in ([3], [5, 0, 2]):
        alone = torch.zeros_like(weight[some])
        penalty_of(name, weight[some].clone(), alone, STRENGTH.float()[some], BOTH_SIDES[some])(target[some])
        assert torch.equal(alone, together[some])


@pytest.mark.parametrize("name", PENALTIES)
def test_a_member_that_is_not_finite_disturbs_no_other(name):
    weight = drawn((9, 8))
    whole, with_nan = torch.zeros_like(weight), torch.zeros_like(weight)
    penalty_of(name, weight.clone(), whole)(TARGET)
    weight[2, 3, 4] = torch.nan
    penalty_of(name, weight, with_nan)(TARGET)
    kept = [member for member in range(MEMBERS) if member != 2]
    assert torch.equal(with_nan[kept], whole[kept])


@pytest.mark.parametrize("name", WITH_SIDES)
def test_a_one_sided_penalty_leaves_a_sigma_below_its_target_alone(name):
    weight = drawn((8, 8))
    sigma = torch.linalg.svdvals(weight)[:, 0]
    one_sided = torch.tensor([True, False] * 3)
    for factor in (1.1, 0.9):
        one, both = torch.zeros_like(weight), torch.zeros_like(weight)
        penalty = penalty_of(name, weight, one, one_sided=one_sided)
        penalty(sigma * factor)
        penalty_of(name, weight, both)(sigma * factor)
        assert both.flatten(1).any(dim=1).all()
        pulled = one.flatten(1).any(dim=1)
        assert pulled.tolist() == [factor < 1 or not sided for sided in one_sided]
        assert torch.equal(one[pulled], both[pulled])
        assert (penalty.value(sigma * factor) > 0).tolist() == pulled.tolist()


@pytest.mark.parametrize("name", PENALTIES)
def test_strength_zero_is_no_regularizer(name):
    assert treatment(name, strength=0.0) == Treatment.none()
    with pytest.raises(InvalidStudy, match="strength must be a finite number >= 0"):
        treatment(name, strength=-0.1)


SETTINGS = {
    "sigma_end": 1.0,
    "sigma_start": 2.0,
    "schedule": "linear",
    "beta": 0.5,
    "depth_exponent": 1.0,
    "one_sided": True,
    "target_scale": "fan",
    "knots": (1.0, 2.0, 2.0, 1.0),
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", sorted(set(PENALTIES) - set(WITH_TARGETS)))
def test_settings_of_a_target_are_refused_where_there_is_none(name, setting):
    with pytest.raises(InvalidStudy, match=f"{name!r} has no target: leave {setting} away") as refused:
        Treatment(penalty=name, strength=0.1, **{setting: SETTINGS[setting]})
    assert "\n" not in str(refused.value)
    assert set(SETTINGS) == {field.name for field in fields(Treatment)} - {
        *("strength", "penalty", "regularized", "power")
    }


@pytest.mark.parametrize("name", sorted(set(WITH_TARGETS) - set(WITH_SIDES)))
def test_sides_are_refused_where_there_are_none(name):
    with pytest.raises(InvalidStudy, match=f"{name!r} pulls every singular value .*: leave one_sided away") as refused:
        Treatment(penalty=name, strength=0.1, sigma_end=1.0, one_sided=True)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", WITH_TARGETS)
def test_a_target_must_be_given_where_there_is_one(name):
    with pytest.raises(InvalidStudy, match="sigma_end must be given"):
        Treatment(penalty=name, strength=0.1)


def test_an_unknown_penalty_names_the_nearest():
    with pytest.raises(InvalidStudy, match="did you mean 'frobenius'"):
        Treatment(penalty="frobenious", strength=0.1)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_changes_what_is_trained_and_stands_in_the_table(name):
    condition = Condition(task=moons(samples=50), network=mlp(width=8), epochs=10)
    arms = {"none": Treatment.none(), "pulled": treatment(name)}
    runs = run_block(Block(condition=condition, arms=arms, seeds=[0])).set_index("arm")
    assert runs.loc["pulled", "penalty"] == name
    assert runs.loc["pulled", "sigma_2"] != runs.loc["none", "sigma_2"]


def trained(network, task, *, epochs=30, optimizer="adam", **arms):
    condition = Condition(task=task, network=network, epochs=epochs, learning_rate=0.01, optimizer=optimizer)
    return run_block(Block(condition=condition, arms={"none": Treatment.none(), **arms}, seeds=range(2)))


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize(
    ("network", "task", "pulled", "columns"),
    [
        (mlp(width=8, depth=3), moons(samples=40), ["layer_2"], {"sigma_2"}),
        (InTurn(of=mlp(width=8, depth=3)), moons(samples=40), ["layer_[13]"], {"sigma_1", "sigma_3"}),
        (
            transformer(width=8, depth=1),
            Tokens(),
            ["*.qk.*"],
            {"sigma_block.1.attention.qk.1", "sigma_block.1.attention.qk.2"},
        ),
        (
            transformer(width=8, depth=1),
            Tokens(),
            ["block.1.perceptron"],
            {"sigma_block.1.perceptron.up", "sigma_block.1.perceptron.down"},
        ),
    ],
    ids=["stacked", "in turn", "a pattern", "what lies below"],
)
def test_a_treatment_pulls_what_it_names_alone(name, network, task, pulled, columns):
    """After the first step of plain gradient descent that pulls, what is not named is where it is without a penalty."""
    epochs = 2 if PENALTIES[name].initial else 1  # nothing has moved before the first step
    strong = {"strength": 3.0, "penalty": name} | ({"sigma_end": 0.1} if PENALTIES[name].targets else {})
    if name in OF_MATRICES and isinstance(network, Encoder):
        pytest.skip("a head is no matrix")
    arms = {"some": Treatment(**strong, regularized=pulled), "every": Treatment(**strong, regularized=["*"])}
    runs = trained(network, task, epochs=epochs, optimizer="sgd", **arms)
    assert set(runs["regularized"].dropna()) == {", ".join(pulled), "*"}
    none, some, every = (runs[runs["arm"] == arm].reset_index(drop=True) for arm in ("none", *arms))
    for column in sigma_columns(runs.columns):
        assert some[column].equals((every if column in columns else none)[column]), column
        assert (some[column] != (none if column in columns else every)[column]).all(), column


def test_naming_all_is_naming_none():
    static = {"strength": 0.5, "sigma_end": 1.0}
    runs = trained(
        mlp(width=8), moons(samples=40), unnamed=Treatment(**static), named=Treatment(**static, regularized=["layer_*"])
    )
    unnamed, named = (unmeasured(runs[runs["arm"] == arm]).reset_index(drop=True) for arm in ("unnamed", "named"))
    own = ["arm", "regularized", "signature"]
    assert named.drop(columns=own).equals(unnamed.drop(columns=own))


def test_a_name_that_no_weight_has_is_refused_in_one_line():
    with pytest.raises(InvalidStudy, match=r"mlp regularizes no 'layer_3'; did you mean 'layer_[12]'") as refused:
        trained(mlp(width=8), moons(samples=40), some=Treatment(strength=1.0, sigma_end=1.0, regularized=["layer_3"]))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", OF_MATRICES)
@pytest.mark.parametrize(
    ("network", "task", "what"),
    [
        (cnn(channels=2, depth=1), Images(), "'stage.1.conv' of cnn is a convolution"),
        (transformer(width=8, depth=1), Tokens(), "'block.1.attention.qk.1' of transformer is a product"),
    ],
    ids=["convolution", "heads"],
)
def test_what_is_no_matrix_is_refused_before_anything_is_launched(name, network, task, what):
    pulled = treatment(name)
    study = Study(
        question="Is it a matrix?",
        conditions=[Condition(task=task, network=network, epochs=1, learning_rate=0.01)],
        arms={"none": Treatment.none(), "static": Treatment(strength=0.1, sigma_end=1.0), "pulled": pulled},
        contrasts=[("pulled", "none")],
        seeds=Seeds(confirm=range(3)),
    )
    with pytest.raises(InvalidStudy, match=f"{name!r} works on .* {what}: name matrices") as refused:
        rehearse(study)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("network", "task", "hidden", "last"),
    [
        (mlp(width=8, depth=3), moons(samples=40), {"sigma_2", "sigma_3"}, {"sigma_4"}),
        (InTurn(of=mlp(width=8, depth=3)), moons(samples=40), {"sigma_2", "sigma_3"}, {"sigma_4"}),
        (cnn(channels=2), Images(), {"sigma_stage.2.conv", "sigma_head"}, {"sigma_last"}),
        (rnn(width=4), as_sequence(digits(samples=30), step=16), {"sigma_recurrent.weight_hh_l0"}, {"sigma_last"}),
        (gcn(width=4), Ring(samples=20), {"sigma_2"}, {"sigma_last"}),
    ],
    ids=["stacked", "in turn", "cnn", "rnn", "gcn"],
)
def test_hidden_leaves_the_first_layer_alone_and_all_pulls_the_last_too(network, task, hidden, last):
    strong = {"strength": 3.0, "sigma_end": 0.1}
    arms = {words: Treatment(**strong, regularized=words) for words in ("hidden", "all")}
    runs = trained(network, task, epochs=1, optimizer="sgd", **arms, every=Treatment(**strong))
    assert runs.set_index("arm")["regularized"].dropna().to_dict() == {"hidden": "hidden", "all": "all"}
    by_arm = {arm: runs[runs["arm"] == arm].reset_index(drop=True) for arm in ("none", "every", *arms)}
    columns = set(sigma_columns(runs.columns))
    assert hidden < columns
    assert last < columns
    for column in columns - last:
        assert by_arm["hidden"][column].equals(by_arm["every" if column in hidden else "none"][column]), column
        assert by_arm["all"][column].equals(by_arm["every"][column]), column
    for column in last:
        assert (by_arm["all"][column] > 0).all()
        assert by_arm["none"][column].isna().all()  # it is measured where it is pulled


def test_the_last_layer_is_brought_to_its_target_and_fails_with_its_column():
    arms = {"none": Treatment.none(), "all": Treatment(strength=3.0, sigma_end=1.5, regularized="all")}
    condition = Condition(task=moons(samples=40), network=mlp(width=8), epochs=150)
    runs = run_block(Block(condition=condition, arms=arms, seeds=range(2)))
    assert runs[runs["arm"] == "all"]["sigma_3"].to_numpy() == pytest.approx(1.5, rel=0.1)
    assert "sigma_3" in failed_runs(Block(condition=condition, arms=arms, seeds=range(2))).columns


def test_no_hidden_weight_is_refused_before_anything_is_launched():
    hidden = Treatment(strength=0.1, sigma_end=1.0, regularized="hidden")
    study = Study(
        question="Is one hidden?",
        conditions=[Condition(task=moons(samples=40), network=mlp(width=4, depth=1), epochs=1)],
        arms={"none": Treatment.none(), "hidden": hidden},
        contrasts=[("hidden", "none")],
        seeds=Seeds(confirm=range(3)),
    )
    with pytest.raises(InvalidStudy, match="mlp regularizes no hidden weight") as refused:
        rehearse_own(study)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", ["layer_1", [], [1]])
def test_names_are_a_list_of_texts(given):
    with pytest.raises(InvalidStudy, match="regularized"):
        Treatment(strength=1.0, sigma_end=1.0, regularized=given)


@pytest.mark.parametrize(
    "network", [mlp(width=32, depth=2), InTurn(of=mlp(width=32, depth=2))], ids=["stacked", "in turn"]
)
def test_targets_are_scaled_by_the_root_of_out_over_in(network):
    """On moons the first layer is (32, 2): its target is 4 times the next one's, which is (32, 32)."""
    scaled = Treatment(strength=1.0, sigma_end=0.5, target_scale="fan", depth_exponent=1.0)
    condition = Condition(task=moons(samples=40), network=network, epochs=2)
    block = Block(condition=condition, arms={"none": Treatment.none(), "scaled": scaled}, seeds=[0])
    training = BlockTraining(block)
    while not training.finished:
        training.advance()
    trainer = next(one for one in training._trainers if one.targeted)
    assert [float(target[0]) for target in trainer.targets_reached()] == pytest.approx([0.5 * 4, 0.5 / 2])
    runs = run_block(block).set_index("arm")
    assert runs.loc["scaled", "target_scale"] == "fan"


def fans(module, *names):
    """Of the operators of these names."""
    return [one.fans for one in operators_of(module, names).values()]


def test_fans_are_of_rows_of_channels_and_of_whole_products():
    assert fans(nn.Sequential(nn.Conv2d(2, 6, 3, groups=2), nn.ConvTranspose1d(4, 8, 3)), "0", "1") == [(6, 2), (8, 4)]
    assert fans(nn.Sequential(nn.Linear(3, 5), nn.GRU(3, 4)), "0", "1.weight_ih_l0.new") == [(5, 3), (4, 3)]
    assert fans(nn.Sequential(nn.MultiheadAttention(6, 3)), "0.qk.1", "0.ov.2") == [(6, 6), (6, 6)]
    assert fans(nn.Sequential(weight_norm(nn.Linear(3, 5))), "0") == [(5, 3)]


def test_a_map_without_fans_is_refused_a_scale_of_them():
    operators = {"own": SimpleNamespace(weights=())}
    with pytest.raises(InvalidStudy, match=r"'own' of Net does not say: give its operator a property fans") as refused:
        fan_scales("Net", operators, [Treatment(strength=0.1, sigma_end=1.0, target_scale="fan")])
    assert "\n" not in str(refused.value)
    assert fan_scales("Net", operators, [Treatment(strength=0.1, sigma_end=1.0)]) == (1.0,)
