"""`python -m kith` is the same as `kith`."""

from kith.cli import main

main(prog_name="kith")
