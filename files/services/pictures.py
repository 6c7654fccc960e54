"""Pictures are drawn anew: what they show stays; where, when and with what they were taken, and anything hung on them, goes.

The library is loaded with the first picture: most processes never see one.
"""

import io
import threading
import warnings
from typing import TYPE_CHECKING

from files.limits import LARGEST, MOST_PIXELS, NotAccepted, not_what_it_says, too_big

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

# A picture of 40 million points takes 160 MB while it is drawn: one at a time in each process.
_ONE = threading.Lock()
WAIT_SECONDS = 10.0
BUSY = "Other pictures are being added just now. Wait a minute and try again"
TOO_LARGE = "The picture is too large. Save it with fewer than 40 million points and try again"


def jpeg(content: bytes) -> bytes:
    return _anew(content, "JPEG", quality=88, optimize=True)


def png(content: bytes) -> bytes:
    return _anew(content, "PNG", optimize=False, compress_level=6)


def _anew(content: bytes, form: str, **options: object) -> bytes:
    """Raise NotAccepted for what is not one whole picture of this form, has too many points or would wait too long."""
    if not _ONE.acquire(timeout=WAIT_SECONDS):
        raise NotAccepted(BUSY)
    try:
        return _drawn(content, form, **options)
    finally:
        _ONE.release()


def _drawn(content: bytes, form: str, **options: object) -> bytes:
    from PIL import Image, ImageOps, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(io.BytesIO(content), formats=(form,))
            if picture.width * picture.height > MOST_PIXELS:
                raise NotAccepted(TOO_LARGE)
            picture.load()
            drawn = _plain(ImageOps.exif_transpose(picture), form)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise NotAccepted(TOO_LARGE) from None
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, IndexError, TypeError, EOFError) as error:
            if isinstance(error, NotAccepted):
                raise
            raise not_what_it_says() from None
        out = io.BytesIO()
        drawn.save(out, form, **options)
    if out.tell() > LARGEST:
        raise too_big()
    return out.getvalue()


def _plain(picture: "Picture", form: str) -> "Picture":
    """Only the points: a new picture has no place for what else the old one held."""
    from PIL import Image

    allowed = ("RGB", "L") if form == "JPEG" else ("RGB", "RGBA", "L", "LA", "1")
    if picture.mode not in allowed:
        picture = picture.convert("RGBA" if form == "PNG" and picture.has_transparency_data else "RGB")
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    return bare
