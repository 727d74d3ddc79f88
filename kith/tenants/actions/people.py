"""Users, members and invitations."""

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import emails, jobs, limits, tenancy, text
from kith.kit.actors import Actor
from kith.kit.codes import hash_token, random_token
from kith.kit.errors import Conflict, Forbidden, Invalid, TooMany
from kith.tenants import queries, rules
from kith.tenants.actions.tokens import end_member_families, end_sessions
from kith.tenants.models import Invitation, Member, Role, User


class AlreadyMember(Conflict):
    """The person has a place in the organization, or an open invitation."""

    code, message = "already_member", _("This person already belongs to the organization or is invited.")


class RoleNotYours(Forbidden):
    """Roles are given downwards only."""

    code, message = "role_not_yours", _("Your role cannot give or take this role.")


class LastOwner(Conflict):
    """An organization without an owner could not be managed."""

    code, message = "last_owner", _("The organization needs at least one owner.")


@transaction.atomic
def create_user(
    *,
    username: str,
    email: str,
    name: str,
    password: str,
    now: datetime.datetime,
    locale: str = "",
    is_operator: bool = False,
) -> User:
    """A person who can sign in. Raises Invalid naming a weak password, a bad address, a bad or used name."""
    if not rules.is_good_username(username):
        raise Invalid(
            fields={"username": _("Use at most 60 letters of A to Z, digits, dots, hyphens and underscores.")}
        )
    user = User(
        username=username,
        email=_address(email),
        name=text.line(name, "name"),
        locale=locale,
        is_operator=is_operator,
        created_at=now,
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(fields={"password": " ".join(error.messages)}) from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        field = "email" if "email" in str(error) else "username"
        raise Invalid(fields={field: _("This is in use already.")}) from None
    return user


def _address(email: str) -> str:
    found = emails.address(email)
    if found is None:
        raise Invalid(fields={"email": _("Enter an e-mail address.")})
    return found


@transaction.atomic
def add_member(*, user: User, role: str, now: datetime.datetime) -> Member:
    """Give a user a place in the organization in force. Raises AlreadyMember."""
    try:
        with transaction.atomic():
            member: Member = Member.objects.create(user=user, role=Role(role), created_at=now)
            return member
    except IntegrityError as error:
        if "member_once_per_tenant" in str(error):
            raise AlreadyMember from None
        raise


@transaction.atomic
def change_role(*, member: Member, role: str, actor: Actor, now: datetime.datetime) -> Member:
    """Give a member another role and sign them out. Raises RoleNotYours, LastOwner or Invalid."""
    if role not in Role.values:
        raise Invalid(fields={"role": _("There is no such role.")})
    row = _locked_member(member)
    if not (rules.may_give_role(actor.role, role) and rules.may_give_role(actor.role, row.role)):
        raise RoleNotYours
    if row.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(row)
    if row.role != role:
        row.role = Role(role)
        row.save(update_fields=["role"])
        _sign_out(row, "role changed", now)
    return row


@transaction.atomic
def remove_member(*, member: Member, actor: Actor, now: datetime.datetime) -> Member:
    """Take a member's place away and sign them out. Raises RoleNotYours or LastOwner."""
    row = _locked_member(member)
    if not rules.may_give_role(actor.role, row.role):
        raise RoleNotYours
    if row.role == Role.OWNER:
        _keep_an_owner(row)
    row.removed_at = now
    row.save(update_fields=["removed_at"])
    _sign_out(row, "removed", now)
    return row


def _sign_out(row: Member, reason: str, now: datetime.datetime) -> None:
    end_member_families(member_id=row.id, reason=reason, now=now)
    end_sessions(user=row.user, now=now)


def _locked_member(member: Member) -> Member:
    """The member, with every owner locked too: two owners removing each other must not both succeed."""
    list(Member.objects.select_for_update().filter(role=Role.OWNER, removed_at=None).order_by("id"))
    found: Member = Member.objects.select_for_update().get(pk=member.pk, removed_at=None)
    return found


def _keep_an_owner(row: Member) -> None:
    if not Member.objects.filter(role=Role.OWNER, removed_at=None).exclude(pk=row.pk).exists():
        raise LastOwner


@transaction.atomic
def invite(*, email: str, role: str, actor: Actor, now: datetime.datetime) -> Invitation:
    """Offer a place by e-mail; the message is sent by a job.

    Raises RoleNotYours, AlreadyMember, Invalid, and TooMany when the letters of a day are used up.
    """
    address = _address(email)
    if role not in Role.values:
        raise Invalid(fields={"role": _("There is no such role.")})
    if not rules.may_give_role(actor.role, role):
        raise RoleNotYours
    if Member.objects.filter(user__email=address, removed_at=None).exists():
        raise AlreadyMember
    _spare_mailboxes(address, now)
    try:
        with transaction.atomic():
            row: Invitation = Invitation.objects.create(
                email=address, role=Role(role), token_hash=hash_token(random_token()), invited_by=actor.ref,
                expires_at=now + rules.INVITATION_LIFETIME, created_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        if "invitation_open_once" in str(error):
            raise AlreadyMember from None
        raise
    # Without the link's secret, which would stay readable in the queue: the job makes it.
    jobs.enqueue("tenants.send_invitation", tenant_id=row.tenant_id, invitation_id=str(row.id))
    return row


@transaction.atomic
def invite_all(*, emails: Sequence[str], role: str, actor: Actor, now: datetime.datetime) -> list[Invitation]:
    """Offer a place to each of them, or to nobody. Raises as `invite`, naming whom it is about."""
    made = []
    for each in emails:
        try:
            made.append(invite(email=each, role=role, actor=actor, now=now))
        except AlreadyMember:
            known = {"email": each}
            raise Invalid(
                fields={"emails": _("%(email)s already belongs here or is invited.") % known}
            ) from None
    return made


@transaction.atomic
def resend_invitation(*, invitation: Invitation, actor: Actor, now: datetime.datetime) -> Invitation:
    """Mail an open invitation once more, with a new link and week. Raises RoleNotYours, TooMany, InvitationGone."""
    row: Invitation | None = (
        Invitation.objects.select_for_update()
        .filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
        .first()
    )
    if row is None:
        raise queries.InvitationGone
    if not rules.may_give_role(actor.role, row.role):
        raise RoleNotYours
    limits.enforce(f"invitation|{row.pk}", rules.INVITATIONS_TO_ONE, 24 * 60 * 60)
    row.expires_at = now + rules.INVITATION_LIFETIME
    row.save(update_fields=["expires_at"])
    jobs.enqueue("tenants.send_invitation", tenant_id=row.tenant_id, invitation_id=str(row.id))
    return row


def _spare_mailboxes(address: str, now: datetime.datetime) -> None:
    """Invitations that were taken back count too: their letters went out."""
    sent = Invitation.objects.filter(created_at__gt=now - rules.INVITATIONS_WINDOW)
    for rows, most in (
        (sent.filter(email=address), rules.INVITATIONS_TO_ONE),
        (sent, rules.INVITATIONS_TO_ALL),
    ):
        if rows.count() >= most:
            raise TooMany(retry_after=60 * 60, limit=most)


@transaction.atomic
def renew_link(*, invitation: Invitation) -> str:
    """A new secret for the link of an open invitation, kept as its hash only; the one before stops working.

    Raises InvitationGone.
    """
    token = random_token()
    still_open = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not still_open.update(token_hash=hash_token(token)):
        raise queries.InvitationGone
    return token


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, actor: Actor, now: datetime.datetime) -> None:
    """Take an open invitation back; its link stops working."""
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(withdrawn_at=now)


def accept_invitation(
    *, token: str, username: str, name: str, password: str, user: User | None, now: datetime.datetime
) -> tuple[User, UUID]:
    """Take the offered place, as the signed-in `user` or as a new one. Returns the user and the member's id.

    Raises InvitationGone, AlreadyMember, or Invalid naming the field.
    """
    offered = queries.offered(token, now=now)
    with tenancy.use(offered.tenant_id):
        if not Invitation.objects.filter(pk=offered.pk, accepted_at=None, withdrawn_at=None).update(
            accepted_at=now
        ):
            raise queries.InvitationGone
        if user is None:
            user = create_user(username=username, email=offered.email, name=name, password=password, now=now)
        member = add_member(user=user, role=offered.role, now=now)
        return user, member.id
