"""Addresses of referrals; `/r/` paths get no session and no transaction from the middleware."""

from django.urls import path

from kith.referrals.pages import console, public

app_name = "referrals"

urlpatterns = [
    path("r/<str:code>", public.follow_link, name="follow"),
    path("r/<str:code>/qr.svg", public.qr_code, {"kind": "svg"}, name="qr_svg"),
    path("r/<str:code>/qr.png", public.qr_code, {"kind": "png"}, name="qr_png"),
    path("r/<str:code>/welcome", public.welcome, name="welcome"),
    path("r/<str:code>/thanks", public.thanks, name="thanks"),
    path("t/<slug:tenant>/referrals/new/", console.create, name="create"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/note/", console.note, name="note"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/move/", console.move, name="move"),
]
