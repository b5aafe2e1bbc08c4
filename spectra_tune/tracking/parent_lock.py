"""A study's lock on its parent MLflow run."""

from spectra_tune.tracking.store import client_of, in_one_line

TAG = "spectra_tune.lock"


class ParentLock:
    """A tag of the parent, while the study runs. MLflow has no exclusive create of tags."""

    exclusive = False

    def __init__(self, uri: str, run_id: str):
        self._client, self._run_id = client_of(uri), run_id

    @in_one_line
    def read(self) -> str | None:
        return self._client.get_run(self._run_id).data.tags.get(TAG)

    @in_one_line
    def create(self, text: str) -> bool:
        if self.read() is not None:
            return False
        self.write(text)
        return True

    @in_one_line
    def write(self, text: str) -> None:
        self._client.set_tag(self._run_id, TAG, text)

    @in_one_line
    def remove(self) -> None:
        self._client.delete_tag(self._run_id, TAG)
