"""Adapter versions, the stage each has reached, and the events that brought it there."""

from alembic import op

revision = "0003"
down_revision = "0002"

_STAGE = "IN ('candidate', 'staging', 'production', 'archived')"

_UP = f"""
CREATE TABLE adapter_version (
    digest text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{{64}}$'),
    task text NOT NULL CHECK (task IN ('question-similarity', 'portuguese-qa')),
    stage text NOT NULL CHECK (stage {_STAGE}),
    origin text NOT NULL CHECK (origin <> ''),
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    name text NOT NULL,
    base text NOT NULL,
    base_source text NOT NULL,
    base_sha256 text NOT NULL,
    quantization text NOT NULL,
    prompt_version text NOT NULL,
    created timestamptz NOT NULL,
    parameters jsonb NOT NULL,
    metrics jsonb NOT NULL,
    licences jsonb NOT NULL,
    recipe jsonb NOT NULL,
    packages jsonb NOT NULL,
    git_commit text NOT NULL,
    history jsonb NOT NULL
);
CREATE UNIQUE INDEX adapter_version_production ON adapter_version (task) WHERE stage = 'production';
CREATE UNIQUE INDEX adapter_version_staging ON adapter_version (task) WHERE stage = 'staging';
-- Half a million hashes of a version are looked up together and never one by one: as an array of
-- eight-byte numbers they take a tenth of what rows with an index would.
CREATE TABLE adapter_fingerprints (
    digest text PRIMARY KEY REFERENCES adapter_version,
    row_hashes bigint[] NOT NULL,
    question_hashes bigint[] NOT NULL
);
CREATE TABLE stage_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL REFERENCES adapter_version,
    action text NOT NULL
        CHECK (action IN ('added', 'promoted', 'displaced', 'archived', 'rolled back', 'published')),
    from_stage text CHECK (from_stage {_STAGE}),
    to_stage text NOT NULL CHECK (to_stage {_STAGE}),
    who text NOT NULL CHECK (who <> ''),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    why text NOT NULL CHECK (why <> ''),
    report jsonb,
    published text
);
CREATE INDEX stage_event_digest ON stage_event (digest, id);
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute("DROP TABLE stage_event, adapter_fingerprints, adapter_version")
