"""Results that somebody already has: what a table from elsewhere is declared to hold, checked as far as it can be, and
judged like a study. That runs of equal seed are matched is taken on the word of whoever declares it.

file (a CSV or Parquet) -> rows (arm, seed, Condition and value of each run) -> family (a run table, judged).
"""

from analysis.judging.declared.declaration import Declaration
from analysis.judging.declared.family import Declared, declared, judge_declared
from analysis.judging.declared.file import read_file

__all__ = ["Declaration", "Declared", "declared", "judge_declared", "read_file"]
