"""Events that count, and taking them back."""

import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from kith.kit import outbox
from kith.kit.actors import Actor
from kith.kit.days import days_after
from kith.kit.money import CurrencyMismatch, Money
from kith.pipelines import queries as stages
from kith.pipelines.actions import MoveNotAllowed, ReasonMissing
from kith.pipelines.models import Stage
from kith.referrals import rules
from kith.referrals.actions import moving
from kith.referrals.actions.refusals import (
    AdjustmentKnown,
    ConversionCancelled,
    ConversionKnown,
    ConversionTooLate,
    ReferralClosed,
    RefundTooLarge,
    checked,
    is_about,
)
from kith.referrals.events import ConversionRecorded, ConversionRefunded
from kith.referrals.models import CLOSED, Adjustment, AdjustmentKind, Conversion, ConversionStatus, Referral
from kith.tenants.queries import current_tenant, setting


def record_conversion(
    *,
    referral: Referral,
    event: str,
    external_id: str,
    amount: Money | None = None,
    occurred_at: datetime.datetime,
    effective_on: datetime.date | None = None,
    source: str,
    actor: Actor,
    now: datetime.datetime,
) -> Conversion:
    """Record that `event` happened for the referral; the same report again returns the first row.

    Without `amount` the average booking value counts, marked as estimated. A referral that was still new
    or engaged becomes qualified. Raises ReferralClosed, ConversionTooLate, ConversionKnown, Invalid.
    """
    key = rules.external_key(event, checked(external_id=external_id)["external_id"])
    lockable = Referral.objects.select_for_update(of=("self",)).select_related("program", "stage")
    locked: Referral = lockable.get(pk=referral.pk)
    known = Conversion.objects.filter(event=event, external_id=key).first()
    if known is not None:
        return _same(known, locked, amount)
    _check_time(locked, occurred_at, now)
    gross = amount or setting("analytics.average_booking_value", program_id=locked.program_id)
    made = Conversion(
        program=locked.program, referral=locked, event=event, external_id=key, gross_minor=gross.amount_minor,
        currency=gross.currency, is_estimated=amount is None, source=source, occurred_at=occurred_at,
        effective_on=effective_on, received_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if not is_about(error, "conversion_once"):
            raise
        return _same(Conversion.objects.get(event=event, external_id=key), locked, amount)
    Referral.objects.filter(pk=locked.pk, converted_at=None).update(converted_at=now, updated_at=now)
    _qualify(locked, actor=actor, now=now)
    tell_recorded(made, now=now)
    return made


def _same(known: Conversion, referral: Referral, amount: Money | None) -> Conversion:
    """The first report, when this one says the same."""
    same_amount = (
        known.is_estimated
        if amount is None
        else (not known.is_estimated and amount == Money(known.gross_minor, known.currency))
    )
    if known.referral_id != referral.pk or not same_amount:
        raise ConversionKnown(event=known.event, external_id=known.external_id)
    return known


def _check_time(referral: Referral, occurred_at: datetime.datetime, now: datetime.datetime) -> None:
    program, timezone = referral.program, current_tenant().timezone
    if referral.category in CLOSED:
        raise ReferralClosed
    last = days_after(referral.created_at, program.conversion_window_days, timezone)
    last_report = days_after(occurred_at, program.report_window_days, timezone)
    if occurred_at > last or now > last_report:
        raise ConversionTooLate


def _qualify(referral: Referral, *, actor: Actor, now: datetime.datetime) -> None:
    """A reported event proves interest; pipelines without such a step stay where they are."""
    if referral.category not in ("new", "engaged"):
        return
    try:
        stage = stages.stage_for_category(referral.program.pipeline_id, "qualified")
        moving.move_referral(referral=referral, to_stage=stage, actor=actor, now=now)
    except (Stage.DoesNotExist, MoveNotAllowed, ReasonMissing):
        return


def tell_recorded(conversion: Conversion, *, now: datetime.datetime) -> None:
    """Announce a conversion that was just written."""
    recorded = ConversionRecorded(
        conversion_id=conversion.id, referral_id=_referral_id(conversion), program_id=conversion.program_id,
        event=conversion.event, gross_minor=conversion.gross_minor, currency=conversion.currency,
        is_estimated=conversion.is_estimated, occurred_at=conversion.occurred_at,
    )  # fmt: skip
    outbox.publish(recorded, subject_type="conversion", subject_id=conversion.id, now=now)


def _referral_id(conversion: Conversion) -> UUID:
    if conversion.referral_id is None:
        raise ValueError("a conversion without a referral is not announced")
    return conversion.referral_id


def refund_conversion(
    *,
    conversion: Conversion,
    amount: Money,
    external_id: str,
    reason: str = "",
    actor: Actor,
    now: datetime.datetime,
) -> Conversion:
    """Take back part of a conversion's amount; parts add up, and the same `external_id` counts once.

    Raises RefundTooLarge, CurrencyMismatch, ConversionCancelled, AdjustmentKnown, Invalid.
    """
    return _adjust(conversion, AdjustmentKind.REFUND, amount, external_id, reason, actor, now)


def cancel_conversion(
    *, conversion: Conversion, external_id: str, reason: str = "", actor: Actor, now: datetime.datetime
) -> Conversion:
    """Say that the event did not happen after all: what was left of the amount is taken back.

    Raises ConversionCancelled unless it is the same `external_id` again, AdjustmentKnown.
    """
    return _adjust(conversion, AdjustmentKind.CANCEL, None, external_id, reason, actor, now)


def _adjust(
    conversion: Conversion, kind: str, amount: Money | None, external_id: str, reason: str, actor: Actor,
    now: datetime.datetime,
) -> Conversion:  # fmt: skip
    key = checked(external_id=external_id)["external_id"]
    locked: Conversion = Conversion.objects.select_for_update().get(pk=conversion.pk)
    left = Money(locked.gross_minor - locked.refunded_minor, locked.currency)
    if _repeats(locked, kind, amount, key):
        return locked
    taken = left if amount is None else amount
    if taken.currency != locked.currency:
        raise CurrencyMismatch(left=taken.currency, right=locked.currency)
    if locked.status == ConversionStatus.CANCELLED:
        raise ConversionCancelled
    if taken.amount_minor > left.amount_minor or (amount is not None and taken.amount_minor <= 0):
        raise RefundTooLarge(left=left.amount_minor)
    Adjustment.objects.create(
        conversion=locked, kind=kind, external_id=key, amount_minor=taken.amount_minor, reason=reason.strip(),
        actor=actor.ref, occurred_at=now,
    )  # fmt: skip
    status = ConversionStatus.CANCELLED if kind == AdjustmentKind.CANCEL else locked.status
    Conversion.objects.filter(pk=locked.pk).update(
        refunded_minor=F("refunded_minor") + taken.amount_minor, status=status
    )
    locked.refresh_from_db(fields=["refunded_minor", "status"])
    _tell_refunded(locked, taken, now)
    return locked


def _repeats(conversion: Conversion, kind: str, amount: Money | None, key: str) -> bool:
    """True when the adjustment was made before. Raises AdjustmentKnown when it said something else."""
    known = Adjustment.objects.filter(external_id=key).first()
    if known is None:
        return False
    same_amount = amount is None or known.amount_minor == amount.amount_minor
    if known.conversion_id != conversion.pk or known.kind != kind or not same_amount:
        raise AdjustmentKnown(external_id=key)
    return True


def _tell_refunded(conversion: Conversion, taken: Money, now: datetime.datetime) -> None:
    refunded = ConversionRefunded(
        conversion_id=conversion.id, referral_id=_referral_id(conversion), program_id=conversion.program_id,
        amount_minor=taken.amount_minor, net_minor=conversion.gross_minor - conversion.refunded_minor,
        currency=conversion.currency, is_cancelled=conversion.status == ConversionStatus.CANCELLED, occurred_at=now,
    )  # fmt: skip
    outbox.publish(refunded, subject_type="conversion", subject_id=conversion.id, now=now)
