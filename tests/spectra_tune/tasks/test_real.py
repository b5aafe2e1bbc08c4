"""Real data are what others have measured on them, and no split has what another one has."""

import gzip
import struct

import numpy
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from spectra_tune.errors import InvalidStudy
from spectra_tune.tasks import digits, elections, fashion_mnist, is_one_split, letters, pride_and_prejudice, satellite
from spectra_tune.tasks.idx import NAMES
from spectra_tune.tasks.real import SHORTEST_CHAPTER, VOCABULARY
from spectra_tune.tasks.shipped import arrays
from spectra_tune.tasks.splits import rows_of
from spectra_tune.tasks.text import chapters, chapters_of, tokens_of

SPLITS = ("train", "validation", "test")


def as_rows(task, x):
    """Numbers of a sample in a row; of a node its features."""
    x = x if task.graph is None else task.graph.features[x[:, 0]]
    return x.reshape(len(x), -1) / (255 if x.dtype == numpy.uint8 else 1)


@pytest.mark.filterwarnings("ignore", category=ConvergenceWarning)
@pytest.mark.parametrize(
    ("task", "expected", "within"),
    [
        (digits(), 0.972, 0.02),
        (letters(), 0.769, 0.025),
        (satellite(), 0.855, 0.025),
        (elections(), 0.601, 0.025),
        (fashion_mnist(samples=1000), 0.80, 0.03),
    ],
    ids=lambda value: str(value),
)
def test_a_logistic_regression_is_as_right_as_is_known(task, expected, within):
    (x, y), (x_test, y_test) = (task.draw(split, 0) for split in ("train", "test"))
    fitted = LogisticRegression(max_iter=60).fit(as_rows(task, x), y)
    assert fitted.score(as_rows(task, x_test), y_test) == pytest.approx(expected, abs=within)


def test_the_rows_of_a_seeds_splits_are_all_there_and_disjoint():
    for count, samples, sizes in ((100, 60, (60, 20, 20)), (20_000, 3000, (3000, 3000, 5000)), (10, 8, (8, 1, 1))):
        parts = [rows_of(split, 3, count, samples) for split in SPLITS]
        assert tuple(map(len, parts)) == sizes
        assert len(set(numpy.concatenate(parts))) == sum(sizes)
        assert (parts[0] != rows_of("train", 4, count, samples)).any()


@pytest.mark.parametrize("task", [letters(), satellite()], ids=str)
def test_tables_are_scaled_by_the_training_rows_only(task):
    assert task.draw("train", 1)[0].mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert task.draw("train", 1)[0].std(axis=0) == pytest.approx(1)
    assert numpy.abs(task.draw("test", 1)[0].mean(axis=0)).max() > 1e-3


def test_fashion_trains_on_training_images_and_is_tested_on_the_official_ones():
    held = arrays("fashion_mnist.npz")
    task = fashion_mnist(samples=300)
    (x, _), (validation, _), (test, y) = (task.draw(split, 2) for split in SPLITS)
    assert is_one_split(task)
    assert (test == held["test_images"]).all()
    assert numpy.bincount(y).tolist() == [200] * 10
    known = {image.tobytes() for image in held["train_images"]}
    drawn = [image.tobytes() for image in (*x, *validation)]
    assert len(drawn) == 1300
    assert set(drawn) <= known
    assert len(set(drawn)) == 1300


def test_the_novel_holds_out_chapters_and_each_target_is_the_next_character():
    assert len(numpy.unique(tokens_of())) == VOCABULARY
    assert min(last - first for first, last in chapters()) == SHORTEST_CHAPTER
    shares = numpy.bincount(tokens_of()) / len(tokens_of())
    assert -(shares * numpy.log(shares)).sum() == pytest.approx(3.092, abs=5e-4)
    parts = [set(chapters_of(split, 5).tolist()) for split in SPLITS]
    assert sorted(chapter for part in parts for chapter in part) == list(range(61))
    text = tokens_of().astype(numpy.uint8).tobytes()
    for split, part in zip(SPLITS, parts, strict=True):
        x, y = pride_and_prejudice(context=100, samples=50).draw(split, 5)
        assert (x[:, 1:] == y[:, :-1]).all()
        for window, following in zip(x[:20], y[:20], strict=True):
            place = text.find(numpy.append(window, following[-1]).astype(numpy.uint8).tobytes())
            (chapter,) = (number for number, (first, last) in enumerate(chapters()) if first <= place < last)
            assert chapter in part
            assert place + 101 <= chapters()[chapter][1]


