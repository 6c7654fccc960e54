"""Where sealed contents lie: a folder, or a bucket that speaks S3. Whoever holds the store can read nothing in it."""

import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from core.ids import Id

_ID = re.compile(r"[a-z2-7]{26}")


class StoreUnavailable(RuntimeError):
    """The file store cannot be reached or has no room. Says the type of the fault, never a name."""


class Store(Protocol):
    """Bytes by id. Every method raises StoreUnavailable where the store does not answer."""

    def put(self, file_id: Id, content: bytes) -> None: ...

    def get(self, file_id: Id) -> bytes | None:
        """None where there is nothing of that id."""

    def delete(self, file_id: Id) -> None:
        """Nothing happens where there is nothing of that id."""

    def kept(self) -> Iterator[tuple[Id, datetime]]:
        """Every id with the moment it was put."""

    def trouble(self) -> str | None:
        """What is wrong, in plain words, or None."""


class Folder:
    """The default: a file for each id, in folders by its first two letters, readable by the service alone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, file_id: Id) -> Path:
        if not _ID.fullmatch(file_id):
            raise ValueError("not an id")
        return self.root / file_id[:2] / file_id

    def put(self, file_id: Id, content: bytes) -> None:
        """Whole or not at all: written beside its place, brought to disk, then put in it. What is written is sealed."""
        path = self._path(file_id)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            _sync_folder(path.parent)
        except OSError as error:
            raise StoreUnavailable(type(error).__name__) from None

    def get(self, file_id: Id) -> bytes | None:
        try:
            return self._path(file_id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnavailable(type(error).__name__) from None

    def delete(self, file_id: Id) -> None:
        try:
            self._path(file_id).unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(type(error).__name__) from None

    def kept(self) -> Iterator[tuple[Id, datetime]]:
        for path in sorted(self.root.glob("??/*")):
            if _ID.fullmatch(path.name):
                yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def trouble(self) -> str | None:
        place = self.root if self.root.exists() else self.root.parent
        return (
            None if os.access(place, os.W_OK | os.X_OK) else "The folder of files cannot be written. Check FILES_FOLDER"
        )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket:
    """A bucket of S3 or of what speaks its protocol. Needs the extra ``aws``; credentials as boto3 finds them."""

    def __init__(self, name: str, prefix: str = "files/", endpoint: str = "") -> None:
        self.name, self.prefix, self.endpoint = name, prefix, endpoint
        self._client: Any = None

    @property
    def client(self) -> Any:
        if self._client is None:
            import boto3
            from botocore.config import Config

            limits = Config(connect_timeout=3, read_timeout=20, retries={"max_attempts": 2})
            self._client = boto3.client("s3", endpoint_url=self.endpoint or None, config=limits)
        return self._client

    def _ask(self, what: str, **values: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self.client, what)(Bucket=self.name, **values)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in {"NoSuchKey", "404"}:
                return None
            raise StoreUnavailable(code or "ClientError") from None
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from None

    def put(self, file_id: Id, content: bytes) -> None:
        self._ask("put_object", Key=f"{self.prefix}{file_id}", Body=content)

    def get(self, file_id: Id) -> bytes | None:
        found = self._ask("get_object", Key=f"{self.prefix}{file_id}")
        return None if found is None else bytes(found["Body"].read())

    def delete(self, file_id: Id) -> None:
        self._ask("delete_object", Key=f"{self.prefix}{file_id}")

    def kept(self) -> Iterator[tuple[Id, datetime]]:
        after: dict[str, str] = {}
        while True:
            page = self._ask("list_objects_v2", Prefix=self.prefix, **after) or {}
            for one in page.get("Contents", ()):
                file_id = one["Key"].removeprefix(self.prefix)
                if _ID.fullmatch(file_id):
                    yield file_id, one["LastModified"]
            if not page.get("IsTruncated"):
                return
            after = {"ContinuationToken": page["NextContinuationToken"]}

    def trouble(self) -> str | None:
        try:
            found = self._ask("head_bucket")
        except StoreUnavailable as error:
            return f"The bucket of files does not answer ({error}). Check FILES_BUCKET and its credentials"
        return "There is no bucket of that name. Check FILES_BUCKET" if found is None else None


def store_of(settings: Any) -> Store:
    """The store that the settings name."""
    if settings.files_bucket:
        return Bucket(settings.files_bucket, settings.files_prefix, settings.files_endpoint)
    return Folder(settings.files_folder)
