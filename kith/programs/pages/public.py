"""Pictures of landing pages, which anybody may see."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kith.kit import files, tenancy
from kith.kit.actors import PUBLIC
from kith.kit.errors import NotFound
from kith.programs import access
from kith.tenants.access import public
from kith.tenants.models import Tenant
from kith.tenants.queries import get_tenant

# A picture never changes: another one has another address.
_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


@public("pictures of public landing pages")
@require_safe
def picture(request: HttpRequest, slug: str, picture_id: UUID) -> HttpResponse:
    """The picture as Kith wrote it. Raises NotFound."""
    try:
        owner = get_tenant(slug)
    except Tenant.DoesNotExist:
        raise NotFound from None
    with tenancy.use(owner.id, actor=PUBLIC):
        found = access.picture(picture_id)
        with files.opened(found.file) as content:
            body = content.read()
    return HttpResponse(body, content_type=found.content_type, headers=_FOR_GOOD)
