"""One step with many rows at once, of which each succeeds or fails for itself."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import transaction

from kith.kit.errors import DomainError

FEW = 8
"""As many as are tried one by one where they refuse together: by then halving saves nothing."""


def refusals(ids: Sequence[UUID], step: Callable[[Sequence[UUID]], None]) -> dict[UUID, DomainError]:
    """Take the step with all of them together; answers who refuses it and why, and the others have taken it.

    What one refusal undoes is tried again without it, so `step` reads its rows anew each time.
    """
    try:
        with transaction.atomic():
            step(ids)
    except DomainError as refusal:
        if len(ids) == 1:
            return {ids[0]: refusal}
        size = len(ids) // 2 if len(ids) > FEW else 1
        parts = [ids[at : at + size] for at in range(0, len(ids), size)]
        return {row_id: why for part in parts for row_id, why in refusals(part, step).items()}
    return {}
