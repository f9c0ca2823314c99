import { Chance } from "../../../spec/hostile/random.js"
import { Arena } from "./arena.js"
import { ATTACKS } from "./attacks.js"
import type { Ports } from "./hosts.js"
import { SECOND, weighSession } from "./priority.js"
import type { Order } from "./reports.js"

weighSession(SECOND)

const ports = JSON.parse(process.argv[2] ?? "{}") as Ports

process.on("message", async (order: Order) => {
  const attack = ATTACKS.find(({ name }) => name === order.attack)
  if (attack === undefined) throw new Error(`no attack ${order.attack}`)
  const arena = new Arena(ports, order, new Chance(order.seed))
  await attack.run(arena)
  process.send?.(arena.report())
})
process.once("disconnect", () => process.exit())
process.send?.("ready")
