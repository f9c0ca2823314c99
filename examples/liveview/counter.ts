/** The state that the server keeps for one page. */
export interface Counter {
  count: number
  name: string
  saved: string
}

/** The parts of the template between its dynamic values, as LiveView's compiler would give them. */
const STATICS = [
  '<h1>A LiveView</h1>\n<p>Count: <b id="count">',
  '</b>\n  <button id="inc" phx-click="inc">+</button>\n  <button id="crash" phx-click="crash">Crash</button></p>\n' +
    '<form id="form" phx-change="validate" phx-submit="save">\n' +
    '  <label>Name <input id="name" name="name" autocomplete="off" phx-debounce="100" value="',
  '"></label>\n  <button phx-disable-with="Saving">Save</button>\n  <p id="hint">',
  '</p>\n</form>\n<p id="saved">',
  "</p>",
]

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

const dynamics = ({ count, name, saved }: Counter): string[] => [
  String(count),
  escape(name),
  name === "" ? "Say a name." : `The name has ${name.length} characters.`,
  saved === "" ? "" : `Saved: ${escape(saved)}`,
]

/** The state of a page that was just opened. */
export const mount = (): Counter => ({ count: 0, name: "", saved: "" })

/** The whole page, for the first request. */
export const html = (counter: Counter): string =>
  dynamics(counter).reduce((text, value, i) => text + value + STATICS[i + 1], STATICS[0] ?? "")

/** The whole page in LiveView's format, for the join. */
export const rendered = (counter: Counter): object => ({ ...dynamics(counter), s: STATICS })

/** The values that changed, for the answer to an event. */
export function diff(before: Counter, after: Counter): Record<number, string> {
  const old = dynamics(before)
  return Object.fromEntries([...dynamics(after).entries()].filter(([i, value]) => value !== old[i]))
}

/** The state after an event of the page. */
export function handleEvent(event: string, value: URLSearchParams, counter: Counter): Counter {
  const name = value.get("name") ?? ""
  switch (event) {
    case "inc":
      return { ...counter, count: counter.count + 1 }
    case "validate":
      return { ...counter, name }
    case "save":
      return { ...counter, name, saved: name }
    default:
      throw new Error(`there is no handle_event for ${event}`)
  }
}
