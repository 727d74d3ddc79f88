"""Taking in a referral: one person, one program, one owner."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from kith.kit import crypto, outbox
from kith.kit.actors import Actor
from kith.kit.days import days_after
from kith.kit.ids import uuid7
from kith.kit.money import Money
from kith.participants import queries as people
from kith.participants.models import Participant
from kith.pipelines import actions as pipelines
from kith.pipelines import queries as stages
from kith.pipelines.models import Stage
from kith.programs import queries as programs
from kith.programs.models import Campaign, Program, ProgramStatus
from kith.referrals import queries, rules
from kith.referrals.actions.conversions import tell_recorded
from kith.referrals.actions.refusals import (
    AlreadyReferred,
    BookingReferenceMissing,
    CodeUnknown,
    DuplicateBooking,
    ExistingCustomer,
    ProgramNotLive,
    SelfReferral,
    checked,
    is_about,
)
from kith.referrals.events import ReferralCreated
from kith.referrals.models import Agreement, Click, Conversion, Referral
from kith.tenants.queries import current_tenant, local_day, setting


@dataclass(frozen=True, slots=True)
class _Friend:
    """The referred person in stored form, with the two look-up values."""

    email: str
    name: str
    phone: str
    country: str
    email_index: bytes
    phone_index: bytes | None


def create_referral(
    *,
    code: str,
    email: str,
    name: str = "",
    booking_reference: str = "",
    phone: str = "",
    country: str = "",
    visa_type: str = "",
    amount: Money | None = None,
    travel_on: datetime.date | None = None,
    click_id: UUID | None = None,
    program: Program | None = None,
    campaign: Campaign | None = None,
    source: str,
    utm: Mapping[str, str] | None = None,
    method: str | None = None,
    agreed_to: tuple[str, str] = ("", ""),
    actor: Actor,
    now: datetime.datetime,
) -> Referral:
    """Record that the owner of `code` referred the person with this e-mail address.

    With a booking reference the referral starts as qualified and the booking is its first conversion, with
    the average booking value as an estimate when no `amount` is given. One booking and one person count
    once, however many calls come at the same time. `agreed_to` is what the person was shown and agreed to, with
    its language. Runs in the tenant of the code. Raises Invalid,
    CodeUnknown, ProgramNotLive, BookingReferenceMissing, SelfReferral, ExistingCustomer, DuplicateBooking,
    AlreadyReferred; then nothing has changed.
    """
    friend = _friend(email=email, name=name, phone=phone, country=country)
    booking, visa = _texts(booking_reference, visa_type)
    sender, program = _sender(code, program)
    _check_booking(booking, program)
    known = _known_customer(friend, sender.participant, program)
    click = _click(click_id, sender.participant, program, now)
    stage = _stage(program, "qualified" if booking else "new")
    referral = Referral(
        id=uuid7(), program=program, campaign=campaign or sender.campaign, referrer=sender.participant,
        code=sender.code, referred_participant=known, referred_name=friend.name, referred_email=friend.email,
        referred_key=friend.email_index, referred_country=friend.country, visa_type=visa,
        booking_reference=booking, click_id=click.id if click else None, source=source, stage=stage,
        method=rules.evidence(given=method, click_counts=click is not None), category=stage.category,
        converted_at=now if booking else None, created_at=now, updated_at=now, **rules.utm_columns(utm or {}),
    )  # fmt: skip
    conversion = _booking(referral, amount, travel_on, now) if booking else None
    _insert(referral, conversion, friend.phone, agreed_to)
    _tell(referral, conversion, actor=actor, now=now)
    return referral


def _friend(*, email: str, name: str, phone: str, country: str) -> _Friend:
    region = people.phone_region() if phone.strip() and not country else ""
    values = checked(region=region, email=email, name=name, country=country, phone=phone)
    return _Friend(
        **values,
        email_index=crypto.blind_index(values["email"], kind="email"),
        phone_index=crypto.blind_index(values["phone"], kind="phone") if values["phone"] else None,
    )


def _texts(booking_reference: str, visa_type: str) -> tuple[str, str]:
    values = checked(booking_reference=booking_reference, visa_type=visa_type)
    return values["booking_reference"], values["visa_type"]


def _sender(code: str, program: Program | None) -> tuple[queries.Sender, Program]:
    found = queries.sender(code)
    if found is None:
        raise CodeUnknown
    chosen = program or found.program
    if chosen is None or chosen.status != ProgramStatus.LIVE:
        raise ProgramNotLive
    return found, chosen


def _check_booking(booking: str, program: Program) -> None:
    if not booking and setting("referrals.require_booking_reference", program_id=program.id):
        raise BookingReferenceMissing(fields={"booking_reference": BookingReferenceMissing.message})


def _known_customer(friend: _Friend, referrer: Participant, program: Program) -> Participant | None:
    """The participant the friend is already, where the program allows that."""
    same_email = referrer.email_index is not None and bytes(referrer.email_index) == friend.email_index
    same_phone = referrer.phone_index is not None and bytes(referrer.phone_index) == friend.phone_index
    if same_email or same_phone:
        raise SelfReferral
    known = people.find_by_email(friend.email)
    if known and known.pk == referrer.pk:  # by an address from before two rows became one
        raise SelfReferral
    if known and setting("referrals.existing_customers", program_id=program.id) == "refuse":
        raise ExistingCustomer
    return known


def _click(
    click_id: UUID | None, referrer: Participant, program: Program, now: datetime.datetime
) -> Click | None:
    """The click, if it is evidence: of this organization and referrer, and inside the program's window."""
    if click_id is None:
        return None
    earliest = days_after(now, -program.click_window_days, current_tenant().timezone)
    found = queries.click_between(click_id, earliest, now)
    owner = found and people.get_participant(found.referrer_id)
    return found if owner and referrer.id in (owner.id, owner.merged_into_id) else None


