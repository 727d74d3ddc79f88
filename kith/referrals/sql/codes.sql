-- Who stands behind a code. Codes are unique on the whole installation, so these functions look across tenants;
-- they belong to kith_system, whose policies let it, and answer with one tenant's ids and nothing else.

-- What a code stands for, for the two functions below: without rights of its own, so that the planner can take it
-- apart inside them. A participant's own code comes before a link of the same spelling.
create function code_place(p_code text) returns table (
  tenant_id integer, participant_id uuid, program_id uuid, campaign_id uuid, link_id uuid,
  is_live boolean, destination_url text, utm text[], timezone text
) language sql stable as $$
  with found as (
    select p.tenant_id, p.id as participant_id, null::uuid as program_id, null::uuid as campaign_id,
           null::uuid as link_id, '' as destination_url, null::text[] as utm
      from participants_participant p where p.code = p_code and p.status = 'active'
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
$$;

create function locate_code(p_code text) returns table (
  tenant_id integer, participant_id uuid, program_id uuid, campaign_id uuid, link_id uuid,
  is_live boolean, destination_url text
) language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  return query select p.tenant_id, p.participant_id, p.program_id, p.campaign_id, p.link_id, p.is_live, p.destination_url
    from code_place(p_code) p;
end $$;

create function is_participant_code(p_code text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select exists (select from participants_participant where code = p_code)
$$;

-- Record one request of a link and say where it leads, in one statement. Nothing is recorded, and `click_id` is
-- null, where the program does not run; no row at all comes back for an unknown code.
-- p_before is the visitor under yesterday's salt, so that a visit across midnight UTC stays one visit.
create function record_click(
  p_id uuid, p_code text, p_at timestamptz, p_visitor bytea, p_before bytea,
  p_is_bot boolean, p_is_visit boolean, p_channel text
) returns table (tenant_id integer, participant_id uuid, program_id uuid, click_id uuid, destination_url text, utm text[])
language plpgsql volatile security definer set search_path = public, pg_temp
-- The plans are made once per connection, perhaps while the tables are empty: only indexes stay right as they grow.
set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  place record;
  midnight timestamptz;
  repeated boolean := false;
  known boolean := false;
  counts boolean := p_is_visit and not p_is_bot;
begin
  select * into place from code_place(p_code);
  if not found then return; end if;
  if not place.is_live then
    return query select place.tenant_id, place.participant_id, place.program_id, null::uuid, ''::text, place.utm;
    return;
  end if;
  if counts then
    -- Two requests of one visitor at the same moment: the second waits, and then sees the first.
    perform pg_advisory_xact_lock(place.tenant_id, hashtext(encode(p_visitor, 'hex')));
    midnight := date_trunc('day', p_at at time zone place.timezone) at time zone place.timezone;
    select coalesce(bool_or(c.referrer_id = place.participant_id and c.occurred_at > p_at - interval '1 hour'), false),
           coalesce(bool_or(c.occurred_at >= midnight), false)
      into repeated, known
      from unnest(array[p_visitor, p_before]) as hash
      cross join lateral (
        select k.referrer_id, k.occurred_at from referrals_click k
         where k.tenant_id = place.tenant_id and k.visitor = hash and k.counted
           and k.occurred_at >= least(midnight, p_at - interval '1 hour') and k.occurred_at <= p_at
         order by k.occurred_at desc limit 200
      ) c;
    counts := not repeated;
  end if;
  insert into referrals_click (id, tenant_id, program_id, campaign_id, link_id, referrer_id, occurred_at, visitor,
                               channel, is_bot, counted, is_new_visitor)
  values (p_id, place.tenant_id, place.program_id, place.campaign_id, place.link_id, place.participant_id, p_at,
          p_visitor, p_channel, p_is_bot, counts, counts and not known);
  return query select place.tenant_id, place.participant_id, place.program_id, p_id, place.destination_url, place.utm;
end $$;

grant create on schema public to kith_system;
alter function locate_code(text) owner to kith_system;
alter function is_participant_code(text) owner to kith_system;
alter function record_click(uuid, text, timestamptz, bytea, bytea, boolean, boolean, text) owner to kith_system;
revoke create on schema public from kith_system;
