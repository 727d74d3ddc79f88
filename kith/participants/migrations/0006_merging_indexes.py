from django.db import migrations

_BY_NAME = "participant_by_name on participants_participant (tenant_id, name, id)"
_TOMBSTONES = "participant_tombstones on participants_participant (tenant_id, merged_into_id) where status = 'merged'"


# What a build that was killed leaves behind has the name and is no use.
_CLEAR = """
do $$ begin
  if exists (select from pg_index where indexrelid = to_regclass('{name}') and not indisvalid) then
    drop index {name};
  end if;
end $$
"""


def _name(index: str) -> str:
    return index.partition(" ")[0]


class Migration(migrations.Migration):
    """The indexes of 0004, built while people work; where an earlier 0004 built them already, nothing happens."""

    atomic = False
    dependencies = [
        ("participants", "0005_distinction"),
    ]

    operations = [
        migrations.RunSQL(
            [
                statement
                for index in (_BY_NAME, _TOMBSTONES)
                for statement in (
                    _CLEAR.format(name=_name(index)),
                    f"create index concurrently if not exists {index}",
                )
            ],
            [f"drop index concurrently if exists {_name(index)}" for index in (_TOMBSTONES, _BY_NAME)],
        ),
    ]
