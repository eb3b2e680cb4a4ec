"""Folders that a command makes anew: what it has made there before goes, and nobody else's files do."""

from pathlib import Path


def require_ours(folder: Path, made: str) -> None:
    """`made`: a file that the command has put into each folder of its own. Raises FileExistsError for a folder that
    holds something, and not this."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / made).exists():
        raise FileExistsError(
            f"{folder} holds what this command has not made and would remove: name another folder, or empty it"
        )
