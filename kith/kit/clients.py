"""Where a request comes from: the address every limit counts by."""

import ipaddress
import re

from django.http import HttpRequest

from kith.env import env

# Whoever has IPv6 has a whole network of this size, and could send each request from another address of it.
_IPV6_NETWORK = 64
# Some proxies write the port as well.
_WITH_PORT = re.compile(r"\[([^]]+)\](?::\d+)?|([\d.]+):\d+", re.ASCII)


def client_address(request: HttpRequest) -> str:
    """The caller's IPv4 address, or the IPv6 network the caller is in.

    `X-Forwarded-For` counts only as far as KITH_TRUSTED_PROXIES says: the entry that the outermost of these
    proxies wrote. Where that is missing or no address, it is the address of whoever connected.
    """
    connected = str(request.META.get("REMOTE_ADDR", ""))
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < env.trusted_proxies <= len(hops) and (told := _counted(hops[-env.trusted_proxies])):
        return told
    return _counted(connected) or connected


def _counted(text: str) -> str:
    """What an address is counted as; empty when it is none."""
    found = _WITH_PORT.fullmatch(text.strip())
    try:
        address = ipaddress.ip_address((found[1] or found[2]) if found else text.strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address.packed, _IPV6_NETWORK), strict=False).network_address)
