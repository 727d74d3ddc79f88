"""What makes the portal an app on the phone: manifest, icons, service worker, and a page for no connection."""

import functools
import io
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from PIL import Image, ImageDraw, ImageFont

from kith.kit import html
from kith.kit.errors import NotFound
from kith.kit.html import on_brand
from kith.kit.templatetags.kit import initials
from kith.tenants.access import public

SIZES = (180, 192, 512)
_SHOWN = {"Cache-Control": "public, max-age=86400"}


@require_safe
@public("names and colors that the sign-in page shows as well")
def manifest(request: Any, tenant: str) -> JsonResponse:
    """What a phone needs to know to put the portal among its apps."""
    row, home = request.tenant, reverse("rewards:portal_home", args=[tenant])
    icons = [
        {
            "src": reverse("participants:portal_icon", args=[tenant, size]), "sizes": f"{size}x{size}",
            "type": "image/png", "purpose": purpose,
        }
        for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
    ]  # fmt: skip
    found = {
        "id": home, "name": row.name, "short_name": row.name[:12].strip(), "start_url": home, "scope": home,
        "display": "standalone", "background_color": "#ffffff", "theme_color": row.brand, "icons": icons,
        "lang": request.LANGUAGE_CODE, "description": _("Your link, your referrals, your earnings."),
        "shortcuts": [
            {"name": _("Share"), "url": reverse("referrals:portal_share", args=[tenant])},
            {"name": _("Earnings"), "url": reverse("rewards:portal_earnings", args=[tenant])},
        ],
    }  # fmt: skip
    return JsonResponse(found, content_type="application/manifest+json", headers=_SHOWN)


@require_safe
@public("drawn from name and color of the organization")
def icon(request: Any, tenant: str, size: int) -> HttpResponse:
    """The organization's mark, filled to the edges so that phones may cut any shape out of it."""
    if size not in SIZES:
        raise NotFound
    drawn = _drawn(initials(request.tenant.name), request.tenant.brand, size)
    return HttpResponse(drawn, content_type="image/png", headers=_SHOWN)


@functools.lru_cache(maxsize=256)
def _drawn(letters: str, color: str, size: int) -> bytes:
    picture = Image.new("RGB", (size, size), color)
    found = finders.find("kit/fonts/inter-latin.woff2")
    font = ImageFont.truetype(str(found), int(size * 0.4))
    font.set_variation_by_axes([680])
    ImageDraw.Draw(picture).text((size / 2, size / 2), letters, fill=on_brand(color), font=font, anchor="mm")
    out = io.BytesIO()
    picture.save(out, format="PNG", optimize=True)
    return out.getvalue()


@require_safe
@public("a program that holds no data")
def worker(request: Any, tenant: str) -> HttpResponse:
    """The service worker; asked for anew at each visit."""
    script = render_to_string("participants/portal/sw.js", {"tenant": request.tenant}, request)
    return HttpResponse(script, content_type="text/javascript; charset=utf-8", headers={
        "Cache-Control": "no-cache", "Service-Worker-Allowed": reverse("rewards:portal_home", args=[tenant]),
        # The policy of a worker is its own: it may fetch from this site, and nothing else.
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    })  # fmt: skip


@require_safe
@public("says only that there is no connection")
def offline(request: Any, tenant: str) -> HttpResponse:
    """What is shown where nothing was kept."""
    return html.page(request, "participants/portal/offline.html")
