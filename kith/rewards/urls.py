"""Pages of referrals and what they earn: of the console and of the portal."""

from django.urls import path

from kith.rewards.pages import console as pages
from kith.rewards.pages import portal

app_name = "rewards"
urlpatterns = [
    path("t/<slug:tenant>/referrals/", pages.queue, name="queue"),
    path("t/<slug:tenant>/referrals/release/", pages.release, name="release"),
    path("t/<slug:tenant>/referrals/approve/", pages.approve_many, name="approve_many"),
    path("t/<slug:tenant>/referrals/reject/", pages.reject_many, name="reject_many"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/", pages.referral, name="referral"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/approve/", pages.approve, name="approve"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/reject/", pages.reject, name="reject"),
    path(
        "t/<slug:tenant>/people/<uuid:participant_id>/referrals/", pages.of_participant, name="of_participant"
    ),
    path("p/<slug:tenant>/", portal.home, name="portal_home"),
    path("p/<slug:tenant>/referrals/", portal.referrals_list, name="portal_referrals"),
    path("p/<slug:tenant>/referrals/<uuid:referral_id>/", portal.referral, name="portal_referral"),
    path("p/<slug:tenant>/referrals/<uuid:referral_id>/answer/", portal.answer, name="portal_answer"),
    path("p/<slug:tenant>/earnings/", portal.earnings, name="portal_earnings"),
]
