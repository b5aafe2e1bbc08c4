"""A table that is too long for a page is cut, and says so."""

from analysis.report.elements.table import MOST_ROWS, table


def test_a_long_table_is_cut_and_says_where_the_rest_is():
    rows = [[str(at), "x"] for at in range(MOST_ROWS + 7)]
    text = "\n".join(table(["n", "value"], rows, "all.csv"))
    assert text.startswith("| n | value |\n|---|---|\n| 0 | x |\n")
    assert f"| {MOST_ROWS - 1} | x |" in text
    assert f"| {MOST_ROWS} | x |" not in text
    assert f"7 of {MOST_ROWS + 7} rows are left out here; `all.csv` has all." in text
    assert "left out" not in "\n".join(table(["n", "value"], rows[:MOST_ROWS], "all.csv"))
