"""HTML: the denoising with the player itself, in one file that asks nothing of any other place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from dnag.exports.base import Subject, TrajectoryExporter, exporters
from dnag.player import HOST, SCRIPT, STYLE, player_data

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; background: #ffffff; }}
main {{ max-width: 1080px; margin: 0 auto; padding: 24px 16px; }}
h1 {{ margin: 0 0 16px; font: 650 22px/1.3 system-ui, sans-serif; color: #0f1419; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #0f1218; }} h1 {{ color: #eef1f5; }} }}
{style}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
{host}
</main>
<script type="application/json" id="trajectory">{data}</script>
<script type="module">
{script}
mount(document.querySelector(".dnag-player-host"), JSON.parse(document.getElementById("trajectory").textContent));
</script>
</body>
</html>
"""


@exporters.register("html")
class HtmlPage(TrajectoryExporter):
    """The player of the app, light or dark as the reader's system is; opens from the disk, offline."""

    label = "HTML player"
    about = "The denoising with the player, in one file that plays offline."
    suffix = ".html"
    media_type = "text/html"

    def content(self, subject: Subject) -> bytes:
        assert subject.trajectory is not None
        return page({**subject.trajectory, **subject.words}, subject.space.label, subject.language).encode()


def page(trajectory: Mapping[str, Any], heading: str, language: str = "en") -> str:
    """A page that shows one trajectory (``dnag.player.validate_payload`` says what that is), whose words are in the
    ``language``.
    """
    data = player_data({**trajectory, "autoplay": True})
    return _PAGE.format(
        language=escape(language),
        policy=_POLICY,
        title=escape(f"{heading}: {data['title']}"),
        heading=escape(heading),
        style=STYLE,
        host=HOST,
        data=embedded(data),
        script=SCRIPT,
    )


def embedded(data: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element or begin a comment."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
