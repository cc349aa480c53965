"""Counts the tests in event streams of swift test (--event-stream-output-path): prints "PASSED FAILED", and on standard
error each test that failed. A test that began and never ended, because the process died, has failed."""

import json
import sys


def verdicts(path):
    """Whether each test function that began has passed, by its id."""
    names, begun, ended, bad = {}, [], set(), set()
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # The last line of a process that died.
            payload = record.get("payload", {})
            if record.get("kind") == "test":
                if payload.get("kind") == "function":
                    names[payload["id"]] = payload.get("displayName") or payload["name"]
                continue
            test = payload.get("testID")
            kind = payload.get("kind")
            if kind == "testStarted":
                begun.append(test)
            elif kind == "testEnded":
                ended.add(test)
            elif kind == "issueRecorded":
                issue = payload.get("issue", {})
                if not issue.get("isKnown") and issue.get("isFailure", True) and issue.get("severity") != "warning":
                    bad.add(test)
    functions = {test for test in begun if test in names}
    # An issue outside of any test function, such as in a suite, counts as one failure of its own.
    elsewhere = {test for test in bad if test not in functions}
    failed = {test for test in functions if test in bad or test not in ended}
    for test in sorted(failed | elsewhere, key=str):
        said = "did not end" if test not in ended and test not in elsewhere else "failed"
        print(f"{said}: {names.get(test, test)}  ({test})", file=sys.stderr)
    return len(functions) - len(failed), len(failed) + len(elsewhere)


def main():
    passed = failed = 0
    for path in sys.argv[1:]:
        try:
            good, bad = verdicts(path)
        except OSError:
            continue
        passed, failed = passed + good, failed + bad
    print(passed, failed)


main()
