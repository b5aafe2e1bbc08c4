"""Tasks of real data that come with the package, declared: what they are and how large; other files draw them."""

from pathlib import Path

from spectra_tune.errors import InvalidStudy, whole
from spectra_tune.objectives import NEXT_TOKEN
from spectra_tune.tasks.source import existing, source
from spectra_tune.tasks.task import Task, declared

ROWS = {"digits": 1797, "letters": 20_000, "satellite": 6_435, "elections": 3_107}
FASHION_IMAGES = 10_000
"""For training and validation, of those that come with the package."""

VOCABULARY, SHORTEST_CHAPTER = 75, 3_947
"""Different characters of the novel, and characters of its shortest chapter."""


def _of_rows(name: str, samples: int) -> int:
    return whole(samples, f"samples of {name}, which has {ROWS[name]} rows,", 2, ROWS[name] - 2)


def digits(*, samples: int = 1000) -> Task:
    """1,797 handwritten digits of 8 x 8 pixels in grey (scikit-learn's load_digits): x (samples, 8, 8) in 0 … 1.

    samples counts training images; validation and test share the rest. A logistic regression has 97.2 % right.
    """
    settings = {"samples": _of_rows("digits", samples)}
    return declared(digits, "pictures", settings, classes=10, features=64, shape=(8, 8))


def fashion_mnist(*, samples: int = 4000, folder: str | Path | None = None) -> Task:
    """Clothes in grey, of ten classes: x (samples, 28, 28) uint8. The test images are the official ones for every seed.

    Without a folder 10,000 of the training images and 2,000 of the test images, which come with the package; with one
    all 60,000 and 10,000, from the four IDX files (gzipped or not) as torchvision or Debian lay them. samples counts
    training images, validation has up to 1,000 others. A logistic regression has 83.2 % right, of 5,000 images.
    """
    count, found = FASHION_IMAGES, None
    if folder is not None:
        from spectra_tune.tasks.idx import files_in, training_images

        files = files_in(existing(folder, "the folder of Fashion-MNIST"))
        count, found = training_images(files), source(list(files.values()), next(iter(files.values())).parent)
    samples = whole(samples, f"samples of fashion_mnist, which has {count} images for training,", 2, count - 2)
    settings = {"samples": samples, "folder": found}
    return declared(fashion_mnist, "pictures", settings, classes=10, features=28 * 28, shape=(28, 28), official=True)


def letters(*, samples: int = 3000) -> Task:
    """20,000 printed capital letters as 16 numbers each, 26 classes (UCI letter recognition).

    Numbers have mean 0 and standard deviation 1 over the training rows, which samples counts; validation is as many,
    test 5,000. Of 3,000 rows a logistic regression has 76.9 % right, boosted trees 89.9 %.
    """
    return declared(letters, "tables", {"samples": _of_rows("letters", samples)}, classes=26, features=16)


def satellite(*, samples: int = 3000) -> Task:
    """6,435 pieces of ground as 36 numbers each, four bands of 3 x 3 pixels, 6 classes (UCI Statlog Landsat).

    Numbers have mean 0 and standard deviation 1 over the training rows, which samples counts; validation and test share
    the rest. Of 3,000 rows a logistic regression has 85.5 % right, boosted trees 90.7 %.
    """
    return declared(satellite, "tables", {"samples": _of_rows("satellite", samples)}, classes=6, features=36)


def elections(*, samples: int = 600) -> Task:
    """3,107 counties of the US, which of them touch, three numbers of each, and which third their turnout is in.

    A task on a graph: x (samples, 1) int64 are nodes' numbers, `graph` has features and edges of all of them. samples
    counts the nodes whose label is known in training; validation is as many, test the rest. Turnout is that of 1980. Of
    600 a logistic regression on a county's own numbers has 60.1 % right; 60.2 % of the borders join equal classes.
    """
    nodes = ROWS["elections"]
    settings = {"samples": _of_rows("elections", samples)}
    return declared(elections, "graphs", settings, classes=3, features=1, shape=(1,), vocabulary=nodes)


def pride_and_prejudice(*, context: int = 64, samples: int = 2000) -> Task:
    """The next character of Jane Austen's novel after each of `context` ones: x and y (samples, context) int64.

    61 chapters, of which each seed holds out a fifth for validation and one for test; of each 500 windows are read.
    samples counts training windows. The shares of the 75 characters come to 3.092 nats, of their pairs to 2.422.
    """
    context = whole(context, f"context, which must fit into a chapter of {SHORTEST_CHAPTER} characters,", 1)
    if context >= SHORTEST_CHAPTER:
        raise InvalidStudy(
            f"context must be below {SHORTEST_CHAPTER}, the characters of the shortest chapter, got {context}"
        )
    settings = {"context": context, "samples": samples}
    return declared(
        pride_and_prejudice,
        "text",
        settings,
        objective=NEXT_TOKEN,
        features=context,
        shape=(context,),
        vocabulary=VOCABULARY,
    )
