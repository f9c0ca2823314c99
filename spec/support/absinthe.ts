import type { Message } from "../../lib/protocol/message.js"
import type { Script } from "./scripted-phoenix.js"

/** A server of Absinthe's channel: the documents it received, and a way to publish to a subscription. */
export interface Absinthe {
  readonly script: Script
  /** The documents that came, in their order. */
  readonly asked: string[]
  /** Sends data to the newest subscription, under the subscription's topic, which no channel of the client has. */
  publish(data: object): void
}

interface Doc {
  query: string
  variables?: { text?: string }
}

/** Answers documents as Absinthe's channel does: `{ data }`, `{ errors }` as an error, or the id of a subscription. */
export function absinthe(): Absinthe {
  const asked: string[] = []
  let publish = (_data: object): void => {}
  let subscriptions = 0

  const script: Script = ({ join_ref, ref, topic, event, payload }, send) => {
    const reply = (response: object, status = "ok"): void =>
      send({ join_ref, ref, topic, event: "phx_reply", payload: { status, response } } as Message)
    if (event === "unsubscribe") asked.push(`unsubscribe ${(payload as { subscriptionId: string }).subscriptionId}`)
    if (event !== "doc") return reply({})
    const { query, variables } = payload as Doc
    asked.push(query)
    if (query.startsWith("subscription")) {
      const subscriptionId = `__absinthe__:doc:${++subscriptions}`
      publish = (data) => {
        const event = { subscriptionId, result: { data } }
        send({ join_ref: null, ref: null, topic: subscriptionId, event: "subscription:data", payload: event })
      }
      return reply({ subscriptionId })
    }
    // This query gets no answer: the connection ends first.
    if (query.includes("hang")) return
    if (query.includes("unknown")) return reply({ errors: [{ message: "no such field" }] })
    reply({ data: { echo: variables?.text ?? null } })
  }
  return { script, asked, publish: (data) => publish(data) }
}
