"""A user's own arrays, graph, table and pictures become tasks; what cannot is refused in one line."""

import numpy
import pandas
import pytest
import torch
from PIL import Image

from spectra_tune.design import Condition, condition_signature
from spectra_tune.design.signature import digest
from spectra_tune.errors import InvalidStudy
from spectra_tune.networks import mlp
from spectra_tune.tasks import arrays, images, shape_of, table
from spectra_tune.tasks.columns import columns_of
from spectra_tune.tasks.graphs import Graph
from spectra_tune.tasks.picture_files import pictures

GENERATOR = numpy.random.default_rng(0)
X, Y = GENERATOR.normal(size=(100, 3)), numpy.arange(100) % 2


def refused(make, says):
    with pytest.raises(InvalidStudy, match=says) as error:
        make()
    assert "\n" not in str(error.value)


def test_arrays_count_by_their_content():
    task, same = arrays(X, Y), arrays(torch.tensor(X), Y.tolist())
    assert task == same
    assert digest(task) == digest(same) == digest(arrays(X, Y, name="mine"))
    changed = X.copy()
    changed[3, 1] += 1e-9
    others = [arrays(changed, Y), arrays(X.astype(numpy.float32), Y), arrays(X, 1 - Y), arrays(X, Y, samples=50)]
    assert len({digest(one) for one in (task, *others)}) == len({task, *others}) == 5
    assert str(arrays(X, Y, name="mine", samples=50)).startswith("mine(")
    signatures = {condition_signature(Condition(task=one, network=mlp(width=4))) for one in (task, same, others[0])}
    assert len(signatures) == 2


def test_arrays_stay_what_they_were_when_they_were_given():
    given = X.copy()
    task = arrays(given, Y)
    before = task.draw("train", 0)[0]
    given[:] = 0
    assert (task.draw("train", 0)[0] == before).all()
    task.draw("train", 0)[0][:] = 0
    assert (task.draw("train", 0)[0] == before).all()


def test_arrays_are_split_and_keep_their_kind():
    task = arrays(numpy.arange(600, dtype=numpy.uint8).reshape(100, 2, 3), Y)
    drawn = [task.draw(split, 1) for split in ("train", "validation", "test")]
    assert [len(y) for _, y in drawn] == [60, 20, 20]
    assert all(x.dtype == numpy.uint8 and x.shape[1:] == shape_of(task) == (2, 3) for x, _ in drawn)
    numbers = arrays(X, X[:, :2], objective="regression")
    assert numbers.targets == 2
    assert numbers.draw("test", 0)[1].shape == (20, 2)
    tokens = arrays(
        numpy.arange(400).reshape(100, 4) % 7,
        numpy.arange(400).reshape(100, 4) % 7,
        objective="next_token",
        vocabulary=7,
    )
    assert tokens.draw("test", 0)[1].shape == (20, 4)


CYCLE = numpy.stack((numpy.arange(12), (numpy.arange(12) + 1) % 12), axis=1)


def test_rows_with_edges_are_nodes_of_a_graph():
    task = arrays(X[:12], Y[:12], edges=CYCLE)
    x, y = task.draw("train", 0)
    assert (x.shape, x.dtype, shape_of(task), task.vocabulary) == ((7, 1), numpy.int64, (1,), 12)
    assert (y == Y[x[:, 0]]).all()
    assert (task.graph.features == X[:12].astype(numpy.float32)).all()
    assert task != arrays(X[:12], Y[:12], edges=CYCLE[:-1])
    assert task != arrays(X[:12], Y[:12])


