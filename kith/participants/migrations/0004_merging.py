import django.db.models.deletion
from django.db import migrations, models

import kith.kit.ids
import kith.kit.tenancy
from kith.kit.fences import Fence

# Whoever points a row at a participant waits for a merge of that participant and is then refused, so that
# nothing is left behind with somebody who is not there any more.
_REFUSE = """
create function refuse_merged_participant() returns trigger language plpgsql as $$
declare
  who uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
  state text;
begin
  select p.status into state from participants_participant p
   where p.tenant_id = new.tenant_id and p.id = who for key share;
  if state = 'merged' then
    raise exception 'participant % was merged into another', who using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
"""
_REFERENCE = (
    "alter table participants_participant add constraint participants_participant_merged_into_id_tenant_fk"
    " foreign key (tenant_id, merged_into_id) references participants_participant (tenant_id, id)"
)


class Migration(migrations.Migration):
    """Two rows for one person become one, notes of staff, and who has referred somebody."""

    dependencies = [
        ("participants", "0003_portal"),
    ]

    operations = [
        migrations.AddField("participant", "first_referral_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "participant",
            "merged_into",
            kith.kit.tenancy.TenantForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="participants.participant",
            ),
        ),
        migrations.AddField("participant", "merged_at", models.DateTimeField(blank=True, null=True)),
        # The column is new and empty, so there is nothing to check while the table is locked. It goes with its column.
        migrations.RunSQL(_REFERENCE, migrations.RunSQL.noop),
        migrations.RemoveConstraint("participant", "participant_status"),
        migrations.AlterField(
            "participant",
            "status",
            models.TextField(
                choices=[
                    ("active", "Active"),
                    ("suspended", "Suspended"),
                    ("merged", "Merged"),
                    ("erased", "Erased"),
                ],
                default="active",
            ),
        ),
        migrations.AddConstraint(
            "participant",
            models.CheckConstraint(
                condition=models.Q(("status__in", ["active", "suspended", "merged", "erased"])),
                name="participant_status",
            ),
        ),
        migrations.AddConstraint(
            "participant",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_at__isnull", False),
                        ("merged_into__isnull", False),
                        ("status", "merged"),
                    ),
                    models.Q(
                        models.Q(("status", "merged"), _negated=True),
                        ("merged_at", None),
                        ("merged_into", None),
                    ),
                    _connector="OR",
                ),
                name="participant_merged_into_somebody",
            ),
        ),
        # The table is locked by now, and sorting names takes as long as there are people: 0006 builds these.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    "participant", models.Index(fields=["tenant", "name", "id"], name="participant_by_name")
                ),
                migrations.AddIndex(
                    "participant",
                    models.Index(
                        condition=models.Q(("status", "merged")),
                        fields=["tenant", "merged_into"],
                        name="participant_tombstones",
                    ),
                ),
            ]
        ),
        migrations.CreateModel(
            name="ParticipantNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kith.kit.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("body_enc", models.BinaryField(null=True)),
                ("author", models.TextField()),
                ("edited_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField(null=True)),
                ("removed_by", models.TextField(default="")),
                ("created_at", models.DateTimeField()),
                (
                    "participant",
                    kith.kit.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="participants.participant",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=kith.kit.tenancy.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "participant", "-created_at"], name="note_of_participant")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("removed_at", None), ("body_enc", None), _connector="OR"),
                        name="participant_note_removed",
                    )
                ],
            },
        ),
        Fence(
            "participants_participantnote",
            references={"participant_id": "participants_participant"},
            secret=("body_enc",),
        ),
        migrations.RunSQL(_REFUSE, "drop function refuse_merged_participant()"),
    ]
