"""Static files as browsers get them: our own styles and scripts without what only their readers need."""

from typing import Any

import rcssmin
import rjsmin
from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = "kit/"
SMALLER = {".css": rcssmin.cssmin, ".js": rjsmin.jsmin}


def smaller(name: str, content: bytes) -> bytes:
    """A style sheet or script of ours without comments and indentation; everything else as it is."""
    kind = next((end for end in SMALLER if name.endswith(end)), None)
    if kind is None or not name.startswith(OURS):
        return content
    made: bytes = SMALLER[kind](content)
    return made


class Storage(CompressedManifestStaticFilesStorage):
    """What `collectstatic` makes: small, named by content, compressed."""

    def _save(self, name: str, content: "File[Any]") -> str:
        # Chunks begin at the beginning: what was hashed before was read to its end.
        whole = b"".join(content.chunks())
        saved: str = super()._save(name, ContentFile(smaller(name, whole)))
        return saved
