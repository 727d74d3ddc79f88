"""`python -m bench [name …]`: run the measurements, all of them unless some are named."""

import subprocess
import sys
from pathlib import Path

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(wanted: list[str]) -> int:
    """Each measurement in a process of its own. Returns 1 when one could not be made."""
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"There is no measurement {unknown[0]}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 1
    failed = 0
    for name in wanted or NAMES:
        print(f"\n== {name} ==", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
