"""What the kernel is given, as tuples of arrays that numba knows by their names."""

from typing import NamedTuple

from numpy import ndarray

from spectra_tune.engine.fused.sigma import Room


class Layers(NamedTuple):
    """Where each layer's numbers lie, int64 (layers,): places of the first member, and steps to the next one's."""

    n_in: ndarray
    n_out: ndarray
    weight: ndarray
    weight_step: ndarray
    row_step: ndarray
    bias: ndarray
    bias_step: ndarray
    bias_of_row: ndarray  # the step from row to row
    hidden: ndarray  # what the layer gives, in work
    error: ndarray  # the loss's derivative by it, in work


class Numbers(NamedTuple):
    """What the optimizer moves, flat, float32; start and length, int64: of each stretch of one member's numbers."""

    value: ndarray
    gradient: ndarray
    mean: ndarray
    square: ndarray
    initial: ndarray  # what a penalty may pull to
    start: ndarray
    length: ndarray


class Samples(NamedTuple):
    """A split, float32: inputs (distinct, samples, features) and targets (distinct, samples, rows), flat."""

    x: ndarray
    target: ndarray
    shared: bool  # whether all members have the first's
    count: int
    features: int
    rows: int


class Work(NamedTuple):
    """Memory that is written before it is read, float32."""

    hidden: ndarray  # numbers of layers and their errors, by tile
    sums: ndarray  # of gradients, by block
    x: ndarray  # a batch's inputs (tiles, features, TILE)
    target: ndarray  # (tiles, rows, TILE)
    weight: ndarray  # (tiles, TILE)
    ones: ndarray  # (TILE,)
    room: Room
    most_tiles: int  # that hidden has room for


class Protocol(NamedTuple):
    """What all members have in common."""

    rectified: bool
    kind: int  # of the objective, see judging
    optimizer: int
    penalty: int
    power: int
    batch: int
    batches: int  # of an epoch
    clipped: bool
    counted: bool  # whether hits are counted before each step


class Members(NamedTuple):
    """What each member has for itself, float32 (members,) but where it says otherwise."""

    strength: ndarray
    one_sided: ndarray  # bool
    decay: ndarray
    bound: ndarray  # of the gradient's norm, inf for none
    order: ndarray  # int64: which of the orders is its own
    hits: ndarray  # int64, counted up
    kept: ndarray  # (members, pulled, smaller side): vectors of the weights that are pulled, from step to step
