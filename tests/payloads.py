"""Texts that would do harm if a page took any of them for more than text; HOST is where they try to reach."""

from __future__ import annotations

HOST = "HOST"
PAYLOADS = [
    "![x](http://HOST/image.png)",
    "[click](javascript:window.hit=1) [x](http://HOST/link)",
    "[ref][1]\n\n[1]: http://HOST/ref",
    "http://HOST/bare.png and www.HOST/bare and mail@HOST.example",
    "<http://HOST/auto> <script>window.hit=1</script>",
    '<img src=http://HOST/img.png onerror="window.hit=1">',
    '"><svg onload=window.hit=1><image href=http://HOST/svg.png />',
    "<iframe src=http://HOST/frame></iframe><object data=http://HOST/object></object>",
    "<form action=http://HOST/form><button autofocus onfocus=window.hit=1>Press</button></form>",
    "<style>@font-face{font-family:x;src:url(http://HOST/font)} body{background:url(http://HOST/css)}</style>",
    '<div style="position:fixed;inset:0;background:url(http://HOST/fixed)">covered</div>',
    "<link rel=stylesheet href=http://HOST/sheet><base href=http://HOST/><meta http-equiv=refresh content=0;url=http://HOST/>",
    "<video src=http://HOST/video autoplay></video><audio src=http://HOST/audio autoplay></audio>",
    "&lt;img src=x onerror=window.hit=1&gt; &#60;script&#62;window.hit=1&#60;/script&#62; &amp;#60;b&amp;#62;",
    "$$\\href{javascript:window.hit=1}{x} \\includegraphics{http://HOST/tex.png}$$ \\(x\\) \\[y\\]",
    "```mermaid\ngraph LR; A[<img src=http://HOST/mermaid>]-->B\n```",
    "${window.hit=1} {{constructor.constructor('window.hit=1')()}} {{#each this}}x{{/each}} <% window.hit=1 %>",
    "`code` ``` ~~~ **bold** __bold__ *em* _em_ ~~gone~~ # head\n# head\n> quote\n- item\n1. item\n| a | b |\n|---|",
    "\u202eopposite\u202c \u2066isolated\u2069 \u200eleft \u200fright",
    "%%%LATEX_BLOCK_0%%% <thinking>x</thinking> :smile: [^1] - [ ] task",
    "#cite-0-0-1-0000000000000000 [\\[1\\]](#cite-0-0-1-0000000000000000) \u00a0[9]",
    "\\ \\\\ \\[ \\` \\* \\<b\\> \\&lt;",
    "supercalifragilistic" * 25,
]
