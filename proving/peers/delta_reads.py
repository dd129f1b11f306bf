"""Reads every version of every table of a lake with PyPI's deltalake, and counts rows.

Argument: the lake's folder. Standard input: the manifests, as `trimtab data ls --json` gives them.
Ends with an error where a count is not the sum of the appends up to that version.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

from deltalake import DeltaTable, __version__

lake = Path(sys.argv[1])
appends = defaultdict(dict)
for manifest in json.load(sys.stdin):
    appends[manifest["table"]][manifest["version"]] = manifest["rows"]

wrong = read = 0
for table, rows in sorted(appends.items()):
    wanted = 0
    for version in range(max(rows) + 1):
        wanted += rows.get(version, 0)
        found = DeltaTable(lake / table, version=version).count()
        read += 1
        if version in rows and found != wanted:
            wrong += 1
            print(f"{table} version {version}: {found} rows, {wanted} were appended")
print(f"deltalake {__version__} read {read} versions of {len(appends)} tables, {wrong} wrong")
sys.exit(1 if wrong else 0)
