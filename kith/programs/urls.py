"""Addresses of programs, their campaigns, rewards, landing pages and pictures."""

from django.urls import path

from kith.programs.pages import landing, programs, public, schemes

app_name = "programs"

_ALL = "t/<slug:tenant>/programs/"
_ONE = f"{_ALL}<uuid:program_id>/"

urlpatterns = [
    path(_ALL, programs.program_list, name="list"),
    path(f"{_ALL}new/", programs.create, name="create"),
    path(f"{_ALL}sponsors/", schemes.sponsors, name="sponsors"),
    path(f"{_ALL}sponsors/<uuid:sponsor_id>/", schemes.sponsor, name="sponsor"),
    path(_ONE, programs.detail, name="detail"),
    path(f"{_ONE}edit/", programs.edit, name="edit"),
    path(f"{_ONE}status/<slug:status>/", programs.status, name="status"),
    path(f"{_ONE}budget/", programs.budget, name="budget"),
    path(f"{_ONE}rewards/new/", schemes.promise, name="promise"),
    path(f"{_ONE}rewards/<uuid:rule_id>/", schemes.reward, name="reward"),
    path(f"{_ONE}campaigns/new/", schemes.campaign_create, name="campaign_create"),
    path(f"{_ONE}campaigns/<uuid:campaign_id>/", schemes.campaign, name="campaign"),
    path(f"{_ONE}campaigns/<uuid:campaign_id>/end/", schemes.campaign_end, name="campaign_end"),
    path(f"{_ONE}landing/", landing.edit, name="landing"),
    path(f"{_ONE}landing/preview/", landing.preview, name="landing_preview"),
    path(f"{_ONE}landing/publish/", landing.publish, name="landing_publish"),
    path(f"{_ONE}landing/discard/", landing.discard, name="landing_discard"),
    path(f"{_ONE}landing/restore/<int:number>/", landing.restore, name="landing_restore"),
    path(f"{_ONE}share/", landing.share, name="share"),
    path(f"{_ONE}share/preview/", landing.share_preview, name="share_preview"),
    path("pictures/<slug:slug>/<uuid:picture_id>.webp", public.picture, name="picture"),
]
