from django.db import migrations

# As in sql/codes.sql, but for whom a code stands: of somebody who was merged, for whom they were merged into.
_PLACE = """
create or replace function code_place(p_code text) returns table (
  tenant_id integer, participant_id uuid, program_id uuid, campaign_id uuid, link_id uuid,
  is_live boolean, destination_url text, utm text[], timezone text
) language sql stable as $$
  with found as (
    {own}
    union all
    select l.tenant_id, l.participant_id, l.program_id, l.campaign_id, l.id, l.destination_url,
           array[l.utm_source, l.utm_medium, l.utm_campaign, l.utm_term, l.utm_content]
      from referrals_link l
      join participants_participant p on p.tenant_id = l.tenant_id and p.id = l.participant_id and p.status = 'active'
     where l.slug = p_code and l.active
    limit 1
  )
  select f.tenant_id, f.participant_id, g.id, f.campaign_id, f.link_id, coalesce(g.status = 'live', false),
         coalesce(nullif(f.destination_url, ''), g.destination_url, ''), f.utm, t.timezone
    from found f
    join tenants_tenant t on t.id = f.tenant_id and t.status = 'active'
    left join programs_program g on g.tenant_id = f.tenant_id
     and case when f.program_id is null then g.is_default else g.id = f.program_id end
$$
"""
_OWN = """
    select p.tenant_id, p.id as participant_id, null::uuid as program_id, null::uuid as campaign_id,
           null::uuid as link_id, '' as destination_url, null::text[] as utm
      from participants_participant p where p.code = p_code and p.status = 'active'
"""
_STANDS_FOR = """
    select p.tenant_id, coalesce(s.id, p.id) as participant_id, null::uuid as program_id, null::uuid as campaign_id,
           null::uuid as link_id, '' as destination_url, null::text[] as utm
      from participants_participant p
      left join participants_participant s on s.tenant_id = p.tenant_id and s.id = p.merged_into_id
     where p.code = p_code and coalesce(s.status, p.status) = 'active'
"""


class Migration(migrations.Migration):
    """Codes and links of people who were merged lead to whom they were merged into."""

    dependencies = [
        ("referrals", "0005_sites"),
        ("participants", "0004_merging"),
    ]

    operations = [
        migrations.RunSQL(_PLACE.format(own=_STANDS_FOR), _PLACE.format(own=_OWN)),
    ]
