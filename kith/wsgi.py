"""The WSGI application that every web server process loads."""

import os

from django.core.wsgi import get_wsgi_application

from kith.commands import _installation
from kith.kit import bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kith.settings")
_installation.resolve()
application = bodies.whole(get_wsgi_application())
