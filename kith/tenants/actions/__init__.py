"""The only writes to organizations, people, keys, tokens and settings."""

from kith.tenants.actions.keys import ApiKeyLimit, NewKey, authenticate_key, create_api_key, revoke_api_key
from kith.tenants.actions.organizations import (
    BadSlug,
    SettingRefused,
    SlugTaken,
    create_tenant,
    set_platform_setting,
    set_setting,
    set_settings,
    update_tenant,
)
from kith.tenants.actions.people import (
    AlreadyMember,
    InvitationGone,
    LastOwner,
    RoleNotYours,
    accept_invitation,
    add_member,
    change_role,
    create_user,
    invite,
    open_invitation,
    remove_member,
    renew_link,
    withdraw_invitation,
)
from kith.tenants.actions.tokens import (
    RefreshRefused,
    SignInRefused,
    TokenPair,
    end_family,
    end_member_families,
    end_user_families,
    open_token_family,
    refresh_tokens,
    sign_in,
)

__all__ = [
    "AlreadyMember", "ApiKeyLimit", "BadSlug", "InvitationGone", "LastOwner", "NewKey", "RefreshRefused",
    "RoleNotYours", "SettingRefused", "SignInRefused", "SlugTaken", "TokenPair", "accept_invitation", "add_member",
    "authenticate_key", "change_role", "create_api_key", "create_tenant", "create_user", "end_family",
    "end_member_families", "end_user_families", "invite", "open_invitation", "open_token_family", "refresh_tokens",
    "remove_member", "renew_link", "revoke_api_key", "set_platform_setting", "set_setting", "set_settings", "sign_in",
    "update_tenant", "withdraw_invitation",
]  # fmt: skip
