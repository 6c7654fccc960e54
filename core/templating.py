"""The environment of the templates."""

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class OneWorld(Environment):
    """Templates that all share the environment's globals, in one plain dict.

    Jinja lays a chain of dicts over them for each template, for globals of its own; we give none, and a page that imports
    eight components looks two hundred names up in that chain.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals
