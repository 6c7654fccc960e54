"""What a referrer adds after sending: the answer to a question, with a file or without, and one more file."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

import core.drafts
from audit.models import Event
from core.access import Permission, requires, signed_in
from core.ids import Id
from core.requests import write_late
from files.forms import FileForm
from files.limits import MOST_FILES
from files.services import keeping
from files.services.examining import Examined
from files.serving import take, take_with
from messages.kinds import MessageKind
from referrals.forms.tracking import ReplyForm
from referrals.services import telling, tracking
from referrals.views import bp
from referrals.views.files import place_of
from referrals.views.tracking import own_sent, too_late

P = Permission


def _nothing_to_send(page: ResponseReturnValue, answer: str = "") -> ResponseReturnValue:
    """Where a form comes too late, perhaps as the second of two: its entry is still written, so it begins to write.

    What was written in vain is shown again, to be copied.
    """
    sent_before = write_late() if request.method == "POST" else None
    if sent_before is None and answer.strip():
        abort(409)
    return sent_before if sent_before is not None else page


@bp.route("/referrals/<id:referral_id>/reply", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.REFERRAL_READ, writes_late=True)
def reply(referral_id: Id) -> ResponseReturnValue:
    actor, found, form = signed_in(), own_sent(referral_id), ReplyForm()
    question = tracking.open_question(tracking.messages_of(found))
    page = redirect(url_for("referrals.referral", referral_id=referral_id))
    if question is None or not tracking.is_open(found):
        return _nothing_to_send(page, answer=request.form.get("text", ""))

    def keep(file: Examined | None) -> None:
        referral = own_sent(referral_id)
        asked = tracking.open_question(tracking.messages_of(referral))
        if asked is None or not tracking.is_open(referral):
            abort(409)
        if file is not None:
            tracking.add_file(actor, referral, file)
        tracking.reply(actor, referral=referral, question=asked, text=form.text.data or "")
        core.drafts.discard(f"reply-{referral_id}")

    def done() -> ResponseReturnValue:
        flash("Answer sent. The coordinator will carry on.", "success")
        return page

    taken = take_with(form, keep, done)
    if taken is not None:
        return taken
    core.drafts.restore(form, f"reply-{referral_id}")
    return render_template("referrals/reply.html", form=form, referral=found, question=question)


@bp.route("/referrals/<id:referral_id>/add-file", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.REFERRAL_READ, writes_late=True)
def add_file(referral_id: Id) -> ResponseReturnValue:
    """While there is no decision. Nobody opens the file before it was checked."""
    actor, found, form = signed_in(), own_sent(referral_id), FileForm()
    if not tracking.is_open(found):
        return _nothing_to_send(too_late(found))

    def keep(file: Examined) -> None:
        referral = own_sent(referral_id)
        if not tracking.is_open(referral):
            abort(409)
        tracking.add_file(actor, referral, file)
        telling.to_triage(actor, referral, MessageKind.FILE_ADDED)

    def done() -> ResponseReturnValue:
        flash("File added. We check it for viruses before anyone can open it.", "success")
        return redirect(url_for("referrals.referral", referral_id=referral_id))

    taken = take(form, keep, done)
    if taken is not None:
        return taken
    is_full = keeping.how_many(place_of(found)) >= MOST_FILES
    return render_template("referrals/add_file.html", form=form, referral=found, is_full=is_full, most=MOST_FILES)