def _stage(program: Program, category: str) -> Stage:
    """Where the referral starts; a pipeline without that category starts at its beginning."""
    try:
        return stages.stage_for_category(program.pipeline_id, category)
    except Stage.DoesNotExist:
        return stages.first_stage(program.pipeline_id)


def _booking(
    referral: Referral, amount: Money | None, travel_on: datetime.date | None, now: datetime.datetime
) -> Conversion:
    gross = amount or setting("analytics.average_booking_value", program_id=referral.program_id)
    return Conversion(
        program=referral.program, referral=referral, event=rules.BOOKING,
        external_id=rules.external_key(rules.BOOKING, referral.booking_reference), gross_minor=gross.amount_minor,
        currency=gross.currency, is_estimated=amount is None, source=referral.source, occurred_at=now,
        effective_on=travel_on, received_at=now,
    )  # fmt: skip


def _insert(
    referral: Referral, conversion: Conversion | None, phone: str, agreed_to: tuple[str, str]
) -> None:
    """Write the rows; the unique indexes decide which of several callers wins."""
    if phone:
        context = f"referrals_referral.referred_phone_enc:{referral.id}"
        referral.referred_phone_enc = crypto.encrypt(phone, subject_id=referral.id, context=context)
    try:
        with transaction.atomic():
            referral.save(force_insert=True)
            if conversion is not None:
                conversion.save(force_insert=True)
            if agreed_to[0]:
                Agreement.objects.create(
                    referral=referral, text=agreed_to[0], language=agreed_to[1],
                    version=programs.landing_number(referral.program_id), agreed_at=referral.created_at,
                )  # fmt: skip
    except IntegrityError as error:
        raise _refusal(error, conversion) from None


def _refusal(error: IntegrityError, conversion: Conversion | None) -> Exception:
    """The outcome behind a violated unique index; anything else is a defect."""
    if is_about(error, "conversion_once"):
        return DuplicateBooking()
    if not is_about(error, "referral_one_live_owner"):
        return error
    # The same call again violates both; it is told about the booking, whichever index noticed first.
    if (
        conversion is not None
        and Conversion.objects.filter(event=conversion.event, external_id=conversion.external_id).exists()
    ):
        return DuplicateBooking()
    return AlreadyReferred()


def _tell(referral: Referral, conversion: Conversion | None, *, actor: Actor, now: datetime.datetime) -> None:
    pipelines.record_status(
        machine="referral", subject_id=referral.id, from_state="", to_state=referral.stage.code, actor=actor,
        reason="", now=now, to_category=referral.category,
    )  # fmt: skip
    created = ReferralCreated(
        referral_id=referral.id, program_id=referral.program_id, referrer_id=referral.referrer_id,
        category=referral.category, created_on=local_day(now),
    )  # fmt: skip
    outbox.publish(created, subject_type="referral", subject_id=referral.id, now=now)
    if conversion is not None:
        tell_recorded(conversion, now=now)
