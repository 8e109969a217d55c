"""The doctor: looks at a running Parley and says what is wrong, and how to mend it.

Python's standard library and psql, nothing else. `./parley doctor` looks at the system of this folder; elsewhere:

    python3 deploy/doctor --url https://chat.example --service auth-service=http://10.0.0.5:9101 … \\
        --database-url-file /run/secrets/database_url --redis-url-file /run/secrets/redis_url
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter

import check_services  # noqa: F401  in the order in which they run
import check_edge  # noqa: F401
import check_sockets  # noqa: F401
import check_database  # noqa: F401
import check_replication  # noqa: F401
import check_redis  # noqa: F401
import check_files  # noqa: F401
import check_kernel  # noqa: F401
import installation
from findings import CHECKS, Finding, as_json, as_line, failed, run, summary


def parse() -> Namespace:
    parser = ArgumentParser("parley doctor", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--home", metavar="DIR", help="of a ./parley up: all the rest is found there")
    add("--url", help="the edge, as browsers see it")
    add("--service", action="append", default=[], metavar="NAME=URL", help="an internal listener; repeat it")
    add("--database-url-file", metavar="FILE", help="or PARLEY_DATABASE_URL; a role with pg_monitor sees more")
    add("--redis-url-file", metavar="FILE", help="or PARLEY_REDIS_URL")
    add("--secret-file", action="append", default=[], metavar="FILE", help="a secret to look at; repeat it")
    add("--account", metavar="FILE", help="user name and password, a line each: idle sockets are watched for longer")
    add("--ca", metavar="FILE", help="trust this certificate authority for the edge")
    add("--data", metavar="DIR", help="where PostgreSQL keeps its data, if on this machine")
    add("--backups", metavar="DIR", help="where the dumps are; none: made by something else")
    add("--backup-hours", type=float, default=26, metavar="N", help="a backup older than that is too old (26)")
    add("--disk-free", type=float, default=10, metavar="PERCENT", help="less is wrong, less than twice a warning (10)")
    add("--certificate-days", type=float, default=14, metavar="N", help="warn when it ends within so many days (14)")
    add("--idle", type=float, metavar="SECONDS", help="how long a socket says nothing (6; 25 with --account)")
    add("--only", metavar="CHECK,…", help=f"of: {', '.join(CHECKS)}")
    add("--json", action="store_true", help="for programs; exit code as always: 0 nothing is wrong, 1 something is")
    return parser.parse_args()


def main() -> int:
    options = parse()
    names = options.only.split(",") if options.only else list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        print(f"there is no check {', '.join(unknown)}; there are {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    found = installation.find(options)
    if found.is_empty:
        print("nothing to look at: start it (./parley up), or say where it is (--url, --service, …)", file=sys.stderr)
        return 2
    findings: list[Finding] = []
    for finding in run(found, names):
        findings.append(finding)
        if not options.json:
            print(as_line(finding), flush=True)
    print(as_json(findings) if options.json else f"\n{summary(findings)}")
    return 1 if failed(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
