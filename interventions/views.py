"""Pages of the catalogue."""

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Permission, requires, signed_in
from core.ids import Id
from core.versions import expect_version
from interventions import services
from interventions.forms import AddForm, ChangeForm
from interventions.models import Intervention
from interventions.policies import may_change

bp = Blueprint("interventions", __name__)
P = Permission
AREAS = [("own", "Our area"), ("everywhere", "Everywhere")]


@bp.get("/interventions")
@requires(P.CATALOGUE_READ)
def catalogue() -> ResponseReturnValue:
    actor = signed_in()
    wanted = {name: request.args.get(name, "") for name in ("area", "category", "rating")}
    return render_template(
        "interventions/catalogue.html", choices=services.catalogue(actor, **wanted), wanted=wanted, areas=AREAS,
        categories=services.categories(), ratings=services.ratings(), may_add=actor.can(P.CATALOGUE_MANAGE),
    )  # fmt: skip


@bp.route("/interventions/add", methods=["GET", "POST"])
@requires(P.CATALOGUE_MANAGE)
def add() -> ResponseReturnValue:
    actor = signed_in()
    if actor.area_id is None:
        abort(403)
    form = AddForm()
    form.category.choices = [("", "Choose a kind"), *services.categories()]
    form.provider_id.choices = [("", "Choose a provider")] + [(a.id, a.name) for a in services.providers(actor.area_id)]
    if form.validate_on_submit():
        added = services.add_local(actor, services.LocalOffer(**form.answers()))
        flash("Intervention added.", "success")
        return redirect(url_for(".intervention_page", intervention_id=added.id))
    return render_template("interventions/add.html", form=form)


@bp.get("/interventions/<id:intervention_id>")
@requires(P.CATALOGUE_READ)
def intervention_page(intervention_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    found = services.find_intervention(actor, intervention_id)
    return render_template(
        "interventions/intervention.html", choice=services.as_choices([found])[0], may_change=may_change(actor, found)
    )  # fmt: skip


@bp.route("/interventions/<id:intervention_id>/change", methods=["GET", "POST"])
@requires(P.CATALOGUE_MANAGE)
def change(intervention_id: Id) -> ResponseReturnValue:
    actor = signed_in()
    found: Intervention = services.find_intervention(actor, intervention_id)
    if not may_change(actor, found):
        g.denied = "action"
        abort(403)
    form = ChangeForm(obj=found)
    if form.validate_on_submit():
        expect_version(found, form)
        services.change(
            actor, found, places=form.places.data, is_active=form.is_active.data,
            description=(form.description.data or "").strip(),
        )  # fmt: skip
        flash("Intervention changed.", "success")
        return redirect(url_for(".intervention_page", intervention_id=found.id))
    return render_template("interventions/change.html", form=form, choice=services.as_choices([found])[0])
