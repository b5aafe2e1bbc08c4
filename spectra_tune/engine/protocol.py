"""A run's own protocol as columns of the run table."""

from typing import Any

from spectra_tune.design import Member, flat


def protocol_of(member: Member) -> dict[str, Any]:
    """The fields of a member's Condition, changes carried out, and of its network; a full batch has batch_size 0."""
    protocol = flat(member.condition) | {"stream": member.stream, "task": str(member.condition.task)}
    protocol["batch_size"] = protocol["batch_size"] or 0
    protocol["learning_rate_schedule"] = str(protocol["learning_rate_schedule"])
    del protocol["network"]
    return protocol
