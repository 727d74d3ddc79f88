-- One row per change. tg_argv[0]: personal columns (kept as digest), tg_argv[1]: secret columns (left out).
-- A definer function, so that the trail can be written through, but not by, the application's role.
create function audit_row() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  old_row jsonb := case when tg_op <> 'INSERT' then audit_shown(to_jsonb(old), tg_argv[0], tg_argv[1]) end;
  new_row jsonb := case when tg_op <> 'DELETE' then audit_shown(to_jsonb(new), tg_argv[0], tg_argv[1]) end;
  diff jsonb;
begin
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(key, jsonb_build_array(old_row -> key, new_row -> key)) into diff
      from jsonb_object_keys(new_row) key where old_row -> key is distinct from new_row -> key;
    if diff is null then return null; end if;
  else
    diff := coalesce(new_row, old_row);
  end if;
  insert into audit_auditentry (tenant_id, actor, request_id, table_name, row_id, op, diff)
  values (
    -- The row of a tenant itself belongs to that tenant.
    (coalesce(new_row, old_row) ->> case when tg_table_name = 'tenants_tenant' then 'id' else 'tenant_id' end)::int,
    coalesce(nullif(current_setting('app.actor', true), ''), 'owner'),
    coalesce(current_setting('app.request_id', true), ''),
    tg_table_name, coalesce(new_row ->> 'id', old_row ->> 'id', ''), left(tg_op, 1), diff);
  return null;
end $$;

-- The row as the trail may keep it.
create function audit_shown(entry jsonb, personal text, secret text) returns jsonb language plpgsql stable as $$
declare
  pepper text := coalesce(current_setting('app.pepper', true), '');
  name text;
begin
  if secret <> '' then
    foreach name in array string_to_array(secret, ',') loop
      if entry -> name is distinct from 'null'::jsonb then
        -- Changes stay visible as "something else", the value does not.
        entry := jsonb_set(entry, array[name], to_jsonb('secret:' || left(encode(sha256(convert_to(pepper || (entry ->> name), 'utf8')), 'hex'), 8)));
      end if;
    end loop;
  end if;
  if personal <> '' then
    foreach name in array string_to_array(personal, ',') loop
      if coalesce(entry ->> name, '') <> '' then
        entry := jsonb_set(entry, array[name], to_jsonb('digest:' || left(encode(sha256(convert_to(pepper || (entry ->> name), 'utf8')), 'hex'), 16)));
      end if;
    end loop;
  end if;
  return entry;
end $$;
