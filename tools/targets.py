"""What sqlmap is given: every form and every address with a question that a signed-in walk finds, each shape once."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

from core.ids import new_id
from tests.support.client import Page, form_values
from tests.support.visitor import Visitor

ID = re.compile(r"[a-z2-7]{26}")
# Of one kind of page so many: a second one may be in another state and have other forms.
EACH = 3
RULE = "=" * 54
# Fields that are ours and no guess: sqlmap is not asked to change them.
MACHINERY = ("csrf_token", "once", "holder")


class Target:
    """One request as sqlmap reads it from a proxy's log."""

    def __init__(self, method: str, path: str, body: str) -> None:
        self.method, self.path, self.body = method, path, body

    @property
    def shape(self) -> tuple[str, str, str]:
        """Two requests of one shape reach the same code with the same fields."""
        query = ",".join(sorted(name for name, _ in parse_qsl(urlsplit(self.path).query, keep_blank_values=True)))
        fields = ",".join(sorted({name for name, _ in parse_qsl(self.body, keep_blank_values=True)}))
        return self.method, f"{ID.sub('*', urlsplit(self.path).path)}?{query}", fields

    @property
    def names(self) -> set[str]:
        """The fields of the body and of the address."""
        return {
            name
            for part in (self.body, urlsplit(self.path).query)
            for name, _ in parse_qsl(part, keep_blank_values=True)
        }

    @property
    def has_fields(self) -> bool:
        return bool(self.names - {*MACHINERY, "row_version"})

    def written(self, address: str, cookie: str) -> str:
        place = urlsplit(address)
        head = [
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: {place.netloc}",
            f"Cookie: {cookie}",
            f"Origin: {address}",
        ]
        if self.body:
            head.append("Content-Type: application/x-www-form-urlencoded")
        request = "\n".join([*head, "", self.body])
        return f"{RULE}\n10:00:00  {address}  [127.0.0.1]\n{RULE}\n{request}\n{RULE}\n\n"


def found(visitor: Visitor, ends: tuple[str, ...], most: int) -> list[Target]:
    """Walk as this person, at most ``most`` pages; never where ``ends`` is in the address."""
    targets: dict[tuple[str, str, str], Target] = {}
    for path, page in _walk(visitor, ends, most):
        for target in [Target("GET", path, ""), *_forms(path, page)]:
            if target.has_fields and not any(end in target.path for end in ends):
                targets.setdefault(target.shape, target)
    return list(targets.values())


def _walk(visitor: Visitor, ends: tuple[str, ...], most: int) -> Iterator[tuple[str, Page]]:
    waiting, seen, kinds = deque(["/"]), {"/"}, dict[str, int]()
    while waiting and most > 0:
        path = waiting.popleft()
        answer = visitor.get(path)
        most -= 1
        if answer.status in {301, 302, 303}:
            links = [answer.location or "/"]
        elif answer.status == 200 and "<html" in answer.text[:2000]:
            page = Page(answer.text)
            yield path, page
            links = [item.get("href", "") for item in page.all("a")]
        else:
            continue
        for link in links:
            where = _ours(visitor, urljoin(path, link), ends)
            kind = re.sub(r"=[^&]*", "=", ID.sub("*", where))
            if where and where not in seen and kinds.get(kind, 0) < EACH:
                kinds[kind] = kinds.get(kind, 0) + 1
                seen.add(where)
                waiting.append(where)


def _ours(visitor: Visitor, link: str, ends: tuple[str, ...]) -> str:
    """The path of a link that stays in the service, or nothing."""
    place = urlsplit(urldefrag(link).url)
    if place.netloc not in {"", visitor.place.netloc} or place.scheme not in {"", "http"}:
        return ""
    path = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
    return "" if path.startswith("/static/") or any(end in path for end in ends) else path


def _forms(path: str, page: Page) -> Iterator[Target]:
    for form in page.all("form"):
        values: dict[str, Any] = _choices(form) | form_values(form)
        fields = urlencode({name: _filled(name, value) for name, value in values.items()}, doseq=True)
        action = urljoin(path, form.get("action") or path)
        if form.get("method", "get").lower() == "post":
            yield Target("POST", action, fields)
        else:
            yield Target("GET", f"{action.partition('?')[0]}?{fields}", "")


def _choices(form: Any) -> dict[str, Any]:
    """The first of each group to choose from, so that no field is missing."""
    boxes = [item for item in form.iter("input") if item.get("type") in {"radio", "checkbox"} and item.get("name")]
    return {item.get("name"): item.get("value", "on") for item in reversed(boxes)}


def _filled(name: str, value: Any) -> Any:
    """sqlmap tries nothing in an empty field; a one-time key is made anew for each request (``--eval``)."""
    return new_id() if name == "once" else value or "1"
