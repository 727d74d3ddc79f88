"""What tables and columns are called in the audit trail. Those without a line keep the name they have."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: Mapping[str, Any] = {"I": _("created"), "U": _("changed"), "D": _("deleted")}
HIDDEN = _("hidden")

UNTOLD = frozenset({"id", "tenant_id", "search", "updated_at"})
"""Columns that say nothing beside the entry itself."""

TABLES: Mapping[str, Any] = {
    "tenants_tenant": _("organization"),
    "tenants_user": _("person"),
    "tenants_member": _("place in the team"),
    "tenants_invitation": _("invitation"),
    "tenants_apikey": _("API key"),
    "tenants_tokenfamily": _("signed-in program"),
    "tenants_settingvalue": _("setting"),
    "tenants_savedview": _("saved view"),
    "participants_participant": _("participant"),
    "participants_identity": _("address of a participant"),
    "participants_participantnote": _("note"),
    "participants_companyperson": _("person of a company"),
    "participants_consent": _("consent to messages"),
    "participants_portalsession": _("session in the portal"),
    "participants_distinction": _("mark that two are not the same"),
    "pipelines_pipeline": _("pipeline"),
    "pipelines_stage": _("stage"),
    "pipelines_move": _("allowed move"),
    "programs_landingversion": _("landing page"),
    "programs_landingpicture": _("picture of a landing page"),
    "programs_sponsor": _("sponsor"),
    "programs_program": _("program"),
    "programs_campaign": _("campaign"),
    "programs_rule": _("rule"),
    "programs_ruleversion": _("version of a rule"),
    "referrals_link": _("referral link"),
    "referrals_referral": _("referral"),
    "referrals_conversion": _("booking or other event"),
    "referrals_adjustment": _("refund or cancellation"),
    "referrals_note": _("note"),
    "referrals_agreement": _("consent of a friend"),
    "referrals_sitekey": _("website"),
    "rewards_decision": _("decision of the rules"),
    "rewards_reward": _("reward"),
    "payouts_payoutaccount": _("payout account"),
    "payouts_payoutbatch": _("payout batch"),
    "payouts_withdrawal": _("withdrawal"),
    "payouts_withdrawalline": _("line of a withdrawal"),
}

FIELDS: Mapping[str, Any] = {
    "name": _("name"), "email": _("e-mail"), "code": _("code"), "status": _("status"), "kind": _("kind"),
    "country": _("country"), "language": _("language"), "locale": _("language"), "timezone": _("time zone"),
    "currency": _("currency"), "brand": _("brand color"), "labels": _("own words"), "website": _("website"),
    "role": _("role"), "user_id": _("person"), "removed_at": _("removed"), "created_at": _("made on"),
    "key": _("setting"), "value": _("value"), "version": _("version"), "set_by": _("set by"), "set_at": _("set on"),
    "scope": _("level"), "scopes": _("permissions"), "expires_at": _("valid until"), "revoked_at": _("ended on"),
    "program_id": _("program"), "stage_id": _("stage"), "category": _("category"), "method": _("attribution"),
    "referrer_id": _("referrer"), "participant_id": _("participant"), "beneficiary_id": _("goes to"),
    "referred_name": _("name of the friend"), "referred_email": _("e-mail of the friend"),
    "referral_id": _("referral"), "booking_reference": _("booking reference"), "external_id": _("customer number"),
    "amount_minor": _("amount"), "clawed_back_minor": _("taken back"), "gross_minor": _("booking value"),
    "refunded_minor": _("refunded"), "total_minor": _("total"), "approved_at": _("approved on"),
    "approved_by": _("approved by"), "available_at": _("available on"), "hold_until": _("on hold until"),
    "hold_reason": _("reason of the hold"), "closed_at": _("closed on"), "closed_reason": _("reason"),
    "completed_at": _("completed on"), "converted_at": _("converted on"), "source": _("source"),
    "starts_at": _("starts"), "ends_at": _("ends"), "number": _("batch number"),
    "count": _("how many"), "made_by": _("made by"), "sent_at": _("sent on"),
    "execution_on": _("day of payment"), "format": _("format"), "is_default": _("default"), "spec": _("promise"),
    "published_at": _("published on"), "published_by": _("published by"), "valid_from": _("valid from"),
    "valid_to": _("valid until"), "first_referral_at": _("first referral"),
    "last_login_at": _("last signed in"), "phone_enc": _("phone"),
    "phone_index": _("phone"), "email_index": _("e-mail"), "consent_at": _("consent"), "picture_url": _("picture"),
    "referred_by_id": _("brought by"), "extra": _("further fields"), "email_verified_at": _("e-mail confirmed"),
    "cause_kind": _("earned for"), "instalment": _("instalment"), "rule_code": _("rule"), "title": _("title"),
    "referred_country": _("country of the friend"), "decided_at": _("decided on"), "body": _("text"),
    "holder": _("account holder"), "active": _("active"), "reason": _("reason"), "visibility": _("who sees it"),
}  # fmt: skip
