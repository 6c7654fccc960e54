"""Requests as they reach the product: files stay in memory, and no text holds what a database cannot keep."""

from io import BytesIO
from typing import IO

from flask import Request

NUL = "\0"


class MemoryRequest(Request):
    """Werkzeug would write files of more than 500 KB to the temporary folder. MAX_CONTENT_LENGTH bounds the memory."""

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:  # fmt: skip
        return BytesIO()

    def _load_form_data(self) -> None:
        """A NUL, which PostgreSQL does not take and nobody types, becomes what HTML makes of it."""
        super()._load_form_data()
        if any(NUL in value for _, value in self.form.items(multi=True)):
            kept = [
                (name, value.replace(NUL, "\N{REPLACEMENT CHARACTER}")) for name, value in self.form.items(multi=True)
            ]
            self.__dict__["form"] = self.parameter_storage_class(kept)