def test_a_graphs_normalised_adjacency_is_that_of_kipf_and_welling():
    dense = numpy.zeros((12, 12))
    rows, columns, values = Graph(features=X[:12], edges=CYCLE).normalised()
    dense[rows, columns] = values
    eigenvalues = numpy.sort(numpy.linalg.eigvalsh(dense))
    assert eigenvalues[-1] == pytest.approx(1)
    assert eigenvalues[-2] == pytest.approx((1 + 2 * numpy.cos(2 * numpy.pi / 12)) / 3)
    lonely = Graph(features=X[:13], edges=CYCLE).normalised()
    assert lonely[2][(lonely[0] == 12) & (lonely[1] == 12)] == [1.0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: arrays(X, Y[:50]), r"got \(100, 3\) of float64 and \(50,\)"),
        (lambda: arrays(X[:, 0], Y), r"x \(rows, …\)"),
        (lambda: arrays(X.astype(str), Y), "needs numbers x"),
        (lambda: arrays(numpy.where(X > 2, numpy.nan, X), Y), "x must be finite, row [0-9]+ is not"),
        (lambda: arrays(X, Y.astype(str)), "number the classes, or say objective='regression'"),
        (lambda: arrays(X, X[:, 0]), "labels y must be whole numbers"),
        (lambda: arrays(X, Y * 2), "without a gap, none is 1"),
        (lambda: arrays(X, Y, objective="regresion"), "did you mean 'regression'"),
        (lambda: arrays(X, Y, samples=99), "samples, of 100 rows, must be a whole number in 2 … 98"),
        (lambda: arrays(X[:12], Y[:12], edges=[[0, 12]]), r"two of the 12 nodes 0 … 11, edge 0 is \(0, 12\)"),
        (lambda: arrays(X[:12], Y[:12], edges=[[0, 1], [-1, 3]]), r"edge 1 is \(-1, 3\)"),
        (lambda: arrays(X[:12], Y[:12], edges=[[0, 1], [3, 3]]), "edge 1 joins one to itself"),
        (lambda: arrays(X[:12], Y[:12], edges=[[0, 1], [2, 3], [1, 0]]), r"\(0, 1\) is there again"),
        (lambda: arrays(X[:12], Y[:12], edges=[0, 1]), r"pairs of nodes' numbers \(edges, 2\)"),
    ],
)
def test_arrays_that_are_no_task_are_refused(make, says):
    refused(make, says)


@pytest.fixture
def frame():
    generator = numpy.random.default_rng(1)
    rows = 300
    return pandas.DataFrame(
        {
            "age": generator.integers(18, 90, rows),
            "income": generator.normal(5e4, 2e4, rows),
            "town": generator.choice(["Baarle", "Breda"], rows),
            "owns": generator.random(rows) < 0.5,
            "kept": generator.choice(["yes", "no", "maybe"], rows),
        }
    )


def test_a_table_is_categories_one_hot_and_numbers_scaled_by_training_rows(frame, tmp_path):
    frame.to_csv(tmp_path / "people.csv", index=False)
    task = table(tmp_path / "people.csv", target="kept")
    assert (task.features, task.classes, task.samples, str(task)) == (6, 3, 180, "people(kept)")
    x, (test, _) = task.draw("train", 3)[0], task.draw("test", 3)
    assert x[:, :2].mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert x[:, :2].std(axis=0) == pytest.approx(1)
    assert numpy.abs(test[:, :2].mean(axis=0)).min() > 1e-4
    assert set(numpy.unique(x[:, 2:])) == {0, 1}
    assert (x[:, 2:4].sum(axis=1) == 1).all()
    assert (x[:, 4:].sum(axis=1) == 1).all()
    whole = [numpy.bincount(task.draw(split, 3)[1], minlength=3) for split in ("train", "validation", "test")]
    assert sum(whole).tolist() == [(frame["kept"] == name).sum() for name in ("maybe", "no", "yes")]


