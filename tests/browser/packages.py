"""Files out of npm packages, for tests only: fetched once, pinned by version and hash, never committed."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

KEPT = Path(__file__).resolve().parents[2] / ".venv" / "npm"
"""Where fetched packages lie: beside everything else that set-up fetched, gone with `make clean`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """One package as its author published it."""

    name: str
    version: str
    integrity: str
    """Subresource-integrity form, as the registry tells it: sha512 of the whole archive."""

    def file(self, path: str) -> bytes:
        """A file of it. Raises RuntimeError when the package cannot be fetched, or is not the one we pinned."""
        with tarfile.open(self._archive()) as archive:
            found = archive.extractfile(f"package/{path}")
            if found is None:
                raise RuntimeError(f"{self.name} {self.version} has no {path}")
            return found.read()

    def _archive(self) -> Path:
        kept = KEPT / f"{self.name.strip('@').replace('/', '-')}-{self.version}.tgz"
        if not kept.exists():
            self._fetch(kept)
        if _integrity(kept.read_bytes()) != self.integrity:
            kept.unlink()
            raise RuntimeError(f"{self.name} {self.version} is not what was pinned")
        return kept

    def _fetch(self, kept: Path) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("npm is missing: install it (Debian: npm)")
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            wish = [npm, "pack", "--silent", "--pack-destination", folder, f"{self.name}@{self.version}"]
            subprocess.run(wish, check=True, capture_output=True, timeout=180)
            # A rename within one folder: two runs at once never see half an archive.
            next(Path(folder).glob("*.tgz")).replace(kept)


def _integrity(body: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()


AXE = Package(
    name="axe-core",
    version="4.14.1",
    integrity="sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
)
TEAMS_JS = Package(
    name="@microsoft/teams-js",
    version="2.58.0",
    integrity="sha512-g4M1pWqdOgH4V3YjppuMzuYFcFnNk92/C0RlebTlxRIzKW0q/4QWYFBoRHt4xbDFRwHOedHueDz+I0ecpM/GaA==",
)
WECOM_JS = Package(
    name="@wecom/jssdk",
    version="2.4.4",
    integrity="sha512-CoMxyTvlpR2sz+KC+0kfnbdJj19EjJg7HAU/52LUW6dPUDEvW3NV40LNhWUnvqFg49y3zJswyGVFeraDcKc0Kw==",
)
TEAMS_JS_FILE = "dist/umd/MicrosoftTeams.min.js"
WECOM_JS_FILE = "dist/wecom.global.prod.js"


def integrity_of(body: bytes) -> str:
    """The sha384 a page names beside the address of a script."""
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
