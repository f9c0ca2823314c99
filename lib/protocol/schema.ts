import type { Loose } from "./contract.js"

/** An issue found by a schema: a message and its place. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The result of validating a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** A schema of any library that follows Standard Schema: zod, valibot, arktype and others. */
export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** The parts of a push, as schemas. That of the payload also checks incoming payloads. */
export interface SendSchemas {
  payload?: Schema<Loose, Loose>
  ok?: Schema<Loose, Loose>
  error?: Schema<Loose, Loose>
}

/**
 * The parts of a topic, as schemas. Those of `params` and of payloads also check incoming values; the rest are types
 * only.
 */
export interface TopicSchemas {
  params?: Schema<Loose, Loose>
  joined?: Schema<Loose, Loose>
  refused?: Schema<Loose, Loose>
  receives?: Record<string, Schema<Loose, Loose>>
  sends?: Record<string, SendSchemas>
  presence?: Schema<Loose, Loose>
}

/** Schemas by topic pattern. */
export type ContractSchemas = Record<string, TopicSchemas>

type InputOf<S> = S extends Schema<infer I, Loose> ? I : never
type OutputOf<S> = S extends Schema<Loose, infer O> ? O : never

type InputsOf<S> = { [K in keyof S]: InputOf<S[K]> }
type ServerSend<S> = { [K in keyof S]: K extends "payload" ? OutputOf<S[K]> : InputOf<S[K]> }

/**
 * The types of a contract of schemas for a client: in both directions, the wire carries the input type of a schema. A
 * client does not parse, so it gets text even if a schema turns that text into a `Date`.
 */
export type ClientTopics<C> = {
  [P in keyof C]: {
    [K in keyof C[P]]: K extends "sends"
      ? { [E in keyof C[P][K]]: InputsOf<C[P][K][E]> }
      : K extends "receives"
        ? InputsOf<C[P][K]>
        : InputOf<C[P][K]>
  }
}

/** The types of a contract of schemas for a server: it gets the output type of a schema. */
export type ServerTopics<C> = {
  [P in keyof C]: {
    [K in keyof C[P]]: K extends "sends"
      ? { [E in keyof C[P][K]]: ServerSend<C[P][K][E]> }
      : K extends "receives"
        ? { [E in keyof C[P][K]]: InputOf<C[P][K][E]> }
        : K extends "params"
          ? OutputOf<C[P][K]>
          : InputOf<C[P][K]>
  }
}

/** A contract as a value: the types of both ends, and the schemas if there are any. */
export interface TopicContract<Server = unknown, Client = Server> {
  readonly schemas: ContractSchemas
  /** Types only: those of the two ends. */
  readonly types?: { readonly server: Server; readonly client: Client }
}

/**
 * One contract for both ends: only types, `contract<Topics>()`, or schemas by topic pattern, which define the types and
 * check what clients send.
 *
 * ```ts
 * const topics = contract({ "room:*": { sends: { new_msg: { payload: z.object({ text: z.string() }) } } } })
 * ```
 */
export function contract<Topics>(): TopicContract<Topics>
export function contract<const C extends ContractSchemas>(schemas: C): TopicContract<ServerTopics<C>, ClientTopics<C>>
export function contract(schemas: ContractSchemas = {}): TopicContract<Loose, Loose> {
  return { schemas }
}