def test_parquet_is_the_same_table_and_a_changed_one_another(frame, tmp_path):
    frame.to_csv(tmp_path / "people.csv", index=False)
    frame.to_parquet(tmp_path / "people.parquet")
    one, other = (table(tmp_path / f"people.{kind}", target="kept") for kind in ("csv", "parquet"))
    for split in ("train", "test"):
        assert all((a == b).all() for a, b in zip(one.draw(split, 0), other.draw(split, 0), strict=True))
    (tmp_path / "elsewhere").mkdir()
    frame.to_csv(tmp_path / "elsewhere" / "people.csv", index=False)
    assert digest(table(tmp_path / "elsewhere" / "people.csv", target="kept")) == digest(one)
    frame.iloc[:-1].to_csv(tmp_path / "people.csv", index=False)
    assert digest(table(tmp_path / "people.csv", target="kept")) != digest(one)
    columns_of.cache_clear()  # as in a process that has not read it yet
    refused(lambda: one.draw("train", 0), "must stay what it was when its task was declared")
    (tmp_path / "people.csv").unlink()
    refused(lambda: one.draw("train", 0), "nothing is at")


def test_a_number_is_regressed_in_units_of_the_training_rows(frame, tmp_path):
    frame.to_csv(tmp_path / "people.csv", index=False)
    task = table(tmp_path / "people.csv", target="income", features=["age", "town"], samples=100)
    assert (task.objective, task.features) == ("regression", 3)
    assert str(task) == "people(income from age, town, samples=100)"
    _, y = task.draw("train", 0)
    assert (len(y), y.mean(), y.std()) == (100, pytest.approx(0, abs=1e-9), pytest.approx(1))
    assert table(tmp_path / "people.csv", target="age", objective="classification").classes == frame["age"].nunique()


def spoiled(frame, column, row, value):
    frame[column] = frame[column].astype(object)
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("spoil", "given", "says"),
    [
        (lambda f: spoiled(f, "income", 16, None), {}, "no missing values, column 'income' has 1, the first in row 17"),
        (lambda f: spoiled(f, "town", 4, None), {}, "no missing values, column 'town' has 1, the first in row 5"),
        (lambda f: spoiled(f, "kept", 4, None), {}, "no missing values, column 'kept'"),
        (lambda f: spoiled(f, "town", 7, "Turnhout"), {}, "'Turnhout' of column 'town' has 1: join it with another"),
        (lambda f: f.assign(income=numpy.inf), {}, "finite numbers, column 'income' has none in row 1"),
        (lambda f: f.assign(one=1.0), {}, "'one' of people.csv has one: leave it out"),
        (lambda f: f, {"target": "kepd"}, "people.csv has no column 'kepd'; did you mean 'kept'"),
        (lambda f: f, {"features": ["agee"]}, "did you mean 'age'"),
        (lambda f: f, {"features": ["age", "age"]}, "got 'age' twice"),
        (lambda f: f, {"features": ["age", "kept"]}, "got the target"),
        (lambda f: f, {"features": "age"}, "features must be a list"),
        (lambda f: f, {"target": "age"}, "'age' of people.csv has whole numbers: say objective="),
        (lambda f: f, {"target": "town", "objective": "regression"}, "a regression's target must be numbers, 'town'"),
        (lambda f: f, {"objective": "next_token"}, "no objective of a table is called 'next_token'"),
    ],
)
def test_a_table_that_cannot_be_learnt_from_is_refused(frame, tmp_path, spoil, given, says):
    spoil(frame).to_csv(tmp_path / "people.csv", index=False)
    refused(lambda: table(tmp_path / "people.csv", **{"target": "kept", **given}), says)


def test_what_is_no_table_is_refused(tmp_path):
    refused(lambda: table(tmp_path / "none.csv", target="y"), "a table's file must be there, nothing is at")
    (tmp_path / "people.xlsx").write_bytes(b"PK")
    refused(lambda: table(tmp_path / "people.xlsx", target="y"), "a table must be a file .csv or .parquet")
    (tmp_path / "people.parquet").write_bytes(b"PK")
    refused(lambda: table(tmp_path / "people.parquet", target="y"), "must be a table in parquet, reading it gave")


