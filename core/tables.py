"""The rows of a list as HTML. In Python and not in the macro beside it, because fifty rows at a time decide a page's speed."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from core.languages import gettext as _

# Between texts that are escaped together. No text of a page holds it; where one does, they are escaped one by one.
_BETWEEN = "\0"
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
    # Where a text stands that is still to be escaped.
    plain: list[int] = []
    for row in rows:
        is_mapping = isinstance(row, dict)
        written.append('<tr class="govuk-table__row">')
        if select:
            _add_checkbox(written, plain, row if is_mapping else {}, (name, form_attribute, words))
        cells = row["cells"] if is_mapping else row
        for (before, after), cell in zip(_for_all(opening, cells), cells, strict=False):
            kind = type(cell)
            if kind is str:
                plain.append(len(written) + 1)
                written += (before, cell, after)
            elif kind is Linked:
                plain.append(len(written) + 4)
                written += (before, '<a class="govuk-link" href="', cell.href, '">', cell.words, "</a>", after)
            elif kind is Markup:
                written += (before, cell, after)
            else:
                written += (before, "–" if cell is None else _escaped(cell), after)
        written.append("</tr>\n")
    for place, text in zip(plain, _all_escaped([written[place] for place in plain]), strict=True):
        written[place] = text
    return Markup("".join(written))  # noqa: S704 - every part above is fixed or escaped


def _for_all(opening: list[tuple[str, str]], cells: Sequence[Any]) -> list[tuple[str, str]]:
    """A row may have more cells than the table has heads."""
    missing = len(cells) - len(opening)
    return opening + [_opening(False, "", False)] * missing if missing > 0 else opening


def _all_escaped(texts: list[str]) -> list[str]:
    """Each text escaped, all at once: fifty rows are some three hundred short texts."""
    together = html.escape(_BETWEEN.join(texts)).split(_BETWEEN)
    return together if len(together) == len(texts) else [html.escape(text) for text in texts]


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


def _add_checkbox(written: list[str], plain: list[int], row: Mapping[str, Any], fixed: tuple[str, str, str]) -> None:
    if not row.get("id"):
        written.append(_NO_CHECKBOX)
        return
    name, form, words = fixed
    row_id, checked = (
        row["id"] if row["id"].isalnum() else _escaped(row["id"]),
        " checked" if row.get("checked") else "",
    )
    plain.append(len(written) + 1)
    written += (
        '<td class="govuk-table__cell app-table__select"><div class="govuk-checkboxes govuk-checkboxes--small">'
        f'<div class="govuk-checkboxes__item"><input class="govuk-checkboxes__input" type="checkbox" id="{name}-{row_id}"'
        f' name="{name}" value="{row_id}"{form}{checked}><label class="govuk-label govuk-checkboxes__label"'
        f' for="{name}-{row_id}"><span class="govuk-visually-hidden">',
        words % {"what": row.get("label", "")},
        "</span></label></div></div></td>",
    )
