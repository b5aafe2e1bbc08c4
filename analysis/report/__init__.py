"""The report of a finished study: sentences first, then the design, the pictures, every number, the limits."""

from analysis.report.files import files
from analysis.report.findings import Findings, findings
from analysis.report.page import overview

__all__ = ["Findings", "files", "findings", "overview"]
