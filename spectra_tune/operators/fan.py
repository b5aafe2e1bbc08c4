"""The fan of a linear map: by which a target may be scaled, so that it suits every width."""

from math import sqrt

from spectra_tune.errors import InvalidStudy
from spectra_tune.operators import Operator
from spectra_tune.operators.convolution import Convolution
from spectra_tune.operators.dense import Matrix


def fan_of(name: str, operator: Operator) -> float:
    """The root of its outputs over its inputs: of a convolution its channels, over all groups.

    Source: Yang, Simon & Bernstein 2023 (arXiv 2310.17813).
    """
    if isinstance(operator, Matrix):
        rows, columns = operator.part.of(operator.weights[0].unsqueeze(0)).shape[1:]
        return sqrt(rows / columns)
    if isinstance(operator, Convolution):
        outputs, inputs = operator.channels
        return sqrt(outputs / inputs)
    raise InvalidStudy(
        f"target_scale 'fan' is known for matrices and convolutions, {name!r} is neither: name those that are "
        "(regularized=…)"
    )
