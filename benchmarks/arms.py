"""The two arms that are timed: without and with the penalty."""

from spectra_tune.design import Treatment

ARMS = {
    "none": Treatment.none(),
    "penalty": Treatment(schedule="linear", sigma_start=2.5, sigma_end=1.0, strength=0.1),
}
