"""What the pages with files share: taking one in, and giving one out as it is, never to be shown inside the service."""

from collections.abc import Callable

from flask import Response, abort
from flask.typing import ResponseReturnValue

from core.codes.files import FileKind, FileStatus
from core.context import current
from core.forms import Form
from core.requests import Unavailable, write_late
from files.forms import FileForm
from files.limits import LARGEST, NotAccepted
from files.models import StoredFile
from files.services import keeping
from files.services.examining import Examined, examine
from files.storage import StoreUnavailable

# Whatever a browser makes of the file, it may neither run nor load anything.
ALONE = "default-src 'none'; sandbox"


def take(
    form: FileForm, keep: Callable[[Examined], object], done: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue | None:
    """Examine the file of a sent form, then keep it; None where the page is to be shown (again), with what to do.

    For views marked ``writes_late``: examining draws pictures anew and holds nobody up. ``keep`` looks its place up
    again, because nothing read before it stays.
    """

    def keep_it(examined: Examined | None) -> None:
        if examined is not None:
            keep(examined)

    return take_with(form, keep_it, done)


def take_with(
    form: Form, keep: Callable[[Examined | None], object], done: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue | None:
    """As ``take``, for a form of which a file is one part, which may be left out; its field is called ``file``."""
    if not form.validate_on_submit():
        return None
    field = form._fields["file"]
    try:
        examined = examine(field.data.filename, field.data.read(LARGEST + 1)) if field.data else None
        sent_before = write_late()
        if sent_before is not None:
            return sent_before
        keep(examined)
    except NotAccepted as reason:
        field.errors = [str(reason)]
        return None
    except StoreUnavailable as error:
        raise Unavailable("The file store does not answer") from error
    return done()


def give(file: StoredFile, reference: str, number: int) -> Response:
    """The file to keep or open elsewhere, under a name made here. Its entry is kept before the first byte leaves.

    Not checked is not to be opened, by anyone: 404, as is a file whose contents were taken away.
    """
    current().looked_at("stored_file", file.id)
    if file.status != FileStatus.SAFE.value:
        abort(404)
    try:
        content = keeping.contents(file)
    except keeping.NotThere:
        abort(404)
    except StoreUnavailable as error:
        raise Unavailable("The file store does not answer") from error
    kind = FileKind(file.kind)
    answer = Response(content, mimetype=kind.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(reference, number, kind)}"'
    answer.headers["Content-Security-Policy"] = ALONE
    return answer


def file_name(reference: str, number: int, kind: FileKind) -> str:
    """``OFFICIAL-SENSITIVE-RDG-26-0417K-2.pdf``: the marking and the reference, never the name it came with."""
    plain = "".join(sign for sign in reference if sign.isascii() and (sign.isalnum() or sign == "-"))
    return f"OFFICIAL-SENSITIVE-{plain or 'file'}-{number}.{kind.extension}"
