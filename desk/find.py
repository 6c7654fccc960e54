"""Searching for a young person: typed by POST, answered at an address that says nothing (PAGES 3.1)."""

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.forms import Form
from core.ids import Id
from core.requests import write_late
from desk import searching
from desk.views import bp

P = Permission


class FindForm(Form):
    q = StringField(
        "Name, date of birth or reference", description="For example, Sefton, 4 5 2011 or RDG-26-0417K",
        validators=[
            InputRequired("Enter at least 2 letters or a reference"),
            Length(max=200, message="Enter 200 characters or fewer"),
        ],
    )  # fmt: skip


@bp.route("/find", methods=["GET", "POST"])
@requires(P.PERSON_FIND, reads=Event.PERSON_SEARCHED, purpose="case_management", writes_late=True)
def find() -> ResponseReturnValue:
    form = FindForm()
    if form.validate_on_submit():
        try:
            return _searched((form.q.data or "").strip())
        except searching.NotUnderstood as reason:
            form.q.errors = [str(reason)]
    return render_template("desk/find.html", form=form, shown=None)


def _searched(typed: str) -> ResponseReturnValue:
    """Looking may take a second, so it only reads: others go on writing. Then the result and its entry are written."""
    outcome = searching.look(signed_in(), typed)
    sent_before = write_late()
    if sent_before is not None:
        return sent_before
    kept = searching.keep(signed_in(), typed, outcome)
    return redirect(url_for(".found", search_id=kept.id), 303)


@bp.get("/find/<id:search_id>")
@requires(P.PERSON_FIND, reads=Event.SEARCH_READ)
def found(search_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    kept = searching.find_kept(actor, search_id)
    if searching.is_over(kept):
        abort(410)
    return render_template("desk/find.html", form=FindForm(), shown=searching.read(actor, kept))
