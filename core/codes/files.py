"""What a file is, and how far its check has come."""

from core.codes.base import Code, Status


class FileKind(Code):
    PDF = "pdf", "PDF"
    DOCX = "docx", "Word document"
    JPEG = "jpeg", "Picture (JPG)"
    PNG = "png", "Picture (PNG)"

    @property
    def extension(self) -> str:
        return "jpg" if self is FileKind.JPEG else self.value

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self]


class FileStatus(Status):
    """Nobody can open a file that is not safe."""

    CHECKING = "checking", "Checking", "yellow"
    SAFE = "safe", "Safe", "green"
    BLOCKED = "blocked", "Blocked", "red"


class FileRemoval(Code):
    """Why a file that was sent is taken away: its contents are destroyed, the line with this reason stays."""

    WRONG_PERSON = "wrong_person", "It is about somebody else"
    TOO_MUCH = "too_much", "It holds more than we need"
    NOT_TO_SHARE = "not_to_share", "It should not have been shared with us"
    WRONG_FILE = "wrong_file", "It is the wrong file"
    DUPLICATE = "duplicate", "We have it already"


MEDIA_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
}
