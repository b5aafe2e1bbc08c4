"""What refuses to go on with a study that is not the recorded one."""

from collections.abc import Mapping

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy, Study
from studies.command.catalogue import Named
from studies.command.pasted import option


def check_unchanged(named: Named, recorded: tracking.Execution | None, uri: str) -> None:
    """Refuses a study whose declaration is not the recorded one."""
    if recorded is not None and recorded.study_signature != named.study.signature():
        raise InvalidStudy(
            f"{changed_since(named.name, named.study, recorded.study_fields, uri)}: what it tests is fixed before its "
            "first run; undo the change, or give the new question a name of its own"
        )


def changed_since(name: str, study: Study, recorded: Mapping[str, str], uri: str) -> str:
    """That a study is another one than recorded, and in which of its fields where the record says them."""
    fields = study.field_signatures()
    differ = [one for one in {**recorded, **fields} if recorded.get(one) != fields.get(one)] if recorded else []
    where = f", in its {' and '.join(differ)}" if differ else ""
    return f"study {name!r} has changed since it was recorded in {uri}{where}"


def check_same_software(named: Named, recorded: tracking.Execution) -> None:
    """Refuses to continue a study with other packages or other code than it was begun with."""
    now = {key: tag for key, tag in tracking.provenance().items() if key.startswith("version.")}
    changed = [
        f"{key.removeprefix('version.')} {recorded.versions.get(key, 'unknown')} → {tag}"
        for key, tag in now.items()
        if recorded.versions.get(key) != tag
    ]
    if changed:
        accept = option(named, "--accept-changes")
        raise InvalidStudy(
            f"study {named.name!r} must be continued with what it was begun with, changed are {', '.join(changed)}: "
            f"undo that, or add {accept}; runs from before and after are then never compared with each other"
        )
