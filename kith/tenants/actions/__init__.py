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
from kith.tenants.actions.passwords import (
    SignInPaused,
    SignInRefused,
    UnlockGone,
    ask_for_reset,
    check_password,
    open_unlock,
    password_changed,
    sign_in,
    unlock,
    unlock_token,
)
from kith.tenants.actions.people import (
    AlreadyMember,
    LastOwner,
    RoleNotYours,
    accept_invitation,
    add_member,
    change_role,
    create_user,
    invite,
    remove_member,
    renew_link,
    withdraw_invitation,
)
from kith.tenants.actions.tokens import (
    RefreshRefused,
    TokenPair,
    end_family,
    end_member_families,
    end_sessions,
    end_user_families,
    forget_expired_tokens,
    open_token_family,
    refresh_tokens,
    sign_out_everywhere,
)
from kith.tenants.actions.views import ViewInvalid, keep_columns, remove_view, save_view

__all__ = [
    "AlreadyMember", "ApiKeyLimit", "BadSlug", "LastOwner", "NewKey", "RefreshRefused",
    "RoleNotYours", "SettingRefused", "SignInPaused", "SignInRefused", "SlugTaken", "TokenPair", "UnlockGone",
    "ViewInvalid", "accept_invitation", "add_member", "ask_for_reset", "authenticate_key", "change_role",
    "check_password",
    "create_api_key", "create_tenant", "create_user", "end_family", "end_member_families", "end_sessions",
    "end_user_families", "forget_expired_tokens", "invite", "keep_columns", "open_token_family", "open_unlock",
    "password_changed", "refresh_tokens", "remove_member", "remove_view", "renew_link", "revoke_api_key", "save_view",
    "set_platform_setting",
    "set_setting", "set_settings", "sign_in", "sign_out_everywhere", "unlock", "unlock_token", "update_tenant",
    "withdraw_invitation",
]  # fmt: skip
