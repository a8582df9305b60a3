/** The looks of a page, in light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c2127; --dim: #5f6b76; --back: #fff; --card: #f5f7f9; --line: #d9dee3;
  --good: #2e8b57; --same: #9aa7b2; --idle: #cfd6dc; --reverted: #c77f0a; --bad: #cf3b3b; --worst: #8e1652;
  --band: #eef3f8; --check: #e6f2ec; --pause: #f8f0dc; --undo: #f9e5dd; --soak: #f1edf8; --look: #b9cbdc }
@media (prefers-color-scheme: dark) { :root { --text: #dfe4e9; --dim: #98a3ae; --back: #14181c; --card: #1d2329;
  --line: #333c45; --good: #46a874; --same: #6c7883; --idle: #3b444d; --reverted: #d9962b; --bad: #e55f5f; --worst: #d65a9c;
  --band: #1d2630; --check: #1b2a24; --pause: #2d2718; --undo: #33211b; --soak: #241f30; --look: #3c5266 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif }
main { max-width: 1080px; margin: 0 auto; padding: 28px 24px 60px; overflow-wrap: anywhere }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 12px } h2 { font-size: 19px; margin: 40px 0 12px } h3 { font-size: 16px; margin: 0 0 6px }
h4 { font-size: 13px; margin: 12px 0 4px; color: var(--dim) } p { margin: 6px 0 } code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace }
.early { font-size: 17px; color: var(--bad) } .dim, footer, dt { color: var(--dim) } footer { margin-top: 48px; font-size: 13px }
.bar { display: block; width: 100%; height: 14px; border-radius: 4px; margin: 14px 0 8px } .bar rect { shape-rendering: crispEdges }
.states { list-style: none; padding: 0; margin: 0 0 16px; display: flex; flex-wrap: wrap; gap: 4px 20px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0 } dd { margin: 0 }
.failure { background: var(--card); border-left: 4px solid var(--bad); border-radius: 4px; padding: 12px 16px; margin: 10px 0 }
.failure.worst { border-color: var(--worst) } .failure.back { border-color: var(--reverted) }
.next { color: var(--dim) } .more { display: inline } .more summary { display: inline; color: var(--dim) }
table { border-collapse: collapse; width: 100%; font-size: 14px } th, td { text-align: left; vertical-align: top; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line); font-weight: normal } th { min-width: 6em } .number { min-width: 0 }
tr:first-child > th { color: var(--dim) } .failure tr:first-child > th { color: inherit } .number { text-align: right; white-space: nowrap }
summary { cursor: pointer } details > table, details > .wide { margin-top: 8px } .wide { overflow-x: auto }
.change { background: var(--card); border-radius: 4px; padding: 10px 16px; margin: 8px 0 } .change > summary { font-size: 15px }
pre { margin: 0 0 8px; overflow-x: auto } pre i { color: var(--dim); font-style: normal } ins { color: var(--good); text-decoration: none } del { color: var(--bad); text-decoration: none }
.t-good { color: var(--good) } .t-bad { color: var(--bad) } .t-worst { color: var(--worst) } .t-back { color: var(--reverted) } .t-idle, .t-same { color: var(--dim) } td span { margin-right: 12px }
svg text { font: 11px system-ui, "DejaVu Sans", sans-serif; fill: var(--dim) } svg .name { text-anchor: end; fill: var(--text); font-size: 12px } svg .tick { text-anchor: middle }
.wide > svg { display: block; min-width: 700px; width: 100%; margin-top: 14px } .grid { stroke: var(--line); stroke-width: .5 }
svg .good { fill: var(--good) } svg .same { fill: var(--same) } svg .idle { fill: var(--idle) } svg .back { fill: var(--reverted) } svg .bad { fill: var(--bad) } svg .worst { fill: var(--worst) }
.look { fill: var(--look) } .p-stage { fill: var(--band) } .p-check { fill: var(--check) } .p-pause, .p-window { fill: var(--pause) } .p-soak { fill: var(--soak) } .p-take-back { fill: var(--undo) }
.cut { fill: var(--back); opacity: .75 }
@media print { details:not([open]) > *:not(summary) { display: none } main { max-width: none } }
`
