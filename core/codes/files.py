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


MEDIA_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
}
