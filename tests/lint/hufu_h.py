#!/usr/bin/env python3
"""hufu_h.py - the public header against what it promises.

Every function of hufu.h has a comment right above it, is exported by the shared
library, is called by a unit test, and is in the examples' Python binding with as
many arguments. Nothing else is exported. What an earlier version declared stands
as it was: sync/hufu/abi-1.txt has each declaration and constant on a line, and
only grows (--write adds what is new). C++ takes the header.

usage: hufu_h.py [--write] LIBRARY
"""

import re
import subprocess
import sys
from pathlib import Path

HEADER = Path("sync/hufu/hufu.h")
ABI = Path("sync/hufu/abi-1.txt")
BINDING = Path("docs/examples/hufu.py")
problems = []


def functions(text):
    """name: (declaration on one line, is it commented)"""
    found = {}
    for m in re.finditer(r"^HUFU_API (.*?);", text, re.S | re.M):
        line = " ".join(m.group(1).split())
        name = re.search(r"(hufu_\w+)\(", line).group(1)
        found[name] = line, text[: m.start()].rstrip(" \t").endswith("*/\n")
    return found


def constants(text):
    """enumerators and macros of numbers, but for those of the version"""
    lines = re.findall(r"^\t(HUFU_\w+ = \d+),", text, re.M)
    lines += [f"{n} {v}" for n, v in re.findall(r"^#define (HUFU_\w+) (\d+u?)\b", text, re.M) if "VERSION" not in n]
    callbacks = re.findall(r"^typedef (.*?);", text, re.S | re.M)
    return lines + [" ".join(c.split()) for c in callbacks]


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    # gcov's and sanitizers' own begin with __
    return {line.split()[-1] for line in out.splitlines() if not line.split()[-1].startswith("__")}


def hold(ok, what):
    if not ok:
        problems.append(what)


def check_abi(now, write):
    before = ABI.read_text().splitlines() if ABI.exists() else []
    for line in before:
        hold(line in now, f"libhufu.so.1 had '{line}': it may not change")
    added = [line for line in now if line not in before]
    if write:
        ABI.write_text("\n".join(before + added) + "\n")
    else:
        for line in added:
            hold(False, f"'{line}' is new: raise the minor version, then hufu_h.py --write")


def arguments(declaration):
    inside = re.search(r"\((.*)\)$", declaration).group(1)
    return 0 if inside == "void" else inside.count(",") + 1


def check_binding(declared):
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(BINDING.parent))
    import hufu

    hold(set(hufu.FUNCTIONS) == set(declared),
         f"{BINDING} and the header differ in {sorted(set(hufu.FUNCTIONS) ^ set(declared))}")
    text = BINDING.read_text()
    for name, (declaration, _) in declared.items():
        takes = hufu.FUNCTIONS.get(name, (None, []))[1]
        hold(len(takes) == arguments(declaration), f"{BINDING}: {name} takes {arguments(declaration)} arguments")
        hold(name.startswith("hufu_list_") or len(re.findall(rf"\b{name}\b", text)) > 1, f"{BINDING}: {name} is not used")


def main(args):
    write = "--write" in args
    library = [a for a in args if a != "--write"][0]
    text = HEADER.read_text()
    declared = functions(text)
    hold(len(declared) > 30, "hufu_h.py no longer reads the header")
    tests = "".join(p.read_text() for p in Path("tests/unit").glob("test_hufu*.c"))
    for name, (_, commented) in declared.items():
        hold(commented, f"{name} has no comment above it")
        hold(re.search(rf"\b{name}\(", tests), f"no test_hufu*.c calls {name}")
    there = exported(library)
    for name in sorted(there ^ set(declared)):
        hold(False, f"{name} is {'exported, but not declared' if name in there else 'declared, but not exported'}")
    check_abi(constants(text) + [d for d, _ in declared.values()], write)
    check_binding(declared)
    c = subprocess.run(["clang", "-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", HEADER],
                       capture_output=True, text=True)
    hold(c.returncode == 0, f"C++: {c.stderr}")
    for p in problems:
        print(f"hufu_h.py: {p}", file=sys.stderr)
    if not problems:
        print(f"hufu_h.py: ok: {len(declared)} functions")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
