import type { Reply } from "./message.js"
import type { PresenceDiff, PresenceState } from "./presence.js"

/**
 * A value without a declared type. A socket without a contract is as loosely typed as phoenix.js, and this is the only
 * place that makes it so.
 */
// oxlint-disable-next-line no-explicit-any
export type Loose = any

/** A push that a client may send: its payload, and the server's answers. */
export interface SendSpec {
  payload?: unknown
  ok?: unknown
  error?: unknown
}

/** The parts of a topic's contract. Each is optional. */
export interface TopicSpec {
  /** Sent with the join. */
  params?: unknown
  /** The response of the join's `ok`. */
  joined?: unknown
  /** The response of the join's `error`. */
  refused?: unknown
  /** Server to client: payloads by event. */
  receives?: object
  /** Client to server: a {@link SendSpec} by event. */
  sends?: object
  /** One meta of a presence. */
  presence?: unknown
}

/** A contract: a {@link TopicSpec} for each topic pattern, such as `room:*`, or exact topic. Both ends share one. */
export type Contract<T> = { [Pattern in keyof T]: Checked<T[Pattern]> }

/** Allows only the known parts, so that a misspelled part is an error and not an omission. */
type Checked<S> = TopicSpec & Record<Exclude<keyof S, keyof TopicSpec>, never> & { sends?: CheckedSends<SendsOf<S>> }
type CheckedSends<Sends> = { [E in keyof Sends]: SendSpec & Record<Exclude<keyof Sends[E], keyof SendSpec>, never> }

/** The contract of a socket without one: any topic with anything in it. */
export interface AnyTopics {
  [topic: string]: {
    params: Loose
    joined: Loose
    refused: Loose
    receives: Record<string, Loose>
    sends: Record<string, { payload: Loose; ok: Loose; error: Loose }>
    presence: Loose
  }
}

/** The contract of one topic of a socket without a contract. */
export type AnySpec = AnyTopics[string]

/** The topics that a pattern matches: `room:*` matches `room:${string}`. */
export type PatternTopic<Pattern> = Pattern extends `${infer Prefix}*` ? `${Prefix}${string}` : Pattern

/** Every topic of a contract. */
export type TopicOf<T> = PatternTopic<keyof T & string>

type Matching<T, Topic> = { [P in keyof T & string]: Topic extends PatternTopic<P> ? P : never }[keyof T & string]
type BroaderThanAnother<P, All> = All extends P ? never : PatternTopic<All> extends PatternTopic<P> ? P : never
type MostSpecific<All, P = All> = P extends unknown ? ([BroaderThanAnother<P, All>] extends [never] ? P : never) : never

/** The contract of a topic: that of the most specific pattern that matches it. */
export type SpecOf<T, Topic> = Topic extends unknown ? T[MostSpecific<Matching<T, Topic>> & keyof T] : never

// The first condition holds only for `any`, whose contract is `any` too.
type PartOf<S, Part extends string, Undeclared> = 0 extends 1 & S
  ? Loose
  : S extends Record<Part, infer Value>
    ? Value
    : Undeclared

/** The params of a topic's join. */
export type ParamsOf<S> = PartOf<S, "params", Record<string, never>>
/** The response of a join. */
export type JoinedOf<S> = PartOf<S, "joined", unknown>
/** The response of a refused join. */
export type RefusedOf<S> = PartOf<S, "refused", { reason: string }>
/** One meta of a topic's presences. */
export type MetaOf<S> = PartOf<S, "presence", unknown>

type PresenceReceives<S> = S extends { presence: infer M }
  ? { presence_state: PresenceState<M>; presence_diff: PresenceDiff<M> }
  : Record<never, never>
interface ProtocolReceives {
  phx_reply: Reply<Loose>
  phx_error: Loose
  phx_close: Loose
  /** Emitted within a client: a recovering channel has rejoined; `false`: messages are lost. */
  phx_recovered: { recovered: boolean }
}

/** The events that a server sends: those of the contract, and presence. */
export type ServerEventsOf<S> = PartOf<S, "receives", Record<never, never>> & PresenceReceives<S>
/** The events of {@link ServerEventsOf}. */
export type ServerEvent<S> = keyof ServerEventsOf<S> & string

/** Everything that can be listened to on a topic: what the contract declares, presence, and the protocol's own. */
export type ReceivesOf<S> = ServerEventsOf<S> & ProtocolReceives
/** The events that can be pushed to a topic. */
export type SendsOf<S> = PartOf<S, "sends", Record<never, never>>

// Conditional on purpose: for a wrong event, the compiler then lists the valid ones instead of this type's name.
/** The events of {@link ReceivesOf}. */
export type ReceivedEvent<S> = [S] extends [unknown] ? keyof ReceivesOf<S> & string : never
/** The events of {@link SendsOf}. */
export type SentEvent<S> = [S] extends [unknown] ? keyof SendsOf<S> & string : never

type SendOf<S, E> = [E] extends [keyof SendsOf<S>] ? SendsOf<S>[E] : unknown
/** The payload of a push. */
export type PayloadOf<S, E> = PartOf<SendOf<S, E>, "payload", Record<string, never>>
/** The response of a push's `ok`. */
export type OkOf<S, E> = PartOf<SendOf<S, E>, "ok", unknown>
/** The response of a push's `error`. */
export type ErrorOf<S, E> = PartOf<SendOf<S, E>, "error", unknown>

/** Whether params or a payload may be omitted, in which case `{}` is sent: true if `{}` is a valid value. */
export type MayOmit<Value> = {} extends Value ? true : undefined extends Value ? true : false
