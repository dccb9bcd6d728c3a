#pragma once
// The look of a report. Colours are defined once for light and once for dark; text has a contrast
// of at least 4.5 to 1 with its ground, lines and bars of at least 3 to 1.

#include <string_view>

namespace tributary::report {

inline constexpr std::string_view kStyle = R"css(
:root {
  color-scheme: light dark;
  --ground: #f4f7f9; --card: #ffffff; --ink: #15222c; --soft: #526471; --line: #dde5eb; --rule: #a9b8c3;
  --s1: #0b6fb8; --s2: #0f7a6f; --s3: #b4560b; --s4: #7a4bc2;
  --good: #0d6b4f; --good-ground: #e2f4ec; --warn: #8a4b00; --warn-ground: #fdf0dc; --mark: #e8f2fb;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #0d141a; --card: #151f27; --ink: #e7eef3; --soft: #9db0bd; --line: #283742; --rule: #4b5f6d;
    --s1: #58aef5; --s2: #46c9b6; --s3: #f0a155; --s4: #b797f2;
    --good: #7fdcb8; --good-ground: #12332a; --warn: #f5c07a; --warn-ground: #3a2a12; --mark: #1a2f40;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1160px; padding: 28px 20px 40px; background: var(--ground); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
h1 { font-size: clamp(1.5rem, 4.2vw, 2.3rem); line-height: 1.15; letter-spacing: -0.015em; margin: 6px 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 1.08rem; margin: 0 0 6px; letter-spacing: -0.005em; }
h3 { font-size: 0.95rem; margin: 18px 0 6px; }
p { margin: 0 0 10px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.87em; }
code { background: var(--mark); padding: 1px 5px; border-radius: 4px; }
header { margin-bottom: 20px; }
.brand { display: flex; align-items: center; gap: 8px; color: var(--s1); font-weight: 650; margin: 0; }
.brand svg { width: 24px; height: 24px; }
.lede { font-size: 1.1rem; color: var(--soft); max-width: 46em; }
.tiles { display: grid; grid-template-columns: 1.5fr 1fr 1fr 1.2fr 1.2fr; gap: 12px; margin: 20px 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.tile dt { color: var(--soft); font-size: 0.82rem; }
.tile dd { margin: 2px 0 0; font-size: 1.5rem; font-weight: 650; line-height: 1.25; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
.tile small { display: block; font-size: 0.82rem; font-weight: 400; color: var(--soft); letter-spacing: 0; margin-top: 2px; line-height: 1.35; }
.tile.lead dd { color: var(--s1); font-size: 2rem; line-height: 1.1; }
.tile.warn dd { color: var(--warn); } .tile.good dd { color: var(--good); }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; min-width: 0; }
.wide { grid-column: 1 / -1; }
.note, footer { color: var(--soft); font-size: 0.85rem; }
footer { margin-top: 20px; }
.statement { border-radius: 8px; padding: 9px 13px; font-weight: 550; }
.warn.statement { background: var(--warn-ground); color: var(--warn); }
.good.statement { background: var(--good-ground); color: var(--good); }
.chart { display: block; width: 100%; height: auto; margin: 8px 0 4px; overflow: visible; font-size: 11.5px; }
.grid { stroke: var(--line); fill: none; } .axis { stroke: var(--rule); fill: none; }
.tick, .small { fill: var(--soft); font-variant-numeric: tabular-nums; } .small { font-size: 10.5px; } .name { fill: var(--ink); }
.end { text-anchor: end; } .mid { text-anchor: middle; }
.s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); } .s4 { --c: var(--s4); }
.line { fill: none; stroke: var(--c); stroke-width: 2.2; stroke-linejoin: round; stroke-linecap: round; }
.line.s2 { stroke-dasharray: 6 4; } .line.s3 { stroke-dasharray: 2 4; stroke-width: 2.6; } .line.solid { stroke-dasharray: none; stroke-width: 2.2; }
.value, .small { paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
.dot { fill: var(--c); stroke: var(--card); stroke-width: 1; } .value { fill: var(--c); font-weight: 600; font-variant-numeric: tabular-nums; }
.band { fill: var(--c); opacity: 0.16; } .ref { fill: none; stroke: var(--soft); stroke-dasharray: 3 3; }
.bar { fill: var(--c); stroke: var(--card); stroke-width: 0.7; } .bar.lost { fill: url(#hatch); stroke: var(--s3); stroke-width: 0.8; } text.lost { fill: var(--s3); }
.marked.name { font-weight: 700; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 4px 0 6px; padding: 0; font-size: 0.85rem; color: var(--soft); }
.legend li::before { content: ""; display: inline-block; width: 20px; margin-right: 7px; vertical-align: 0.25em; border-top: 2.5px solid var(--c); }
.legend .s2:not(.box)::before { border-top-style: dashed; } .legend .s3:not(.box)::before { border-top-style: dotted; }
.legend .ref::before { border-top: 1.5px dashed var(--soft); }
.legend .area::before { height: 10px; border: 0; background: var(--c); opacity: 0.3; vertical-align: -1px; }
.legend .box::before { width: 11px; height: 11px; border: 0; border-radius: 2px; background: var(--c); vertical-align: -1px; }
.scroll { overflow-x: auto; margin: 0 -4px; padding: 0 4px; }
.tall { max-height: 460px; overflow: hidden auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.84rem; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 8px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 550; vertical-align: bottom; white-space: normal; line-height: 1.25; }
tbody th { font-weight: 550; }
.words, details th, details td { text-align: left; white-space: normal; } td.words { min-width: 8.5em; line-height: 1.3; }
tr.marked { background: var(--mark); }
details summary { cursor: pointer; color: var(--s1); font-size: 0.9rem; padding: 4px 0; }
select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 3px 8px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 8px 24px; margin: 8px 0 0; }
.facts dt { color: var(--soft); font-size: 0.82rem; } .facts dd { margin: 0; overflow-wrap: anywhere; } .facts .hex { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.8rem; }
.left { margin: 0 0 10px; padding-left: 1.2em; } .left li { margin: 2px 0; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 0; max-height: 26em; overflow: auto; line-height: 1.45; }
.defs { position: absolute; width: 0; height: 0; }
[hidden] { display: none; }
:focus-visible { outline: 2px solid var(--s1); outline-offset: 2px; }
@media (max-width: 860px) {
  main { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: 1fr 1fr; } .tile.lead { grid-column: 1 / -1; }
}
@media (max-width: 480px) { .chart { font-size: 14px; } .small { font-size: 12px; }
  body { padding: 18px 12px 28px; } .card { padding: 15px 14px; } .tile dd { font-size: 1.25rem; } .tile { padding: 12px; } }
@media print {
  :root { font-size: 11px; }
  body { background: none; padding: 0; font-size: 8.5pt; line-height: 1.4; max-width: none; }
  main { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; } .card { padding: 10px 12px; }
  .tiles { grid-template-columns: 1.5fr 1fr 1fr 1.2fr 1.2fr; gap: 6px; } .tile.lead { grid-column: auto; } .tile { padding: 8px 10px; }
  .tile dd, .tile.lead dd { font-size: 12pt; } h1 { font-size: 17pt; } .chart { font-size: 11.5px; }
  .card, .tile { break-inside: avoid; } .wide { break-inside: auto; } tr { break-inside: avoid; }
  pre { max-height: none; white-space: pre-wrap; } .scroll, .tall { overflow: visible; max-height: none; } .chooser { display: none; }
  th, td { padding: 2px 4px; } table { font-size: 6.8pt; } td.words { min-width: 0; } .facts { grid-template-columns: 1fr 1fr; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

// Two streams that become one.
inline constexpr std::string_view kMark =
    R"(<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 3c0 7 8 6 8 18M20 3c0 7-8 6-8 18M12 3v18" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/></svg>)";

inline constexpr std::string_view kPatterns =
    R"svg(<svg class="defs" aria-hidden="true"><defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="s3" d="M0 0V5" style="stroke:var(--s3);stroke-width:2;opacity:.55"/></pattern></defs></svg>
)svg";

// Shows the chooser, which does nothing without a script, and the timeline of the chosen round.
inline constexpr std::string_view kScript = R"js(
(function () {
  var select = document.getElementById("round");
  if (!select) return;
  select.parentNode.hidden = false;
  select.addEventListener("change", function () {
    document.querySelectorAll("[data-round]").forEach(function (chart) {
      chart.hidden = chart.dataset.round !== select.value;
    });
  });
})();
)js";

}  // namespace tributary::report
