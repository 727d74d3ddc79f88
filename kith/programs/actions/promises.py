"""Rules and their versions: drafted, published, retired. A published version never changes."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from kith.kit import errors, outbox
from kith.kit.actors import Actor
from kith.programs.actions.schemes import ANOTHER_CODE, naming_faults, refuse, refuse_twin
from kith.programs.events import RulePublished, RuleRetired
from kith.programs.models import Program, Rule, RuleVersion, VersionStatus
from kith.programs.rules import RuleSpec, SpecInvalid


class RuleTaken(errors.Conflict):
    """The program has a rule of this code."""

    code = "rule_taken"
    message = _("This program already has a rule “%(rule)s”.")


class RuleInvalid(errors.Invalid):
    """The rule cannot be understood; `fields` names the place and the remedy."""

    code = "rule_invalid"
    message = _("The rule needs attention at “%(path)s”.")


class VersionNotDraft(errors.Conflict):
    """Only a draft is published."""

    code = "version_not_draft"
    message = _("Only a draft can be published.")


class VersionNotPublished(errors.Conflict):
    """Only a published version is retired."""

    code = "version_not_published"
    message = _("Only a published version can be retired.")


_REMEDIES = {
    "unknown_field": _("Unknown. Use: %(allowed)s."),
    "missing": _("Required."),
    "trigger": _("Use “conversion:” and an event, or “stage.entered:” and a category."),
    "whole_number": _("Use a whole number in %(allowed)s."),
    "choice": _("Use one of: %(allowed)s."),
    "yes_no": _("Use true or false."),
    "too_many": _("Use at most %(allowed)s conditions."),
    "too_deep": _("Nest conditions at most %(allowed)s deep."),
    "condition": _("Use “all”, “any”, or “field”, “op” and “value”."),
    "empty_group": _("List at least one condition."),
    "unknown_fact": _("Use one of: %(allowed)s."),
    "operator": _("Use one of: %(allowed)s."),
    "list_of_values": _("List %(allowed)s values."),
    "minor_units": _("Use a whole number of minor units, such as cents."),
    "number": _("Use a whole number."),
    "text": _("Use text of at most 200 characters."),
}


def create_rule(*, program: Program, code: str, name: str, actor: Actor, now: datetime.datetime) -> Rule:
    """Give a program a rule, which promises nothing until a version is published. Raises RuleTaken, errors.Invalid."""
    refuse(naming_faults({"code": code, "name": name}))
    try:
        with transaction.atomic():
            refuse_twin(Rule.objects.filter(program=program), code)
            made: Rule = Rule.objects.create(program=program, code=code, name=name.strip(), created_at=now)
    except IntegrityError as error:
        raise RuleTaken(rule=code, fields={"code": ANOTHER_CODE}) from error
    return made


def draft_version(
    *, rule: Rule, spec: RuleSpec | Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> RuleVersion:
    """Write what the rule shall say; a rule has one draft at a time, which is overwritten. Raises RuleInvalid."""
    Rule.objects.select_for_update().get(pk=rule.pk)
    parsed = _parsed(spec)
    draft = RuleVersion.objects.filter(rule=rule, status=VersionStatus.DRAFT).first()
    if draft is None:
        newest = RuleVersion.objects.filter(rule=rule).aggregate(newest=Max("version"))["newest"] or 0
        draft = RuleVersion(rule=rule, version=newest + 1, created_at=now)
    draft.spec, draft.spec_hash = parsed.as_dict(), parsed.hash
    draft.save()
    return draft


def publish_version(*, version: RuleVersion, actor: Actor, now: datetime.datetime) -> RuleVersion:
    """Promise the draft from now on; the version published before ends at the same moment.

    Raises VersionNotDraft.
    """
    rule = Rule.objects.select_for_update().get(pk=version.rule_id)
    draft: RuleVersion = RuleVersion.objects.get(pk=version.pk)
    if draft.status != VersionStatus.DRAFT:
        raise VersionNotDraft
    RuleVersion.objects.filter(rule=rule, status=VersionStatus.PUBLISHED).update(
        status=VersionStatus.RETIRED, valid_to=now
    )
    draft.status, draft.valid_from = VersionStatus.PUBLISHED, now
    draft.published_by, draft.published_at = actor.ref, now
    draft.save()
    told = RulePublished(rule_id=rule.id, program_id=rule.program_id, version=draft.version)
    outbox.publish(told, subject_type="rule", subject_id=rule.id, now=now)
    return draft


def make_promise(
    *, program: Program, code: str, name: str, spec: RuleSpec, actor: Actor, now: datetime.datetime
) -> RuleVersion:
    """Give a program a rule that is in force from now on. Raises RuleTaken, RuleInvalid, errors.Invalid."""
    rule = create_rule(program=program, code=code, name=name, actor=actor, now=now)
    return publish_version(
        version=draft_version(rule=rule, spec=spec, actor=actor, now=now), actor=actor, now=now
    )


def change_promise(
    *, rule: Rule, changes: Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> RuleVersion:
    """Promise something else from now on: what is in force with some fields changed, as a new version.

    What was granted before keeps its amount. The same promise again makes no version. Raises
    VersionNotPublished for a rule that promises nothing now, RuleInvalid.
    """
    locked = Rule.objects.select_for_update().get(pk=rule.pk)
    published = RuleVersion.objects.filter(rule=locked, status=VersionStatus.PUBLISHED)
    present: RuleVersion | None = published.first()
    if present is None:
        raise VersionNotPublished
    changed = _parsed({**present.spec, **changes})
    if changed.hash == bytes(present.spec_hash):
        return present
    return publish_version(
        version=draft_version(rule=locked, spec=changed, actor=actor, now=now), actor=actor, now=now
    )


def retire_version(*, version: RuleVersion, actor: Actor, now: datetime.datetime) -> RuleVersion:
    """Promise it no longer; what was earned stays earned. Raises VersionNotPublished."""
    rule = Rule.objects.select_for_update().get(pk=version.rule_id)
    present: RuleVersion = RuleVersion.objects.get(pk=version.pk)
    if present.status != VersionStatus.PUBLISHED:
        raise VersionNotPublished
    present.status, present.valid_to = VersionStatus.RETIRED, now
    present.save(update_fields=["status", "valid_to"])
    told = RuleRetired(rule_id=rule.id, program_id=rule.program_id, version=present.version)
    outbox.publish(told, subject_type="rule", subject_id=rule.id, now=now)
    return present


def _parsed(spec: RuleSpec | Mapping[str, Any]) -> RuleSpec:
    try:
        # A specification made in code is checked like one that was sent.
        return RuleSpec.parse(spec.as_dict() if isinstance(spec, RuleSpec) else spec)
    except SpecInvalid as fault:
        remedy = str(_REMEDIES[fault.problem]) % {"allowed": fault.allowed}
        raise RuleInvalid(fields={fault.path: remedy}, path=fault.path) from fault
