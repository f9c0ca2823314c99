import { bufferFull } from "../protocol/errors.js"
import { PHX_CLOSE } from "../protocol/events.js"
import type { ListenOptions } from "./channel-options.js"
import { onAbort } from "./on-abort.js"

/** The source of the messages of a {@link messageStream}. */
export interface MessageSource<Payload> {
  listen(event: string, handler: (payload: Payload) => void, options: ListenOptions): unknown
}

/**
 * The messages of an event, for `for await`. Up to `limit` messages wait for a slow loop; one more ends the loop with an
 * error, after those that came before.
 */
export function messageStream<Payload>(
  source: MessageSource<Payload>,
  event: string,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Payload> {
  const listening = new AbortController()
  const queue: Payload[] = []
  let failure: Error | undefined
  let wake = (): void => {}

  const end = (): void => {
    listening.abort()
    wake()
  }
  const add = (payload: Payload): void => {
    if (queue.length < limit) queue.push(payload)
    else {
      failure = bufferFull("messages()")
      listening.abort()
    }
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
  // `return()` on a waiting generator takes effect only when it resumes, so it is woken.
  messages.return = () => {
    queue.length = 0
    end()
    return finish()
  }
  source.listen(event, add, listening)
  source.listen(PHX_CLOSE, end, listening)
  // A long-lived signal must not keep the stream.
  onAbort(listening.signal, onAbort(signal, end))
  return messages
}
