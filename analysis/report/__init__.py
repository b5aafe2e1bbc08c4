"""The report of a finished study: sentences first, then the design, every number, what else was seen, the limits."""

from analysis.report.elements.findings import Findings, findings, findings_of_declared
from analysis.report.elements.in_brief import in_brief
from analysis.report.files import files
from analysis.report.latex import paper
from analysis.report.page import overview
from analysis.report.summary import summary

__all__ = ["Findings", "files", "findings", "findings_of_declared", "in_brief", "overview", "paper", "summary"]
