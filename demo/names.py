"""Names as they are heard in the Thames Valley, by community; any likeness to a living person is chance."""

from dataclasses import dataclass
from random import Random

from core.codes.people import Ethnicity as E
from core.codes.people import Sex


@dataclass(frozen=True)
class NameBook:
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    surnames: tuple[str, ...]
    languages: tuple[str, ...] = ("English",)

    def adult(self, rng: Random, sex: Sex) -> str:
        """Families that name children by fashion have parents with other names; the rest keep theirs."""
        if self in _FASHION:
            return rng.choice(_MOTHERS if sex is Sex.FEMALE else _FATHERS)
        return forename(rng, self, sex)


def _book(girls: str, boys: str, surnames: str, languages: str = "English") -> NameBook:
    return NameBook(*(tuple(part.strip() for part in text.split(",")) for text in (girls, boys, surnames, languages)))


_BRITISH = _book(
    "Amelia, Olivia, Isla, Poppy, Freya, Ellie, Lily, Maisie, Chloe, Megan, Evie, Daisy, Holly, Ruby, Phoebe, Willow, "
    "Lacey, Skye, Jessica, Summer, Niamh, Bethan, Martha, Orla, Tilly, Mina, Paige, Libby, Keira, Kaya",
    "Oliver, Harry, Jack, Alfie, Charlie, Archie, Tyler, Connor, Liam, Jake, Callum, Finley, Mason, Reece, Ethan, "
    "Logan, Toby, Bradley, Kian, Rhys, Harvey, Owen, Lewis, Dylan, Riley, Corey, Ashton, Jude, Ellis, Frankie",
    "Sefton, Fairley, Hartwell, Bramley, Cotterill, Dunford, Eastwick, Fenwick, Garside, Hollis, Ingham, Jessop, "
    "Kemble, Lockyer, Marlow, Nuttall, Oakes, Pemberton, Radley, Sheppard, Tibbs, Underhill, Varley, Wickens, Yardley, "
    "Ashby, Brightwell, Cresswell, Dunn, Hayes, Carter-Hall, Fox, Webb, Pike, Lowe-Barnes, Stokes, Rudge, Treadwell",
)
_IRISH = _book(
    "Aoife, Ciara, Saoirse, Róisín, Siobhán, Clodagh, Caoimhe, Sinéad, Erin, Maeve",
    "Cillian, Oisín, Seán, Darragh, Conor, Eoin, Rónán, Declan, Fionn, Cathal",
    "O'Brien, Gallagher, Doherty, O'Sullivan, Byrne, McCarthy, Nolan, O'Neill, Brennan, Fitzgerald",
)
_TRAVELLER = _book(
    "Margaret, Kathleen, Shannon, Chantelle, Bridget, Mary-Ann",
    "Patrick, Jimmy, Levi, Martin, Tommy, John-Joe",
    "Connors, Lee, Loveridge, Doran, Cooper, Smith-Lee",
)
_ROMA = _book(
    "Daniela, Florina, Larisa, Alexandra, Roxana",
    "Marian, Ionuț, Florin, Adrian, Denis",
    "Ciurar, Lăcătuș, Rostaș, Dumitru, Mihai",
    "Romani, Romanian, English",
)
_EUROPEAN = _book(
    "Zofia, Julia, Maja, Oliwia, Inês, Beatriz, Elena, Giulia, Iryna, Ioana",
    "Jakub, Kacper, Filip, Szymon, João, Tiago, Matteo, Andrei, Bohdan, Łukasz",
    "Kowalska-Nowak, Wójcik, Kamiński, Zieliński, Ferreira, Gonçalves, Rossi, Popescu, Kovalenko, Stankevičius",
    "English, Polish, Portuguese, Romanian, Ukrainian",
)
_MIXED_CARIBBEAN = _book(
    "Jada, Tia, Leah, Amara, Shanice, Maya, Nevaeh, Aaliyah, Kiara, Simone",
    "Jayden, Tyrell, Marcus, Kai, Isaiah, Tyrese, Jordan, Dante, Curtis, Romeo",
    "Campbell, Reid, Francis-Moore, Lawrence, Gayle, Palmer, Morrison, Bryan, Clarke, Henry",
)
_MIXED_AFRICAN = _book(
    "Zara, Ella, Naomi, Imani, Sade, Esme, Nia, Thandi",
    "Kofi, Luca, Zane, Micah, Reuben, Theo, Kwame, Elijah",
    "Mensah-Wright, Adeyemi-Clark, Boateng, Banda, Dube-Harris, Cole, Turay, Stevens",
)
_MIXED_ASIAN = _book(
    "Anya, Leila, Maya, Jasmin, Priya, Sophia, Mei, Tara",
    "Rohan, Zac, Adam, Kiran, Leo, Jay, Kenji, Sami",
    "Sharma-Price, Khan, Ali-Foster, Chen, Patel-Young, Malik, Bennett, Das",
)
_INDIAN = _book(
    "Anika, Diya, Simran, Jasleen, Kavya, Harleen, Meera, Riya, Navdeep, Ishita",
    "Arjun, Gurpreet, Harjot, Rohan, Aarav, Manvir, Nikhil, Jasdeep, Vikram, Karan",
    "Patel, Sandhu, Gill, Dhillon, Sharma, Grewal, Nair, Mistry, Bains, Desai",
    "English, English, Punjabi, Gujarati, Hindi, Malayalam",
)
_PAKISTANI = _book(
    "Aisha, Zainab, Mariam, Iqra, Hira, Fatima, Sana, Areeba, Noor, Khadija",
    "Hamza, Bilal, Zayn, Ibrahim, Usman, Haris, Danyal, Ayaan, Yusuf, Faisal",
    "Hussain, Mahmood, Akhtar, Iqbal, Malik, Qureshi, Shah, Rashid, Bashir, Mirza",
    "English, English, Urdu, Punjabi, Mirpuri",
)
_BANGLADESHI = _book(
    "Nusrat, Tasnim, Sumaiya, Rahima, Farzana, Anika",
    "Rafi, Tanvir, Sakib, Nayeem, Imran, Abdul-Rahman",
    "Miah, Choudhury, Begum, Uddin, Rahman, Islam",
    "English, Bengali, Sylheti",
)
_CHINESE = _book(
    "Mei Ling, Grace, Yan, Vivian, Hoi Ching, Jia",
    "Jun, Ka Ho, Wei, Kelvin, Ming, Tsz Hin",
    "Wong, Chan, Liu, Zhang, Cheung, Lam",
    "English, Cantonese, Mandarin",
)
_ASIAN_OTHER = _book(
    "Sunita, Angel, Shabnam, Thuy, Anushka, Zahra",
    "Prabin, Joshua, Farid, Minh, Suraj, Milad",
    "Gurung, Santos, Ahmadi, Nguyen, Thapa, Perera, Rai, Haidari",
    "English, Nepali, Tagalog, Dari, Vietnamese, Tamil",
)
_CARIBBEAN = _book(
    "Shanelle, Tamara, Renée, Kezia, Abigail, Dionne, Chanel, Alesha",
    "Jerome, Malachi, Andre, Tremaine, Levi, Nathaniel, Devonte, Omari",
    "Grant-Lewis, Brown, Bailey, Samuels, Thompson, Gordon, Richards, St Louis",
)
_AFRICAN = _book(
    "Adaeze, Blessing, Temi, Hodan, Ama, Rufaro, Ifeoma, Ayaan, Favour, Makeda",
    "Chidi, Emmanuel, Tobi, Abdi, Kwaku, Tendai, Samuel, Liban, David, Yonas",
    "Osei, Okafor, Adeyemi, Mwangi, Nkosi, Mohamed, Moyo, Tesfaye, Abdullahi, Asante",
    "English, English, Yoruba, Somali, Twi, Shona, Tigrinya",
)
_ARAB = _book(
    "Layla, Yasmin, Rania, Salma, Dana",
    "Omar, Karim, Tarek, Ziad, Anas",
    "Haddad, Nasser, Al-Masri, Saleh, Khoury, Bakri",
    "Arabic, English",
)
_OTHER = _book(
    "Roza, Elif, Parisa, Defne, Luz",
    "Baran, Emre, Arash, Mateo, Deniz",
    "Yılmaz, Karimi, Demir, Rojas, Aziz, Şahin",
    "English, Kurdish, Turkish, Farsi, Spanish",
)

