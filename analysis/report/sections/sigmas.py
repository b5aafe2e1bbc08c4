"""What became of the weights' singular values."""

from analysis.figures import sigma_trajectories, spectra
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section
from spectra_tune.results import sigma_columns


def section(found: Findings) -> Section | None:
    """Spectral norms over epochs and spectra at the end; nothing where neither was kept."""
    shown, pictures = found.shown, {}
    runs, curves, shapes = shown.tables
    if sigma_columns(curves["metric"].unique()):
        pictures["sigmas"] = Picture(
            draw=lambda: sigma_trajectories(curves, runs, shown.labels, shown.arms),
            shows="Spectral norm of each layer over epochs, with 95 % bands over seeds; dotted: the target"
            + shown.note,
        )
    if (shapes["figure"] == "spectrum").any():
        pictures["spectra"] = Picture(
            draw=lambda: spectra(shapes, runs, shown.labels, shown.arms),
            shows="Singular values of each layer at the end, largest first: means of the first seeds" + shown.note,
        )
    if not pictures:
        return None
    return Section(lines=["## Singular values", ""], pictures=pictures, notes=shown.notes)
