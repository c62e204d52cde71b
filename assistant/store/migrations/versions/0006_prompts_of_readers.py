"""Reading adapters carry the version of the reading template, no longer that of the judge's, which was the same name.

What they were trained on has not changed: the registry compares a version's folder with its row at every start.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

_JUDGES, _READERS = "label-first-3", "reading-1"


def upgrade() -> None:
    _rename(_JUDGES, _READERS)


def downgrade() -> None:
    _rename(_READERS, _JUDGES)


def _rename(before: str, after: str) -> None:
    op.execute(
        f"UPDATE adapter_version SET prompt_version = '{after}' "
        f"WHERE task = 'portuguese-qa' AND prompt_version = '{before}'"
    )
