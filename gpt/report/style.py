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
.numbers { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.25rem 0; }
.headline { display: block; color: var(--forward-text); font-size: 1.75rem; line-height: 1.2; }
.grid {
  display: grid;
  gap: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr));
}
.heads {
  display: grid;
  align-items: end;
  margin-bottom: .75rem;
  gap: .75rem;
  grid-template-columns:
    repeat(auto-fill, minmax(max(4.5rem, 100% / var(--heads) - .75rem), 1fr));
}
.heads svg { max-width: 14rem; }
.heads figcaption { font-size: .8125rem; line-height: 1.3; }
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
svg text { fill: var(--muted); font-size: 11px; }
svg .grid-line { stroke: var(--line); stroke-width: 1; }
svg .train { fill: none; stroke: var(--forward); stroke-width: 1.75; }
svg .batch { fill: none; stroke: var(--forward); stroke-width: 1; opacity: .3; }
svg .validation { fill: none; stroke: var(--text); stroke-width: 1.5; }
svg .dot { fill: var(--ground); stroke: var(--text); stroke-width: 1.5; }
svg .optimiser { fill: none; stroke: var(--backward); stroke-width: 1.5; }
svg .future { fill: var(--masked); }
svg .weight { fill: var(--forward); }
"""
