"""Errors of this program, as the operator reads them."""


class FaultError(Exception):
    """A fault cannot be injected or undone here; the text is a sentence that says why."""


def sentence(error: Exception) -> str:
    """One sentence: what went wrong on this host."""
    if isinstance(error, PermissionError) and error.filename:
        return f"the SSH user may not touch {error.filename}: set ansible_become: true, for sudo"
    if isinstance(error, FaultError):
        return str(error)
    import subprocess

    if isinstance(error, subprocess.CalledProcessError):
        return "`{}` failed: {}".format(error.cmd[0], (error.stderr or b"").decode(errors="replace").strip())
    return f"{type(error).__name__}: {error}"
