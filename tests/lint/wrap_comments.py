#!/usr/bin/env python3
"""Breaks comment lines that are wider than 120 columns; clang-format sees to the code.

usage: wrap_comments.py FILE...

A line of a block comment that is too wide ends at the last space that fits. What is left over goes to the front of the
next line when that continues the same paragraph, else to a line of its own.
"""
import re
import sys

WIDTH = 120
FIELD = re.compile(r"// [a-z]+: ")  # of the header of a test program: one line each
LINE = re.compile(r"^(\s*)(/\*|\*|//)( +)(?=\S)")


def continues(line, prefix_width):
    """True if `line` goes on with a paragraph whose text begins at column prefix_width."""
    match = LINE.match(line)
    if not match or match.group(2) == "/*" or match.end() != prefix_width:
        return False
    return not re.match(r"[-*@#]|\*/|\d+\.", line[match.end():])


def wrap(lines):
    lines = list(lines)
    i = 0
    while i < len(lines):
        line = lines[i]
        match = LINE.match(line)
        if not match or len(line) <= WIDTH or FIELD.match(line):
            i += 1
            continue
        cut = line.rfind(" ", match.end() + 1, WIDTH + 1)
        if cut > 0 and line[cut + 1:] == "*/": # not alone on a line
            cut = line.rfind(" ", match.end() + 1, cut)
        if cut < 0:
            i += 1
            continue
        rest = line[cut + 1:]
        lines[i] = line[:cut].rstrip()
        marker = "//" if match.group(2) == "//" else " *" if match.group(2) == "/*" else "*"
        prefix = match.group(1) + marker
        item = re.match(r"(- |\d+\. )", line[match.end():])
        prefix += " " * (match.end() - len(prefix) + (len(item.group(0)) if item else 0))
        following = lines[i + 1] if i + 1 < len(lines) else ""
        is_sample = len(match.group(3)) >= 4
        if not is_sample and not line.rstrip().endswith("*/") and continues(following, len(prefix)):
            lines[i + 1] = prefix + rest + " " + following[len(prefix):]
        else:
            lines.insert(i + 1, prefix + rest)
        i += 1
    return lines


def main():
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            before = file.read().split("\n")
        after = wrap(before)
        if after != before:
            with open(name, "w", encoding="utf-8") as file:
                file.write("\n".join(after))
            print(f"wrapped comments of {name}")


if __name__ == "__main__":
    main()
