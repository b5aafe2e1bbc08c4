"""A table's file says the same in any form that is read, and else is refused in one line."""

from dataclasses import replace

import pandas
import pytest

from analysis.judging.contrasts import contrast_table
from analysis.judging.declared import declared, read_file
from spectra_tune.design import InvalidStudy
from tests.tools.elsewhere import DECLARATION, judged


def test_a_csv_and_a_parquet_file_say_the_same(small, tmp_path):
    for name, write in (
        ("a.csv", lambda file: small.to_csv(file, index=False)),
        ("b.csv", lambda file: small.to_csv(file, index=False, sep=";", encoding="utf-8-sig")),
        ("c.tsv", lambda file: small.to_csv(file, index=False, sep="\t")),
        ("d.parquet", lambda file: small.astype({"optimizer": "category"}).to_parquet(file)),
        ("e.parquet", lambda file: small.set_index(["optimizer", "random_seed"]).to_parquet(file)),
    ):
        write(tmp_path / name)
        pandas.testing.assert_frame_equal(
            contrast_table(judged(read_file(tmp_path / name))), contrast_table(judged(small))
        )


def test_arms_of_a_csv_stay_the_text_they_are(tmp_path):
    file = tmp_path / "table.csv"
    lines = [f"{arm},{seed},0.{seed}{at}" for at, arm in enumerate(("None", "1e-3", "NA")) for seed in range(10, 15)]
    file.write_text("\n".join(["optimizer,random_seed,test_acc", *lines]))
    found = declared(
        read_file(file),
        replace(DECLARATION, conditions=(), baseline="None", given_in="fractions"),
        "table.csv",
    )
    assert found.question.arms == ("None", "1e-3", "NA")
    assert list(found.question.labels.values()) == ["all rows"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("absent.csv", None, "FILE must exist"),
        ("table.xlsx", b"x", "FILE must be .csv, .tsv, .parquet, .pq"),
        ("table.csv", b"", "has none"),
        ("table.csv", b"a,b\n", "has none"),
        ("table.csv", b"a,b\n1,2\n1,2,3\n", "line 3 has 3"),
        ("table.csv", b"a,b\n1,\xff\n", "is not: 'utf-8' codec"),
        ("table.parquet", b"PAR1", "is not: "),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidStudy) as error:
        read_file(tmp_path / name)
    assert says in str(error.value)
