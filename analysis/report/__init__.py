"""The report of a finished study: sentences first, then the design, every number, what else was seen, the limits."""

from analysis.report.elements.findings import Findings, findings
from analysis.report.files import files
from analysis.report.page import overview

__all__ = ["Findings", "files", "findings", "overview"]
