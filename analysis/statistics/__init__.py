"""Pure functions of arrays: tests, intervals, effect sizes, planning. An effect travels with its interval and its p."""
