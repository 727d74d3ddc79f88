"""SEPA credit transfers: pain.001.001.09, checked against the schema that `sepaxml` ships."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

from django.utils.translation import gettext_lazy as _
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException
from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError
from text_unidecode import unidecode  # type: ignore[import-untyped]

from kith.kit import errors
from kith.payouts import rules
from kith.payouts.queries import Debtor, Line

SCHEMA = "pain.001.001.09"
MAX_NAME, MAX_TEXT = 70, 140
_OUTSIDE = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]", re.ASCII)


class DebtorInvalid(errors.Conflict):
    """The organization's paying account is not set or not valid; `fields` names the settings."""

    code, message = "debtor_invalid", _("Set the paying account (name, IBAN, BIC) in the settings first.")


class FileRefused(errors.Conflict):
    """The file does not validate."""

    code, message = "bank_file_refused", _("The bank file is not valid; no file was written.")


@dataclass(frozen=True, slots=True)
class Order:
    """What belongs to the whole file; `purpose` stands before each reference on the payee's statement."""

    message_id: str
    created_at: datetime
    execution_on: date
    purpose: str


def check_debtor(debtor: Debtor) -> None:
    """Raises DebtorInvalid naming each setting at fault."""
    wrong: dict[str, errors.Sentence] = {}
    if not clean(debtor.name, MAX_NAME):
        wrong["payouts.debtor_name"] = _("Name of the account's holder.")
    try:
        IBAN(debtor.iban, validate_bban=True)
    except SchwiftyException:
        wrong["payouts.debtor_iban"] = _("A valid IBAN.")
    try:
        if debtor.bic:
            BIC(debtor.bic)
    except SchwiftyException:
        wrong["payouts.debtor_bic"] = _("A valid BIC, or nothing.")
    if wrong:
        raise DebtorInvalid(fields=wrong)


def write(lines: Sequence[Line], *, debtor: Debtor, order: Order) -> bytes:
    """The file: one payment block, booked as a batch. The same input gives the same bytes.

    Raises DebtorInvalid, FileRefused.
    """
    check_debtor(debtor)
    transfer = _Transfer(debtor, order)
    for line in lines:
        payment = {
            "name": clean(line.holder, MAX_NAME) or clean(line.reference, MAX_NAME),
            "IBAN": line.iban,
            "amount": line.amount.amount_minor,
            "execution_date": order.execution_on,
            "description": clean(f"{order.purpose} {line.reference}", MAX_TEXT),
            "endtoend_id": line.reference,
        }
        transfer.add_payment(payment | ({"BIC": line.bic} if line.bic else {}))
    try:
        content: bytes = transfer.export(validate=True)
    except ValidationError as error:
        raise FileRefused from error
    return content


def clean(text: str, length: int) -> str:
    """The text in the SEPA character set: "Zoë Łuk" is "Zoe Luk"; what has no letter there becomes a space."""
    plain = _OUTSIDE.sub(" ", unidecode(text))
    plain = re.sub(r"/{2,}", "/", plain).strip(" /")
    plain = " ".join(plain.split())[:length].strip(" /")
    if not rules.is_sepa_text(plain):
        raise ValueError(f"not in the SEPA character set: {plain!r}")
    return plain


class _Transfer(SepaTransfer):  # type: ignore[misc]
    """sepaxml's transfer, with our ids and time in place of random ones and the machine's clock."""

    def __init__(self, debtor: Debtor, order: Order) -> None:
        self.order = order
        config: dict[str, Any] = {
            "name": clean(debtor.name, MAX_NAME),
            "IBAN": debtor.iban,
            "currency": "EUR",
            "batch": True,
        }
        if debtor.bic:
            config["BIC"] = debtor.bic
        super().__init__(config, schema=SCHEMA, clean=False)

    def _finalize_batch(self) -> None:
        super()._finalize_batch()
        root = self._xml.find(self.root_el)
        root.find("GrpHdr/MsgId").text = self.order.message_id
        root.find("GrpHdr/CreDtTm").text = self.order.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        for number, block in enumerate(root.findall("PmtInf"), start=1):
            block.find("PmtInfId").text = f"{self.order.message_id}-{number}"
            bank = block.find("DbtrAgt/FinInstnId")
            if bank.find("BICFI") is None:
                # The scheme's rule book: without a BIC the element says so.
                other = ElementTree.SubElement(bank, "Othr")
                ElementTree.SubElement(other, "Id").text = "NOTPROVIDED"
