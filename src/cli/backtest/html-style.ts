/** The style of the page. Colours follow the reader's choice of light or dark and keep a contrast of 4.5 to 1 for text. */
export const pageStyle = `
:root { color-scheme: light dark; --ground: #ffffff; --raised: #f4f5f7; --text: #1c1f24; --faint: #5b616b; --line: #d5d9df;
  --info: #2563c9; --low: #0b7285; --medium: #9a6700; --high: #c2251a; --critical: #8e1a8e; --link: #1554b8; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171c; --raised: #1e2229; --text: #e6e8ec; --faint: #a0a7b2; --line: #3a404a;
    --info: #7fb0ff; --low: #5fd0e0; --medium: #e8b93c; --high: #ff7a6e; --critical: #e58be5; --link: #8fb8ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; }
a { color: var(--link); }
.faint { color: var(--faint); }
.note { border-left: 4px solid var(--medium); background: var(--raised); padding: .75rem 1rem; }
.scroll { overflow-x: auto; margin: 0; }
.scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
svg { display: block; min-width: 44rem; width: 100%; height: auto; font: 13px system-ui, sans-serif; }
svg text { fill: var(--text); }
svg .axis { fill: var(--faint); }
svg line { stroke: var(--line); }
svg .before { fill: none; stroke: var(--text); stroke-dasharray: 2 2; }
svg .info { fill: var(--info); } svg .low { fill: var(--low); } svg .medium { fill: var(--medium); }
svg .high { fill: var(--high); } svg .critical { fill: var(--critical); }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .5rem 0; color: var(--faint); }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; background: var(--raised); }
summary { cursor: pointer; padding: .5rem .75rem; }
details > div { padding: 0 .75rem .75rem; }
time { font-variant-numeric: tabular-nums; }
.severity { display: inline-block; min-width: 5rem; font-weight: 600; }
.severity.info { color: var(--info); } .severity.low { color: var(--low); } .severity.medium { color: var(--medium); }
.severity.high { color: var(--high); } .severity.critical { color: var(--critical); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .25rem 1rem; margin: .5rem 0; }
dt { color: var(--faint); }
dd { margin: 0; white-space: pre-wrap; }
pre { overflow-x: auto; background: var(--ground); border: 1px solid var(--line); border-radius: 4px; padding: .75rem;
  margin: .5rem 0; font-size: .85rem; white-space: pre-wrap; }
@media print { details { break-inside: avoid; } }
`;
