"""The pages of a draft, one section a page, and saving while it is typed."""

from types import SimpleNamespace
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.formats import day
from core.ids import Id
from core.languages import gettext as _
from core.versions import expect_version
from referrals.answers import ENTRY_SECTIONS, SECTIONS, Answers, on_page
from referrals.forms.base import SectionForm
from referrals.forms.helping import SharingForm
from referrals.forms.sections import ENTRY_FORMS, FORMS
from referrals.models import ReferralDraft
from referrals.services import drafts, duplicates, sending
from referrals.views import URGENT, bp
from referrals.views.drafting import address_after, open_draft, rows_of

PAGES = f"<any({', '.join(FORMS)}):key>"
LISTS = f"<any({', '.join(ENTRY_SECTIONS)}):key>"


@bp.route(f"/referrals/<id:draft_id>/{PAGES}", methods=["GET", "POST"])
@requires(Permission.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT)
def section(draft_id: Id, key: str) -> ResponseReturnValue:
    draft, answers = open_draft(draft_id)
    stored = on_page(answers, key)
    form = FORMS[key](data=FORMS[key].opened(stored))
    if request.method == "GET":
        form.row_version.data = str(drafts.version_of(answers, key))
        return _page(draft, key, form)
    _expect_section(form, answers, key, stored)
    if request.form.get("act") == "later":
        drafts.save_section(draft, answers, key, form.kept())
        return _leave(draft)
    if not form.validate_on_submit() or not _is_lawful(form):
        return _page(draft, key, form)
    drafts.save_section(draft, answers, key, form.kept())
    return redirect(_after(draft, key))


def _page(draft: ReferralDraft, key: str, form: SectionForm, **more: Any) -> str:
    template = f"referrals/sections/{key}.html" if key in ENTRY_SECTIONS else "referrals/section.html"
    return render_template(template, form=form, section=SECTIONS[key], draft=draft, **more)


def _expect_section(form: SectionForm, answers: Answers, key: str, stored: dict[str, Any]) -> None:
    """Raise StaleRecord when this section, not merely the draft, was saved in another tab meanwhile."""
    version = SimpleNamespace(row_version=drafts.version_of(answers, key))
    expect_version(version, form, form.opened(stored) or None)


def _is_lawful(form: SectionForm) -> bool:
    """The register may say that this kind of agency cannot use this reason; it then says which law (SETTLED 32)."""
    if not isinstance(form, SharingForm):
        return True
    why = sending.not_lawful(signed_in().agency_kind, form.basis.data)
    form.basis.errors = [why] if why else form.basis.errors
    return not why


def _leave(draft: ReferralDraft) -> ResponseReturnValue:
    flash(_("Saved. You can come back to it until %(day)s.", day=day(draft.kept_until)), "success")
    return redirect(url_for("referrals.listing"))


def _after(draft: ReferralDraft, key: str) -> str:
    answers = drafts.answers_of(draft, noted=False)
    if key == "person" and duplicates.earlier_referrals(signed_in(), answers):
        return url_for("referrals.duplicate", draft_id=draft.id)
    return address_after(answers, draft.id, key)


@bp.route(f"/referrals/<id:draft_id>/{LISTS}", methods=["GET", "POST"])
@requires(Permission.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT)
def entries(draft_id: Id, key: str) -> ResponseReturnValue:
    """Things added one by one: "Add another" comes back here, "Save and continue" goes on."""
    draft, answers = open_draft(draft_id)
    form = ENTRY_FORMS[key]()
    listed = rows_of(key, {"list": drafts.entries_of(answers, key)})
    act = request.form.get("act", "continue")
    if request.method == "GET":
        return _page(draft, key, form, listed=listed)
    if not (form.is_blank and act != "add"):
        if not form.validate_on_submit():
            return _page(draft, key, form, listed=listed)
        drafts.add_entry(draft, answers, key, form.kept())
    elif key not in answers:
        drafts.save_section(draft, answers, key, {"list": []})
    if act == "later":
        return _leave(draft)
    if act == "add":
        return redirect(url_for("referrals.entries", draft_id=draft.id, key=key))
    return redirect(address_after(drafts.answers_of(draft, noted=False), draft.id, key))


@bp.post(f"/referrals/<id:draft_id>/{LISTS}/<id:entry_id>/remove")
@requires(Permission.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT)
def remove_entry(draft_id: Id, key: str, entry_id: Id) -> ResponseReturnValue:
    draft, answers = open_draft(draft_id)
    drafts.remove_entry(draft, answers, key, entry_id)
    flash("Removed.", "success")
    return redirect(url_for("referrals.entries", draft_id=draft.id, key=key))


@bp.post(f"/referrals/<id:draft_id>/autosave/{PAGES}")
@requires(Permission.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT)
def autosave(draft_id: Id, key: str) -> ResponseReturnValue:
    """While it is typed: not checked, not audited. A page overtaken by another tab is told so and keeps its text."""
    draft, answers = open_draft(draft_id)
    form = FORMS[key]()
    if str(drafts.version_of(answers, key)) != form.row_version.data:
        abort(409)
    return {"row_version": drafts.save_section(draft, answers, key, form.kept())}, 202
