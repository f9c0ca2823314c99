/** The style of a panel. Its colours follow the `color-scheme` of the page around it. */
export const STYLE = `
:host {
  --ground: light-dark(#fffefb, #191e23);
  --sunken: light-dark(#ece9e2, #0e1114);
  --line: light-dark(#8d8a81, #737d87);
  --text: light-dark(#20262b, #e6e8ea);
  --muted: light-dark(#565e66, #9ba5ae);
  --accent: light-dark(#0b6e5f, #62cdb5);
  --good: light-dark(#1b7a45, #56cf92);
  --busy: light-dark(#8a5a00, #e4b354);
  --bad: light-dark(#a62b1f, #ff9a8f);
  position: fixed;
  z-index: 2147483000;
  right: 1rem;
  bottom: 1rem;
  width: 24rem;
  max-width: calc(100vw - 2rem);
  color: var(--text);
  font: 13px/1.5 system-ui, sans-serif;
  text-align: start;
  pointer-events: none;
}
:host([inline]) {
  display: block;
  position: static;
  width: auto;
  max-width: none;
}
:host([hidden]) { display: none }
* { box-sizing: border-box; margin: 0; padding: 0 }
[hidden] { display: none !important }
section {
  display: flex;
  flex-direction: column-reverse;
  align-items: flex-end;
  max-height: calc(100vh - 2rem);
}
:host([inline]) section { flex-direction: column; align-items: stretch; max-height: none }
button {
  min-height: 2rem;
  padding: 0 .625rem;
  border: 1px solid var(--line);
  border-radius: 8px;
  background: var(--ground);
  color: inherit;
  font: inherit;
  cursor: pointer;
}
button:hover, [aria-pressed=true] { background: var(--sunken) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.toggle {
  display: flex;
  align-items: center;
  gap: .5rem;
  max-width: 100%;
  flex: none;
  pointer-events: auto;
}
.toggle::before {
  flex: none;
  width: .625rem;
  height: .625rem;
  border-radius: 50%;
  background: var(--tone);
  content: "";
}
[data-tone=good] { --tone: var(--good) }
[data-tone=busy] { --tone: var(--busy) }
[data-tone=bad] { --tone: var(--bad) }
.name { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.brief { margin-inline-start: auto; color: var(--muted); white-space: nowrap }
.body {
  width: 100%;
  min-height: 0;
  margin-block: .5rem;
  padding: .75rem;
  overflow: auto;
  border: 1px solid var(--line);
  border-radius: 12px;
  background: var(--ground);
  overflow-wrap: anywhere;
  pointer-events: auto;
}
.status { color: var(--tone); font-weight: 600 }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin-top: .75rem }
.head { margin-inline-end: auto; font-weight: 600 }
.empty, .state, th { color: var(--muted) }
ul, ol { list-style: none }
.rooms li { display: flex; justify-content: space-between; gap: .75rem }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th { font-weight: 400; text-align: start }
td, th + th { text-align: end }
.messages { height: 12rem; margin-top: .25rem; overflow: auto; border-radius: 8px; background: var(--sunken) }
summary { display: flex; gap: .5rem; padding: .1875rem .5rem; cursor: pointer }
.messages li:not(:has(details)) { padding: .1875rem .5rem; color: var(--bad) }
summary > :nth-child(2) { flex: 1; min-width: 0 }
.bytes { color: var(--muted); white-space: nowrap }
pre { padding: 0 .5rem .5rem; font: 12px/1.4 ui-monospace, monospace; white-space: pre-wrap }
`
