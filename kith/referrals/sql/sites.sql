-- Whose pages a site key is for. Keys are unique on the whole installation, so this looks across tenants; it belongs
-- to kith_system, whose policies let it, and answers with one live key and nothing else.
create function locate_site(p_key text) returns table (tenant_id integer, site_id uuid, origins text[], locale text)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.tenant_id, s.id, s.origins, t.locale::text
    from referrals_sitekey s join tenants_tenant t on t.id = s.tenant_id and t.status = 'active'
   where s.key = p_key and s.revoked_at is null
$$;

grant create on schema public to kith_system;
alter function locate_site(text) owner to kith_system;
revoke create on schema public from kith_system;
