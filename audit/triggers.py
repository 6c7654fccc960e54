"""What the database itself enforces: the trail is append-only, and its head is read under the chain's lock."""

from sqlalchemy import Connection, text

from audit.models import APPEND_ONLY, DROPPED_WITH_AGE

# What a function answers cannot be replaced, so that an older one is dropped first.
OLD_HEAD = "drop function if exists audit_head(text)"
HEAD = """
create function audit_head(wanted text) returns table (seq bigint, mac bytea, key_version integer)
language plpgsql volatile as $$
begin
  -- Two statements, so that the second one's snapshot is taken after the lock is held (SETTLED 17).
  perform pg_advisory_xact_lock(hashtextextended('audit:' || wanted, 0));
  return query select s.seq, s.mac, {version} from audit_seal s where s.chain = wanted order by s.seq desc limit 1;
end $$
"""
VERSION = "(select max(k.version) from audit_chain_key k where k.chain = wanted)"
# Old bodies may be dropped by the owner of the table alone, in a transaction that says so (`flask audit retain`).
REFUSE = """
create or replace function audit_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_table_name in ('audit_entry', 'audit_subject')
     and coalesce(current_setting('audit.retention', true), '') = 'on'
     and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
    return old;
  end if;
  raise exception 'the audit trail is append-only';
end $$
"""


class TriggersMissing(RuntimeError):
    """The append-only triggers are not all there; the installation must not serve."""


def ensure(connection: Connection) -> None:
    """Create every trigger and function anew, then refuse to finish unless all exist (SETTLED 24)."""
    if connection.dialect.name == "postgresql":
        _ensure_postgres(connection)
    else:
        _ensure_sqlite(connection)
    gone = [name for name in missing(connection) if name.partition("_append_only_")[0] in there(connection)]
    if gone:
        raise TriggersMissing(f"Append-only triggers are missing: {', '.join(gone)}")


def _ensure_postgres(connection: Connection) -> None:
    connection.execute(text(OLD_HEAD))
    # The release before had no such table: after a step down its own statements must work.
    has_versions = connection.dialect.has_table(connection, "audit_chain_key")
    connection.execute(text(HEAD.replace("{version}", VERSION if has_versions else "1")))
    connection.execute(text(REFUSE))
    for table in there(connection):
        for name, timing, scope in (
            ("rows", "update or delete", "each row"),
            ("truncate", "truncate", "each statement"),
        ):
            trigger = f"{table}_append_only_{name}"
            connection.execute(text(f"drop trigger if exists {trigger} on {table}"))
            connection.execute(
                text(
                    f"create trigger {trigger} before {timing} on {table} for {scope}"
                    " execute function audit_append_only()"
                )
            )

    for table in DROPPED_WITH_AGE:
        # Row-level security binds the owner as well: it sees nothing to delete but in a transaction that says so.
        connection.execute(text(f"drop policy if exists dropped_with_age on {table}"))
        connection.execute(
            text(
                f"create policy dropped_with_age on {table} for delete"
                " using (current_setting('audit.retention', true) = 'on')"
            )
        )


def there(connection: Connection) -> list[str]:
    """The tables of the trail in this revision of the schema."""
    return [table for table in APPEND_ONLY if connection.dialect.has_table(connection, table)]


def _ensure_sqlite(connection: Connection) -> None:
    for table in there(connection):
        for verb in ("update", "delete"):
            connection.execute(text(f"drop trigger if exists {table}_append_only_{verb}"))
            connection.execute(text(sqlite_trigger(table, verb)))


def sqlite_trigger(table: str, verb: str) -> str:
    return (
        f"create trigger {table}_append_only_{verb} before {verb} on {table}"
        " begin select raise(abort, 'the audit trail is append-only'); end"
    )


def wanted(dialect: str) -> set[str]:
    kinds = ("rows", "truncate") if dialect == "postgresql" else ("update", "delete")
    return {f"{table}_append_only_{kind}" for table in APPEND_ONLY for kind in kinds}


def missing(connection: Connection) -> list[str]:
    """The triggers that should be there and are not, or are switched off."""
    if connection.dialect.name == "postgresql":
        query = "select tgname from pg_trigger where not tgisinternal and tgenabled <> 'D'"
    else:
        query = "select name from sqlite_master where type = 'trigger'"
    return sorted(wanted(connection.dialect.name) - set(connection.execute(text(query)).scalars()))


SIGNS = ("audit_checkpoint", "audit_tree", "audit_anchored")


def grant_checkpoints(connection: Connection, web: str | None, signer: str | None) -> None:
    """What the process that signs needs and no more; the web role then adds nothing to what was signed."""
    if connection.dialect.name != "postgresql" or not signer:
        return
    quote = connection.dialect.identifier_preparer.quote
    run = connection.exec_driver_sql
    run(f"grant usage on schema public to {quote(signer)}")
    run(f"grant select on audit_seal, area to {quote(signer)}")
    run(f"grant select, insert on {', '.join(SIGNS)} to {quote(signer)}")
    if web and web != signer:
        run(f"revoke insert on {', '.join(SIGNS)} from {quote(web)}")
