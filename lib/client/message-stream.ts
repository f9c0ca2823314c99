import { bufferFull } from "../protocol/errors.js"

/** A queue between whoever calls back and whoever loops. */
export interface MessageStream<Payload> {
  /** Hands a message to the loop; one that is over the limit ends it with an error. */
  add(payload: Payload): void
  /** No more messages come; those that came are still handed out, and the error after them. */
  end(error?: Error): void
  readonly messages: AsyncIterableIterator<Payload>
}

/** @param listening aborted when no more messages are taken */
export function messageStream<Payload>(limit: number, listening: AbortController): MessageStream<Payload> {
  const queue: Payload[] = []
  let failure: Error | undefined
  let wake = (): void => {}

  const end = (error?: Error): void => {
    failure ??= error
    listening.abort()
    wake()
  }
  const loop = async function* (): AsyncGenerator<Payload, void, void> {
    while (queue.length || !listening.signal.aborted) {
      if (queue.length) yield queue.shift() as Payload
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    if (failure) throw failure
  }
  const messages = loop()
  const finish = messages.return.bind(messages)
  // A generator that waits does not hear `return`, so it is woken.
  messages.return = () => {
    queue.length = 0
    end()
    return finish()
  }
  return {
    add(payload) {
      if (queue.length >= limit) return end(bufferFull("the queue of messages()"))
      queue.push(payload)
      wake()
    },
    end,
    messages,
  }
}
