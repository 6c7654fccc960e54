"""The strict client: each page it gets must be valid, titled by its h1, labelled, and free of inline script and style."""

import re
from typing import Any

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

NS = "{http://www.w3.org/1999/xhtml}"
# html5lib is stricter than the living standard about these.
TOLERATED = {"expected-doctype-but-got-start-tag"}


class Page:
    """A parsed page with its forms."""

    def __init__(self, text: str) -> None:
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        self.root = parser.parse(text)
        self.problems = [code for _, code, _ in parser.errors if code not in TOLERATED]

    def all(self, tag: str) -> list[Any]:
        return list(self.root.iter(tag))

    def form(self, action: str | None = None, button: str | None = None) -> Any:
        """The form with this action or with a button of these words; else the main one."""
        forms = [f for f in self.all("form") if f.get("method", "get").lower() == "post"]
        if action is not None:
            return next(f for f in forms if f.get("action", "") == action)
        if button is not None:
            return next(f for f in forms if any(button in text(b) for b in f.iter("button")))
        main = [f for m in self.all("main") for f in m.iter("form") if f.get("method", "").lower() == "post"]
        return main[0]


def text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def form_values(form: Any) -> dict[str, Any]:
    """What a browser would send if nobody changed anything."""
    values: dict[str, list[str]] = {}
    for item in form.iter():
        name = item.get("name") if isinstance(item.tag, str) else None
        if not name or item.tag == "button":
            continue
        if item.tag == "input":
            if item.get("type") in {"checkbox", "radio"} and item.get("checked") is None:
                continue
            if item.get("type") in {"file", "submit"}:
                continue
            values.setdefault(name, []).append(item.get("value", "on" if item.get("type") == "checkbox" else ""))
        elif item.tag == "textarea":
            values.setdefault(name, []).append("".join(item.itertext()).removeprefix("\n"))
        elif item.tag == "select":
            chosen = [o for o in item.iter("option") if o.get("selected") is not None] or list(item.iter("option"))[:1]
            values.setdefault(name, []).extend(o.get("value", text(o)) for o in chosen)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def check_page(body: str) -> Page:
    page = Page(body)
    assert not page.problems, f"not valid HTML: {page.problems[:5]}"
    headings = page.all("h1")
    assert len(headings) == 1, f"{len(headings)} h1 on the page"
    title = re.sub("^(Error|Gwall): ", "", text(page.all("title")[0]))
    assert title.startswith(text(headings[0])), f"title {title!r} does not begin with h1 {text(headings[0])!r}"
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        assert element.get("style") is None, f"style attribute on {element.tag}"
        assert not [a for a in element.attrib if a.startswith("on")], f"inline handler on {element.tag}"
        assert element.tag != "style", "inline style element"
        if element.tag == "script":
            assert element.get("src"), "inline script"
    _check_labels(page)
    _check_ids(page)
    return page


def _check_labels(page: Page) -> None:
    labelled = {label.get("for") for label in page.all("label")}
    for tag in ("input", "select", "textarea"):
        for item in page.all(tag):
            if item.get("type") in {"hidden", "submit"}:
                continue
            named = item.get("id") in labelled or item.get("aria-label") or item.get("aria-labelledby")
            assert named, f"unlabelled {tag} {item.get('name')}"


def _check_ids(page: Page) -> None:
    ids = [e.get("id") for e in page.root.iter() if isinstance(e.tag, str) and e.get("id")]
    assert len(ids) == len(set(ids)), f"id used twice: {sorted({i for i in ids if ids.count(i) > 1})}"


# Pages found sound, so that the same page of another role or test is not read again word by word.
_SOUND: set[int] = set()
_NUMBERED = re.compile(r"[\w-]*\d[\w-]*")


def _shape(body: str) -> int:
    """The page with its ids, tokens and numbers replaced by which of them each is: equal ones stay equal."""
    known: dict[str, str] = {}
    return hash(_NUMBERED.sub(lambda found: known.setdefault(found.group(), f"#{len(known)}"), body))


class Told:
    """An answer whose ``text`` can be looked through whatever it holds: a workbook is no text."""

    @property
    def text(self) -> str:
        return self.get_data().decode("utf-8", "replace")  # type: ignore[attr-defined, no-any-return]


class StrictClient(FlaskClient):
    """A browser without script: checks pages, and fills forms with what the page offered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_wrapper = type("Answer", (Told, self.response_wrapper), {})

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("headers", {})
        response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and response.data and not 300 <= response.status_code < 400:
            shape = _shape(response.text)
            if shape not in _SOUND:
                response.parsed = check_page(response.text)
                _SOUND.add(shape)
        return response

    def page(self, path: str) -> Page:
        """Get a page that must be there."""
        response = self.get(path, follow_redirects=True)
        assert response.status_code == 200, f"{path}: {response.status_code}"
        return getattr(response, "parsed", None) or Page(response.text)

    def submit(
        self, path: str, data: dict[str, Any] | None = None, *, button: str | None = None, follow: bool = True
    ) -> TestResponse:
        """Open a page, fill its form as given and send it; hidden fields and defaults come from the page.

        A value of None leaves that field out. ``button``: the words of the button to press (its name and value go too).
        """
        form = self.page(path).form(button=button)
        values = form_values(form) | (data or {})
        for found in form.iter("button"):
            if button is not None and button in text(found) and found.get("name"):
                values[found.get("name")] = found.get("value", "")
        action = form.get("action") or path
        sent = {name: value for name, value in values.items() if value is not None}
        multipart = {"content_type": "multipart/form-data"} if form.get("enctype") else {}
        return self.post(action, data=sent, follow_redirects=follow, **multipart)


def words(response: TestResponse) -> str:
    """The page's text without markup, for assertions in plain words."""
    page = Page(response.text)
    return re.sub(r"\s+", " ", text(page.all("body")[0]))
