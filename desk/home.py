"""The first page of each role: what must be done first, then how much waits where (PAGES 2)."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from accounts.models import Area
from accounts.policies import grants_visible_to, users_visible_to
from accounts.roles import Role
from audit import policies as audit_policies
from audit import search
from audit.search import Asked
from audit.services import SYSTEM_CHAIN
from audit.watch import alerts
from cohort.services import candidates
from core.access import Actor
from core.clock import now, today
from core.codes.referrals import ReferralStatus as S
from core.codes.sharing import SharingOutcome
from core.db import db
from core.formats import moment, weekday
from core.languages import gettext as _
from core.languages import ngettext
from desk import first, work
from desk.parts import Line, Notice, Table, Work
from desk.work import NOTHING, Pair
from referrals.services import tracking
from rights import retention
from sharing.models import Disclosure
from sharing.policies import disclosures_visible_to


def of(actor: Actor) -> Work:
    """What waits for this person. Eight statements at most, and none for each record."""
    shown = Work()
    _BUILDERS[Role(actor.role)](actor, shown)
    return shown


def _line(text: str, pair: Pair, href: str, late_href: str = "") -> Line:
    return Line(text, pair.all, href, pair.late, late_href or href)


def _do_first(shown: Work, actor: Actor) -> None:
    shown.first, shown.first_total = first.pressing(actor, *first.OF_ROLE[Role(actor.role)])
    shown.looks_first = True


def _meetings(shown: Work, actor: Actor) -> work.Meetings:
    found = work.panel_meetings(actor)
    coming = found.next
    if coming is None:
        shown.notices.append(Notice(_("No panel meeting is planned."), "/meetings", _("Open meetings")))
    else:
        items = ngettext("%(count)s item", "%(count)s items", coming.items)
        when = f"{weekday(coming.starts_at)} {moment(coming.starts_at)}"
        text = _(
            "Next panel: %(when)s · %(items)s · quorum is %(quorum)s agencies",
            when=when, items=items, quorum=coming.quorum,
        )  # fmt: skip
        shown.notices.append(Notice(text, f"/meetings/{coming.id}", _("Open the meeting")))
    return found


def _referral_table(actor: Actor, step_ups: Pair, to_accept: int) -> Table:
    found = work.referral_numbers(actor)

    def line(text: str, status: S, tab: str) -> Line:
        return _queue_line(text, found.get(status, NOTHING), tab)

    return Table(_("Referrals"), [
        Line(_("To accept"), to_accept, "/triage/arrivals"),
        line(_("New"), S.NEW, "new"), line(_("In triage"), S.IN_TRIAGE, "in-triage"),
        line(_("Information needed"), S.INFORMATION_NEEDED, "information-needed"),
        line(_("Ready for panel"), S.READY_FOR_PANEL, "ready"),
        _line(_("Step-ups without an answer"), step_ups, "/step-ups"),
    ])  # fmt: skip


def _queue_line(text: str, pair: Pair, tab: str) -> Line:
    return _line(text, pair, f"/triage?tab={tab}", f"/triage?tab={tab}&overdue=1")


def _case_line(text: str, pair: Pair, query: str) -> Line:
    href = f"/cases?{query}" if query else "/cases"
    return _line(text, pair, href, f"{href}{'&' if query else '?'}overdue=1")


def _case_table(actor: Actor, *extra: Line) -> Table:
    found = work.case_numbers(actor)
    return Table(_("Cases"), [
        _case_line(_("Open"), found.open, ""), _case_line(_("Being asked or assessed"), found.assessing, "stage=assessing"),
        _case_line(_("Plans in draft"), found.plan_draft, "stage=plan_draft"),
        _case_line(_("Reviews due"), found.reviews, "view=review"),
        _case_line(_("Closing"), found.closing, "stage=closing"), _case_line(_("Nobody’s"), found.nobodys, "view=nobody"),
        *extra,
    ])  # fmt: skip


def _coordinator(actor: Actor, shown: Work) -> None:
    _meetings(shown, actor)
    _do_first(shown, actor)
    offers = _line(_("Offers not answered"), work.offer_numbers(actor), "/offers")
    consider = Line(_("Young people to consider"), candidates.waiting(actor), "/cohort/candidates")
    shown.tables = [_referral_table(actor, *work.step_ups_and_arrivals(actor)), _case_table(actor, offers, consider)]


def _referrer(actor: Actor, shown: Work) -> None:
    shown.sent = tracking.summary(actor)


def _chair(actor: Actor, shown: Work) -> None:
    found = _meetings(shown, actor)
    _do_first(shown, actor)
    ready = work.referral_numbers(actor).get(S.READY_FOR_PANEL, NOTHING)
    shown.tables = [
        Table(_("The panel"), [
            Line(_("Meetings to confirm"), found.unconfirmed, "/meetings"),
            _queue_line(_("Ready for panel"), ready, "ready"),
            _line(_("Your actions"), work.action_numbers(actor), "/actions"),
        ]),
        _case_table(actor),
    ]  # fmt: skip


def _member(actor: Actor, shown: Work) -> None:
    _meetings(shown, actor)
    _do_first(shown, actor)
    shown.tables = [Table(_("The panel"), [_line(_("Your actions"), work.action_numbers(actor), "/actions")])]


def _provider(actor: Actor, shown: Work) -> None:
    _do_first(shown, actor)
    sessions = work.own_sessions(actor)
    shown.sessions = sessions.today
    shown.tables = [
        Table(_("Your work"), [
            _line(_("Offers to answer"), work.offer_numbers(actor), "/offers"),
            _line(_("Sessions not recorded"), sessions.unrecorded, "/sessions"),
        ])
    ]  # fmt: skip


def _lead(actor: Actor, shown: Work) -> None:
    _do_first(shown, actor)
    sessions, found = work.own_sessions(actor), work.case_numbers(actor)
    shown.sessions = sessions.today
    shown.tables = [
        Table(_("Your cases"), [
            _case_line(_("Open"), found.open, ""),
            _case_line(_("Being asked or assessed"), found.assessing, "stage=assessing"),
            _case_line(_("Plans in draft"), found.plan_draft, "stage=plan_draft"),
            _case_line(_("Reviews due"), found.reviews, "view=review"),
        ]),
        Table(_("Your work"), [
            _line(_("Sessions not recorded"), sessions.unrecorded, "/sessions"),
            _line(_("Your actions"), work.action_numbers(actor), "/actions"),
            _line(_("Step-ups without an answer"), work.step_up_numbers(actor), "/step-ups"),
        ]),
    ]  # fmt: skip


def _chains(actor: Actor) -> tuple[str, ...]:
    if not audit_policies.reads_every_chain(actor):
        return audit_policies.readable(actor, ())
    return audit_policies.readable(actor, [*db.session.scalars(select(Area.id)), SYSTEM_CHAIN])


def _trail_notice(chains: tuple[str, ...]) -> Notice:
    """Whether the last check of every chain agreed, and when the oldest of those checks was."""
    last = search.last_checks(chains)
    if any(entry.outcome != "ok" for entry in last.values()):
        return Notice(_("Audit trail:"), "/audit/verify", _("See what does not agree"), (_("Does not agree"), "red"))
    if len(last) < len(chains):
        return Notice(_("Audit trail:"), "/audit/verify", _("Check the trail"), (_("Not checked yet"), "grey"))
    oldest = min(entry.at for entry in last.values())
    return Notice(
        _("Audit trail checked %(when)s:", when=moment(oldest)),
        "/audit/verify",
        _("Check again"),
        (_("Verified"), "green"),
    )


def _trail_table(chains: tuple[str, ...]) -> Table:
    since = today() - timedelta(days=7)

    def line(text: str, what: str) -> Line:
        asked = Asked(what=what, since=since)
        return Line(text, search.count(chains, asked), f"/audit?what={what}&since={since.isoformat()}")

    return Table(
        _("The audit trail, last 7 days"),
        [line(_("People turned away"), "denied"), line(_("Exports and prints"), "exported")],
    )


def _safeguarding(actor: Actor, shown: Work) -> None:
    chains = _chains(actor)
    shown.notices.append(_trail_notice(chains))
    _do_first(shown, actor)
    step_ups = _line(_("Step-ups without an answer"), work.step_up_numbers(actor), "/step-ups")
    cases = _case_line(_("Open cases"), work.case_numbers(actor).open, "")
    actions = _line(_("Your actions"), work.action_numbers(actor), "/actions")
    waiting = Table(_("Young people waiting"), [step_ups, actions, cases])
    shown.tables = [waiting, Table(_("To decide"), _as_second_person(actor)), _trail_table(chains)]


def _grants(actor: Actor) -> Line:
    waiting = db.session.scalar(select(func.count()).select_from(grants_visible_to(actor).subquery())) or 0
    return Line(_("Roles to approve"), waiting, "/admin/grants")


def _grants_and_retention(actor: Actor) -> list[Line]:
    """Two counts in one statement."""
    counted = [
        select(func.count()).select_from(found.subquery()).scalar_subquery()
        for found in (grants_visible_to(actor), retention.waiting(actor))
    ]
    grants, over = db.session.execute(select(*counted)).one()
    return [
        Line(_("Roles to approve"), grants, "/admin/grants"),
        Line(_("Records to decide"), over, "/rights/retention"),
    ]


def _as_second_person(actor: Actor) -> list[Line]:
    """What somebody else did or asked for, and this person looks at; the approvals were counted with the session."""
    return [
        _line(_("Emergency access to review"), work.emergency_numbers(actor), "/audit/emergency"),
        Line(_("Unusual access to review"), alerts.waiting(actor), "/audit/alerts"),
        Line(_("Approvals"), actor.approvals_waiting, "/approvals"),
    ]


def _officer(actor: Actor, shown: Work) -> None:
    chains = _chains(actor)
    shown.notices.append(_trail_notice(chains))
    beyond = disclosures_visible_to(actor).where(
        Disclosure.outcome == SharingOutcome.NOT_IN_REGISTER.value, Disclosure.decided_at >= now() - timedelta(days=30)
    )
    number = db.session.scalar(select(func.count()).select_from(beyond.subquery())) or 0
    href = f"/sharing?outcome={SharingOutcome.NOT_IN_REGISTER.value}"
    shown.tables = [
        Table(
            _("To decide"),
            [
                *_grants_and_retention(actor),
                *_as_second_person(actor),
                Line(_("Shared outside the register, last 30 days"), number, href),
            ],
        ),
        _trail_table(chains),
    ]


def _partnership(actor: Actor, shown: Work) -> None:
    shown.notices.append(Notice(_("How your area is doing is on its report."), "/oversight", _("Open the report")))
    shown.tables = [Table(_("To decide"), [_grants(actor)])]


def _oversight(actor: Actor, shown: Work) -> None:
    whose = (
        _("The figures of your district are on its report. Small numbers are hidden.") if actor.district_id
        else _("The figures of all areas are on the reports. Small numbers are hidden.")
    )  # fmt: skip
    shown.notices.append(Notice(whose, "/oversight", _("Open reports")))


def _analyst(actor: Actor, shown: Work) -> None:
    shown.notices.append(Notice(_("A run begins with a partner’s list."), "/cohort/uploads", _("Upload a list")))
    shown.tables = [
        Table(_("This month’s run"), [
            Line(_("Uploads to accept"), work.upload_numbers(actor), "/cohort/uploads"),
            Line(_("Runs to release"), work.run_numbers(actor), "/cohort/runs"),
        ])
    ]  # fmt: skip


def _administrator(actor: Actor, shown: Work) -> None:
    chains = _chains(actor)
    shown.notices.append(_trail_notice(chains))
    people = users_visible_to(actor).subquery()
    invited = func.count().filter(people.c.active, people.c.password.is_(None))
    row = db.session.execute(select(invited, func.count().filter(~people.c.active)).select_from(people)).one()
    shown.tables = [
        Table(_("People"), [
            Line(_("Invitations not answered"), row[0], "/admin/users?state=invited"),
            Line(_("Suspended accounts"), row[1], "/admin/users?state=suspended"),
        ])
    ]  # fmt: skip


_BUILDERS: dict[Role, Callable[[Actor, Work], None]] = {
    Role.COORDINATOR: _coordinator, Role.REFERRER: _referrer, Role.AGENCY_CONTACT: _referrer,
    Role.PANEL_CHAIR: _chair, Role.PANEL_MEMBER: _member, Role.PROVIDER: _provider, Role.LEAD: _lead,
    Role.SAFEGUARDING_LEAD: _safeguarding,
    Role.DATA_PROTECTION_OFFICER: _officer, Role.PARTNERSHIP_LEAD: _partnership, Role.OVERSIGHT_VIEWER: _oversight,
    Role.ANALYST: _analyst, Role.ADMINISTRATOR: _administrator,
}  # fmt: skip
