"""A study from Python, in a notebook before all: `named` gives one a name, `load` takes one of a file.

A `Study` is a declaration and knows neither Ray nor verdicts: whoever imports it could not start one by a slip, and
`spectra_tune` would have to import what lies above it. What can be run is a study with the name of its records.
"""

from studies.notebook.named_study import NamedStudy, load, named

__all__ = ["NamedStudy", "load", "named"]