_FASHION = (_BRITISH, _MIXED_CARIBBEAN, _MIXED_AFRICAN, _MIXED_ASIAN)
_MOTHERS = (
    "Karen", "Michelle", "Donna", "Lisa", "Tracey", "Joanne", "Nicola", "Sharon", "Kelly", "Gemma", "Stacey", "Leanne",
    "Natalie", "Claire", "Rachel", "Samantha", "Vanessa", "Marcia",
)  # fmt: skip
_FATHERS = (
    "Darren", "Paul", "Steve", "Gary", "Wayne", "Mark", "Jason", "Lee", "Craig", "Dean", "Neil", "Trevor", "Winston",
    "Andrew", "Robert", "Desmond",
)  # fmt: skip

# ethnicity: (weight, names). "Not stated" borrows any book: a name says nothing about what someone chose not to say.
BOOKS: dict[E, tuple[int, NameBook]] = {
    E.W1: (340, _BRITISH), E.W2: (10, _IRISH), E.W3: (8, _TRAVELLER), E.W4: (5, _ROMA), E.W9: (55, _EUROPEAN),
    E.M1: (35, _MIXED_CARIBBEAN), E.M2: (18, _MIXED_AFRICAN), E.M3: (22, _MIXED_ASIAN), E.M9: (15, _MIXED_ASIAN),
    E.A1: (40, _INDIAN), E.A2: (62, _PAKISTANI), E.A3: (12, _BANGLADESHI), E.A4: (8, _CHINESE),
    E.A9: (22, _ASIAN_OTHER), E.B1: (26, _CARIBBEAN), E.B2: (48, _AFRICAN), E.B9: (10, _CARIBBEAN),
    E.O2: (9, _ARAB), E.O9: (9, _OTHER),
    E.NS: (40, _BRITISH),
}  # fmt: skip
_NICKNAMES = {
    "Amelia": "Millie", "Olivia": "Liv", "Jessica": "Jess", "Alexandra": "Alex", "Kathleen": "Kat", "Chloe": "Chlo",
    "Charlie": "Chaz", "Bradley": "Brad", "Oliver": "Olly", "Joshua": "Josh", "Nathaniel": "Nate", "Samuel": "Sam",
    "Emmanuel": "Manny", "Ibrahim": "Ibby", "Kaya": "Kay", "Isaiah": "Zay", "Gurpreet": "Preet", "Abigail": "Abi",
    "Zainab": "Zee", "Mohamed": "Mo", "Patrick": "Paddy", "Szymon": "Simon", "Harvey": "Harv",
    "Adaeze": "Ada", "Tendai": "T", "Danyal": "Danny", "Elijah": "Eli", "Navdeep": "Nav", "Beatriz": "Bea",
}  # fmt: skip


def draw_ethnicity(rng: Random) -> E:
    codes = list(BOOKS)
    return rng.choices(codes, [BOOKS[code][0] for code in codes])[0]


def book_of(rng: Random, ethnicity: E) -> NameBook:
    if ethnicity is E.NS:
        return rng.choice([book for _, book in BOOKS.values()])
    return BOOKS[ethnicity][1]


def forename(rng: Random, book: NameBook, sex: Sex) -> str:
    if sex is Sex.FEMALE:
        return rng.choice(book.girls)
    if sex is Sex.MALE:
        return rng.choice(book.boys)
    return rng.choice(book.girls + book.boys)


def nickname(rng: Random, name: str) -> str | None:
    """What friends say: a usual short form, or for some the first syllable's letters."""
    if name in _NICKNAMES:
        return _NICKNAMES[name] if rng.random() < 0.6 else None
    return name[:3] if rng.random() < 0.05 and len(name) > 4 and name[:3].isascii() else None
