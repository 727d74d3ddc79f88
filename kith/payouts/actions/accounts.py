"""Where a participant wants the money."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from kith.kit import crypto, errors
from kith.kit.actors import Actor
from kith.kit.ids import uuid7
from kith.participants.actions import refuse_gone
from kith.participants.models import Participant
from kith.payouts import queries
from kith.payouts.models import PayoutAccount

MAX_HOLDER = 70


class AccountInvalid(errors.Invalid):
    """Holder, IBAN or BIC is not one a bank would take; `fields` says which."""

    code = "payout_account_invalid"


@transaction.atomic
def save_payout_account(
    *, participant: Participant, holder: str, iban: str, bic: str = "", actor: Actor, now: datetime
) -> PayoutAccount:
    """Make this the participant's account; the previous one is archived, withdrawals under way keep it.

    Saving what is there already changes nothing. Raises AccountInvalid, ParticipantErased, ParticipantMerged.
    """
    person = Participant.objects.select_for_update().get(pk=participant.pk)
    refuse_gone(person)
    number, bank, name = _checked(holder, iban, bic)
    fingerprint = crypto.blind_index(number.compact, kind="iban")
    present = queries.get_payout_account(person.pk)
    if (
        present
        and bytes(present.fingerprint) == fingerprint
        and (present.holder, present.bic) == (name, bank)
    ):
        return present
    PayoutAccount.objects.filter(participant=person, archived_at=None).update(archived_at=now)
    account_id = uuid7()
    context = queries.iban_context(account_id)
    saved: PayoutAccount = PayoutAccount.objects.create(
        id=account_id,
        participant=person,
        holder=name,
        iban_enc=crypto.encrypt(number.compact, subject_id=person.pk, context=context),
        iban_last4=number.compact[-4:],
        bic=bank,
        country=number.country_code,
        fingerprint=fingerprint,
        created_at=now,
    )
    return saved


def _checked(holder: str, iban: str, bic: str) -> tuple[IBAN, str, str]:
    """The account as it is stored; a missing BIC is looked up where the IBAN's bank is known."""
    wrong: dict[str, errors.Sentence] = {}
    name = " ".join(holder.split())
    if not 0 < len(name) <= MAX_HOLDER or not name.isprintable():
        wrong["holder"] = _("Write the name of the account's holder, at most 70 characters.")
    number = IBAN(iban, allow_invalid=True)
    try:
        number.validate(validate_bban=True)
    except SchwiftyException:
        wrong["iban"] = _("This is not a valid IBAN. Check it for typing mistakes.")
    bank = ""
    try:
        bank = BIC(bic).compact if bic.strip() else ""
    except SchwiftyException:
        wrong["bic"] = _("This is not a valid BIC. Leave it empty if you are not sure.")
    if wrong:
        raise AccountInvalid(fields=wrong)
    return number, bank or (number.bic.compact if number.bic else ""), name
