"""What was rendered, without contents: the JSON contract opskit/render/1."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.render.files import RenderedHost


class RenderedPath(BaseModel):
    """One file; diff is set by --diff, "" where the host has it as rendered. Secrets are masked in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    path: str
    owner: str
    group: str
    mode: str
    sha256: str
    unit: str
    effect: str
    diff: str | None = None


class Rendered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["opskit/render/1"] = Field(default="opskit/render/1", alias="schema")
    cluster: str
    files: tuple[RenderedPath, ...]

    def with_differences(self, differences: Mapping[str, Mapping[str, str]]) -> "Rendered":
        """The same with each file's diff, by host and path."""
        files = (file.model_copy(update={"diff": differences[file.host].get(file.path, "")}) for file in self.files)
        return self.model_copy(update={"files": tuple(files)})


def rendered_result(cluster: str, rendered: Mapping[str, RenderedHost]) -> Rendered:
    return Rendered(
        cluster=cluster,
        files=tuple(
            RenderedPath(
                host=host,
                path=file.path,
                owner=file.owner,
                group=file.group,
                mode=file.mode,
                sha256=file.sha256,
                unit=file.unit,
                effect=file.effect,
            )
            for host, found in rendered.items()
            for file in found.files
        ),
    )