def test_a_category_that_only_held_out_rows_have_is_refused(frame, tmp_path, monkeypatch):
    from spectra_tune.tasks import columns

    monkeypatch.setattr(columns, "EXPECTED", 0)
    spoiled(frame, "town", 7, "Turnhout").to_csv(tmp_path / "people.csv", index=False)
    task = table(tmp_path / "people.csv", target="kept", samples=20)
    seeds = [seed for seed in range(8) if not (task.draw("train", seed)[0][:, 4] == 1).any()]
    assert seeds
    held_out = [(split, seed) for seed in seeds for split in ("validation", "test")]
    refused(
        lambda: [task.draw(split, seed) for split, seed in held_out],
        r"'Turnhout' of column 'town' of people.csv is only in held-out rows of seed",
    )


def draw_pictures(folder, mode="RGB", size=(5, 4), count=10):
    """Class folders a and b of pictures `size`, (height, width)."""
    generator = numpy.random.default_rng(0)
    for name in ("b", "a"):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            shape = size if mode == "L" else (*size, 3)
            Image.fromarray(generator.integers(0, 256, shape).astype(numpy.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_are_those_of_their_folders(tmp_path, mode):
    folder = draw_pictures(tmp_path / "pictures", mode)
    (folder / "a" / ".hidden").write_text("")
    task = images(folder)
    assert (task.classes, task.samples, shape_of(task)) == (2, 12, (5, 4) if mode == "L" else (3, 5, 4))
    known = {}
    for label, name in enumerate("ab"):
        for file in sorted((folder / name).glob("*.png")):
            pixels = numpy.asarray(Image.open(file))
            known[(pixels if mode == "L" else pixels.transpose(2, 0, 1)).tobytes()] = label
    drawn = [task.draw(split, 0) for split in ("train", "validation", "test")]
    found = [(picture.tobytes(), label) for x, y in drawn for picture, label in zip(x, y, strict=True)]
    assert dict(found) == known
    assert len(found) == 20


def test_pictures_of_one_content_are_one_task_wherever_they_lie(tmp_path):
    one, other = (images(draw_pictures(tmp_path / name)) for name in ("one", "other"))
    assert digest(one) == digest(other)
    (tmp_path / "other" / "a" / "0.png").rename(tmp_path / "other" / "b" / "x.png")
    assert digest(images(tmp_path / "other")) != digest(one)
    pictures.cache_clear()  # as in a process that has not read them yet
    refused(lambda: other.draw("train", 9), "must stay what it was")


def test_pictures_of_several_sizes_are_brought_to_one_that_is_given(tmp_path):
    folder = draw_pictures(tmp_path / "pictures")
    Image.new("L", (8, 8), 200).save(folder / "a" / "large.png")
    refused(lambda: images(folder), r"must have one size, .* give size=\(height, width\)")
    task = images(folder, size=(6, 3))
    x, _ = task.draw("train", 0)
    assert x.shape[1:] == shape_of(task) == (3, 6, 3)
    refused(lambda: images(folder, size=(6,)), "size must be")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "c").mkdir(), r"every class must have pictures, \S*c is empty"),
        (
            lambda folder: (folder / "a" / "notes.txt").write_text("mine"),
            r"notes.txt must be a picture that Pillow can",
        ),
        (lambda folder: Image.new("RGBA", (4, 5)).save(folder / "a" / "x.png"), "must be grey or RGB, .*x.png is RGBA"),
        (lambda folder: (folder / "a").rename(folder.parent / "away"), "a folder for each of two classes or more, it"),
    ],
)
def test_a_folder_that_is_no_task_is_refused(tmp_path, spoil, says):
    folder = draw_pictures(tmp_path / "pictures")
    spoil(folder)
    refused(lambda: images(folder), says)


def test_a_picture_that_is_cut_is_refused_when_it_is_read(tmp_path):
    folder = draw_pictures(tmp_path / "pictures", size=(40, 40))
    file = folder / "a" / "3.png"
    file.write_bytes(file.read_bytes()[:600])
    refused(lambda: images(folder).draw("train", 0), r"3.png must be a whole picture, reading it gave")
