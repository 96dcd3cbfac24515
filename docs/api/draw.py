#!/usr/bin/env python3
"""draw.py - a draw from its commitment to a paper that anybody can verify.

usage: HUFU_URL=https://... HUFU_TOKEN=... draw.py commit SCOPE COUNT DUE SOURCE SEED_AT
       HUFU_URL=https://... HUFU_TOKEN=... draw.py run SCOPE DRAW SEED PAPER

Between the two the commitment is published, and the seed comes into being: no one
may know it before. `docs/verify_draw.py PAPER` then repeats the draw.
"""
import json
import sys

from ask import ask

what, scope = sys.argv[1:3]
if what == "commit":
    count, due, source, seed_at = sys.argv[3:7]
    made = ask("POST", f"/v1/draws?scope={scope}",
               {"count": int(count), "due": due, "seed_source": source, "seed_at": seed_at})
    print(made["id"], made["state"], made["commitment"])
else:
    draw, seed, paper = sys.argv[3:6]
    at = f"/v1/draws/{draw}"
    seen = ask("GET", f"{at}?scope={scope}")
    seen = ask("POST", f"{at}/reveal?scope={scope}", {"seed": seed}, seen["etag"])
    print(ask("POST", f"{at}/run?scope={scope}", None, seen["etag"])["assigned"], "assigned")
    with open(paper, "w", encoding="utf-8") as out:
        json.dump(ask("GET", f"{at}/paper"), out, ensure_ascii=False)
    print("the log says the same:", ask("GET", f"{at}/verify?scope={scope}")["holds"])
