"""`opskit render`: every file of every host, written to a folder or compared with the hosts."""

from pathlib import Path
from secrets import token_hex
from typing import Annotated

import typer

from opskit.cli.state import State, finish, say_to_stderr
from opskit.errors import Exit

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def render(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Write the files below this folder, one folder a host.")] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show how the hosts differ, secrets masked. Reads only.")
    ] = False,
    manifest: Annotated[
        Path | None, typer.Option(help="Write the private manifest that playbooks/deploy.yml reads.", hidden=True)
    ] = None,
) -> None:
    """Render every file of every host on this machine.

    Without an option it lists them. Rendered files may hold secrets: what --out writes is readable by you alone.

    Example: `opskit -i inventories/lab render --out rendered`
    """
    from opskit.deploy import manifest as manifests
    from opskit.deploy.run import prepare
    from opskit.deploy.survey import survey
    from opskit.plan.judge import accept
    from opskit.render.out import write_tree
    from opskit.render.present import listing, present_differences
    from opskit.render.result import Rendered, rendered_result

    state: State = ctx.obj
    cluster, _ = accept(state.required_inventories())
    prepared = prepare(cluster, say_to_stderr)
    if manifest:
        run = f"ansible-{token_hex(3)}"
        manifests.write(manifest, run, cluster, prepared.rendered, prepared.servers, prepared.clients)
    if out:
        write_tree(out, prepared.rendered)
    result: Rendered = rendered_result(cluster.name, prepared.rendered)
    if diff:
        surveyed = survey(cluster, prepared.rendered, prepared.servers, prepared.clients)
        differences = {plan.host: {file.path: file.diff for file in plan.files} for plan in surveyed.plans}
        finish(state, result.with_differences(differences), list(present_differences(differences)), Exit.HOLDS)
    finish(state, result, list(listing(result, out)), Exit.HOLDS)
