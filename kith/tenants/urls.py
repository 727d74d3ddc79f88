"""Where people sign in to an organization, and its settings."""

from django.urls import path

from kith.tenants import pages

app_name = "tenants"
urlpatterns = [
    path("", pages.home, name="home"),
    path("invitations/<str:token>/", pages.invitation, name="invitation"),
    path("unlock/<str:token>/", pages.unlock, name="unlock"),
    path("accounts/sign-out-everywhere/", pages.sign_out_everywhere, name="sign_out_everywhere"),
    path("t/<slug:tenant>/settings/", pages.settings, name="settings"),
    path("t/<slug:tenant>/settings/organization/", pages.organization, name="organization"),
    path("t/<slug:tenant>/settings/rules/", pages.rules, name="rules"),
    path("t/<slug:tenant>/settings/team/", pages.team, name="team"),
    path("t/<slug:tenant>/settings/team/<uuid:member_id>/role/", pages.member_role, name="member_role"),
    path("t/<slug:tenant>/settings/team/<uuid:member_id>/remove/", pages.member_remove, name="member_remove"),
    path(
        "t/<slug:tenant>/settings/invitations/<uuid:invitation_id>/withdraw/",
        pages.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path("t/<slug:tenant>/settings/keys/", pages.keys, name="keys"),
    path("t/<slug:tenant>/settings/keys/<uuid:key_id>/revoke/", pages.key_revoke, name="key_revoke"),
]
