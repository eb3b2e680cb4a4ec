"""A backup of the embedded PostgreSQL by its own tool, the loss of all it has, and what is put back of it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Backup:
    folder: Path
    uid: int  # whom the server's folder belongs to
    gid: int
    at: datetime  # when it was begun, by the clock of the town

    @classmethod
    def taken(cls, server: Any, folder: Path, at: datetime) -> "Backup":
        """`pg_basebackup`, while the database works."""
        command = [str(Path(server.bin_path, "pg_basebackup")), "--dbname", server.get_uri(), "--pgdata", str(folder)]
        command += ["--checkpoint", "fast", "--wal-method", "stream"]
        subprocess.run(command, check=True, capture_output=True)
        owner = Path(server.pgdata).stat()
        return cls(folder, owner.st_uid, owner.st_gid, at)

    def put_back(self, server: Any) -> None:
        """In the place of what is lost; it runs then."""
        target = Path(server.pgdata)
        assert not target.exists()
        shutil.copytree(self.folder, target, symlinks=True)
        for place, _, files in os.walk(target):
            for name in (".", *files):
                os.chown(Path(place, name), self.uid, self.gid)
        server.start()
