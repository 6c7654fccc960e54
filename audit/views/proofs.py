"""A proof of one entry as a file, for a court or a family: after the password again, and recorded."""

from flask import Response, abort, current_app, g, render_template
from flask.typing import ResponseReturnValue

from accounts.step_up import needs_step_up
from audit import policies, proofs, search
from audit.models import Event
from audit.proofs import NoProof
from audit.views import bp, names
from core.access import Permission, requires, signed_in
from core.context import current

P = Permission


@bp.get("/audit/entries/<chain>/<int:seq>/proof")
@requires(P.AUDIT_EXPORT, reads=Event.AUDIT_PROVED, purpose="rights")
def entry_proof(chain: str, seq: int) -> ResponseReturnValue:
    actor = signed_in()
    entry = search.find(names.chains_of(actor).ids, chain, seq)
    if not policies.may_review(actor, entry.actor_id or ""):
        g.denied = "own_review"
        abort(403)
    stopped = needs_step_up()
    if stopped:
        return stopped
    public = current_app.extensions["settings"].checkpoint_public_file
    try:
        proof = proofs.of_entry(chain, seq, public.read_text(encoding="utf-8") if public.exists() else "")
    except NoProof as reason:
        return render_template("audit/no_proof.html", reason=str(reason), chain=chain, seq=seq), 409
    current().looked_at("audit_search", "proof")
    current().detail |= {"chain": chain, "seq": seq}
    current().subjects |= dict.fromkeys(entry.subjects)
    return Response(
        proofs.written(proof), mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="entry-{seq}.json"'},
    )  # fmt: skip
