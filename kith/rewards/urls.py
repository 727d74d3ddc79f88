"""Pages of referrals and what they earn: of the console and of the portal."""

from django.urls import path

from kith.rewards.pages import console, deciding, money, portal, taking

app_name = "rewards"
urlpatterns = [
    path("t/<slug:tenant>/referrals/", console.queue, name="queue"),
    path("t/<slug:tenant>/referrals/waiting/", console.waiting, name="waiting"),
    path("t/<slug:tenant>/referrals/release/", deciding.release, name="release"),
    path("t/<slug:tenant>/referrals/approve/", deciding.approve_many, name="approve_many"),
    path("t/<slug:tenant>/referrals/reject/", deciding.reject_many, name="reject_many"),
    path("t/<slug:tenant>/referrals/undo/", deciding.undo_many, name="undo_many"),
    path("t/<slug:tenant>/referrals/decided/<uuid:job_id>/", deciding.decided, name="decided"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/", console.referral, name="referral"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/approve/", deciding.approve, name="approve"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/reject/", deciding.reject, name="reject"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/undo/", deciding.undo, name="undo"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/ask/", deciding.ask, name="ask"),
    path("t/<slug:tenant>/referrals/<uuid:referral_id>/answer/", deciding.answer, name="answer"),
    path("t/<slug:tenant>/rewards/", money.rewards, name="rewards"),
    path("t/<slug:tenant>/rewards/<uuid:reward_id>/hold/", deciding.hold, name="hold"),
    path("t/<slug:tenant>/rewards/<uuid:reward_id>/release/", deciding.go_on, name="go_on"),
    path("t/<slug:tenant>/rewards/<uuid:reward_id>/take-back/", taking.take_back, name="take_back"),
    path(
        "t/<slug:tenant>/people/<uuid:participant_id>/referrals/",
        console.of_participant,
        name="of_participant",
    ),
    path("p/<slug:tenant>/", portal.home, name="portal_home"),
    path("p/<slug:tenant>/referrals/", portal.referrals_list, name="portal_referrals"),
    path("p/<slug:tenant>/referrals/<uuid:referral_id>/", portal.referral, name="portal_referral"),
    path("p/<slug:tenant>/referrals/<uuid:referral_id>/answer/", portal.answer, name="portal_answer"),
    path("p/<slug:tenant>/earnings/", portal.earnings, name="portal_earnings"),
]
