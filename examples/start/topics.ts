/** A message of the demo. */
export interface Said {
  /** Counts the messages of one topic, from 1: so the page sees whether one is missing or came twice. */
  n: number
  from: string
  text: string
  /** When the server sent it, in milliseconds since 1970. */
  at: number
}

export type DemoTopics = {
  /** One for each page that is open. */
  "demo:*": {
    receives: { said: Said }
    sends: {
      say: { payload: { text: string }; ok: { n: number }; error: { reason: string } }
      /** Has the server send messages, five a second. */
      count: { payload: { messages: number }; error: { reason: string } }
    }
  }
}

/** The most characters of a text. */
export const MAX_TEXT = 200

export const DEMO_PATH = "/demo/socket"
