"""Documents of a case: its files and those that came with its referral."""

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.codes.files import FileRemoval
from core.ids import Id
from files.forms import FileForm, RemoveForm
from files.limits import MOST_FILES
from files.services import keeping
from files.services.examining import Examined
from files.services.keeping import Place
from files.services.removing import take_away, taken_away
from files.serving import give, take
from panels import policies
from panels.models import Case
from panels.services import cases, timeline
from panels.services.timeline import Happened
from panels.views import bp
from panels.views.case_page import open_file, refuse, render_case

P = Permission


def place_of(case: Case) -> Place:
    return Place(case.area_id, case_id=case.id, referral_id=case.referral_id, young_person_id=case.young_person_id)


@bp.route("/cases/<id:case_id>/documents", methods=["GET", "POST"])
@requires(P.CASE_READ_AREA, P.CASE_WORK, reads=Event.FILES_LISTED, writes_late=True)
def case_documents(case_id: Id) -> ResponseReturnValue:
    """Who sees the whole case sees its files; who works on it adds them."""
    actor, form = signed_in(), FileForm()
    file = open_file(actor, case_id)
    if not policies.sees_whole(actor, file.case):
        refuse()
    may_add = policies.may_work(actor, file.case) and file.case.is_open
    if form.is_submitted() and not may_add:
        refuse("closed" if policies.may_work(actor, file.case) else "action")

    def keep(examined: Examined) -> None:
        case = cases.find_case(actor, case_id)
        kept = keeping.add(actor, place_of(case), examined)
        timeline.add(case, Happened.FILE_ADDED, actor, object_id=kept.id)

    def done() -> ResponseReturnValue:
        flash("File added. We check it for viruses before anyone can open it.", "success")
        return redirect(url_for("panels.case_documents", case_id=case_id))

    taken = take(form, keep, done)
    if taken is not None:
        return taken
    return render_case(
        "panels/cases/documents.html", actor, file, "Documents", form=form, may_add=may_add, most=MOST_FILES,
        lines=keeping.listed(place_of(file.case)), gone=taken_away(place_of(file.case)),
        may_remove=actor.can(P.FILE_REMOVE),
    )  # fmt: skip


@bp.get("/cases/<id:case_id>/documents/<id:file_id>")
@requires(P.CASE_READ_AREA, P.CASE_WORK, reads=Event.FILE_READ)
def case_document(case_id: Id, file_id: Id) -> Response:
    actor = signed_in()
    case = cases.find_case(actor, case_id)
    if not policies.sees_whole(actor, case):
        refuse()
    place = place_of(case)
    return give(keeping.find(place, file_id), case.reference, keeping.number(place, file_id))


@bp.route("/cases/<id:case_id>/documents/<id:file_id>/remove", methods=["GET", "POST"])
@requires(P.FILE_REMOVE, reads=Event.FILES_LISTED)
def remove_document(case_id: Id, file_id: Id) -> ResponseReturnValue:
    """What is in it is destroyed; that it was there, who took it away and why stays with the case."""
    actor, form = signed_in(), RemoveForm()
    file = open_file(actor, case_id)
    if not policies.sees_whole(actor, file.case):
        refuse()
    found = keeping.find(place_of(file.case), file_id)
    if form.validate_on_submit():
        take_away(actor, found, FileRemoval(form.reason.data))
        flash("File removed. What was in it is destroyed.", "success")
        return redirect(url_for("panels.case_documents", case_id=case_id))
    back = url_for("panels.case_documents", case_id=case_id)
    return render_template("files/remove.html", form=form, file=found, reference=file.case.reference, back=back)
