"""Writes the scripts for other people's pages, made small, to where Kith serves them: `make clients`."""

from pathlib import Path

import rjsmin

HERE = Path(__file__).parent
SERVED = HERE.parents[1] / "kith" / "referrals" / "static" / "referrals"
NAMES = ("t.js", "w.js")


def built(name: str) -> bytes:
    """The small form of a script."""
    made: str = rjsmin.jsmin((HERE / name).read_text())
    return made.encode()


if __name__ == "__main__":
    for name in NAMES:
        (SERVED / name).write_bytes(built(name))
