"""Where people sign in to an organization, and its settings."""

from django.urls import path

from kith.tenants.pages import account, entry, security, settings, team, views

app_name = "tenants"
urlpatterns = [
    path("", entry.home, name="home"),
    path("invitations/<str:token>/", entry.invitation, name="invitation"),
    path("unlock/<str:token>/", entry.unlock, name="unlock"),
    path("account/", account.account, name="account"),
    path("accounts/sign-out-everywhere/", entry.sign_out_everywhere, name="sign_out_everywhere"),
    path("accounts/code/", security.code_ask, name="code_ask"),
    path("accounts/code/confirm/", security.code_confirm, name="code_confirm"),
    path("accounts/security/", security.security, name="security"),
    path("accounts/sessions/end/", security.sessions_end, name="sessions_end"),
    path("accounts/sessions/<int:session_id>/end/", security.session_end, name="session_end"),
    path("t/<slug:tenant>/settings/", settings.settings, name="settings"),
    path("t/<slug:tenant>/settings/organization/", settings.organization, name="organization"),
    path("t/<slug:tenant>/settings/brand/", settings.brand, name="brand"),
    path("t/<slug:tenant>/settings/languages/", settings.languages, name="languages"),
    path("brands/<slug:slug>/<str:name>.png", settings.logo, name="logo"),
    path("t/<slug:tenant>/settings/rules/", settings.rules, name="rules"),
    path("t/<slug:tenant>/settings/addresses/", settings.addresses, name="addresses"),
    path("t/<slug:tenant>/settings/signin/", security.signin, name="signin"),
    path(
        "t/<slug:tenant>/settings/team/<uuid:member_id>/second-factor/",
        security.factor_reset,
        name="factor_reset",
    ),
    path("t/<slug:tenant>/settings/team/", team.team, name="team"),
    path("t/<slug:tenant>/settings/team/<uuid:member_id>/role/", team.member_role, name="member_role"),
    path("t/<slug:tenant>/settings/team/<uuid:member_id>/remove/", team.member_remove, name="member_remove"),
    path(
        "t/<slug:tenant>/settings/invitations/<uuid:invitation_id>/withdraw/",
        team.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path(
        "t/<slug:tenant>/settings/invitations/<uuid:invitation_id>/resend/",
        team.invitation_resend,
        name="invitation_resend",
    ),
    path("t/<slug:tenant>/views/", views.view_save, name="view_save"),
    path("t/<slug:tenant>/views/columns/", views.columns, name="columns"),
    path("t/<slug:tenant>/views/<uuid:view_id>/remove/", views.view_remove, name="view_remove"),
    path("t/<slug:tenant>/settings/keys/", team.keys, name="keys"),
    path("t/<slug:tenant>/settings/keys/<uuid:key_id>/revoke/", team.key_revoke, name="key_revoke"),
]
