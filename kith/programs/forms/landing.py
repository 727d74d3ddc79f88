"""The landing page's blocks and the messages to share, as people type them in one language."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kith.programs import rules
from kith.programs.queries import share_faults

_MANY_LINES = forms.Textarea(attrs={"rows": 3})

LABELS: Mapping[str, Any] = {
    "title": _("Title"),
    "text": _("Text below the title"),
    "form_title": _("Title of the form"),
    "button": _("Words on the button"),
    "consent": _("What your friend agrees to"),
    "reward_title": _("Title"),
    "reward_text": _("A sentence about it"),
    "steps_title": _("Title"),
    "questions_title": _("Title"),
    "legal": _("Terms and other small print"),
}
LONG = frozenset({"text", "consent", "reward_text", "legal"})
FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "hero": ("title", "text"),
    "form": ("form_title", "button", "consent"),
    "reward": ("reward_title", "reward_text"),
    "steps": ("steps_title",),
    "questions": ("questions_title",),
    "legal": ("legal",),
}
NAMES: Mapping[str, Any] = {
    "hero": _("Opening"),
    "form": _("Form"),
    "reward": _("Reward"),
    "steps": _("How it works"),
    "questions": _("Questions"),
    "legal": _("Small print"),
}
HINTS: Mapping[str, Any] = {
    "hero": _("The first thing a friend sees."),
    "form": _("What the friend fills in. Fields come from the program, so they are not chosen here."),
    "reward": _("Amounts and conditions come from the rules in force: they can never be wrong here."),
    "steps": _("What happens, in at most six short lines."),
    "questions": _("What friends ask before they dare."),
    "legal": _("Shown small, at the end."),
}
ICONS: Mapping[str, str] = {
    "hero": "sparkles", "form": "clipboard-list", "reward": "gift", "steps": "list-ordered",
    "questions": "message-circle-question-mark", "legal": "scale",
}  # fmt: skip


class LandingForm(forms.Form):
    """Every text of the page in one language. Names of fields with paragraphs begin with `text`."""

    picture = forms.FileField(
        label=_("Picture"), required=False,
        help_text=_("PNG, JPEG, WebP or GIF, at most 5 MB. It is made smaller and stripped of hidden data."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )  # fmt: skip
    without_picture = forms.BooleanField(label=_("Take the picture out"), required=False)

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        content: Mapping[str, Any],
        language: str,
        usual: Mapping[str, str],
    ) -> None:
        """`usual`: field -> what the page says where nothing is written."""
        self.content, self.language = content, language
        super().__init__(data, files, initial=self._initial())
        for name, most in rules.TEXTS.items():
            attributes = {"placeholder": usual.get(name, "")}
            widget = (
                forms.Textarea({**attributes, "rows": 3}) if name in LONG else forms.TextInput(attributes)
            )
            self.fields[_field(name)] = forms.CharField(
                label=LABELS[name], max_length=most, required=False, widget=widget
            )
        for at in range(rules.LISTS["steps"][0]):
            self.fields[f"step-{at}"] = forms.CharField(
                label=_("Step %(number)s") % {"number": at + 1},
                max_length=rules.LISTS["steps"][1],
                required=False,
            )
        for at in range(rules.LISTS["questions"][0]):
            self.fields[f"question-{at}"] = forms.CharField(
                label=_("Question %(number)s") % {"number": at + 1}, max_length=240, required=False
            )
            self.fields[f"text-answer-{at}"] = forms.CharField(
                label=_("Answer %(number)s") % {"number": at + 1}, max_length=rules.LISTS["questions"][1],
                required=False, widget=forms.Textarea(attrs={"rows": 2}),
            )  # fmt: skip

    def _initial(self) -> dict[str, Any]:
        own = {name: self.content.get(name, {}).get(self.language) for name in (*rules.TEXTS, *rules.LISTS)}
        shown: dict[str, Any] = {_field(name): own[name] or "" for name in rules.TEXTS}
        for at, line in enumerate(own["steps"] or ()):
            shown[f"step-{at}"] = line
        for at, each in enumerate(own["questions"] or ()):
            shown[f"question-{at}"], shown[f"text-answer-{at}"] = each["question"], each["answer"]
        return shown

    def clean(self) -> dict[str, Any]:
        """A question and its answer come together."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for at in range(rules.LISTS["questions"][0]):
            question, answer = given.get(f"question-{at}"), given.get(f"text-answer-{at}")
            if question and answer == "":
                self.add_error(f"text-answer-{at}", _("Answer the question, or take it out."))
            if answer and question == "":
                self.add_error(
                    f"question-{at}", _("Write the question to this answer, or take the answer out.")
                )
        return given

    def texts(self) -> dict[str, Any]:
        """Field -> text in this language, as `edit_landing` takes them."""
        given = self.cleaned_data
        found: dict[str, Any] = {name: given.get(_field(name), "") for name in rules.TEXTS}
        found["steps"] = [given.get(f"step-{at}", "") for at in range(rules.LISTS["steps"][0])]
        found["questions"] = [
            {"question": given.get(f"question-{at}", ""), "answer": given.get(f"text-answer-{at}", "")}
            for at in range(rules.LISTS["questions"][0])
        ]
        return found

    def values(self) -> dict[str, Any]:
        """The arguments of `edit_landing`."""
        given = self.cleaned_data
        return {
            "texts": self.texts(), "picture": given["picture"] or None, "without_picture": given["without_picture"],
        }  # fmt: skip

    def unsaved(self) -> dict[str, Any]:
        """The page with what was typed so far, to be looked at; what is not right yet is left out."""
        if not self.is_bound:
            return dict(self.content)
        self.is_valid()
        merged = dict(self.content)
        for name, value in self.texts().items():
            merged[name] = {**merged.get(name, {}), self.language: value}
        merged["questions"][self.language] = [
            each for each in merged["questions"][self.language] if all(each.values())
        ]
        return rules.checked_landing(merged)

    def blocks(self) -> list[dict[str, Any]]:
        """The blocks in their order with their fields, for the editor."""
        order, hidden, _picture = rules.arranged(self.content)
        movable = [block for block in order if block not in rules.FIXED]
        return [
            {
                "code": block, "name": NAMES[block], "hint": HINTS[block], "icon": ICONS[block],
                "hidden": block in hidden, "may_hide": block not in rules.KEPT,
                "may_rise": block in movable[1:], "may_sink": block in movable[:-1],
                "fields": [self[_field(name)] for name in FIELDS_OF[block]], "rows": self._rows(block),
            }
            for block in order
        ]  # fmt: skip

    def _rows(self, block: str) -> list[list[forms.BoundField]]:
        """Entries of a list: those there are and two empty ones to go on with."""
        names = {"steps": ("step-{}",), "questions": ("question-{}", "text-answer-{}")}.get(block, ())
        if not names:
            return []
        rows = [[self[name.format(at)] for name in names] for at in range(rules.LISTS[block][0])]
        used = [at for at, row in enumerate(rows) if any(field.value() for field in row)]
        return rows[: max(used, default=-1) + 3]


def _field(name: str) -> str:
    return f"text-{name}" if name in LONG and name != "text" else name


class ShareForm(forms.Form):
    """The messages of one language; empty means the usual one, which is shown as an example."""

    whatsapp = forms.CharField(label=_("WhatsApp"), required=False, widget=_MANY_LINES)
    email_subject = forms.CharField(label=_("Subject of the e-mail"), required=False)
    email = forms.CharField(label=_("E-mail"), required=False, widget=forms.Textarea(attrs={"rows": 7}))
    sms = forms.CharField(label=_("Text message"), required=False, widget=_MANY_LINES)
    copy = forms.CharField(label=_("Text to copy"), required=False, widget=_MANY_LINES)

    PREFIX = "text"

    def __init__(self, data: Any = None, *, usual: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(data, prefix=self.PREFIX, **kwargs)
        for name, text in usual.items():
            self.fields[name].widget.attrs["placeholder"] = text

    def typed(self) -> Mapping[str, str]:
        """The texts as the fields show them, right or wrong."""
        return {name: self[name].value() or "" for name in self.fields}

    def clean(self) -> dict[str, Any]:
        """Only placeholders that Kith fills, and a link to follow."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name, sentence in share_faults(given).items():
            self.add_error(name, sentence)
        return given
