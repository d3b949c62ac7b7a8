"""Everything that would be applied, as files or as one text, and a folder that follows it."""

from spidercli.exporting.folder import Revision, compare
from spidercli.exporting.manifests import File, ccm_manifests, files, manifests, names, stream

__all__ = ["File", "Revision", "ccm_manifests", "compare", "files", "manifests", "names", "stream"]