def test_the_counties_are_joined_as_is_known():
    task = elections()
    drawn = [task.draw(split, 0) for split in SPLITS]
    third = numpy.full(3107, -1)
    for x, y in drawn:
        third[x[:, 0]] = y
    assert numpy.bincount(third).tolist() == [1036, 1035, 1036]
    edges = task.graph.edges
    assert len(edges) == 9063
    assert (third[edges[:, 0]] == third[edges[:, 1]]).mean() == pytest.approx(0.602, abs=5e-4)
    assert len(numpy.setdiff1d(numpy.arange(3107), edges)) == 4


@pytest.fixture
def whole(tmp_path):
    """All of a Fashion-MNIST of 50 and 20 images, as torchvision lays it: some files gzipped."""
    generator = numpy.random.default_rng(0)
    for part, count in (("train", 50), ("test", 20)):
        for kind, shape in (("images", (count, 28, 28)), ("labels", (count,))):
            data = generator.integers(0, 10 if kind == "labels" else 256, shape).astype(numpy.uint8)
            file = tmp_path / "FashionMNIST" / "raw" / NAMES[f"{part}_{kind}"]
            file.parent.mkdir(parents=True, exist_ok=True)
            header = bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape)
            file.write_bytes(header + data.tobytes())
            if part == "test":
                file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
                file.unlink()
    return tmp_path


def test_whole_fashion_is_read_from_either_layout_with_equal_bits(whole):
    below = whole / "FashionMNIST" / "raw"
    one, other = fashion_mnist(samples=30, folder=whole), fashion_mnist(samples=30, folder=str(below))
    assert one == other
    raw = (below / NAMES["train_images"]).read_bytes()[16:]
    images = {raw[start : start + 784] for start in range(0, len(raw), 784)}
    x, y = one.draw("train", 0)
    assert {image.tobytes() for image in x} <= images
    assert (x.shape, y.dtype, len(one.draw("validation", 0)[1]), len(one.draw("test", 0)[1])) == (
        (30, 28, 28),
        numpy.int64,
        20,
        20,
    )
    zipped = below / f"{NAMES['train_images']}.gz"
    zipped.write_bytes(gzip.compress((below / NAMES["train_images"]).read_bytes()))
    (below / NAMES["train_images"]).unlink()
    again = fashion_mnist(samples=30, folder=whole)
    assert again == one
    assert (again.draw("train", 0)[0] == x).all()


def test_a_file_that_changes_makes_another_task_and_stops_the_old_one(whole):
    old = fashion_mnist(samples=30, folder=whole)
    file = whole / "FashionMNIST" / "raw" / NAMES["train_labels"]
    held = file.read_bytes()
    file.write_bytes(held[:-1] + bytes([(held[-1] + 1) % 10]))
    assert fashion_mnist(samples=30, folder=whole) != old
    with pytest.raises(InvalidStudy, match="must stay what it was"):
        old.draw("train", 0)


def test_what_needs_a_download_says_where_to_get_it_and_where_it_looked(tmp_path):
    with pytest.raises(InvalidStudy, match=r"torchvision.*dataset-fashion-mnist") as refused:
        fashion_mnist(folder=tmp_path)
    assert str(tmp_path) in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(InvalidStudy, match="nothing is at"):
        fashion_mnist(folder=tmp_path / "none")


def test_an_idx_file_that_is_cut_or_none_is_refused(whole):
    file = whole / "FashionMNIST" / "raw" / NAMES["train_images"]
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(InvalidStudy, match=r"must hold 39200 bytes .* it has 39195"):
        fashion_mnist(samples=30, folder=whole).draw("train", 0)
    file.write_bytes(b"PNG")
    with pytest.raises(InvalidStudy, match="must be an IDX file of bytes"):
        fashion_mnist(samples=30, folder=whole)


@pytest.mark.parametrize(
    ("constructor", "given", "says"),
    [
        (pride_and_prejudice, {"context": 3947}, "context must be below 3947, the characters of the shortest chapter"),
        (pride_and_prejudice, {"context": 0}, "context, which must fit"),
        (digits, {"samples": 1796}, "samples of digits, which has 1797 rows, must be a whole number in 2 … 1795"),
        (elections, {"samples": 4000}, "which has 3107 rows"),
        (fashion_mnist, {"samples": 10_000}, "which has 10000 images for training"),
    ],
)
def test_more_than_there_is_is_refused(constructor, given, says):
    with pytest.raises(InvalidStudy, match=says):
        constructor(**given)
    pride_and_prejudice(context=3946, samples=3).draw("validation", 0)
