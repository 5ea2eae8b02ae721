# SPDX-License-Identifier: MIT
"""What is measured: an operation on a dataset."""

from dataclasses import dataclass

OPERATIONS = ("copy", "move", "delete", "verify")


@dataclass(frozen=True)
class Work:
    operation: str
    dataset: str

    def reads_source(self) -> bool:
        return self.operation != "delete"

    def consumes(self) -> bool:
        """It leaves less than it found, so each run needs a tree of its own."""
        return self.operation in ("move", "delete")

    def needs_copy(self) -> bool:
        """It finds a copy at the destination."""
        return self.operation == "verify"


WORKS = {f"{operation}-{dataset}": Work(operation, dataset) for operation, dataset in (
    ("copy", "small"), ("copy", "real"), ("copy", "flat"), ("copy", "media"), ("copy", "large"),
    ("copy", "sparse"), ("copy", "empty"),
    ("delete", "small"), ("delete", "wide"), ("delete", "deep"), ("delete", "flat"),
    ("move", "small"), ("move", "large"),
    ("verify", "small"), ("verify", "large"))}
