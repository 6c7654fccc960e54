"""The fingerprint of a home postcode: given, given anew and removed, by its owner or an administrator."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from accounts.forms import HomeForm, OwnHomeForm
from accounts.models import User
from accounts.services import homes, users
from accounts.services.grants import NotAllowed
from accounts.views import bp
from accounts.views.guards import step_up_first
from core.access import Door, Permission, requires, signed_in
from core.db import db
from core.ids import Id


def _asked(person: User, form: HomeForm, *, back: str, remove_at: str) -> ResponseReturnValue:
    actor = signed_in()
    if form.validate_on_submit():
        try:
            homes.give(actor, person, form.postcode.data or "")
        except NotAllowed as refusal:
            return _refused(refusal, back)
        flash("Home postcode recorded.", "success")
        return redirect(back)
    is_own = person.id == actor.user_id
    return render_template(
        "accounts/home.html", form=form, person=person, is_own=is_own, is_fixed=is_own and person.home_is_confirmed,
        back=back, remove_at=remove_at,
    )  # fmt: skip


def _refused(refusal: NotAllowed, back: str) -> ResponseReturnValue:
    return render_template("accounts/not_allowed.html", why=str(refusal), back=back), 409


@bp.route("/account/home", methods=["GET", "POST"])
@requires(Door.SELF)
@step_up_first
def own_home() -> ResponseReturnValue:
    person = db.session.get_one(User, signed_in().user_id)
    back = url_for("accounts.account")
    return _asked(person, OwnHomeForm(), back=back, remove_at=url_for("accounts.remove_own_home"))


@bp.post("/account/home/remove")
@requires(Door.SELF)
@step_up_first
def remove_own_home() -> ResponseReturnValue:
    actor, back = signed_in(), url_for("accounts.account")
    try:
        homes.remove(actor, db.session.get_one(User, actor.user_id))
    except NotAllowed as refusal:
        return _refused(refusal, back)
    flash("Home postcode removed.", "success")
    return redirect(back)


@bp.route("/admin/users/<id:user_id>/home", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_MANAGE)
@step_up_first
def user_home(user_id: Id) -> ResponseReturnValue:
    person = users.find(signed_in(), user_id)
    back = url_for("accounts.user", user_id=user_id)
    return _asked(
        person, HomeForm(), back=back, remove_at=url_for("accounts.act_on_user", user_id=user_id, act="remove-home")
    )
