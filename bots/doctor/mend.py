"""What the doctor may mend by itself: what is on this machine, and what the hub would do at its start anyway."""

from __future__ import annotations

from bots.doctor.report import Report
from bots.doctor.visit import Patient
from bots.settings import DatabaseSettings
from storage import health, migrations


def mend(found: Report, patient: Patient) -> list[str]:
    """Mend what is wrong and local; the ids that were. Blocks. Raises OSError, Unavailable."""
    wrong = {f.id for f in found.findings if f.state == "wrong"}
    done = []
    if "S06" in wrong:
        for path in patient.secret_files:
            if health.readable_by_others(path):
                path.chmod(0o600)
        done.append("S06")
    may = patient.loaded.section("database", DatabaseSettings).upgrade
    if "D01" in wrong and may and health.schema(patient.url).found not in ("", migrations.head()):
        migrations.upgrade(patient.url)
        done.append("D01")
    return done
