"""Addresses of referrals; `/r/` paths get no session and no transaction from the middleware."""

from django.urls import path

from kith.referrals.pages import cards, console, portal, public, sites

app_name = "referrals"

urlpatterns = [
    path("r/", public.find_code, name="find"),
    path("r/<str:code>", public.follow_link, name="follow"),
    path("r/<str:code>/card.png", cards.card, name="card"),
    path("r/<str:code>/qr.svg", public.qr_code, {"kind": "svg"}, name="qr_svg"),
    path("r/<str:code>/qr.png", public.qr_code, {"kind": "png"}, name="qr_png"),
    path("r/<str:code>/welcome", public.welcome, name="welcome"),
    path("r/<str:code>/thanks", public.thanks, name="thanks"),
    path("t.js", sites.script, {"name": "t.js"}, name="snippet"),
    path("w.js", sites.script, {"name": "w.js"}, name="widget"),
    path("s/<str:key>/offer", sites.offer, name="site_offer"),
    path("s/<str:key>/click", sites.click, name="site_click"),
    path("s/<str:key>/lead", sites.lead, name="site_lead"),
    path("t/<slug:tenant>/settings/sites/", console.sites, name="sites"),
    path("t/<slug:tenant>/settings/sites/<uuid:site_id>/", console.site, name="site"),
    path("t/<slug:tenant>/settings/sites/<uuid:site_id>/revoke/", console.site_revoke, name="site_revoke"),
    path("t/<slug:tenant>/referrals/new/", console.create, name="create"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/note/", console.note, name="note"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/move/", console.move, name="move"),
    path("p/<slug:tenant>/share/", portal.share, name="portal_share"),
    path("p/<slug:tenant>/share/poster/", portal.poster, name="portal_poster"),
]
