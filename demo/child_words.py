"""Sentences about a young person's life, for the demonstration; {slots} are filled by stories.py.

{they} {them} {their} follow the person's pronouns; {s}, {es}, {is}, {has}, {was}, {does} agree with {they}, never with
{name}. Strengths come first everywhere, and no sentence labels a child.
"""

from core.codes.concerns import Concern as C
from core.codes.concerns import ProtectiveFactor as P
from core.codes.events import PartInEvent as Part
from core.codes.events import TriggerEventType as T
from core.codes.referrals import HelpTriedOutcome as H

INTERESTS = (
    "art club", "boxing", "football", "drill and rap", "baking", "fishing", "cadets", "basketball", "gaming", "cricket",
    "bikes and mechanics", "drama", "hair and make-up", "cooking", "drawing manga", "dance", "the mosque youth group",
    "church choir", "horses", "skateboarding", "DJing", "photography", "coding", "gardening with grandad", "swimming",
    "kabaddi", "rugby", "looking after the dog", "bhangra", "chess", "the allotment", "music production",
)  # fmt: skip
SUBJECTS = ("art", "maths", "PE", "food technology", "science", "music", "history", "design and technology", "English")
TRUSTED = (
    "nan", "grandad", "the head of year", "an older cousin", "the boxing coach", "an aunt", "the school SENCO",
    "the youth worker at the hub", "an older brother", "the school librarian", "the imam", "a teaching assistant",
    "a family friend", "the football coach", "the art teacher", "an older sister", "the church youth leader",
)  # fmt: skip
PLACES = (
    "the bus station", "the park behind the shops", "the skate park", "the retail park", "the underpass", "the canal",
    "the high street", "the multi-storey car park", "the playing field", "the station", "the estate shops",
)  # fmt: skip
WORKING_WELL: dict[P, tuple[str, ...]] = {
    P.TRUSTED_ADULT: (
        "{name} talks to {trusted} when things go wrong.",
        "{Trusted} has known {name} for years and {name} listens to them.",
        "When {name} is upset {they} go{es} to {trusted} first.",
    ),
    P.ENGAGED_CARER: (
        "{Carer} comes to every meeting and wants help early.",
        "{Carer} knows where {name} is most evenings and calls us back.",
        "{Carer} and {name} still eat together and talk about the day.",
    ),
    P.SCHOOL_BELONGING: (
        "{name} likes {subject} and the teacher says {they} {is} a pleasure to teach.",
        "{name} has a seat in the {subject} room at lunch and uses it.",
        "Staff describe {name} as funny and kind to younger pupils.",
    ),
    P.ATTENDANCE: (
        "Attendance was above 90% until this term.",
        "{name} has not missed a {subject} lesson this year.",
        "Mornings are better since the new bus: {name} is in by half past eight.",
    ),
    P.POSITIVE_PEERS: (
        "{Their} friends from primary school still call for {them}.",
        "{name} has two good friends who keep out of trouble and include {them}.",
    ),
    P.INTERESTS: (
        "{name} loves {interest} and never misses it.",
        "{name} is good at {interest}; {they} light{s} up when talking about it.",
        "{Interest} is the best part of {their} week.",
    ),
    P.HELP_SEEKING: (
        "{name} asked for help {themself}, which took courage.",
        "{name} told a teacher what was happening before anyone asked.",
    ),
    P.ASPIRATION: (
        "{name} wants to work in {dream} and has looked up how.",
        "{name} has a plan for college and talks about it.",
    ),
    P.EMOTIONAL_REGULATION: (
        "{name} now walks away and comes back when calm.",
        "{name} can say what makes {them} angry, and what helps.",
    ),
    P.STABLE_HOME: (
        "Home is calm and {name} has {their} own room.",
        "The family has lived in the same street for years and neighbours look out for {them}.",
    ),
    P.ENGAGED_PROFESSIONAL: (
        "{name} has kept every appointment with the school nurse.",
        "{name} gets on well with the pastoral team and checks in each morning.",
    ),
}
DREAMS = (
    "a garage", "nursing", "music", "the army", "childcare", "a kitchen", "building", "games design", "a salon", "law",
    "sport", "animal care", "engineering", "youth work", "business",
)  # fmt: skip
WORRIES: dict[C, tuple[str, ...]] = {
    C.IMPULSIVITY: (
        "{name} can act before thinking when {they} feel{s} laughed at.",
        "Small things turn into arguments fast, and {name} is sorry afterwards.",
    ),
    C.SUBSTANCE_USE: (
        "{name} says {they} smoke{s} cannabis most weekends to sleep.",
        "{Carer} has found vapes and is worried about what is in them.",
    ),
    C.MENTAL_HEALTH: (
        "{name} has stopped going out and is not sleeping.",
        "{name} has had panic attacks since the summer.",
    ),
    C.TRAUMA: (
        "{name} saw things at home when younger that still wake {them} at night.",
        "Loud voices make {name} freeze or leave.",
    ),
    C.SEND_SLCN: (
        "{name} finds long instructions hard and hides it by joking.",
        "A speech and language check was asked for two years ago and never happened.",
    ),
    C.MISSING: (
        "{name} was out overnight twice this month and would not say where.",
        "{Carer} has had to ring round friends after midnight.",
    ),
    C.WEAPON: (
        "{name} told a friend {they} carr{ies} something to feel safe.",
        "A kitchen knife was found under the bed; {name} said it was for protection.",
    ),
    C.DOMESTIC_ABUSE: ("There were arguments at home last year that {name} stepped into.",),
    C.PARENT_MENTAL_HEALTH: ("{Carer} has been unwell, and {name} has been doing the shopping and cooking.",),
    C.PARENT_PRISON: ("A parent went to prison in the spring and {name} does not want people at school to know.",),
    C.SIBLING_JUSTICE: ("An older brother is before the court and people treat {name} as if it were {them}.",),
    C.POVERTY: ("Money is tight: {name} has had the same shoes for two winters and skips trips.",),
    C.HOUSING: ("The family has moved three times in a year and is in one room.",),
    C.BEREAVEMENT: ("{name} lost a grandparent in the spring and has not talked about it.",),
    C.YOUNG_CARER: ("{name} looks after two little ones before and after school.",),
    C.CRIMINAL_EXPLOITATION: (
        "{name} has new trainers and a second phone, and gets calls at night.",
        "An older group waits for {name} near {place}.",
    ),
    C.COUNTY_LINES: ("{name} was found at a station forty miles away with a return ticket someone else had bought.",),
    C.GROUP_CONFLICT: (
        "There is a quarrel between groups at {place} and {name} is caught in it.",
        "{name} will not walk past {place} any more.",
    ),
    C.ONLINE_HARM: (
        "A video of {name} being hit was shared and {they} {is} still getting messages.",
        "{name} is in a group chat where threats are made most evenings.",
    ),
    C.PEER_VICTIM: (
        "{name} was robbed of a phone by older boys near {place}.",
        "{name} has been hurt twice on the way home.",
    ),
    C.DEBT_BONDAGE: ("{name} says {they} owe{s} someone money after something was taken from {them}.",),
    C.EXCLUSION: (
        "Two suspensions this term, both after lunch.",
        "{name} is close to being excluded and knows it.",
    ),
    C.ABSENCE: (
        "{name} has missed most Mondays since October.",
        "Attendance has fallen from 94% to 71% since the summer.",
    ),
    C.BULLYING: ("{name} is called names about {their} family on the bus.",),
    C.ATTAINMENT: ("{name} is three years behind in reading and avoids lessons where it shows.",),
    C.HOTSPOT: ("{name} spends most evenings at {place}, where there have been fights.",),
    C.VIOLENCE_EXPOSURE: ("{name} saw a stabbing near {place} and helped the person who was hurt.",),
    C.RACISM: ("{name} has had racist abuse on the walk to school and has stopped reporting it.",),
    C.EARLY_ASB: ("Neighbours have complained about noise and bins set alight; {name} was there.",),
}
CHILD_SAYS = (
    "I want to be left alone, but not by {trusted}.",
    "Everyone asks what I did. Nobody asks what happened.",
    "I just want people to stop ringing me.",
    "If I could do {interest} every day I would be fine.",
    "School is all right if it is {subject}. The rest of it makes my head hurt.",
    "I was there, but I did not do it. No one believes that bit.",
    "I do not feel safe near {place}. I go the long way round.",
    "I want to make {carer} proud again.",
    "I am not bad. I am tired.",
    "I would talk to someone if it was the same person every time.",
    "I want a job. {Dream} maybe. I do not know who to ask.",
    "My mates say no one helps. I would like to see if that is true.",
    "I do not want a group. One person is okay.",
    "Can we do it outside and not in an office?",
    "I miss how it was before we moved.",
    "I get angry and then I get sad. Nobody sees the sad bit.",
    "Do not tell the whole school. Tell {trusted}.",
    "I want my phone to be mine again.",
)
FAMILY_SAYS = (
    "{Carer} says {name} is a different child at home: gentle, and good with the little ones.",
    "{Carer} wants someone outside the family for {name} to talk to.",
    "{Carer} is frightened of the phone ringing at night.",
    "{Carer} has asked for help before and was told that things were not bad enough.",
    "{Carer} would like mornings to be calmer, and one person to ring instead of five.",
    "{Carer} agrees with the referral and would like to be at the first meeting.",
    "{Carer} worries that {name} will be judged by who {they} {is} seen with.",
    "The family is close and meets every Sunday; they want to be part of the plan.",
    "{Carer} thinks {name} is scared, not angry.",
    "{Carer} works nights and would like meetings after 2pm.",
)
EVENTS: dict[T, tuple[tuple[Part, str], ...]] = {
    T.SECOND_SUSPECTED: (
        (Part.SUSPECTED, "Named in a second report within a year: things taken from a shop near {place}."),
        (Part.SUSPECTED, "Named in a second report: damage to a bus shelter, with three others."),
        (Part.SUSPECTED, "A second report in a year, after a fight at {place}. {name} says {they} {was} hit first."),
    ),
    T.VOLUNTARY_INTERVIEW: ((Part.SUSPECTED, "Came in with {carer} to be interviewed about a bike that was taken."),),
    T.NO_FURTHER_ACTION: ((Part.SUSPECTED, "Police took no further action after a fight outside school."),),
    T.COMMUNITY_RESOLUTION: ((Part.SUSPECTED, "Said sorry to the shop and paid for what was broken."),),
    T.RELEASED_UNDER_INVESTIGATION: ((Part.SUSPECTED, "Released while police look into a robbery at {place}."),),
    T.REPEATED_ASB: ((Part.WITH_OTHERS, "With others when neighbours complained about noise at {place}."),),
    T.SUSPENSION: (
        (Part.SUSPECTED, "Suspended for two days after swearing at a member of staff."),
        (Part.VICTIM, "Suspended after a fight that began when {their} bag was thrown over a fence."),
    ),
    T.PERMANENT_EXCLUSION: ((Part.SUSPECTED, "Excluded after a knife was found in a shared bag. {name} denies it."),),
    T.PERSISTENT_ABSENCE: ((Part.NOT_KNOWN, "Attendance below 90% for the whole term."),),
    T.MISSING: (
        (Part.NOT_KNOWN, "Missing overnight; came home by {themself} and would not say where {they} had been."),
        (Part.WITH_OTHERS, "Missing until 3am with an older group; found at {place}."),
    ),
    T.HOSPITAL_VIOLENCE: ((Part.VICTIM, "Hospital visit for a cut hand after being robbed near {place}."),),
    T.VIOLENCE_SEEN_OR_SUFFERED: (
        (Part.WITNESS, "Saw a stabbing at {place} and called the ambulance."),
        (Part.VICTIM, "Robbed of a phone and coat by older boys at {place}."),
        (Part.WITNESS, "Was there when a friend was attacked on the way home."),
    ),
    T.EXPLOITATION_SCREENING: ((Part.VICTIM, "A screening found signs that older people are using {name}."),),
    T.PROFESSIONAL_JUDGEMENT: ((Part.NOT_KNOWN, "Three agencies have noticed the same change since the summer."),),
}
TRIED: tuple[tuple[str, H, str], ...] = (
    ("School mentoring", H.HELPED_A_LITTLE, "Went well for six weeks; stopped when the mentor left."),
    ("Early Help", H.HELPED_A_LITTLE, "Helped with housing. {name} did not meet the worker often."),
    ("Counselling at school", H.STILL_GOING, "Started in September. {name} goes, and says little so far."),
    ("Youth club", H.HELPED, "{name} went every week until the club closed."),
    ("Mental health service", H.NOT_STARTED, "On the waiting list since the spring."),
    (
        "Reduced timetable",
        H.DID_NOT_HELP,
        "More time at {place}, less time in {subject}, the one lesson {they} like{s}.",
    ),
    ("Report card", H.DID_NOT_HELP, "{name} felt watched and stopped bringing it."),
    ("Boxing sessions", H.HELPED, "A good fit; the family could not pay after the summer."),
    ("Family group meeting", H.HELPED_A_LITTLE, "Everyone came. The plan needs someone to keep it going."),
    ("Speech and language check", H.NOT_STARTED, "Asked for twice; no appointment yet."),
    ("Police schools officer", H.HELPED_A_LITTLE, "{name} liked her; she has since moved to another area."),
)
DESIRED = (
    "One trusted adult who stays, and a way back into {subject}.",
    "A safe way home, and something to do on Friday evenings.",
    "Someone for {carer} to ring, and a plan for school mornings.",
    "Help to leave the group chat and get {their} sleep back.",
    "A start in {dream}, and less time at {place}.",
    "A proper check of how {name} understands language, then the right help in class.",
)
