"""Who signs in for a company."""

import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import crypto, emails, errors, limits
from kith.kit.actors import Actor
from kith.participants import queries, rules
from kith.participants.actions.portal import end_portal_sessions, invite_to_portal
from kith.participants.models import CompanyPerson, Participant, ParticipantKind, PersonRole
from kith.participants.rules.portal import DAY_S

MOST_PEOPLE = 100


class PersonRefused(errors.Invalid):
    """Name, address or role of somebody new cannot be taken; `fields` says why."""

    code = "company_person_invalid"


class NotACompany(errors.Conflict):
    """Only companies have several people."""

    code, message = "not_a_company", _("Only companies have several people.")


class TooManyPeople(errors.Conflict):
    """A company has as many people as it may have."""

    code, message = "company_is_full", _("A company has at most 100 people. Remove somebody first.")


@transaction.atomic
def add_company_person(
    *,
    company: Participant,
    name: str,
    email: str,
    role: str = "member",
    actor: Actor,
    now: datetime.datetime,
) -> CompanyPerson:
    """Let somebody sign in for the company, and mail them the way in.

    Raises NotACompany, TooManyPeople, PersonRefused, TooMany.
    """
    held = Participant.objects.select_for_update(no_key=True).get(pk=company.pk)
    if held.kind != ParticipantKind.COMPANY:
        raise NotACompany
    if CompanyPerson.objects.filter(company=held, removed_at=None).count() >= MOST_PEOPLE:
        raise TooManyPeople
    shown, address = _checked(name, email, role)
    # Each one is a letter to an address that was typed; adding and removing must not send any number of them.
    limits.enforce(f"portal|people|{held.pk}", MOST_PEOPLE, DAY_S)
    try:
        with transaction.atomic():
            person: CompanyPerson = CompanyPerson.objects.create(
                company=held, name=shown, email=address, role=PersonRole(role), added_by=actor.ref, created_at=now,
                email_index=crypto.blind_index(address, kind="email"),
            )  # fmt: skip
    except IntegrityError:
        raise _taken() from None
    invite_to_portal(participant=held, person=person, actor=actor, now=now)
    return person


@transaction.atomic
def remove_company_person(
    *, company: Participant, person: CompanyPerson, actor: Actor, now: datetime.datetime
) -> None:
    """Take somebody's way in away and end their sessions."""
    rows = CompanyPerson.objects.filter(pk=person.pk, company=company, removed_at=None)
    if rows.update(removed_at=now):
        end_portal_sessions(
            participant_id=company.pk, person_id=person.pk, reason="removed", actor=actor, now=now
        )


def _checked(name: str, email: str, role: str) -> tuple[str, str]:
    wrong: dict[str, errors.Sentence] = {}
    shown = ""
    try:
        shown = rules.name(name)
    except rules.BadValue:
        wrong["name"] = _("Write a name of at most 200 characters.")
    address = emails.address(email)
    if address is None:
        wrong["email"] = _("Write an e-mail address like name@example.com.")
    if role not in PersonRole.values:
        wrong["role"] = _("There is no such role.")
    if wrong or address is None:
        raise PersonRefused(fields=wrong)
    if queries.find_by_email(address) is not None:
        raise _taken()
    return shown, address


def _taken() -> PersonRefused:
    return PersonRefused(fields={"email": _("This address is in use already. Take another one.")})
