"""Compares the recordings of visits with the hashes that the log names."""

import hashlib

from application.adapters.log.rows import StoredRows
from application.adapters.recording_store import RecordingStore
from application.audit.findings import Kind, Report
from application.audit.named_recordings import named_in, recordings_in
from application.errors import NotFoundError


def check_recordings(
    rows: StoredRows, store: RecordingStore, report: Report, *, imported: int = 0
) -> None:
    """Look at every file that the log names, and add what is wrong to the report.

    What was removed or blanked on record is as it should be, and only counted; so are
    those of the first `imported` events: no recordings come with an import.
    """
    recordings = recordings_in(rows)
    for named in named_in(rows):
        try:
            sha256 = recordings.kept_as(named.sha256)
            if not sha256:
                report.recordings_removed += 1
                continue
            content = store.get(sha256)
        except NotFoundError:
            if recordings.has_removed(named.recorded_at):
                report.recordings_removed += 1
                continue
            if named.position <= imported:
                report.recordings_absent += 1
                continue
            text = "the recording that is named here is gone, and nothing says why"
        except OSError as error:
            text = f"the recording that is named here cannot be read: {error.strerror}"
        else:
            report.recordings += 1
            if hashlib.sha256(content).hexdigest() == sha256:
                continue
            text = "the recording that is named here was changed"
        report.add(Kind.RECORDING, named.position, named.position, text)
