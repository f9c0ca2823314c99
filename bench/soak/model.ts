import { tryClient } from "../../spec/hostile/client/try-client.js"
import { tryHandlers } from "../../spec/hostile/client/try-handlers.js"
import type { Row, Soak } from "./soak.js"

/** Runs of random steps of an app, a server and a connection. */
export const model: Soak = {
  name: "model",
  title: "a socket, its rooms and their pushes beside a model of them",
  async run({ seed, count = 20_000 }) {
    const { walks, acts, pushes: within } = await tryHandlers(count / 2, seed)
    const { runs, commands, pushes, joins, lines } = await tryClient(count, seed)
    const row = (tried: string, times: number, seen: string): Row => ({ tried, times, lost: 0, gotIn: 0, seen })
    return [
      row("runs", runs, `${commands} commands, after each of which the two are compared; destroyed at the end`),
      row("lines", lines, "opened, refused, cut, closed by either end; never two at once"),
      row("joins", joins, "each with one outcome; never two of one topic alive"),
      row("pushes", pushes, "each with one outcome"),
      row("walks", walks, `${acts} acts of handlers and ${within} pushes, within joins, leaves and ends of the line`),
    ]
  },
}
