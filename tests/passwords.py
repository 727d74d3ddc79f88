"""Password hashing that takes no time; the real one is `kith.kit.passwords`."""

from kith.kit.passwords import Argon2id


class Quick(Argon2id):
    """As cheap as argon2id can be."""

    time_cost = 1
    memory_cost = 8
