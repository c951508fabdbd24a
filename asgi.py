"""The pages with the API beside them, in one process: ``python -m dnag app --api``, or ``streamlit run asgi.py``."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from dnag.api import LOOPBACK, Api, Guard


def hosts() -> frozenset[str]:
    """Names by which this server may be called, so that no other name can be pointed at this computer; none: any."""
    named = frozenset(st.get_option("server.allowedHosts") or ())
    return named | LOOPBACK if st.get_option("server.address") in LOOPBACK else named


api = Api(Guard(token=os.environ.get("DNAG_API_TOKEN", ""), hosts=hosts))
app = st.App(Path(__file__).with_name("app.py"), routes=api.routes(), lifespan=api.lifespan)
