"""The rows of a list as HTML. In Python and not in the macro beside it, because fifty rows at a time decide a page's speed."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from core.languages import gettext as _

_NO_CHECKBOX = '<td class="govuk-table__cell app-table__select"></td>'


class Linked(NamedTuple):
    """A cell that is a link. ``href`` is an address of ours."""

    words: str
    href: str

    def __html__(self) -> str:
        return f'<a class="govuk-link" href="{self.href}">{html.escape(self.words)}</a>'


def table_rows(
    rows: Sequence[Any], heads: Sequence[Any], select: str | None, row_header: int | None, form: str | None,
    stacked: bool = False,
) -> Markup:  # fmt: skip
    """``<tr>`` elements. A row is a list of cells, or a mapping of ``cells`` with ``id``, ``label`` and ``checked``.

    A cell is text (escaped), Markup or ``Linked``; None is a dash. ``stacked``: each cell carries the words of its head.
    """
    opening = [_opening(place == row_header, head, stacked) for place, head in enumerate(heads)]
    name, form_attribute = _escaped(select or ""), f' form="{_escaped(form)}"' if form else ""
    words = _("Select %(what)s")
    written: list[str] = []
    for row in rows:
        is_mapping = isinstance(row, dict)
        written.append('<tr class="govuk-table__row">')
        if select:
            written.append(_checkbox(row if is_mapping else {}, name, form_attribute, words))
        cells = row["cells"] if is_mapping else row
        if len(cells) > len(opening):
            opening += [_opening(False, "", False)] * (len(cells) - len(opening))
        for (before, after), cell in zip(opening, cells, strict=False):
            written += (before, "–" if cell is None else _escaped(cell), after)
        written.append("</tr>\n")
    return Markup("".join(written))  # noqa: S704 - every part above is fixed or escaped


def _escaped(value: Any) -> str:
    """As markupsafe's own, as a plain text: making a Markup of each cell only to join it costs more than the escaping."""
    if type(value) is str:
        return html.escape(value)
    return value.__html__() if hasattr(value, "__html__") else html.escape(str(value))


def _opening(is_header: bool, head: Any, stacked: bool) -> tuple[str, str]:
    if is_header:
        return '<th scope="row" class="govuk-table__header">', "</th>\n"
    words = head.get("text", "") if isinstance(head, Mapping) else head
    number = " govuk-table__cell--numeric" if isinstance(head, Mapping) and head.get("numeric") else ""
    label = f' data-label="{_escaped(_(str(words)))}"' if stacked and words else ""
    return f'<td class="govuk-table__cell{number}"{label}>', "</td>\n"


def _checkbox(row: Mapping[str, Any], name: str, form: str, words: str) -> str:
    if not row.get("id"):
        return _NO_CHECKBOX
    row_id, checked = _escaped(row["id"]), " checked" if row.get("checked") else ""
    label = _escaped(words % {"what": row.get("label", "")})
    return (
        '<td class="govuk-table__cell app-table__select"><div class="govuk-checkboxes govuk-checkboxes--small">'
        f'<div class="govuk-checkboxes__item"><input class="govuk-checkboxes__input" type="checkbox" id="{name}-{row_id}"'
        f' name="{name}" value="{row_id}"{form}{checked}><label class="govuk-label govuk-checkboxes__label"'
        f' for="{name}-{row_id}"><span class="govuk-visually-hidden">{label}</span></label>'
        "</div></div></td>"
    )
