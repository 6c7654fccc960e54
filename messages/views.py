"""What's new: notices, marking them as read, and which e-mails to get."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Door, requires, signed_in
from core.ids import Id
from core.paging import page_number
from messages import jobs
from messages.forms import EmailsForm
from messages.services import approvals, notices
from messages.services.telling import Outbox

bp = Blueprint("messages", __name__)


def init_app(app: Flask) -> None:
    app.extensions["outbox"] = Outbox()
    jobs.register()
    approvals.register()


@bp.get("/account/notices")
@requires(Door.SELF)
def whats_new() -> ResponseReturnValue:
    """References of records and what happened, never a name: nothing sealed is opened."""
    lines, paging = notices.listed(signed_in(), page_number(request.args.get("page")))
    return render_template(
        "messages/whats_new.html",
        lines=lines,
        paging=paging,
        daily=notices.wants_daily(signed_in().user_id),
        unread=signed_in().unread,
    )


@bp.post("/account/notices/read")
@requires(Door.SELF)
def read_all() -> ResponseReturnValue:
    notices.mark_read(signed_in())
    flash("All are marked as read.", "success")
    return redirect(url_for("messages.whats_new"))


@bp.post("/account/notices/<id:notice_id>/read")
@requires(Door.SELF)
def read_one(notice_id: Id) -> ResponseReturnValue:
    notices.mark_read(signed_in(), notice_id)
    return redirect(url_for("messages.whats_new"))


@bp.route("/account/emails", methods=["GET", "POST"])
@requires(Door.SELF)
def emails() -> ResponseReturnValue:
    form = EmailsForm(daily=notices.wants_daily(signed_in().user_id))
    if form.validate_on_submit():
        notices.choose_daily(signed_in(), bool(form.daily.data))
        flash("Your choice is saved.", "success")
        return redirect(url_for("messages.whats_new"))
    return render_template("messages/emails.html", form=form)
