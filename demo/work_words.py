"""Sentences written by workers and panels, for the demonstration; the slots are those of child_words.py."""

from core.codes.agencies import AgencyKind as A
from core.codes.cases import Attendance, ClosureReason
from core.codes.cases import NoSessionReason as N
from core.codes.decisions import PanelDecision as D
from core.codes.decisions import TriageOutcome as O

TRIAGE: dict[O, tuple[str, ...]] = {
    O.READY_FOR_PANEL: (
        "Spoke to {school} and police. No one else is leading. {Carer} knows and agrees.",
        "Checked with children's social care: not open. Strengths are clear, and so is the gap. Ready for panel.",
        "Age and area are right, the last event is recent, and {name} would like help with {subject}.",
        "Spoke with {trusted}, with {carer}'s agreement. The panel can add something here.",
    ),
    O.ASK_FOR_INFORMATION: (
        "Which day was the last event, and what was {name}'s part in it?",
        "Does {carer} know about this referral? What did they say?",
        "Is the earlier support at school still going on?",
    ),
    O.STEP_UP: (
        "What {name} told school yesterday needs children's social care first. Rang the front door at 10:20am.",
        "Signs that older people control where {name} goes. Rang the front door and wrote the same day.",
    ),
    O.SIGNPOST: (
        "{name} wants {interest} and a break from home at weekends. The youth hub offers both without a panel.",
        "School can give this help now, and {trusted} has offered to lead it.",
    ),
    O.NOT_ELIGIBLE: (
        "{name} is already supervised under a court order, which gives more than the panel could.",
        "The family lives outside this area. We have told the referrer whom to ring.",
    ),
    O.ALREADY_OPEN: ("We already work with {name}. This has been added for the lead practitioner.",),
}
RATIONALE: dict[D, tuple[str, ...]] = {
    D.ACCEPT_SUPPORT: (
        "{name} has {trusted} and {interest} to build on. What is missing is one adult who stays.",
        "Agencies agreed that help now, while {name} still goes to {subject}, is likely to do most good.",
        "Clear need, no one else leading, and {name} has said what {they} want{s}.",
        "The panel heard {name}'s own words first. Support close to home was preferred to anything formal.",
    ),
    D.ACCEPT_ASSESS: (
        "The picture differs between school and home. Assess first, starting with what {name} wants.",
        "Speech and language have never been checked. Assess before choosing support.",
    ),
    D.DEFER: ("Health has not replied and matters here. Back on the next agenda.",),
    D.STEP_UP: ("New information in the meeting means that children's social care should decide first.",),
    D.EXPLOITATION_PATHWAY: ("The signs point to exploitation. {name} is to be protected, not blamed.",),
    D.EARLY_HELP: ("The need is the whole family's. Early Help can lead, and {carer} would like that.",),
    D.YOUTH_JUSTICE_PREVENTION: ("Youth justice prevention has a worker {name} already trusts.",),
    D.HUB: ("{name} asked for somewhere to go. The hub is open four evenings and near home.",),
    D.ALREADY_SUPPORTED: ("A good plan is already running. Adding people would not help {name}.",),
    D.NOT_ELIGIBLE: ("Not within the area's rules. The referrer has been given another route.",),
    D.FAMILY_CHOSE_NOT_TO: ("The family thanked us and chose not to. The door stays open.",),
    D.NO_ACTION: ("Things are better since the referral. {school} will keep an eye out and can come back.",),
    D.PLACE_OR_PEER: ("The problem is {place}, not {name}. Lighting, bus times and outreach are to be looked at.",),
}
DISSENT = (
    "School would have preferred an assessment first.",
    "Police asked to have it noted that they would have stepped this up.",
    "Health felt that the mental health service should lead.",
    "Housing disagreed about the timing: the family may move in the new year.",
)
ACTIONS: tuple[tuple[A, str], ...] = (
    (A.SCHOOL, "Find {name} a place at lunch with {trusted} or another adult {they} choose{s}."),
    (A.SCHOOL, "Ask the SENCO to look at support in {subject}."),
    (A.POLICE, "Ask the neighbourhood team to walk past {place} at the end of the school day."),
    (A.YOUTH_JUSTICE, "Meet {name} with {carer} and explain what the panel is."),
    (A.CHILDRENS_SOCIAL_CARE, "Check for other open work with the family."),
    (A.SCHOOL_NURSING, "Offer {name} an appointment about sleep."),
    (A.CAMHS, "Say where {name} is on the waiting list."),
    (A.HOUSING, "Ring {carer} about the damp and the move."),
    (A.VOLUNTARY, "Invite {name} to try a session of {interest}."),
    (A.COMMUNITY_SAFETY, "Look at the lighting and cameras at {place}."),
    (A.EARLY_HELP, "Offer {carer} a place in the parents' group."),
)
# In their words, in ours, and the steps on the way.
GOALS = (
    (
        "Get back to {interest}.",
        "{name} takes part in {interest} every week.",
        "Ring to ask about a place, go together the first time, then {name} goes alone.",
    ),
    (
        "Stop people ringing me.",
        "{name} has a new number and a plan for calls at night.",
        "Change the number this week. Phones stay downstairs after ten.",
    ),
    (
        "Get my {subject} grade up.",
        "{name} goes to {subject} and gets help when stuck.",
        "Ask {school} for a seat near the front and help on Tuesdays at lunch.",
    ),
    (
        "Sleep.",
        "{name} sleeps seven hours on most nights.",
        "See the school nurse, and try one change at a time for two weeks.",
    ),
    (
        "Feel safe walking home.",
        "{name} has a safe way home and someone to ring.",
        "Walk the way together in daylight, mark safe places, and agree whom to ring.",
    ),
    (
        "Not row with {carer} every morning.",
        "{name} and {carer} agree how mornings go.",
        "Sit down together on Sunday and write the week. Look at it again after a month.",
    ),
    (
        "Find out how to get into {dream}.",
        "{name} visits a course or workplace and makes a plan.",
        "Book the visit for half-term, and write three questions to ask.",
    ),
    (
        "Have one person who listens.",
        "{name} meets the same worker every week.",
        "The same day and place each week. {name} chooses both.",
    ),
    (
        "Keep my temper when people laugh.",
        "{name} uses two ways to calm down, and says which help.",
        "Try one way each week, and tell {trusted} which to keep.",
    ),
    (
        "Do something on Friday nights.",
        "{name} has somewhere to be on Fridays that {they} like{s}.",
        "Visit two places this month. {name} picks one and brings a friend.",
    ),
)
SESSION_DONE = (
    "Walked by the river and talked about the week. {name} chose the way.",
    "Cooked together and planned what to say to {trusted}.",
    "Looked at {interest} near home and rang to ask about a place. {name} made the call.",
    "Drew a map of where {name} feels safe and where not. {Place} came up again.",
    "Practised what to say when someone rings late. {name} made both of us laugh.",
    "Talked about {subject}: what goes wrong, and what the teacher could do.",
    "Met in the library. {name} filled in part of a form for {dream}.",
    "Played a game of cards and let the talk come. It did, near the end.",
    "Met with {carer} for the last ten minutes and agreed about mornings.",
    "Went through the plan. {name} changed one goal and kept the other.",
)
SESSION_WELL = (
    "{name} came early.",
    "{name} remembered what we agreed last week, and had done it.",
    "{name} said it was good to be asked.",
    "{name} stayed longer than planned.",
    "{name} was tired and came anyway.",
    "{name} brought a friend to the door and introduced us.",
    "{name} told me when I had got something wrong.",
    "{name} was proud of a mark in {subject}.",
)
CHILD_AFTER = (
    "That was all right.",
    "Same time next week?",
    "I did what you said and it sort of worked.",
    "I do not want to talk about it yet.",
    "Tell {carer} I was good.",
    "Can we do {interest} next time?",
    "I said no to them. It was scary.",
    "It is better when we walk.",
)
PROGRESS = (
    "{Carer} rang: a calm week, and {name} is sleeping better.",
    "{school} says {name} has been in every day but one. {They} asked to move seats, and it has helped.",
    "Text from {name}: the new number works and no one else has it.",
    "Spoke with {trusted}. {name} has talked about what happened at {place}.",
    "A harder week. {name} had an argument at home and stayed with {trusted}. Everyone knew where {they} {was}.",
    "{name} started {interest} again. The leader will look out for {them}.",
    "Police: nothing new. They are glad that someone is meeting {name} every week.",
    "Visited at home. {name} showed me what {they} {has} made in {subject}.",
    "Waiting for a date from the mental health service. Rang again and told {carer} the answer.",
    "{name} would like fewer people at the next meeting. Agreed.",
)
REVIEW_CHANGED = (
    "{name} comes to most sessions and has {interest} back. Evenings at {place} are rarer.",
    "Mornings are calmer and {name} is in school more. Sleep is still hard.",
    "The calls have stopped. {name} is not yet sure that it will last.",
    "{name} has fallen out with some friends and has been lonely. {Trusted} has noticed and steps in.",
    "One goal is nearly there. The other was ours more than {name}'s, so we rewrote it together.",
)
REVIEW_VIEW = (
    '{name}: "It is better than I thought. Keep the walks."',
    '{name}: "I want to do the last bit by myself."',
    '{name}: "Less talking about the past." {Carer}: "I have my child back at the table."',
    "{Carer} would like it to go on until the exams are over.",
    '{name} did not want to come to the review and sent a note: "All good. See you Thursday."',
)
CLOSURE: dict[ClosureReason, tuple[str, ...]] = {
    ClosureReason.GOALS_MET: (
        "{name} has what {they} asked for: {interest}, a safe way home, and {trusted} to talk to.",
        "Every goal is reached. {name} wrote the last page of the plan.",
    ),
    ClosureReason.PARTLY_MET: ("School is going well. Sleep is not there yet; the school nurse will go on with it.",),
    ClosureReason.ELSEWHERE: ("The mental health service has started, and leads from here.",),
    ClosureReason.STEPPED_UP: ("A social worker now leads. We handed over together, with {name} in the room.",),
    ClosureReason.MOVED: ("The family has moved. The new area has what it needs, and {carer} agreed to that.",),
    ClosureReason.DECLINED: ("{name} thought about it and chose not to. {They} know{s} how to come back.",),
    ClosureReason.STOPPED: ("{name} stopped coming after the holidays. A kind letter went out with our number.",),
    ClosureReason.NOT_REACHED: ("Three tries in three ways. The letter says that the door is open.",),
    ClosureReason.ADULT: ("{name} is 18. The adult team met {them} twice before we said goodbye.",),
}
# What the referrer reads: how it ended, and nothing that was said in confidence.
FEEDBACK: dict[ClosureReason, tuple[str, ...]] = {
    ClosureReason.GOALS_MET: ("Support has ended and went well. Thank you for asking for help early.",),
    ClosureReason.PARTLY_MET: ("Support has ended. Much is better, and people they know carry on with the rest.",),
    ClosureReason.ELSEWHERE: ("Support with us has ended. Another service helps now, and the family knows it.",),
    ClosureReason.MOVED: ("Support here has ended because the family moved. Help can go on where they live.",),
}
EXIT_PLAN = (
    "{Trusted} checks in on Fridays. {name} has the hub's number. {school} will call {carer} first.",
    "{name} keeps {interest}. {Carer} can ring the duty line until spring.",
    "A card on the fridge says whom to ring, in {name}'s writing.",
)
NO_SHOW: dict[N, tuple[str, ...]] = {
    N.ILL: ("{Carer} texted that {name} has a cold.", "{name} had a headache and said so an hour before."),
    N.FAMILY: ("A family visit to hospital.", "A cousin's wedding, known to everyone but me."),
    N.SCHOOL: ("A mock exam was moved to the afternoon.", "Kept back to finish course work, and glad of it."),
    N.APPOINTMENT: ("Dentist at the same time.",),
    N.FAITH: ("Eid with the family.", "A church weekend."),
    N.FELT_UNSAFE: ("{name} did not want to pass {place}. Next time we meet at school.",),
    N.NOT_READY: ("{name} texted: not today. Agreed on Thursday instead.",),
    N.NO_REASON: ("No answer to the door or phone. Texted to say no harm done.",),
    N.TRAVEL: ("The bus did not come.", "No credit on the bus card; put right since."),
    N.PLACE: ("The room was double-booked. We should have checked.",),
    N.WORKER: ("I was unwell. Rang {carer} in the morning to say sorry.",),
    N.MIXED_UP: ("I said Tuesday, {name} heard Thursday. Now it is written down.",),
}
ATTENDED_NOTE = {
    Attendance.YES: "",
    Attendance.LATE: "{They} came a little late, out of breath, having run from the bus. ",
}
AUDIT_REASONS = (
    "Preparing for this week's panel", "Covering for a colleague on leave", "The front door asked for an update",
    "Checking that the plan was sent", "A carer rang and wanted to know the next date", "Monthly supervision",
    "Looking into a possible duplicate", "Missing tonight", "The provider asked about safety notes",
)  # fmt: skip
TO_REFERRER = {
    O.READY_FOR_PANEL: "Thank you. The panel will talk about this soon, and we will write again after it.",
    O.ASK_FOR_INFORMATION: "Thank you. We need to know one more thing before we can go on.",
    O.STEP_UP: "Thank you. This has gone to children's social care, who will be in touch with you.",
    O.SIGNPOST: "Thank you. There is quicker help than the panel for this, and we have asked them to call the family.",
    O.NOT_ELIGIBLE: "Thank you. The panel cannot take this forward, because other help is already in place.",
    O.ALREADY_OPEN: "Thank you. We already work with this young person, and have passed on what you told us.",
}
