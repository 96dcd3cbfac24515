#!/usr/bin/env python3
"""served.py - the document that a fresh server serves. usage: served.py HUFUD"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402

server = Server(sys.argv[1])
try:
    server.start()
    status, _, body = server.ask("GET", "/v1/openapi.json")
    server.stop()
finally:
    server.close()
if status != 200:
    sys.exit(f"GET /v1/openapi.json answers {status}")
sys.stdout.buffer.write(body)
