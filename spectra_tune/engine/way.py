"""The way in which a network trains, known before it does: stacked or in turn, by the kernel or by torch."""

from dataclasses import replace

from spectra_tune.design import Block, Condition, Member, Study, members
from spectra_tune.engine.fused.choice import is_fused
from spectra_tune.objectives import objective_of


def stacks(condition: Condition) -> bool:
    """Whether a network trains as one program of all members: it and the task's objective have a stacked form, which
    is one of float32; phases of a curriculum must have equally many samples, and none is trained against an attack."""
    form, task = getattr(condition.network, "stacked", None), condition.task
    others = condition.adversarial is not None or not getattr(task, "alike", True)
    if condition.precision != "float32" or others:
        return False
    return form is not None and objective_of(task).stacked and form(task) is not None


def trains_stacked(block: Block) -> bool:
    """Whether all networks of a block train as programs."""
    return all(stacks(member.condition) for member in of_one_seed(block))


def of_one_seed(block: Block) -> tuple[Member, ...]:
    """A member of each arm."""
    return members(replace(block, seeds=block.seeds[:1]))


def needs_kernel(study: Study) -> bool:
    """Whether any of a study's networks is trained by the fused kernel, on a processor."""
    return any(
        stacks(condition) and is_fused(condition, arm.treatment, condition.device or "cpu")
        for condition in study.conditions
        for _, arm in study.arms
    )
