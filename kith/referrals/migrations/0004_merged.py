from django.db import migrations

POINTING = (
    ("referrals_referral", "referrer_id"),
    ("referrals_link", "participant_id"),
)
_GUARD = (
    "create trigger refuse_merged before insert or update of {column} on {table}"
    " for each row execute function refuse_merged_participant('{column}')"
)

# Since when people refer, for those who did before there was a column for it; one organization after the other,
# as its policy wants it.
_SINCE = """
do $$
declare t int;
begin
  for t in select id from tenants_tenant order by id loop
    perform set_config('app.tenant_id', t::text, true);
    update participants_participant p set first_referral_at = r.since
      from (select referrer_id, min(created_at) since from referrals_referral where tenant_id = t group by 1) r
     where p.tenant_id = t and p.id = r.referrer_id and p.first_referral_at is null;
  end loop;
  perform set_config('app.tenant_id', '', true);
end $$
"""


class Migration(migrations.Migration):
    """Nothing new is given to a participant who was merged into another."""

    dependencies = [
        ("referrals", "0003_asked"),
        ("participants", "0004_merging"),
    ]

    operations = [
        migrations.RunSQL(_SINCE, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                _GUARD.format(table=table, column=column), f"drop trigger refuse_merged on {table}"
            )
            for table, column in POINTING
        ),
    ]
