"""The base form, dates in three boxes, and shared validators; the words are each form's own."""

from datetime import date
from typing import Any

import structlog
from flask import current_app, g, has_request_context, request, session
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import Field, HiddenField, IntegerField
from wtforms.meta import DefaultMeta
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from core.clock import today
from core.ids import new_id
from core.languages import ENGLISH, language
from core.languages import gettext as _

log = structlog.get_logger()
MACHINERY = ("csrf_token", "once", "row_version", "submit", "holder", "given_back")
# Whose form it is, signed (``core.held_forms``); and the mark of one that is only shown again.
HOLDER, GIVEN_BACK = "holder", "given_back"
# Of how many sessions the signed form token is remembered.
TOKENS = 2_000
# As people type them, in English or in Welsh.
MONTHS = {name: n for n, names in enumerate(
    ("jan january ion ionawr", "feb february chwe chwef chwefror", "mar march maw mawrth", "apr april ebr ebrill",
     "may mai", "jun june meh mehefin", "jul july gor gorff gorffennaf", "aug august aws awst",
     "sep sept september med medi", "oct october hyd hydref", "nov november tach tachwedd",
     "dec december rhag rhagfyr"), 1) for name in names.split()}  # fmt: skip


def keep_token() -> None:
    """Before the view: a session's token is signed once in a process, and not again with each page that shows a form."""
    held = session.get("csrf_token")
    if held is None:
        return
    signed: dict[str, str] = current_app.extensions.setdefault("signed_tokens", {})
    if held not in signed:
        if len(signed) >= TOKENS:
            signed.clear()
        signed[held] = generate_csrf()
    g.csrf_token = signed[held]


def note_refusal(form: FlaskForm, is_right: bool) -> bool:
    """Pass on whether a form is right; one that is not is an event of the log, without what was typed (ASVS 16.3.3)."""
    if not is_right and has_request_context():
        log.info("input_refused", route=request.endpoint, form=type(form).__name__, fields=len(form.errors))
    return is_right


class Form(FlaskForm):
    """Every form of the product: CSRF token, a one-time key, and (where it edits) the row version it was opened on."""

    once = HiddenField(default=new_id)
    row_version = HiddenField()

    class Meta(FlaskForm.Meta):
        @property
        def locales(self) -> list[str] | bool:
            """English words are their own translation: no catalogue is looked for."""
            return False if language() == ENGLISH else [language()]

        # As WTForms does it, which reads a catalogue once; Flask-WTF would read it from disk for every form.
        get_translations = DefaultMeta.get_translations

    def validate(self, extra_validators: Any = None) -> bool:
        """A form that is given back after its sender signed in again is shown, not carried out."""
        if has_request_context() and GIVEN_BACK in request.form:
            return False
        is_right = bool(super().validate(extra_validators))
        # Not one that checks the rows of a list: those are counted together.
        return note_refusal(self, is_right) if self.meta.csrf else is_right

    def answer_fields(self) -> dict[str, Field]:
        """The fields a person fills in, by name, in their order on the page."""
        return {name: item for name, item in self._fields.items() if name not in MACHINERY}

    def answers(self) -> dict[str, Any]:
        return {name: item.data for name, item in self.answer_fields().items()}


class WholeNumber(IntegerField):
    """A whole number that may be left empty; ``words`` is what to do when something else was typed."""

    def __init__(self, label: str, *args: Any, words: str, **kwargs: Any) -> None:
        super().__init__(label, *args, **kwargs)
        self.words = words

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist if valuelist and str(valuelist[0]).strip() else [])
        except ValueError:
            raise ValueError(self.words) from None


class DateParts(Field):
    """A date in three boxes (day, month, year). ``data`` is a date or None; what was typed stays in the boxes.

    Options: ``what`` begins its error messages ("Date of birth"), ``required``, ``past`` (today allowed), ``future``.
    """

    def __init__(
        self, label: str = "", *, what: str = "", required: str = "", past: bool = False, future: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(label, **kwargs)
        self.what, self.required, self.past, self.future = what or label, required, past, future
        self.day = self.month = self.year = ""
        self.bad_parts: set[str] = set()

    def process_data(self, value: Any) -> None:
        if isinstance(value, str) and value:
            value = date.fromisoformat(value)
        self.data = value or None
        if self.data:
            self.day, self.month, self.year = str(self.data.day), str(self.data.month), str(self.data.year)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        names = {part: f"{self.name}-{part}" for part in ("day", "month", "year")}
        if formdata and any(name in formdata for name in names.values()):
            self.day, self.month, self.year = (formdata.get(name, "").strip() for name in names.values())
            self.data = self._parse()

    def _parse(self) -> date | None:
        month = MONTHS.get(self.month.lower(), self.month)
        try:
            year = int(self.year)
            return date(year + 2000 if year < 100 else year, int(month), int(self.day))
        except (ValueError, OverflowError):
            return None

    def pre_validate(self, form: Any) -> None:
        typed = {"day": self.day, "month": self.month, "year": self.year}
        missing = [part for part, text in typed.items() if not text]
        if len(missing) == 3:
            if self.required:
                self.bad_parts = {"day", "month", "year"}
                raise ValidationError(self.required)
            return
        if missing:
            self.bad_parts = set(missing)
            names = {"day": _("day"), "month": _("month"), "year": _("year")}
            parts = _(" and ").join(names[part] for part in missing)
            raise ValidationError(_("%(what)s must include a %(parts)s", what=_(self.what), parts=parts))
        if self.data is None:
            self.bad_parts = {"day", "month", "year"}
            raise ValidationError(_("%(what)s must be a real date", what=_(self.what)))
        self._check_side()

    def _check_side(self) -> None:
        assert self.data is not None
        if self.past and self.data > today():
            self.bad_parts = {"day", "month", "year"}
            raise ValidationError(_("%(what)s must be today or in the past", what=_(self.what)))
        if self.future and self.data < today():
            self.bad_parts = {"day", "month", "year"}
            raise ValidationError(_("%(what)s must be today or in the future", what=_(self.what)))
