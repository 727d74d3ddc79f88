"""Signing in, the caller, colleagues, keys, settings."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from kith.kit import clock
from kith.kit.clients import client_address
from kith.kit.http import answers, created, enveloped, ok, router
from kith.tenants import access, actions, queries, schemas
from kith.tenants.access import public, requires, signed_in
from kith.tenants.models import ApiKey, Invitation, Member

auth = router("auth")
tenant = router("organization")


def _tokens(pair: actions.TokenPair) -> dict[str, Any]:
    return {"access_token": pair.access, "refresh_token": pair.refresh, "expires_in": pair.expires_in}


@auth.post("/token", response=answers(enveloped(schemas.TokensOut)), auth=None)
@public("this is where people sign in; failures are limited per address and account")
def token_create(request: HttpRequest, body: schemas.SignInIn) -> Any:
    """Sign in with a password and get an access and a refresh token.

    401 `second_factor_required`: send the code of the person's app, or a recovery code, as `second_factor`.
    401 `second_factor_refused`: that code is wrong or was used. 403 `second_factor_missing`: the organization
    wants a second factor and the person has none; a browser is needed once to set one up.
    """
    pair, _seat, _user = actions.sign_in(
        username=body.username, password=body.password, tenant_slug=body.tenant,
        second_factor=body.second_factor, address=client_address(request), now=clock.now(),
    )  # fmt: skip
    return ok(_tokens(pair))


@auth.post("/refresh", response=answers(enveloped(schemas.TokensOut)), auth=None)
@public("the refresh token is the proof")
def token_refresh(request: HttpRequest, body: schemas.RefreshIn) -> Any:
    """Trade a refresh token for a new pair; using one twice signs the client out."""
    return ok(_tokens(actions.refresh_tokens(refresh=body.refresh_token, now=clock.now())))


@auth.post("/sign-out", response=answers(enveloped(schemas.DoneOut)))
@signed_in("everybody may sign out")
def sign_out(request: Any) -> Any:
    """End every API session of the caller."""
    actions.end_member_families(member_id=request.actor.id, reason="signed out", now=clock.now())
    return ok({})


@tenant.get("/me", response=answers(enveloped(schemas.MeOut)))
@signed_in("everybody may know who they are")
def me(request: Any) -> Any:
    """The caller, its role and its permissions."""
    actor = request.actor
    return ok(
        {
            "kind": actor.kind, "id": actor.id, "label": actor.label, "role": actor.role,
            "permissions": sorted(actor.permissions), "tenant": request.tenant.slug,
            "currency": request.tenant.currency,
        }
    )  # fmt: skip


@tenant.get("/organization", response=answers(enveloped(schemas.TenantOut)))
@requires("tenants.view")
def organization(request: Any) -> Any:
    """The organization."""
    found = request.tenant
    return ok({name: getattr(found, name) for name in schemas.TenantOut.model_fields})


def _member(row: Member) -> dict[str, Any]:
    return {
        "id": row.id, "username": row.user.username, "name": row.user.name, "email": row.user.email,
        "role": row.role, "created_at": row.created_at,
    }  # fmt: skip


@tenant.get("/members", response=answers(enveloped(list[schemas.MemberOut])))
@requires("tenants.members")
def member_list(request: HttpRequest) -> Any:
    """Everybody with a place in the organization."""
    return ok([_member(row) for row in queries.members()])


@tenant.patch("/members/{member_id}", response=answers(enveloped(schemas.MemberOut)))
@requires("tenants.members")
def member_change(request: Any, member_id: UUID, body: schemas.RoleIn) -> Any:
    """Give a colleague another role."""
    row = actions.change_role(
        member=access.member(member_id), role=body.role, actor=request.actor, now=clock.now()
    )
    return ok(_member(row))


@tenant.delete("/members/{member_id}", response=answers(enveloped(schemas.DoneOut)))
@requires("tenants.members")
def member_remove(request: Any, member_id: UUID) -> Any:
    """Take a colleague's place away; their clients are signed out."""
    actions.remove_member(member=access.member(member_id), actor=request.actor, now=clock.now())
    return ok({})


def _invitation(row: Invitation) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schemas.InvitationOut.model_fields}


@tenant.get("/invitations", response=answers(enveloped(list[schemas.InvitationOut])))
@requires("tenants.members")
def invitation_list(request: HttpRequest) -> Any:
    """Open invitations."""
    return ok([_invitation(row) for row in queries.open_invitations()])


@tenant.post("/invitations", response=answers(enveloped(schemas.InvitationOut), 201))
@requires("tenants.members")
def invitation_create(request: Any, body: schemas.InviteIn) -> Any:
    """Offer a place by e-mail."""
    row = actions.invite(email=body.email, role=body.role, actor=request.actor, now=clock.now())
    return created(_invitation(row))


@tenant.delete("/invitations/{invitation_id}", response=answers(enveloped(schemas.DoneOut)))
@requires("tenants.members")
def invitation_withdraw(request: Any, invitation_id: UUID) -> Any:
    """Take an open invitation back."""
    actions.withdraw_invitation(
        invitation=access.invitation(invitation_id), actor=request.actor, now=clock.now()
    )
    return ok({})


def _key(row: ApiKey, text: str | None = None) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in schemas.KeyOut.model_fields if name != "text"}
    return {**shown, "text": text}


@tenant.get("/api-keys", response=answers(enveloped(list[schemas.KeyOut])))
@requires("tenants.keys")
def key_list(request: HttpRequest) -> Any:
    """Live keys, without their secrets."""
    return ok([_key(row) for row in queries.api_keys()])


@tenant.post("/api-keys", response=answers(enveloped(schemas.KeyOut), 201))
@requires("tenants.keys")
def key_create(request: Any, body: schemas.KeyIn) -> Any:
    """Make a key; its text is in this answer only."""
    made = actions.create_api_key(
        name=body.name, scopes=body.scopes, expires_at=body.expires_at, rate_limit=body.rate_limit,
        actor=request.actor, now=clock.now(),
    )  # fmt: skip
    return created(_key(made.row, made.text))


@tenant.delete("/api-keys/{key_id}", response=answers(enveloped(schemas.DoneOut)))
@requires("tenants.keys")
def key_revoke(request: Any, key_id: UUID) -> Any:
    """End a key at once, and every key that was made with it."""
    actions.revoke_api_key(key=access.api_key(key_id), actor=request.actor, now=clock.now())
    return ok({})


@tenant.get("/settings", response=answers(enveloped(list[schemas.SettingOut])))
@requires("tenants.settings")
def setting_list(request: HttpRequest) -> Any:
    """Every declared setting with its value."""
    return ok(queries.settings_shown())


@tenant.put("/settings/{key}", response=answers(enveloped(list[schemas.SettingOut])))
@requires("tenants.settings")
def setting_store(request: Any, key: str, body: schemas.SettingIn) -> Any:
    """Store a value for the organization; the former ones stay as versions."""
    actions.set_setting(key=key, value=body.value, actor=request.actor, now=clock.now())
    return ok(queries.settings_shown())
