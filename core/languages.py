"""The languages of the pages: which one this request speaks, `_` and its kin, and the link that changes it.

English is the source: its texts are their own translation, and a request in English looks nothing up.
Texts that live in forms and code lists stay plain English there and pass through `gettext` where they are shown.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from babel.support import LazyProxy, NullTranslations, Translations
from flask import Blueprint, Flask, abort, current_app, has_request_context, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from markupsafe import Markup

from core import systems
from core.access import Door, requires
from core.script_words import SCRIPT_WORDS

FOLDER = Path(__file__).resolve().parent.parent / "translations"
ENGLISH = "en"
# Each language by its own name, as the link says it.
NAMES = {"en": "English", "cy": "Cymraeg"}
COOKIE = "language"
YEAR = 365 * 24 * 3600

bp = Blueprint("languages", __name__)
_catalogues: dict[str, NullTranslations] = {}
_current: ContextVar[NullTranslations | None] = ContextVar("catalogue", default=None)
_code: ContextVar[str] = ContextVar("language", default=ENGLISH)


def language() -> str:
    """The code of the language being spoken: ``en`` or ``cy``."""
    return _code.get()


def gettext(text: str, /, **values: Any) -> str:
    """The text in the language of this request; ``%(name)s`` stands for a value given by name."""
    catalogue = _current.get()
    if catalogue is not None and text:
        text = catalogue.ugettext(text)
    return text % values if values else text


def _for_count(one: str, many: str, count: int) -> str:
    catalogue = _current.get()
    if catalogue is None:
        return one if count == 1 else many
    return str(catalogue.ungettext(one, many, count))


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    """The text for this many; ``%(count)s`` stands for the number."""
    return _for_count(one, many, count) % {"count": count, **values}


def lazy_gettext(text: str, /, **values: Any) -> Any:
    """For texts made before any request: looked up when they are shown."""
    return LazyProxy(gettext, text, enable_cache=False, **values)


_ = gettext


@lru_cache(maxsize=4096)
def _html(text: str) -> Markup:
    """Of the catalogue and of templates alone, so there are not many of them, and none was typed by a user."""
    return Markup(text)  # noqa: S704


def _in_template(text: str, /, **values: Any) -> str:
    """As `gettext`; what the template's author and the translator wrote is HTML, the values are escaped."""
    return _html(gettext(text)) % values if values else _html(gettext(text))


def said(text: Any) -> Any:
    """A text that its author wrote in English elsewhere (a form, a list, a flash) as the page says it; never HTML."""
    if _current.get() is None or not isinstance(text, str) or hasattr(text, "__html__"):
        return text
    return gettext(text)


def _many_in_template(one: str, many: str, count: int, /, **values: Any) -> str:
    return _html(_for_count(one, many, count)) % {"count": count, **values}


def catalogue_of(code: str) -> NullTranslations | None:
    """None for English; read once a process."""
    if code == ENGLISH:
        return None
    if code not in _catalogues:
        _catalogues[code] = Translations.load(FOLDER, [code])
    return _catalogues[code]


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Everything inside is said in this language, whatever the request speaks: for e-mails."""
    tokens = _current.set(catalogue_of(code)), _code.set(code)
    try:
        yield
    finally:
        _current.reset(tokens[0])
        _code.reset(tokens[1])


def offered() -> Sequence[str]:
    """The languages of this installation, the first being the one for those who chose none."""
    return current_app.extensions.get("languages") or (ENGLISH,)


def _choose() -> None:
    if systems.is_asking():  # no cookie is read there, and software reads English
        _forget(None)
        return
    ours = offered()
    wanted = request.cookies.get(COOKIE, "") if len(ours) > 1 else ""
    code = wanted if wanted in ours else ours[0]
    _current.set(catalogue_of(code))
    _code.set(code)


def _forget(_error: BaseException | None) -> None:
    _current.set(None)
    _code.set(ENGLISH)


def is_local(address: str) -> bool:
    """A path of this site and nothing else: no host, no scheme, nothing that a browser reads as one."""
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return False
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc and address.isprintable()


@bp.get("/language/<code>")
@requires(Door.PUBLIC)
def choose(code: str) -> ResponseReturnValue:
    """Only a cookie changes, so a plain link may do it; it leads back to the page it stood on."""
    if code not in offered():
        abort(404)
    wanted = request.args.get("next", "/")
    answer = redirect(wanted if is_local(wanted) else "/")
    answer.set_cookie(
        COOKIE, code, max_age=YEAR, httponly=True, samesite="Lax", path="/",
        secure=current_app.extensions["settings"].secure_cookies,
    )  # fmt: skip
    return answer


def links() -> list[dict[str, str]]:
    """The other languages, each by its own name; none where only one is offered."""
    if not has_request_context() or len(ours := offered()) < 2:
        return []
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return [
        {"code": code, "name": NAMES[code], "href": f"/language/{code}?{urlencode({'next': here})}"}
        for code in ours if code != language()
    ]  # fmt: skip


def script_words() -> dict[str, str]:
    """What the page brings for its script, by the English; nothing in English, so those pages weigh no more for it."""
    return {} if language() == ENGLISH else {text: gettext(text) for text in SCRIPT_WORDS}


def init_app(app: Flask) -> None:
    """First in the factory: the pages that say something is wrong have a language too."""
    Babel(app, configure_jinja=False, default_translation_directories=str(FOLDER), locale_selector=language)
    app.before_request(_choose)
    app.teardown_request(_forget)
    app.register_blueprint(bp)
    mark(app)


def mark(app: Flask) -> None:
    """The marks that templates use: `_`, `_n`, `{% trans %}` and the filter `said`."""
    environment = app.jinja_env
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension("jinja2.ext.i18n")
    # `{% trans %}` fills in its values itself; `_` and `_n` are for the rest.
    environment.install_gettext_callables(gettext, _for_count, newstyle=False)  # type: ignore[attr-defined]
    environment.filters["said"] = said
    environment.globals.update(
        _=_in_template, _n=_many_in_template, language=language, language_links=links, script_words=script_words
    )
