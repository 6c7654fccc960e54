"""Files of a referral: added to the draft, opened by who sent it and by triage."""

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import NoResultFound

from audit.models import Event
from core.access import Permission, requires, signed_in
from core.codes.files import FileRemoval
from core.forms import Form
from core.ids import Id
from files.forms import FileForm, RemoveForm
from files.limits import MOST_FILES
from files.services import keeping
from files.services.keeping import Place
from files.services.removing import take_away
from files.serving import give, take
from referrals.models import Referral, ReferralDraft
from referrals.services import tracking, triage
from referrals.services.drafts import find_draft as own_draft
from referrals.views import URGENT, bp
from referrals.views.drafting import find_draft

P = Permission


def place_of(owner: ReferralDraft | Referral) -> Place:
    """A draft has the id of the referral that it becomes."""
    person_id = getattr(owner, "young_person_id", None)
    return Place(owner.area_id or "", referral_id=owner.id, young_person_id=person_id)


@bp.route("/referrals/<id:draft_id>/files", methods=["GET", "POST"])
@requires(P.REFERRAL_SEND, reads=Event.DRAFT_OPENED, despite=URGENT, writes_late=True)
def files(draft_id: Id) -> ResponseReturnValue:
    """One at a time. Nobody, not even who added it, opens a file before it was checked."""
    draft, form, actor = find_draft(draft_id), FileForm(), signed_in()

    def done() -> ResponseReturnValue:
        flash("File added. We check it for viruses before anyone can open it.", "success")
        return redirect(url_for("referrals.files", draft_id=draft_id))

    taken = take(form, lambda file: keeping.add(actor, place_of(own_draft(actor, draft_id)), file), done)
    if taken is not None:
        return taken
    lines = keeping.listed(place_of(draft))
    return render_template(
        "referrals/files.html", form=form, remove_form=Form(), draft=draft, lines=lines, most=MOST_FILES
    )


@bp.post("/referrals/<id:draft_id>/files/<id:file_id>/remove")
@requires(P.REFERRAL_SEND, despite=URGENT)
def remove_file(draft_id: Id, file_id: Id) -> ResponseReturnValue:
    file = keeping.find(place_of(find_draft(draft_id)), file_id)
    keeping.remove(signed_in(), file)
    flash("File removed.", "success")
    return redirect(url_for("referrals.files", draft_id=draft_id))


@bp.get("/referrals/<id:referral_id>/files/<id:file_id>")
@requires(P.REFERRAL_SEND, P.REFERRAL_READ_AGENCY, reads=Event.FILE_READ, despite=URGENT)
def own_file(referral_id: Id, file_id: Id) -> Response:
    """A file of one's own draft, or of what one, or one's agency, sent."""
    actor = signed_in()
    try:
        owner: ReferralDraft | Referral = own_draft(actor, referral_id)
    except NoResultFound:
        owner = tracking.find_sent(actor, referral_id)
    return _given(owner, file_id)


@bp.get("/triage/<id:referral_id>/files/<id:file_id>")
@requires(P.REFERRAL_READ_AREA, reads=Event.FILE_READ)
def triage_file(referral_id: Id, file_id: Id) -> Response:
    return _given(triage.find_file(signed_in(), referral_id).referral, file_id)


@bp.route("/triage/<id:referral_id>/files/<id:file_id>/remove", methods=["GET", "POST"])
@requires(P.FILE_REMOVE, reads=Event.FILES_LISTED)
def remove_sent_file(referral_id: Id, file_id: Id) -> ResponseReturnValue:
    """What is in it is destroyed; that it was there, who took it away and why stays with the referral."""
    actor, form = signed_in(), RemoveForm()
    referral = triage.find_file(actor, referral_id).referral
    file = keeping.find(place_of(referral), file_id)
    back = url_for("referrals.triage_referral", referral_id=referral_id)
    if form.validate_on_submit():
        take_away(actor, file, FileRemoval(form.reason.data))
        flash("File removed. What was in it is destroyed.", "success")
        return redirect(back)
    return render_template("files/remove.html", form=form, file=file, reference=referral.reference, back=back)


def _given(owner: ReferralDraft | Referral, file_id: Id) -> Response:
    place = place_of(owner)
    return give(keeping.find(place, file_id), getattr(owner, "reference", "draft"), keeping.number(place, file_id))
