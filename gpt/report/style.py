"""How a report looks, in the colours of the app, light or dark as its reader's screen."""

STYLE = """
:root {
  color-scheme: light dark;
  --ground: light-dark(#FDFCF9, #14171C);
  --panel: light-dark(#F4F1EA, #1C2027);
  --line: light-dark(#E2DDD2, #2E343D);
  --text: light-dark(#1D2129, #E8E6E1);
  --muted: light-dark(#676459, #A3A097);
  --forward: light-dark(#0072B2, #56B4E9);
  --forward-text: light-dark(#00659E, #6FC0EE);
  --backward: #D55E00;
  --masked: light-dark(#DDD8CD, #343A44);
}
* { box-sizing: border-box; }
body {
  max-width: 64rem;
  margin: 0 auto;
  padding: 2rem 1.25rem 4rem;
  background: var(--ground);
  color: var(--text);
  font: 400 1rem/1.5 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif;
}
h1, h2 { font-family: "Source Serif 4", "Source Serif Pro", Georgia, serif; line-height: 1.2; }
h1 { margin: 0 0 .25rem; font-size: 2.25rem; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.5rem; }
p { max-width: 70ch; margin: .25rem 0; }
small, .muted, figcaption { color: var(--muted); }
pre, code, td, .headline, svg text {
  font-family: "Source Code Pro", ui-monospace, monospace;
  font-variant-numeric: tabular-nums;
}
pre {
  margin: 0;
  padding: .75rem 1rem;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--panel);
  font-size: .875rem;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
figure { margin: 0; min-width: 0; }
figcaption { margin-bottom: .25rem; }
figcaption b { color: var(--text); }
.numbers {
  display: grid;
  grid-template-columns: repeat(min(2, var(--all)), auto);
  justify-content: space-between;
  gap: 1rem 1.5rem;
  margin: 1.25rem 0;
}
@media (min-width: 34rem) { .numbers { grid-template-columns: repeat(var(--half), auto); } }
@media (min-width: 58rem) { .numbers { grid-template-columns: repeat(var(--all), auto); } }
.headline { display: block; color: var(--forward-text); font-size: 1.75rem; line-height: 1.2; }
.numbers small { display: block; max-width: 11rem; }
.grid {
  display: grid;
  gap: 1.25rem;
  margin-top: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(var(--least, 20rem), 100%), 1fr));
}
.grid.three { --least: 13rem; }
.heads {
  display: grid;
  align-items: end;
  margin-bottom: 1.25rem;
  gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(13.5rem, 100%), 1fr));
}
.heads figcaption { font-size: .8125rem; line-height: 1.3; }
.scale-line { display: flex; align-items: start; gap: .75rem; margin: .5rem 0 1rem; }
.scale-line .scale { width: 17rem; max-width: 60vw; }
.option { display: inline-block; max-width: 100%; }
pre + p, p + pre { margin-top: .5rem; }
.tables { columns: 22rem auto; column-gap: 2rem; }
table {
  width: 100%;
  margin-bottom: 1rem;
  border-collapse: collapse;
  break-inside: avoid;
  font-size: .875rem;
}
caption { padding: .25rem 0; color: var(--text); font-weight: 600; text-align: left; }
th, td { padding: .15rem .5rem .15rem 0; border-bottom: 1px solid var(--line); text-align: left; }
th { color: var(--muted); font-weight: 400; }
td { overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--muted); font-size: 12px; }
svg .beside text, svg .up text, svg .across text { font-size: 9px; }
svg .beside text { text-anchor: end; dominant-baseline: central; }
svg .up text { dominant-baseline: central; }
svg .across text { text-anchor: middle; }
svg .level { fill: none; stroke: var(--muted); stroke-width: 1; stroke-dasharray: 5 4; }
svg .level-name { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
svg .grid-line { stroke: var(--line); stroke-width: 1; }
svg .train { fill: none; stroke: var(--forward); stroke-width: 1.75; }
svg .batch { fill: none; stroke: var(--forward); stroke-width: 1; opacity: .3; }
svg .validation { fill: none; stroke: var(--text); stroke-width: 1.5; }
svg .dot { fill: var(--ground); stroke: var(--text); stroke-width: 1.5; }
svg .optimiser { fill: none; stroke: var(--backward); stroke-width: 1.5; }
svg .future { fill: var(--masked); }
svg .weight { fill: var(--forward); }
svg .zero { fill: none; stroke: var(--line); }
@media print {
  :root { color-scheme: light; --ground: #FFFFFF; }
  body { max-width: none; padding: 0; font-size: .875rem; }
  figure, pre, tr { break-inside: avoid; }
  h2, figcaption, caption, .scale-line, p:has(+ pre) { break-after: avoid; }
  .heads { grid-template-columns: repeat(4, 1fr); }
  .grid { grid-template-columns: repeat(2, 1fr); }
  .tables { columns: 2; }
  .grid.three { grid-template-columns: repeat(3, 1fr); }
}
"""
