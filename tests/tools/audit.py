"""`make check`: are there known vulnerabilities in the pinned packages? Exit code 1 where there are.

What the index cannot answer is said in a line and is no failure: no network, or an index without such records.
"""

import json
import subprocess
import sys
from pathlib import Path

PATIENCE_S = 120
COMMAND = ["-m", "pip_audit", "-r", "constraints.txt", "--no-deps", "--disable-pip", "--format", "json"]


def main() -> int:
    """Asks the index about every package of constraints.txt; prints a line and returns the exit code."""
    try:
        asked = subprocess.run(
            [sys.executable, *COMMAND, "--progress-spinner", "off"],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        print(f"pip-audit: skipped, no answer within {PATIENCE_S} s")
        return 0
    return said(asked.stdout, asked.stderr)


def said(output: str, errors: str) -> int:
    """Prints what pip-audit found, or why it could not look; returns the exit code."""
    try:
        packages = json.loads(output)["dependencies"]
    except ValueError:
        lines = [line for line in errors.splitlines() if line.strip()]
        print(f"pip-audit: skipped, the index gave no answer: {(lines or ['nothing was printed'])[-1][:200]}")
        return 0
    known = [one for one in packages if "skip_reason" not in one]
    found = [f"{one['name']} {one['version']}: {bug['id']}" for one in known for bug in one["vulns"]]
    unknown = (
        f"; the index has no records of the other {len(packages) - len(known)}" if len(known) < len(packages) else ""
    )
    print(f"pip-audit: {len(known)} of {len(packages)} packages asked about, {len(found)} vulnerabilities{unknown}")
    for line in found:
        print(f"  {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
