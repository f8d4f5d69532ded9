"""How reports look: the style of a page and a card, and what redraws the pictures for a printer."""

from __future__ import annotations

from workbench import look

STYLE = """
.wb,.wb *{box-sizing:border-box;scrollbar-color:var(--wb-line) transparent;scrollbar-width:thin}
.wb{background:var(--wb-bg-0);color:var(--wb-text);font:13px/18px var(--wb-sans);-webkit-font-smoothing:antialiased}
.wb-page{max-width:1120px;margin:0 auto;padding:24px 20px 48px}
.wb h1{font-size:22px;line-height:28px;font-weight:600;margin:0}
.wb h2{font-size:11px;line-height:16px;font-weight:600;text-transform:uppercase;letter-spacing:.06em;color:var(--wb-faint);margin:28px 0 8px}
.wb .sub{color:var(--wb-dim);margin:4px 0 0}
.wb .rule{font:12px/18px var(--wb-mono);color:var(--wb-text);margin:0;padding:2px 0;overflow-wrap:anywhere}
.wb .rule b{display:inline-block;min-width:92px;font-weight:400;color:var(--wb-faint)}
.wb .row{display:flex;flex-wrap:wrap;border-top:1px solid var(--wb-line);border-bottom:1px solid var(--wb-line);margin:16px 0 8px}
.wb .cell{flex:1 1 96px;padding:8px 12px 8px 0;min-width:96px}
.wb .cell span{display:block;font-size:11px;line-height:16px;text-transform:uppercase;letter-spacing:.06em;color:var(--wb-faint);white-space:nowrap}
.wb .cell b{font:500 17px/24px var(--wb-mono);font-variant-numeric:tabular-nums;white-space:nowrap}
.wb .best{font-weight:700;text-decoration:underline;text-underline-offset:3px}.wb .up{color:var(--wb-up)}.wb .down{color:var(--wb-down)}.wb .dim{color:var(--wb-dim)}.wb .warn{color:var(--wb-warn)}
.wb .cols{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:0 32px}
.wb table{width:100%;border-collapse:collapse;color:inherit}
.wb th{font-size:11px;font-weight:500;letter-spacing:.06em;text-transform:uppercase;color:var(--wb-faint);text-align:right;padding:6px 0 6px 16px;white-space:nowrap}
.wb td{text-align:right;font:12px/18px var(--wb-mono);font-variant-numeric:tabular-nums;padding:4px 0 4px 16px;border-top:1px solid var(--wb-line);white-space:nowrap}
.wb th:first-child,.wb td:first-child{text-align:left;padding-left:0}
.wb td:first-child{font-family:var(--wb-sans);font-size:13px;color:var(--wb-dim)}
.wb .scroll{overflow:auto;max-height:520px}.wb .scroll td:last-child,.wb .scroll th:last-child{padding-right:12px}
.wb .scroll th{position:sticky;top:0;background:var(--wb-bg-0)}
.wb .months td,.wb .months th{padding:4px 6px}.wb .months td:first-child,.wb .months th:first-child{padding-left:0}
.wb .wide td{font-family:var(--wb-sans);white-space:normal}.wb .wide td:last-child,.wb .wide th:last-child{text-align:left}
.wb .badge{display:inline-block;font:11px/16px var(--wb-mono);padding:0 6px;margin-left:10px;vertical-align:4px;border:1px solid var(--wb-warn);color:var(--wb-warn);
 background:repeating-linear-gradient(135deg,transparent 0 4px,color-mix(in srgb,var(--wb-warn) 10%,transparent) 4px 8px)}
.wb .figure{margin:8px 0 0;min-width:0;overflow:hidden}
.wb .hash{font:11px/16px var(--wb-mono);color:var(--wb-faint);overflow-wrap:anywhere}
.wb footer{margin-top:32px;border-top:1px solid var(--wb-line);padding-top:8px;color:var(--wb-faint);font-size:11px;line-height:16px}
.wb-card{border:1px solid var(--wb-line);padding:12px 16px 10px;max-width:1100px}
.wb-card .row{margin:8px 0}.wb-card b.name{font-size:14px}
.wb .pair{display:grid;grid-template-columns:1fr 1fr;gap:0 24px}
@media (max-width:860px){.wb .pair{grid-template-columns:1fr}}
@media (max-width:480px){.wb-page{padding:16px 12px 32px}.wb .cell{flex:1 1 30%;min-width:30%}}
@media print{.wb .pair{grid-template-columns:1fr}.wb .scroll{max-height:none;overflow:visible}.wb-page{max-width:none;padding:0}.wb h2{break-after:avoid}.wb .figure{break-inside:avoid}}
"""
# Printed pages are white: the pictures, drawn for the dark, are redrawn with the light roles while the printer looks.
_PRINT = """
(()=>{const L=%(light)s,D=%(dark)s,veil=['rgba(16,21,27,0.7)','rgba(255,255,255,0.7)'],all=()=>document.querySelectorAll('.js-plotly-plot');
const swap=(a,b,paper)=>all().forEach(p=>{const m={};Object.keys(a).forEach(k=>m[a[k].toLowerCase()]=b[k]);m[veil[paper?0:1]]=veil[paper?1:0];
 const walk=o=>{if(Array.isArray(o))return o.map(walk);if(o&&typeof o==='object'&&!ArrayBuffer.isView(o)){const r={};for(const k in o)r[k]=walk(o[k]);return r}
 return typeof o==='string'&&m[o.toLowerCase()]?m[o.toLowerCase()]:o};
 const layout=walk(p.layout);layout.autosize=!paper;layout.width=paper?%(width)d:undefined;
 Plotly.react(p,walk(p.data),layout)});
if(matchMedia('print').matches)swap(D,L,true);
addEventListener('beforeprint',()=>swap(D,L,true));addEventListener('afterprint',()=>swap(L,D,false));})();
"""
_PAPER_WIDTH = 690  # pixels that fit between the margins of A4 and of US letter


def print_script() -> str:
    """Return the script that draws the pictures in the light roles while the printer looks."""
    return _PRINT % {"light": _json(dict(look.LIGHT)), "dark": _json(dict(look.DARK)), "width": _PAPER_WIDTH}


def head(title: str, script: str) -> str:
    """Return the head of a self-contained page; ``title`` is escaped already."""
    screen = "html{color-scheme:dark;background:var(--wb-bg-0)}body{margin:0}@media print{html{color-scheme:light}}"
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{title}</title><style>{look.css_variables()}{screen}{STYLE}</style><script>{script}</script></head>"
    )


def _json(colours: dict[str, str]) -> str:
    return "{" + ",".join(f"'{name}':'{value}'" for name, value in colours.items()) + "}"
