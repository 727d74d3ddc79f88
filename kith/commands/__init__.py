"""Subcommands of `kith`, one module each; modules with a leading underscore are shared by them."""
