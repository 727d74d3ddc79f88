"""Where a request comes from: the address every limit counts by."""

from django.http import HttpRequest

from kith.env import env


def client_address(request: HttpRequest) -> str:
    """The caller's address; `X-Forwarded-For` counts only as far as KITH_TRUSTED_PROXIES says."""
    if env.trusted_proxies:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= env.trusted_proxies:
            return hops[-env.trusted_proxies]
    return str(request.META.get("REMOTE_ADDR", ""))
