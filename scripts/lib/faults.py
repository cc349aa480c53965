"""Checks that each fault, invariant and attack of Sources/Hub/Hub.docc/Faults.md is in the name of a test, and that each test which
Security.md beside it names is there.

A row that names no test says that there is none yet. Prints what is wrong; ends with status 1 then. Run by scripts/test.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTICLE = "Sources/Hub/Hub.docc/Faults.md"
SECURITY = "Sources/Hub/Hub.docc/Security.md"
NUMBERS = [f"F{n}" for n in range(1, 24)] + [f"I{n}" for n in range(1, 7)] + [f"A{n}" for n in range(1, 11)]


def names():
    """The names of tests and suites with the numbers in them, by number: the suites' files."""
    found = {}
    for path in sorted((ROOT / "Tests").rglob("*.swift")):
        text = path.read_text()
        for match in re.finditer(r'@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"', text):
            for number in re.findall(r"\b[FIA][0-9]{1,2}\b", match[1]):
                found.setdefault(number, set()).add(str(path.relative_to(ROOT / "Tests")))
    return found


def rows():
    """What the article's rows say: the number, and its tests."""
    for line in (ROOT / ARTICLE).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"[FIA][0-9]{1,2}", cells[0]):
            yield cells[0], re.findall(r"`([^`]+)`", cells[-1])


def is_there(test):
    """Whether there is a test FOLDER/FILE.FUNCTION, or a script."""
    if test.startswith("scripts/"):
        return (ROOT / test).exists()
    place, _, function = test.partition(".")
    folder, _, file = place.partition("/")
    texts = [path.read_text() for path in (ROOT / "Tests" / folder).rglob(f"{file}.swift")]
    # From one @Test to the next thing that is declared is its function.
    return any(re.search(rf"@Test\b(?:(?!\bfunc\b|@Test).)*\bfunc {function}\(", text, re.DOTALL) for text in texts)


def security():
    """What is wrong with the tables of tests that try to break what peerings promise."""
    rows = 0
    for line in (ROOT / SECURITY).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 3 or cells[2] in ("tests", "---"):
            continue
        rows += 1
        tests = re.findall(r"`([^`]+)`", cells[2])
        if not tests:
            yield f"{SECURITY}: no test is named for: {cells[0]}"
        for test in tests:
            if not is_there(test):
                yield f"{SECURITY} names {test}, which is not there"
    if rows < 30:
        yield f"{SECURITY} has {rows} rows only: is its form still understood?"


def main():
    problems = list(security())
    found = names()
    told = dict(rows())
    for number in NUMBERS:
        if number not in told:
            problems.append(f"{ARTICLE} has no row for {number}")
        elif told[number] and number not in found:
            problems.append(f"no test has {number} in its name")
        for test in told.get(number, []):
            kind = test.split()[0]
            if kind.startswith("scripts/"):
                if not (ROOT / kind).exists():
                    problems.append(f"{ARTICLE}: {number} names {kind}, which is not there")
            elif not any(f"/{kind}.swift" in f"/{file}" or file.startswith(f"{kind}/") for file in found.get(number, [])):
                problems.append(f"{ARTICLE}: {number} names {kind}, where no test has it in its name")
    for number in sorted(set(found) - set(NUMBERS)):
        problems.append(f"{number} is in the name of a test of {sorted(found[number])[0]}, and in no table")
    for problem in problems:
        print(f"Error: {problem}")
    sys.exit(1 if problems else 0)


main()
