"""Prints how many names of a list the typosquat detector flags, by kind of slip.

    python evals/squat_rate.py pypi names.txt

`names.txt` has a name a line, drawn at random from an index: the share that is flagged is the chance rate.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from packamal.detectors.popular import normalised, popular
from packamal.detectors.typosquat import squat_of


def main() -> None:
    """Count, and show some of each kind."""
    ecosystem, path = sys.argv[1:3]
    known = popular(ecosystem)
    names = [name.strip() for name in Path(path).read_text("utf-8").splitlines() if name.strip()]
    strangers = [name for name in names if known and normalised(name, ecosystem) not in known.names]
    found = [(name, squat) for name in strangers if (squat := squat_of(name, ecosystem))]
    share = 100 * len(found) / max(1, len(strangers))
    print(f"{len(names):,} names, {len(strangers):,} not popular, {len(found):,} flagged ({share:.2f} %)")
    for slip, count in Counter(squat.slip for _, squat in found).most_common():
        examples = [f"{name} ({squat.name})" for name, squat in found if squat.slip is slip]
        print(f"{count:6,}  {slip}: {', '.join(examples[:6])}")


if __name__ == "__main__":
    main()
