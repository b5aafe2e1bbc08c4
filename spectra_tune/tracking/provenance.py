"""What a study runs on: versions, machine and commit."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

from spectra_tune.fingerprint import code_digest


def provenance() -> dict[str, str]:
    """Tags that say which code ran where."""
    versions = {
        f"version.{name}": importlib.metadata.version(name) for name in ("spectra-tune", "torch", "ray", "mlflow")
    }
    return {**versions, "version.code": code_digest(), "machine": platform.node(), **_git()}


def _git() -> dict[str, str]:
    """Commit, and whether tracked files differ from it, of the repository that one works in, else of the code's own."""
    return _commit(Path.cwd()) or _commit(Path(__file__).parent)


def _commit(folder: Path) -> dict[str, str]:
    """Nothing where the folder lies in no repository."""

    def asked(*command: str) -> str | None:
        try:
            return subprocess.run(
                ["git", "-C", str(folder), *command], capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return None

    commit, changes = asked("rev-parse", "HEAD"), asked("status", "--porcelain", "--untracked-files=no")
    return {} if commit is None else {"git.commit": commit, "git.dirty": str(bool(changes))}
