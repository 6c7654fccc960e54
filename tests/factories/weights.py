"""How heavy a page may be (PAGES 7): as a browser gets it, compressed."""

import gzip
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.support.client import Page

KB = 1024
PAGE, LIST = 12 * KB, 25 * KB
# Beside the page itself: style, script, the mark, and one to spare.
LOADS = 4


def weight(content: bytes) -> int:
    """In bytes, compressed as servers do by default."""
    return len(gzip.compress(content, 6))


def loaded(page: Page) -> set[str]:
    """What a browser fetches by itself for this page."""
    found = {e.get("src") for tag in ("script", "img") for e in page.all(tag)}
    found |= {e.get("href") for e in page.all("link")}
    return {address for address in found if address and not address.startswith("data:")}


def too_heavy(answer: Any, page: Page, most: int = PAGE) -> Iterator[str]:
    """What is wrong with the weight of a page."""
    if (size := weight(answer.data)) > most:
        yield f"{size / KB:.1f} KB"
    addresses = loaded(page)
    if len(addresses) > LOADS:
        yield f"fetches {sorted(addresses)}"
    if others := sorted(address for address in addresses if urlsplit(address).netloc):
        yield f"fetches from others: {others}"
